package around_test

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Who still sends requests to a subset that goes is told, with the rule and what becomes of them.
func TestUses(t *testing.T) {
	t.Parallel()
	const (
		both = "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]"
		one  = "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}]"
		to   = "hosts: [web.test]\nhttp: [{name: primary, route: [{destination: " +
			"{host: reviews.shop.svc.cluster.local, subset: v2}}]}]"
		fails = `http[0] "primary" in VirtualService "web/theirs" sends requests to the subset v2 of ` +
			`reviews.shop.svc.cluster.local, which this change takes away: they would fail with 503`
	)
	for name, test := range map[string]struct {
		before, after string
		// theirs is a VirtualService web/theirs, and beside another DestinationRule shop/beside.
		theirs, beside string
		owner          string
		want           []string
	}{
		"the DestinationRule goes": {before: both, theirs: to, want: []string{"error subsets: " + fails}},
		"the subset goes": {
			before: both,
			after:  one,
			theirs: to,
			want:   []string{"error subsets: " + fails},
		},
		"the other subset goes": {
			before: both,
			after:  "host: reviews\nsubsets: [{name: v2, labels: {version: v2}}]",
			theirs: to,
		},
		"nothing goes":                       {before: both, after: both, theirs: to},
		"nothing was there":                  {after: one, theirs: to},
		"another DestinationRule has it too": {before: both, theirs: to, beside: both},
		"another one has it with other labels": {
			before: both, theirs: to, beside: "host: reviews\nsubsets: [{name: v2, labels: {version: v3}}]",
			want: []string{
				"error subsets: …which this change gives the labels version=v3: they would go to other workloads",
			},
		},
		"the host becomes another one": {
			before: both, after: "host: ratings\nsubsets: [{name: v2, labels: {version: v2}}]", theirs: to,
			want: []string{"error subsets: " + fails},
		},
		"the labels become others": {
			before: both, after: "host: reviews\nsubsets: [{name: v2, labels: {version: v3, app: a}}]", theirs: to,
			want: []string{"error subsets: http[0] \"primary\"…to the subset v2 of…which this change gives the " +
				"labels app=a, version=v3: they would go to other workloads"},
		},
		"only the policy changes": {
			before: both, after: both + "\ntrafficPolicy: {tls: {mode: DISABLE}}", theirs: to,
		},
		"they name it without weight": {
			before: both, theirs: "hosts: [web.test]\nhttp: [{route: [" +
				"{destination: {host: reviews.shop.svc.cluster.local, subset: v2}}, " +
				"{destination: {host: reviews.shop.svc.cluster.local}, weight: 100}]}]",
			want: []string{
				"subsets: http[0] in VirtualService \"web/theirs\" names it, without requests now, to the subset v2",
			},
		},
		"they copy requests": {
			before: both, theirs: "hosts: [web.test]\nhttp: [{route: [{destination: {host: web}}], " +
				"mirrors: [{destination: {host: reviews.shop.svc.cluster.local, subset: v2}}]}]",
			want: []string{"subsets: http[0] in VirtualService \"web/theirs\" sends copies of requests to the subset " +
				"v2 of…the copies would be lost"},
		},
		"TCP": {
			before: both, theirs: "hosts: [web.test]\ntcp: [{route: [{destination: " +
				"{host: reviews.shop.svc.cluster.local, subset: v2}}]}]",
			want: []string{"error subsets: tcp[0] in VirtualService \"web/theirs\" sends requests"},
		},
		"a short name is of another namespace": {
			before: both, theirs: "hosts: [web.test]\nhttp: [{route: [{destination: {host: reviews, subset: v2}}]}]",
		},
		"the same workspace": {
			before: both,
			theirs: to,
			owner:  "shop/prod",
			want:   []string{"own error subsets: " + fails},
		},
		"another workspace": {before: both, theirs: to, owner: "web", want: []string{"error subsets: " + fails}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			n := a.has(istiotest.VirtualService(t, "web/theirs", test.theirs))
			if test.owner != "" {
				n.Applied, n.Annotations = true, map[string]string{istio.OwnerAnnotation: test.owner}
			}
			if test.beside != "" {
				a.has(istiotest.Object(t, "DestinationRule", "shop/beside", test.beside))
			}
			objects := func(spec string) istio.Objects {
				if spec == "" {
					return istio.Objects{}
				}
				return istio.ObjectsOf(istiotest.Object(t, "DestinationRule", "shop/ours", spec))
			}
			before, after := objects(test.before), objects(test.after)
			for _, o := range before.All() {
				a.has(o)
			}
			a.facts.VirtualServices = around.NewNeighbors(a.routes, "cluster.local")
			a.facts.DestinationRules = around.NewNeighbors(a.rules, "cluster.local")
			findings, wanted := around.Uses(before, after, a.facts)
			if len(wanted) > 0 {
				t.Errorf("wants %v", wanted)
			}
			says(t, usesIn(findings), test.want)
		})
	}
}

// A DestinationRule that is left to somebody else stays.
func TestUses_leftToSomebodyElse(t *testing.T) {
	t.Parallel()
	before := istio.ObjectsOf(istiotest.Object(t, "DestinationRule", "shop/ours",
		"host: reviews\nsubsets: [{name: v1, labels: {version: v1}}]"))
	after := istio.Objects{}.WithSubsetsElsewhere(true)
	if findings, wanted := around.Uses(before, after, &around.Facts{}); len(findings)+len(wanted) > 0 {
		t.Errorf("found %v, wants %v", findings, wanted)
	}
}

// A change that takes nothing away asks for nothing, and one that does for both kinds.
func TestUses_wanted(t *testing.T) {
	t.Parallel()
	one := istio.ObjectsOf(istiotest.Object(t, "DestinationRule", "shop/ours", "host: reviews\nsubsets: [{name: v1}]"))
	if _, wanted := around.Uses(one, one, &around.Facts{}); len(wanted) > 0 {
		t.Errorf("wants %v where nothing goes", wanted)
	}
	_, wanted := around.Uses(one, istio.Objects{}, &around.Facts{})
	if len(wanted) != 2 || wanted[0].Resource != around.VirtualServices ||
		wanted[1].Resource != around.DestinationRules {
		t.Errorf("wants %v", wanted)
	}
}

// usesIn returns findings as texts: whose they are, how severe, where, and what they say.
func usesIn(findings []around.Finding) []string {
	var found []string
	for _, f := range findings {
		severity := map[bool]string{true: "error ", false: ""}[f.Severity == istio.Refused]
		whose := map[bool]string{true: "own ", false: ""}[f.Own]
		found = append(found, whose+severity+f.At.String()+": "+f.Text())
	}
	return found
}
