package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// canaryOf is a canary route with rules for headers and a default, as HCL.
func canaryOf(rules, fallback, top string) string {
	return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
    v3 = { labels = { app = "k8s-combat-service-v3" } }
  }
  rules   = [%s]
  default = %s
  %s
}
`, rules, fallback, top)
}

// forVersion is a rule for requests with a header, as HCL.
func forVersion(version, subset string) string {
	return fmt.Sprintf(`{ match = [{ headers = { version = { exact = %q } } }], subset = %q },`, version, subset)
}

const nineToOne, threeToOne, oneToOne = "{ weights = { v1 = 90, v2 = 10 } }", "{ weights = { v1 = 75, v2 = 25 } }",
	"{ weights = { v1 = 50, v2 = 50 } }"

// moved returns what a command says of traffic that moves, a line for each move.
func (r result) moved() []string {
	var all []string
	for _, d := range r.Diagnostics {
		if d.Severity == "warning" && strings.HasPrefix(d.Summary, "Traffic moves in ") {
			all = append(all, strings.Split(d.Detail, "\n")...)
		}
	}
	return all
}

// besidesMoves returns the diagnostics without those that say which requests move.
func (r result) besidesMoves() []diagnostic {
	return slices.DeleteFunc(slices.Clone(r.Diagnostics), func(d diagnostic) bool {
		return strings.HasPrefix(d.Summary, "Traffic moves in ")
	})
}

// wantWords plans, and checks which words change and what the plan says of traffic that moves.
func (w *workspace) wantWords(before, after []string, moves ...string) result {
	w.t.Helper()
	change, r := w.plan()
	for _, side := range []struct {
		name string
		got  any
		want []string
	}{{"before", change.Before, before}, {"after", change.After, after}} {
		if got, want := of(w.t, side.got, "summary"), asJSON(w.t, side.want); got != want {
			w.t.Errorf("summary %s is %s, want %s", side.name, got, want)
		}
	}
	if diff := cmp.Diff(moves, r.moved()); diff != "" {
		w.t.Errorf("moves (-want +got):\n%s", diff)
	}
	return r
}

// TestAccWords: a plan says what a change does to requests, and an apply changes just that.
func TestAccWords(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	asked := []string{"requests with header version=200 go to v2"}
	last := []string(nil)
	step := func(config string, after []string, moves ...string) {
		t.Helper()
		w.write(config)
		w.wantWords(last, after, moves...)
		w.must("apply", "saved.tfplan")
		w.wantAttribute("summary", asJSON(t, after))
		w.unchanged()
		last = after
	}
	shares := func(words string) []string { return append(slices.Clone(asked), "all other requests: "+words) }
	step(canaryOf(forVersion("200", "v2"), nineToOne, ""), shares("v1 90 %, v2 10 %"),
		"requests with header version=200 move from the service itself (no rule) to v2",
		"all other requests move from the service itself (no rule) to v1 90 %, v2 10 %")
	step(canaryOf(forVersion("200", "v2"), threeToOne, ""), shares("v1 75 %, v2 25 %"),
		"all other requests: v2 10 % → 25 % (v1 90 % → 75 %)")
	step(canaryOf(forVersion("200", "v2")+forVersion("300", "v3"), threeToOne, ""),
		[]string{asked[0], "requests with header version=300 go to v3", "all other requests: v1 75 %, v2 25 %"},
		"requests with header version=300: v3 0 % → 100 % (v1 75 % → 0 %, v2 25 % → 0 %)")
	step(
		canaryOf(forVersion("200", "v1"), `{ subset = "v1" }`, ""),
		[]string{"requests with header version=200 go to v1", "all other requests go to v1"},

		"requests with header version=200 move from v2 to v1",
		"some other requests: v1 75 % → 100 % (v2 25 % → 0 %)",
		"requests with header version=300 move from v3 to v1",
	)
	step(canaryOf(forVersion("200", "v1"), `{ subset = "v2" }`, ""),
		[]string{"requests with header version=200 go to v1", "all other requests go to v2"},
		"all other requests move from v1 to v2")
	// A subset is its pods, by whatever name.
	renamed := strings.NewReplacer("v2 = {", "canary = {", `subset = "v2"`,
		`subset = "canary"`).Replace(canaryOf(forVersion("200", "v1"), `{ subset = "v2" }`, ""))
	step(renamed, []string{"requests with header version=200 go to v1", "all other requests go to canary"})
	step(canaryOf(forVersion("200", "v1"), `{ subset = "v2" }`, ""),
		[]string{"requests with header version=200 go to v1", "all other requests go to v2"})
	// Another spelling of the same is no change, and what is not said stays out.
	step(canaryOf(forVersion("200", "v1"), `{ weights = { v1 = 90, v2 = 10 }, timeout = "5s" }`, ""),
		[]string{"requests with header version=200 go to v1", "all other requests: v1 90 %, v2 10 %, timeout 5s"},
		"all other requests: v1 0 % → 90 % (v2 100 % → 10 %)")
	w.write(canaryOf(forVersion("200", "v1"), `{ weights = { v1 = null, v2 = 10 }, timeout = "5000ms" }`, ""))
	w.wantWords(last, last)
	w.write(canaryOf(forVersion("200", "v1"), `{ weights = { v1 = 90, v2 = 10 }, timeout = "5s" }`,
		"labels = { team = \"shop\" }"))
	w.wantWords(last, last)
	w.must("apply", "saved.tfplan")

	// Somebody moves traffic: the plan shows what it is, and moves it back where it may.
	w.block = "field_manager = { force_conflicts = true }"
	w.write(canaryOf(forVersion("200", "v1"), `{ weights = { v1 = 90, v2 = 10 }, timeout = "5s" }`,
		"labels = { team = \"shop\" }"))
	lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
		http := spec["http"].([]any)
		for i, weight := range []int64{40, 60} {
			http[1].(map[string]any)["route"].([]any)[i].(map[string]any)["weight"] = weight
		}
	})
	w.wantWords([]string{last[0], "all other requests: v1 40 %, v2 60 %, timeout 5s"},
		last, "all other requests: v1 40 % → 90 % (v2 60 % → 10 %)")
	lab.Delete(acctest.VirtualService, lab.Service)
	w.wantWords([]string{"the VirtualService is not there"}, last,
		"requests with header version=200 move from the service itself (no rule) to v1",
		"all other requests move from the service itself (no rule) to v1 90 %, v2 10 %")
	w.must("apply", "saved.tfplan")

	// An import knows the words too, and the next plan has nothing to do.
	w.must("state", "rm", w.f.address)
	w.must("import", w.f.address, lab.Namespace+"/"+lab.Service)
	w.wantAttribute("summary", asJSON(t, last))
	w.unchanged()
	w.must("destroy")
	nothingIn(t, lab)
}

// TestAccWords_adopt: taking objects over says what that moves.
func TestAccWords_adopt(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	lab.Create(canaryForm.handMade(handMadeVirtualService))
	guarded := func(most string) string {
		return canaryOf(forVersion("200", "v3"), `{ subset = "v1" }`, "adopt = true\n max_weight_step = "+most)
	}
	w.write(guarded("20"))
	w.fails("Step too large", []string{
		"v3 gains 100 percent points: requests with header version=200 move from v2 to v3", "max_weight_step = 100",
	}, "plan")
	w.write(guarded("100"))
	w.wantWords(nil, []string{"requests with header version=200 go to v3", "all other requests go to v1"},
		"requests with header version=200 move from v2 to v3")
	w.must("apply", "saved.tfplan")
	w.unchanged()
	w.must("destroy")
	nothingIn(t, lab)
}

// TestAccWords_others: where somebody else sets the weights, no words promise them, and the one who takes them back
// is told.
func TestAccWords_others(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	w := newWorkspace(t, lab, canaryForm, "")
	const others = "weights_managed_by = \"other\"\n max_weight_step = 20"
	words := []string{
		"requests with header version=200 go to v2", "all other requests go to v1 and v2 in shares that others set",
	}
	w.write(canaryOf(forVersion("200", "v2"), nineToOne, others))
	w.wantWords(nil, words, "requests with header version=200 move from the service itself (no rule) to v2",
		"all other requests move from the service itself (no rule) to v1 90 %, v2 10 %")
	w.must("apply", "saved.tfplan")
	w.unchanged()
	if err := updateAs(
		t.Context(), k, lab, rolloutsManager, acctest.VirtualService, func(o *unstructured.Unstructured) {
			for i, weight := range []int64{40, 60} {
				specOf(o)["http"].([]any)[1].(map[string]any)["route"].([]any)[i].(map[string]any)["weight"] = weight
			}
		},
	); err != nil {
		t.Fatal(err)
	}
	w.unchanged()
	// Other weights in the configuration move nothing, and another subset does.
	w.write(canaryOf(forVersion("200", "v2"), oneToOne, others))
	w.wantWords(words, words)
	w.write(canaryOf(forVersion("200", "v3"), nineToOne, others))
	w.fails("Step too large",
		[]string{"v3 gains 100 percent points: requests with header version=200 move from v2 to v3"}, "plan")
	// Back: the live shares count.
	w.write(canaryOf(forVersion("200", "v2"), nineToOne, "max_weight_step = 20"))
	w.fails(
		"Step too large",
		[]string{
			"v1 gains 50 percent points: all other requests: v1 40 % → 90 % (v2 60 % → 10 %)", "max_weight_step = 50",
		},
		"plan",
	)
	w.write(canaryOf(forVersion("200", "v2"), oneToOne, "max_weight_step = 20\n force_conflicts = true"))
	w.wantWords(words, []string{words[0], "all other requests: v1 50 %, v2 50 %"},
		"all other requests: v1 40 % → 50 % (v2 60 % → 50 %)")
	w.write(canaryOf(forVersion("200", "v2"), oneToOne, others))
	w.must("destroy")
	nothingIn(t, lab)
}

// TestAccStep: a change in which a destination gains more than is allowed is refused by the plan, before anything is
// written.
func TestAccStep(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	proxy := lab.StartProxy(t)
	w := newWorkspace(t, lab, canaryForm, "")
	w.block = fmt.Sprintf("host = %q", proxy.URL)
	const most = "max_weight_step = 20"
	canary := forVersion("200", "v2")
	writes := func() []string {
		return slices.DeleteFunc(proxy.Take(), func(asked string) bool {
			return strings.HasPrefix(asked, "GET ") || strings.HasPrefix(asked, "LIST ")
		})
	}
	refused := func(config string, say ...string) {
		t.Helper()
		w.write(config)
		proxy.Take()
		w.fails(
			"Step too large",
			append(say, "max_weight_step: allows a destination to gain at most 20 percent points", "Go in steps"),
			"plan",
		)
		if asked := writes(); len(asked) > 0 {
			t.Errorf("a refused plan writes: %q", asked)
		}
	}
	// A new route may send everything anywhere.
	w.write(canaryOf(canary, nineToOne, most))
	w.must("apply")
	refused(
		canaryOf(canary, oneToOne, most),
		"v2 gains 40 percent points: all other requests: v2 10 % → 50 % (v1 90 % → 50 %)",
		"set max_weight_step = 40 for this change",
	)
	refused(canaryOf("", nineToOne, most), "v1 gains 90 percent points")
	refused(strings.Replace(canaryOf(canary, nineToOne, most), "combat-service-v2", "combat-service-v3", 1),
		"v2 gains 100 percent points: requests with header version=200 move from v2 (app=k8s-combat-service-v2) to v2")
	refused(canaryOf(forVersion("200", "v3"), nineToOne, most),
		"v3 gains 100 percent points: requests with header version=200 move from v2 to v3")
	// To 25 it goes, and a rule that names its requests may send them where it likes.
	w.write(canaryOf(canary+forVersion("300", "v3"), threeToOne, most))
	w.must("apply")
	// Somebody goes on: to go back is a step like any other.
	lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
		for i, weight := range []int64{30, 70} {
			spec["http"].([]any)[2].(map[string]any)["route"].([]any)[i].(map[string]any)["weight"] = weight
		}
	})
	refused(
		canaryOf(canary+forVersion("300", "v3"), threeToOne, most),
		"v1 gains 45 percent points: all other requests: v1 30 % → 75 % (v2 70 % → 25 %)",
		"set max_weight_step = 45 for this change",
	)
	w.block += "\n field_manager = { force_conflicts = true }"
	w.write(canaryOf(canary+forVersion("300", "v3"), threeToOne, "max_weight_step = 45"))
	w.must("apply")
	// Another limit is nothing to the cluster.
	w.write(canaryOf(canary+forVersion("300", "v3"), threeToOne, ""))
	proxy.Take()
	w.must("apply")
	if asked := writes(); len(asked) > 0 {
		t.Errorf("another limit writes: %q", asked)
	}
	w.wantAttribute("max_weight_step", "null")
	w.unchanged()
	// What is known only at apply is refused there.
	w.write(late("v1 = 10, v2 = 90") + canaryOf(canary+forVersion("300", "v3"),
		"{ weights = { v1 = terraform_data.late.output.v1, v2 = terraform_data.late.output.v2 } }", most))
	if change, r := w.plan(); of(t, change.AfterUnknown, "summary") != "true" || len(r.moved()) > 0 {
		t.Errorf("summary is known before its weights are, or %q is said", r.moved())
	}
	w.fails("Step too large", []string{"v2 gains 65 percent points"}, "apply", "saved.tfplan")
	// A destroy plans what is configured before it deletes that, unless it is told not to refresh.
	w.fails("Step too large", nil, "destroy")
	w.must("destroy", "-refresh=false")
	nothingIn(t, lab)
}
