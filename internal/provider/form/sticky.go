package form

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// stickyAttribute is what a rule with weights says of clients that come again.
func stickyAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Keeps clients at a subset that they got, also while the shares change: its responses " +
			"set a cookie, and a rule is added in front of this one that sends requests with the cookie to the " +
			"subset. It has the conditions and settings of this rule, and is there for as long as the subset has a " +
			"share: at `0` nobody is held there any more, whatever `max_weight_step` says, and the cookie means " +
			"nothing. A client without cookies, such as one of gRPC, gets the shares with each request. Not " +
			"together with `weights_managed_by = \"other\"`, nor with a `match` of the header `cookie`.",
		Attributes: map[string]schema.Attribute{
			"cookie": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Name of the cookie, of letters, digits, `-`, `_` and `.`. Its value is the " +
					"name of the subset. It holds for all paths of the host, so that two services behind one host " +
					"need different names. It is set with `HttpOnly` and `SameSite=Lax`, and without `Secure`, so " +
					"that it is kept over HTTP too.",
			},
			"max_age": schema.StringAttribute{
				Required: true, PlanModifiers: attr.EqualDurations(),
				MarkdownDescription: "How long a client keeps its subset, counted from when it got it, in whole " +
					"seconds from `1s` to `9600h`, such as `24h`. Then it gets one by the shares again.",
			},
			"subsets": schema.ListAttribute{
				Required: true, ElementType: types.StringType,
				MarkdownDescription: "Subsets of this rule that clients keep, in any order. With the new version " +
					"alone, `[\"v2\"]`, who got it keeps it, and all others may get it with each request: over time " +
					"more clients have it than its share says. With all of them, `[\"v1\", \"v2\"]`, the shares are " +
					"those of clients, and a greater share of `v2` reaches clients of `v1` when their cookie ends.",
			},
		},
	}
}

// readSticky reads what a rule keeps, nil for nothing. What is not known yet, and what the schema refuses because it
// is null, gets a stand-in that is valid, so that the rest can be checked. A text that is no duration reads as 0,
// which is none either.
func readSticky(r *attr.Reader) *istio.Sticky {
	object := r.Object("sticky")
	if object == nil {
		return nil
	}
	cookie, maxAge := object.String("cookie"), object.String("max_age")
	s := &istio.Sticky{Cookie: "unknown", MaxAge: time.Hour, Subsets: object.Strings("subsets")}
	if object.Known("cookie") {
		s.Cookie = cookie
	}
	if object.Known("max_age") {
		s.MaxAge, _ = time.ParseDuration(maxAge)
	}
	return s
}

func encodeSticky(s *istio.Sticky) attr.Value {
	if s == nil {
		return attr.Null()
	}
	return attr.Object(map[string]attr.Value{
		"cookie":  attr.String(s.Cookie),
		"max_age": attr.String(attr.FormatDuration(s.MaxAge)),
		"subsets": attr.Strings(s.Subsets),
	})
}
