package acceptance_test

import (
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// A resource that gets another address without a moved block is destroyed and made in the same run, in no certain
// order. The plan says so, with what to write instead, and whatever its content becomes, it is there afterwards.
func TestAcc_madeAnew(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for name, changed := range map[string]parts{
			"the same": {}, "other rules": {rule: `timeout = "3s"`},
			"other subsets": {
				rule: `timeout = "3s"`, subset: `traffic_policy = { load_balancer = { simple = "RANDOM" } }`,
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				w := newWorkspace(t, lab, f, "")
				keyed := func(key string, p parts) string {
					p.top += "\n  for_each = toset([\"" + key + "\"])\n"
					return f.with(p)
				}
				w.write(keyed("a", parts{}))
				w.must("apply")
				w.write(keyed("b", changed))
				w.must("plan").want(t, "warning", "Objects are made anew", "/"+lab.Service,
					"One resource of this plan destroys", "moved {\n")
				w.must("apply")
				w.unchanged()
				if n := len(uids(lab)); n != len(bothKinds) {
					t.Errorf("%d objects, want %d", n, len(bothKinds))
				}
				w.write(keyed("c", changed) + "moved {\n  from = " + f.address + "[\"b\"]\n  to   = " + f.address +
					"[\"c\"]\n}\n")
				check := nobodyTouched(t, lab)
				if r := w.must("apply"); strings.Contains(r.text, "made anew") {
					t.Errorf("a move is told as more than that:\n%s", r)
				}
				check()
				w.must("destroy")
				nothingIn(t, lab)
			})
		}
	})
}
