package acceptance_test

import (
	"strings"
	"testing"
	"time"

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

// A resource may get the name that another one gives up in the same run. Two that exchange their names cannot, and
// say so at once, without harm.
func TestAcc_renamedOnto(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		// Both are for one host, which only a test does: nobody waits for requests here.
		named := func(first, second string) {
			one := f.with(parts{top: "name = \"${local.service}-" + first + "\""})
			other := f.another(parts{
				top: "name = \"${local.service}-" + second + "\"", rule: `timeout = "3s"`,
				subset: `traffic_policy = { load_balancer = { simple = "RANDOM" } }`,
			})
			w.write(one + other)
		}
		named("a", "b")
		w.must("apply")
		named("b", "c")
		w.must("apply")
		w.unchanged()
		named("c", "b")
		began := time.Now()
		w.fails("Object exists already", []string{lab.Service + "-b", "belongs to another resource"}, "apply")
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("two that wait for each other took %s", took)
		}
		named("b", "c")
		w.unchanged()
		w.must("destroy")
		for _, name := range []string{"-a", "-b", "-c"} {
			for _, kind := range bothKinds {
				if lab.Get(kind, lab.Service+name) != nil {
					t.Errorf("%s %s is left", kind, lab.Service+name)
				}
			}
		}
	})
}

// With an owner two resources exchange their names in one apply, one after the other and both at once: each takes up
// what the other one gives up, which is told from what is its own from then on.
func TestAcc_exchanged(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for _, arguments := range [][]string{{"apply", "-parallelism=1"}, {"apply"}} {
			lab := acctest.Start(t)
			w := newWorkspace(t, lab, f, "shop/exchange")
			named := func(first, second string) {
				w.write(f.with(parts{top: "name = \"${local.service}-" + first + "\""}) + f.another(parts{
					top: "name = \"${local.service}-" + second + "\"", rule: `timeout = "3s"`,
				}))
			}
			named("a", "b")
			w.must("apply")
			named("b", "a")
			w.must(arguments...)
			w.unchanged()
			for name, timeout := range map[string]any{"-a": "3s", "-b": nil} {
				spec := specOf(lab.MustGet(acctest.VirtualService, lab.Service+name))
				if got := firstRule(spec)["timeout"]; got != timeout {
					t.Errorf("%s has the timeout %v, want %v", name, got, timeout)
				}
			}
			w.must("destroy")
		}
	})
}

// What a resource of the configuration has and keeps no other one gets, whatever that has to say.
func TestAcc_hadByAnother(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "shop/one")
		w.apply(parts{})
		check := nobodyTouched(t, lab)
		for _, more := range []string{"", "adopt = true", "force_conflicts = true"} {
			w.write(f.with(parts{}) + f.another(parts{top: more, rule: `timeout = "3s"`}))
			w.fails("Two resources have one object", []string{"/" + lab.Service, "this one and another one"}, "apply")
		}
		w.write(f.with(parts{}) + f.another(parts{top: `name = "${local.service}-other"`, rule: `timeout = "3s"`}))
		w.must("apply")
		w.write(f.with(parts{}) + f.another(parts{rule: `timeout = "3s"`}))
		w.fails("Two resources have one object", []string{"/" + lab.Service}, "apply")
		check()
		w.write(f.with(parts{}))
		w.must("apply", "-replace="+f.address)
		w.must("destroy")
	})
}

// another is the form's configuration for a second resource.
func (f form) another(p parts) string { return strings.Replace(f.with(p), `"test"`, `"other"`, 1) }

// What stands where a resource is going to have its objects is said at plan, whoever owns its fields.
func TestAcc_renamedOntoOthers(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.apply(parts{})
		lab.Create("apiVersion: networking.istio.io/v1\nkind: VirtualService\n" +
			"metadata: {name: SERVICE-new, namespace: NAMESPACE}\nspec: {hosts: [other.example], http: [{route: " +
			"[{destination: {host: HOST}}]}]}\n")
		check := untouched(t, lab, acctest.VirtualService, lab.Service+"-new")
		for _, more := range []string{"", "\n  force_conflicts = true", "\n  adopt = true"} {
			w.declare(parts{top: `name = "${local.service}-new"` + more})
			w.fails("Object exists already",
				[]string{"VirtualService", lab.Service + "-new", "takes nothing over"}, "plan")
		}
		check()
		lab.Delete(acctest.VirtualService, lab.Service+"-new")
		w.must("apply")
		w.unchanged()
	})
}

// A route that follows another one of the same host under another name, in one plan, is told as what it is.
func TestAcc_madeAnewForHost(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.apply(parts{})
		w.write(strings.Replace(f.with(parts{top: `name = "${local.service}-new"`}), `"test"`, `"new"`, 1))
		w.must("plan").want(t, "warning", "Objects are made anew", `destroys VirtualService "`, lab.Service+"-new",
			"for the same host, "+lab.Host, "do it in two applies")
		w.must("apply")
		w.unchanged()
		w.must("destroy")
	})
}

// What adopts could lose what it took over: that is an error, and nothing happens.
func TestAcc_madeAnewByAdoption(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		keyed := func(key string) string {
			return f.with(parts{top: "adopt = true\n  for_each = toset([\"" + key + "\"])\n"})
		}
		w.write(keyed("a"))
		w.must("apply")
		check := nobodyTouched(t, lab)
		w.write(keyed("b"))
		w.fails("Objects are made anew", []string{"/" + lab.Service, "another one adopts it", "moved {\n"}, "apply")
		w.write(keyed("b") + "moved {\n  from = " + f.address + "[\"a\"]\n  to   = " + f.address + "[\"b\"]\n}\n")
		w.must("apply")
		check()
		w.must("destroy")
	})
}
