package check

import (
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// checker collects what is wrong with an object besides what Istio's own validation says. Each check sees one message
// and, where it needs them, the message's object and parents.
//
// A part is refused where it is certain that the API server or Envoy refuses it, and void where it is certain that it
// can never do what it says. Everything else is a doubt.
type checker struct {
	object *istio.Object
	// at is where the message is that is looked at. It changes with every message: what is kept of it must be copied.
	at       istio.Path
	problems []istio.Problem
}

func (c *checker) refuse(steps istio.Path, format string, args ...any) {
	c.problems = append(c.problems, istio.Errorf(c.at.At(steps...), format, args...))
}

func (c *checker) void(steps istio.Path, format string, args ...any) {
	c.problems = append(c.problems, istio.Voidf(c.at.At(steps...), format, args...))
}

func (c *checker) doubt(steps istio.Path, format string, args ...any) {
	c.problems = append(c.problems, istio.Warnf(c.at.At(steps...), format, args...))
}

// mend says what to do about the problem that was found last.
func (c *checker) mend(remedy istio.Remedy) { c.mendWith(remedy, "") }

// mendWith is mend with the value that the remedy writes.
func (c *checker) mendWith(remedy istio.Remedy, value string) {
	p := &c.problems[len(c.problems)-1]
	p.Remedy, p.Value = remedy, value
}

// virtualService returns the object's spec, nil where it is a DestinationRule.
func (c *checker) virtualService() *networking.VirtualService {
	spec, _ := c.object.Spec.(*networking.VirtualService)
	return spec
}

// mayInherit reports whether a rule is completed by another VirtualService: the rules of a delegate and the rule that
// delegates are merged, field by field.
func (c *checker) mayInherit(rule *networking.HTTPRoute) bool {
	return rule.Delegate != nil || len(c.virtualService().GetHosts()) == 0
}
