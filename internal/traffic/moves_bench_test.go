package traffic_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// manyRules has so many rules, of the kinds of [largeRoute].
func manyRules(rules int, regexes bool) *istio.Object {
	o := largeRoute(regexes)
	spec := o.VirtualServiceSpec()
	kinds, rest := spec.Http[:len(spec.Http)-1], spec.Http[len(spec.Http)-1]
	spec.Http = nil
	for i := range rules - 1 {
		rule := proto.CloneOf(kinds[i%len(kinds)])
		group := fmt.Sprint(i / len(kinds))
		rule.Name += "-" + group
		if rule.Match[0].Headers == nil {
			rule.Match[0].Headers = map[string]*networking.StringMatch{}
		}
		rule.Match[0].Headers["x-group"] = exactly(group)
		spec.Http = append(spec.Http, rule)
	}
	spec.Http = append(spec.Http, rest)
	return o
}

// What moves when the last rule has other weights, and when every rule sends its requests elsewhere, and half of them
// to one place and half to another.
func BenchmarkMoves(b *testing.B) {
	for _, rules := range []int{200, 1000} {
		for kind, regexes := range map[string]bool{"mixed": false, "regexes": true} {
			for change, of := range map[string]func(*networking.VirtualService){
				"weights": func(spec *networking.VirtualService) { spec.Http[rules-1].Route = shares(75, 25) },
				"every rule": func(spec *networking.VirtualService) {
					for i, rule := range spec.Http {
						rule.Route = shares(0, int32(i%2), int32(1-i%2))
					}
				},
			} {
				b.Run(fmt.Sprintf("%d rules, %s, %s", rules, kind, change), func(b *testing.B) {
					was, is := manyRules(rules, regexes), manyRules(rules, regexes)
					of(is.VirtualServiceSpec())
					for b.Loop() {
						if len(traffic.Moves([]*istio.Object{was}, []*istio.Object{is}, traffic.Options{})) == 0 {
							b.Fatal("nothing moves")
						}
					}
				})
			}
		}
	}
}

// The words for 1,000 rules.
func BenchmarkSummary(b *testing.B) {
	o := manyRules(1000, false)
	for b.Loop() {
		traffic.Summary([]*istio.Object{o}, traffic.Options{})
	}
}
