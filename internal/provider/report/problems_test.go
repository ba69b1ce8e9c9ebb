package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Doubts of one object are one warning of each kind under its name, because Terraform shows one of several that have
// the same summary. Errors it shows one by one.
func TestProblems_named(t *testing.T) {
	t.Parallel()
	retries, timeout := istio.Path{"http", 0, "retries"}, istio.Path{"http", 1, "timeout"}
	problems := []istio.Problem{
		istio.Warnf(retries, "is odd"), istio.Voidf(timeout, "does nothing"), istio.Warnf(timeout, "is odd too"),
	}
	for name, test := range map[string]struct {
		of   string
		void istio.Severity
		// accepted are the doubts that the configuration accepts.
		accepted []string
		want     []string
	}{
		"an object": {"VirtualService shop/reviews", istio.Doubtful, nil, []string{
			"Warning Doubtful route (VirtualService shop/reviews) at http[0].retries: http[0].retries: is odd.\n\n" +
				"http[1].timeout: is odd too." + accept("doubtful-route"),
			"Warning Route without effect (VirtualService shop/reviews) at http[1].timeout: http[1].timeout: does " +
				"nothing." + accept("route-without-effect"),
		}},
		"a compact form": {"shop/reviews", istio.Refused, nil, []string{
			"Error Route without effect at http[1].timeout: http[1].timeout: does nothing.",
			"Warning Doubtful route (shop/reviews) at http[0].retries: http[0].retries: is odd.\n\n" +
				"http[1].timeout: is odd too." + accept("doubtful-route"),
		}},
		"nothing is known of the name": {"", istio.Refused, nil, []string{
			"Error Route without effect at http[1].timeout: http[1].timeout: does nothing.",
			"Warning Doubtful route at http[0].retries: http[0].retries: is odd.\n\nhttp[1].timeout: is odd " +
				"too." + accept("doubtful-route"),
		}},
		"accepted": {"shop/reviews", istio.Doubtful, []string{DoubtOfRoute}, []string{
			"Warning Route without effect (shop/reviews) at http[1].timeout: http[1].timeout: does nothing." +
				accept("route-without-effect"),
		}},
		"an error is not accepted": {"shop/reviews", istio.Refused, Doubts(), []string{
			"Error Route without effect at http[1].timeout: http[1].timeout: does nothing.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said diag.Diagnostics
			naming := Naming{Of: test.of, Void: test.void, To: Audience{Accepted: test.accepted}}
			Problems(&said, naming, attr.Read(attr.Object(nil)), problems)
			var got []string
			for _, d := range said {
				at := d.(diag.DiagnosticWithPath).Path()
				got = append(got, fmt.Sprintf("%s %s at %s: %s", d.Severity(), d.Summary(), at, d.Detail()))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("says (-want +got):\n%s", diff)
			}
		})
	}
}

// accept is how a warning ends that can be accepted.
func accept(id string) string { return "\n\nTo accept it, add \"" + id + "\" to acknowledged." }

// What is more than a person reads is counted, and no text is cut in its middle.
func TestProblems_many(t *testing.T) {
	t.Parallel()
	var problems []istio.Problem
	for i := range MostProblems + 5 {
		problems = append(problems, istio.Warnf(istio.Path{"http", i}, "is odd"))
	}
	var said diag.Diagnostics
	Problems(&said, Naming{Of: "shop/reviews"}, attr.Read(attr.Object(nil)), problems)
	if len(said) != 1 || len(said[0].Detail()) > LongestDetail ||
		!strings.HasSuffix(said[0].Detail(), "http[19]: is odd.\n\n85 more are not shown."+accept("doubtful-route")) {
		t.Errorf("says %v", said)
	}
}
