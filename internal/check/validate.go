// Package check says what is wrong with an object, and where in it: what istiod's own checks refuse, what Envoy would
// refuse after them, and what both accept and does nothing. It is pure.
package check

import (
	"cmp"
	"slices"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Validate returns everything that Istio's own webhook would say about the object, what Envoy would refuse after the
// webhook let it pass, and what both accept and does nothing, without a cluster, and where: in the order of the API.
func Validate(o *istio.Object) []istio.Problem {
	problems := refusedByIstiod(o)
	problems = append(problems, unlessRefused(unsaid(o), problems)...)
	for i := range problems {
		problems[i].Of = o
	}
	slices.SortStableFunc(problems, func(a, b istio.Problem) int {
		return cmp.Or(comparePaths(o.Spec, a.At, b.At), cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Text(), b.Text()))
	})
	return problems
}

// unlessRefused leaves out what is said about a place of which said refuses something: a place is not refused twice,
// and neither doubted nor blamed before it is mended, inside too.
func unlessRefused(problems, said []istio.Problem) []istio.Problem {
	return slices.DeleteFunc(problems, func(p istio.Problem) bool {
		return slices.ContainsFunc(said, func(s istio.Problem) bool {
			return s.Severity == istio.Refused &&
				(s.At.Within(p.At) && (p.Severity != istio.Refused || len(s.At) == len(p.At)) ||
					slices.ContainsFunc(p.By, s.At.Within))
		})
	})
}

// refusedByIstiod runs the webhook's code: what this accepts, the webhook of the same Istio version accepts. What it
// says about HTTP rules that no request reaches is left out: [traffic.FindDead] knows better, where istiod compares
// texts.
func refusedByIstiod(o *istio.Object) []istio.Problem {
	verdicts := judge(o, o.Spec)
	if spec, ok := o.Spec.(*networking.VirtualService); ok && len(spec.GetTcp())+len(spec.GetTls()) == 0 {
		verdicts = slices.DeleteFunc(verdicts, func(v verdict) bool { return v.unreached })
	}
	if len(verdicts) == 0 {
		return nil
	}
	var problems []istio.Problem
	c := &locator{object: o, left: effort}
	counts := count(verdicts)
	elements := c.judgeElements(o.Spec)
	seen := map[verdict]bool{}
	for _, v := range verdicts {
		if seen[v] {
			continue
		}
		seen[v] = true
		places := c.locateInElements(elements, v, counts[v.meaning])
		if len(places) == 0 {
			places = c.locate(o.Spec, v, counts[v.meaning])
		}
		for _, at := range places {
			if v.unreached && at.Within(istio.Path{"http"}) {
				continue
			}
			at = v.place(at)
			problems = append(problems, istio.Problem{At: at, Severity: v.severity, Reason: v.reasonAt(at)})
		}
	}
	return problems
}
