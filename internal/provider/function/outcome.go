package function

import (
	"cmp"
	"slices"
	"time"

	fwattr "github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cors"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

type attrValue = fwattr.Value

func objectTypeOf(attributes map[string]fwattr.Type) types.ObjectType {
	return types.ObjectType{AttrTypes: attributes}
}

// The types of what evaluate returns. Names are Istio's where Istio has one.
var (
	headerChangesType = objectTypeOf(map[string]fwattr.Type{
		"set":    types.MapType{ElemType: types.StringType},
		"add":    types.MapType{ElemType: types.StringType},
		"remove": types.ListType{ElemType: types.StringType},
	})
	shareType = objectTypeOf(map[string]fwattr.Type{
		"host":      types.StringType,
		"subset":    types.StringType,
		"port":      types.Int64Type,
		"percent":   types.Float64Type,
		"declared":  types.BoolType,
		"authority": types.StringType, "request_headers": headerChangesType, "response_headers": headerChangesType,
	})
	mirrorType = objectTypeOf(map[string]fwattr.Type{
		"host": types.StringType, "subset": types.StringType, "port": types.Int64Type, "percent": types.Float64Type,
	})
	retriesType = objectTypeOf(map[string]fwattr.Type{
		"attempts":        types.Int64Type,
		"on":              types.StringType,
		"per_try_timeout": types.StringType,
		"default":         types.BoolType,
	})
	faultType = objectTypeOf(map[string]fwattr.Type{
		"delay":             types.StringType,
		"delay_percent":     types.Float64Type,
		"abort_http_status": types.Int64Type,
		"abort_grpc_status": types.StringType,
		"abort_percent":     types.Float64Type,
	})
	rewriteType  = objectTypeOf(map[string]fwattr.Type{"path": types.StringType, "authority": types.StringType})
	redirectType = objectTypeOf(map[string]fwattr.Type{"code": types.Int64Type, "location": types.StringType})
	responseType = objectTypeOf(map[string]fwattr.Type{"status": types.Int64Type, "body": types.StringType})
	corsType     = objectTypeOf(map[string]fwattr.Type{
		"preflight": types.BoolType, "allowed": types.BoolType, "headers": types.MapType{ElemType: types.StringType},
	})
	outcomeType = objectTypeOf(map[string]fwattr.Type{
		"kind": types.StringType, "summary": types.StringType, "virtual_service": types.StringType,
		"host":                types.StringType,
		"rule":                types.StringType,
		"rule_index":          types.Int64Type,
		"delegate":            types.StringType,
		"delegate_rule_index": types.Int64Type,
		"match":               types.StringType, "match_index": types.Int64Type, "route_name": types.StringType,
		"subset":       types.StringType,
		"shares":       types.MapType{ElemType: types.Float64Type},
		"destinations": types.ListType{ElemType: shareType},
		"timeout":      types.StringType,
		"retries":      retriesType,
		"fault":        faultType,
		"mirrors":      types.ListType{ElemType: mirrorType},
		"rewrite":      rewriteType, "redirect": redirectType, "direct_response": responseType,
		"cors":            corsType,
		"request_headers": headerChangesType, "response_headers": headerChangesType,
		"depends_on":    types.ListType{ElemType: types.StringType},
		"older_proxies": types.StringType,
	})
)

// OutcomeOf returns an answer as evaluate does.
func OutcomeOf(o argument.Answer) types.Object {
	attributes := map[string]attrValue{
		"kind": types.StringValue(string(o.Kind)), "summary": types.StringValue(o.Summary),
		"virtual_service": addressValue(o.VirtualService), "host": textValue(o.Host),
		"rule":                textValue(o.Rule.Name),
		"rule_index":          types.Int64Null(),
		"delegate":            addressValue(o.Rule.Delegate),
		"delegate_rule_index": types.Int64Null(),
		"match":               textValue(o.Match.Name),
		"match_index":         types.Int64Null(), "route_name": textValue(o.RouteName),
		"subset":       onlySubset(o.Destinations),
		"shares":       sharesValue(o.Destinations),
		"destinations": destinationsValue(o.Destinations),
		"timeout":      durationValue(o.Timeout),
		"retries":      retriesValue(o.Retries),
		"fault":        faultValue(o.Fault),
		"mirrors":      mirrorsValue(o.Mirrors),
		"rewrite":      types.ObjectNull(rewriteType.AttrTypes), "redirect": types.ObjectNull(redirectType.AttrTypes),
		"direct_response": types.ObjectNull(responseType.AttrTypes), "cors": corsValue(o.CORS),
		"request_headers": headersValue(o.RequestHeaders), "response_headers": headersValue(o.ResponseHeaders),
		"depends_on": textsValue(o.DependsOn), "older_proxies": textValue(o.OlderSummary),
	}
	if o.Rule.Object != nil {
		attributes["rule_index"] = indexValue(o.Rule.Index)
		attributes["delegate_rule_index"] = indexValue(o.Rule.DelegateIndex)
		attributes["match_index"] = indexValue(o.Match.Index)
	}
	if o.Rewrite != nil {
		attributes["rewrite"] = types.ObjectValueMust(rewriteType.AttrTypes, map[string]attrValue{
			"path": textValue(o.Rewrite.Path), "authority": textValue(o.Rewrite.Authority),
		})
	}
	if o.Redirect != nil {
		attributes["redirect"] = types.ObjectValueMust(redirectType.AttrTypes, map[string]attrValue{
			"code": types.Int64Value(int64(o.Redirect.Code)), "location": types.StringValue(o.Redirect.Location),
		})
	}
	if o.Response != nil {
		attributes["direct_response"] = types.ObjectValueMust(responseType.AttrTypes, map[string]attrValue{
			"status": types.Int64Value(int64(o.Response.Status)), "body": types.StringValue(o.Response.Body),
		})
	}
	return types.ObjectValueMust(outcomeType.AttrTypes, attributes)
}

// textValue returns a text, null for an empty one.
func textValue(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// textsValue returns texts, an empty list for none.
func textsValue(texts []string) types.List {
	values := make([]attrValue, len(texts))
	for i, text := range texts {
		values[i] = types.StringValue(text)
	}
	return types.ListValueMust(types.StringType, values)
}

// mapValue returns texts by their names, an empty map for none.
func mapValue(m map[string]string) types.Map {
	values := make(map[string]attrValue, len(m))
	for name, value := range m {
		values[name] = types.StringValue(value)
	}
	return types.MapValueMust(types.StringType, values)
}

// durationValue returns a duration as people write it, null for none.
func durationValue(d time.Duration) types.String {
	if d == 0 {
		return types.StringNull()
	}
	return types.StringValue(attr.FormatDuration(d))
}

// indexValue returns a place, null for -1.
func indexValue(index int) types.Int64 {
	if index < 0 {
		return types.Int64Null()
	}
	return types.Int64Value(int64(index))
}

// numberValue returns a number, null for 0.
func numberValue(n int64) types.Int64 {
	if n == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(n)
}

func addressValue(o *istio.Object) types.String {
	if o == nil {
		return types.StringNull()
	}
	return types.StringValue(o.Namespace + "/" + o.Name)
}

// sharesValue returns the percentage of each destination by its subset, or its host without one. Different
// destinations with the same name go by all that tells them apart.
func sharesValue(shares []traffic.Share) types.Map {
	name := func(d traffic.Destination) string { return cmp.Or(d.Subset, d.Host) }
	percent := map[string]float64{}
	for _, share := range shares {
		key := name(share.Destination)
		if slices.ContainsFunc(shares, func(o traffic.Share) bool {
			return o.Destination != share.Destination && name(o.Destination) == key
		}) {
			key = share.String()
		}
		percent[key] += share.Percent
	}
	values := make(map[string]attrValue, len(percent))
	for key, p := range percent {
		values[key] = types.Float64Value(p)
	}
	return types.MapValueMust(types.Float64Type, values)
}

// onlySubset returns the subset that takes every request, null if there is none.
func onlySubset(shares []traffic.Share) types.String {
	if len(shares) == 0 ||
		slices.ContainsFunc(shares, func(o traffic.Share) bool { return o.Destination != shares[0].Destination }) {
		return types.StringNull()
	}
	return textValue(shares[0].Subset)
}

// destinationAttributes are what a destination and a mirror have in common.
func destinationAttributes(d traffic.Destination, percent float64) map[string]attrValue {
	return map[string]attrValue{
		"host":    types.StringValue(d.Host),
		"subset":  textValue(d.Subset),
		"port":    numberValue(int64(d.Port)),
		"percent": types.Float64Value(percent),
	}
}

func destinationsValue(shares []traffic.Share) types.List {
	values := make([]attrValue, len(shares))
	for i, share := range shares {
		attributes := destinationAttributes(share.Destination, share.Percent)
		attributes["declared"] = types.BoolNull()
		if share.State != traffic.SubsetUnknown {
			attributes["declared"] = types.BoolValue(share.State == traffic.SubsetDeclared)
		}
		attributes["authority"] = textValue(share.Authority)
		attributes["request_headers"], attributes["response_headers"] = headersValue(
			share.RequestHeaders,
		), headersValue(share.ResponseHeaders)
		values[i] = types.ObjectValueMust(shareType.AttrTypes, attributes)
	}
	return types.ListValueMust(shareType, values)
}

func mirrorsValue(mirrors []traffic.Mirror) types.List {
	values := make([]attrValue, len(mirrors))
	for i, mirror := range mirrors {
		values[i] = types.ObjectValueMust(mirrorType.AttrTypes,
			destinationAttributes(mirror.Destination, mirror.Percent))
	}
	return types.ListValueMust(mirrorType, values)
}

func retriesValue(r *traffic.Retries) types.Object {
	if r == nil {
		return types.ObjectNull(retriesType.AttrTypes)
	}
	return types.ObjectValueMust(retriesType.AttrTypes, map[string]attrValue{
		"attempts":        types.Int64Value(int64(r.Attempts)),
		"on":              textValue(r.On),
		"per_try_timeout": durationValue(r.PerTryTimeout),
		"default":         types.BoolValue(r.Default),
	})
}

func faultValue(f *traffic.Fault) types.Object {
	if f == nil {
		return types.ObjectNull(faultType.AttrTypes)
	}
	return types.ObjectValueMust(faultType.AttrTypes, map[string]attrValue{
		"delay": durationValue(f.Delay), "delay_percent": types.Float64Value(f.DelayPercent),
		"abort_http_status": numberValue(int64(f.AbortHTTPStatus)), "abort_grpc_status": textValue(f.AbortGRPCStatus),
		"abort_percent": types.Float64Value(f.AbortPercent),
	})
}

// corsValue returns what becomes of a request with an origin, null where no policy looks at it.
func corsValue(v *cors.Verdict) types.Object {
	if v == nil {
		return types.ObjectNull(corsType.AttrTypes)
	}
	return types.ObjectValueMust(corsType.AttrTypes, map[string]attrValue{
		"preflight": types.BoolValue(v.Preflight), "allowed": types.BoolValue(v.Allowed),
		"headers": mapValue(v.Headers),
	})
}

// headersValue returns changes of headers; without one its parts are empty and not null.
func headersValue(h traffic.HeaderChanges) types.Object {
	return types.ObjectValueMust(headerChangesType.AttrTypes, map[string]attrValue{
		"set": mapValue(h.Set), "add": mapValue(h.Add), "remove": textsValue(h.Remove),
	})
}
