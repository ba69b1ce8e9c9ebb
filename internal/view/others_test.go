package view_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

// planOf is a plan with these changes of resources.
func planOf(t *testing.T, changes ...tree) string {
	t.Helper()
	raw, err := json.Marshal(tree{"format_version": "1.2", "planned_values": tree{}, "resource_changes": changes})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// change is that of a resource of another provider.
func change(address, action string, change tree) tree {
	change["actions"] = []string{action}
	typ, _, _ := strings.Cut(address, ".")
	return tree{"address": address, "mode": "managed", "type": typ, "change": change}
}

func manifest(kind, name string, spec tree) tree {
	return tree{
		"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": tree{"name": name, "namespace": "shop"},
		"spec": spec,
	}
}

func reviews(v2 int) tree {
	to := func(subset string, weight int) tree {
		return tree{"destination": tree{"host": "reviews", "subset": subset}, "weight": weight}
	}
	return manifest("VirtualService", "reviews", tree{
		"hosts": []any{"reviews"}, "http": []any{tree{"route": []any{to("v1", 100-v2), to("v2", v2)}}},
	})
}

const yamlRule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
`

// Routes in manifests of other providers are drawn too, together with what they route with.
func TestRun_manifests(t *testing.T) {
	t.Parallel()
	const heading = "kubernetes_manifest.reviews ` is changed\n"
	update := func() tree {
		return change("kubernetes_manifest.reviews", "update", tree{
			"before": tree{"manifest": reviews(10)}, "after": tree{"manifest": reviews(30)},
		})
	}
	for fact, test := range map[string]struct {
		plan []tree
		want []string
	}{
		"a VirtualService": {
			[]tree{update()},
			[]string{"touches 1 route", heading, "all requests: v2 10 % → 30 % (v1 90 % → 70 %)"},
		},
		"with its DestinationRule as YAML": {
			[]tree{update(), change("kubectl_manifest.subsets", "create", tree{"after": tree{"yaml_body": yamlRule}})},
			[]string{
				"touches 1 route", heading, "kubectl_manifest.subsets ` is created\n",
				"v2 of reviews.shop.svc.cluster.local, new: version=v2",
			},
		},
		"YAML that its provider calls sensitive": {
			[]tree{change("kubectl_manifest.subsets", "create", tree{
				"after":           tree{"yaml_body": "hidden", "yaml_body_parsed": yamlRule},
				"after_sensitive": tree{"yaml_body": true},
			})},
			[]string{"v2 of reviews.shop.svc.cluster.local, new: version=v2", "!hidden", "!sensitive"},
		},
		"only YAML that its provider calls sensitive": {
			[]tree{change("kubectl_manifest.subsets", "create", tree{
				"after": tree{"yaml_body": yamlRule}, "after_sensitive": tree{"yaml_body": true},
			})},
			[]string{"The plan changes no route."},
		},
		"what Kubernetes adds is not known": {
			[]tree{change("kubernetes_manifest.reviews", "create", tree{
				"after":         tree{"manifest": reviews(30)},
				"after_unknown": tree{"object": tree{"spec": true}, "manifest": tree{"metadata": tree{"uid": true}}},
			})},
			[]string{"v1 70 %, v2 30 %", "!not known"},
		},
		"a part of the spec is not known": {
			[]tree{change("kubernetes_manifest.reviews", "create", tree{
				"after":         tree{"manifest": reviews(30)},
				"after_unknown": tree{"manifest": tree{"spec": tree{"hosts": []any{true}}}},
			})},
			[]string{"kubernetes_manifest.reviews: not known until apply: manifest", "!v2 30 %"},
		},
		"a part of the spec is sensitive": {
			[]tree{change("kubernetes_manifest.reviews", "create", tree{
				"after":           tree{"manifest": reviews(30)},
				"after_sensitive": tree{"manifest": tree{"spec": tree{"http": true}}},
			})},
			[]string{
				"kubernetes_manifest.reviews: cannot be drawn without what is sensitive: manifest.spec.http\n",
				"!v2 30 %", "!not known",
			},
		},
		"another kind": {
			[]tree{change("kubernetes_manifest.pod", "create", tree{
				"after": tree{"manifest": tree{"apiVersion": "v1", "kind": "Pod"}},
			})},
			[]string{"The plan changes no route."},
		},
		"a kind of Istio's that routes nothing": {
			[]tree{change("kubernetes_manifest.web", "create", tree{"after": tree{"manifest": manifest("Gateway", "web",
				tree{"servers": []any{tree{
					"hosts": []any{"*"}, "port": tree{"number": 80, "name": "http", "protocol": "HTTP"},
				}}})}})},
			[]string{"The plan changes no route."},
		},
		"a manifest that is none": {
			[]tree{change("kubernetes_manifest.web", "create", tree{
				"after": tree{"manifest": manifest("VirtualService", "web", tree{"hots": []any{"*"}})},
			})},
			[]string{"kubernetes_manifest.web: cannot be drawn: "},
		},
		"no manifest": {
			[]tree{change("kubernetes_manifest.web", "create", tree{"after": tree{"manifest": nil}})},
			[]string{"The plan changes no route."},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			says(t, drawn(t, planOf(t, test.plan...), "--markdown"), test.want...)
		})
	}
}

// yamlReviews is the YAML of what reviews gives as an object.
const yamlReviews = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews, subset: v1}, weight: 60},
    {destination: {host: reviews, subset: v2}, weight: 40}]}]
`

// An object that one resource gives to another is drawn as the other makes it, whichever of both stands first.
func TestRun_handedOver(t *testing.T) {
	t.Parallel()
	for fact, action := range map[string]string{"forgotten": "forget", "destroyed": "delete"} {
		for _, names := range [][2]string{{"first", "second"}, {"second", "first"}} {
			t.Run(fact+" "+names[0], func(t *testing.T) {
				t.Parallel()
				from := change("kubernetes_manifest."+names[0], action, tree{"before": tree{"manifest": reviews(10)}})
				to := change("kubectl_manifest."+names[1], "create", tree{"after": tree{"yaml_body": yamlReviews}})
				plan := planOf(t, from, to)
				if names[0] == "second" {
					plan = planOf(t, to, from)
				}
				says(t, drawn(t, plan, "--markdown"), "touches 1 route",
					"all requests: v2 10 % → 40 % (v1 90 % → 60 %)")
			})
		}
	}
}

// Two resources that have an object of the same name have it in two clusters: each is drawn for itself, with the
// DestinationRule that stands in the same order.
func TestRun_clusters(t *testing.T) {
	t.Parallel()
	update := func(address string, now, then tree) tree {
		return change(address, "update", tree{"before": tree{"manifest": now}, "after": tree{"manifest": then}})
	}
	subsets := func(version string) tree {
		return manifest("DestinationRule", "reviews", tree{"host": "reviews", "subsets": []any{
			tree{"name": "v1", "labels": tree{"version": "v1"}}, tree{"name": "v2", "labels": tree{"version": version}},
		}})
	}
	text := drawn(t, planOf(t,
		update("kubernetes_manifest.rule_east", subsets("v2"), subsets("2-east")),
		update("kubernetes_manifest.rule_west", subsets("v2"), subsets("2-west")),
		update("kubernetes_manifest.service_east", reviews(10), reviews(20)),
		update("kubernetes_manifest.service_west", reviews(10), reviews(90)),
	), "--markdown")
	for i, wants := range [][]string{
		{"touches 2 routes"},
		{"_east", "service_east", "v2 10 % → 20 % (v1 90 % → 80 %)", "version=v2 → version=2-east", "!west"},
		{"_west", "service_west", "v2 10 % → 90 % (v1 90 % → 10 %)", "version=v2 → version=2-west", "!east"},
	} {
		says(t, strings.Split(text, "\n#### ` kubernetes_manifest.rule")[i], wants...)
	}
}

// States may have modules in modules, and what is sensitive is marked there too.
func TestRun_state(t *testing.T) {
	t.Parallel()
	state := edited(t, "state.json", func(state tree) {
		module := state["values"].(tree)["root_module"].(tree)
		resource := module["resources"].([]any)[0].(tree)
		resource["address"] = "module.a.module.b.mesh_canary_route.greeter"
		resource["sensitive_values"] = tree{"rules": []any{tree{"match": []any{tree{"headers": tree{
			"version": tree{"exact": true},
		}}}}}}
		state["values"] = tree{"root_module": tree{"child_modules": []any{tree{"child_modules": []any{module}}}}}
	})
	says(t, drawn(t, state, "--markdown"), "1 route is in the state.",
		"module.a.module.b.mesh_canary_route.greeter ` is in the state", "requests with header version=(sensitive)",
		"!version=100", "version=200")
	says(t, drawn(t, `{"format_version": "1.0"}`, "--markdown"), "0 routes are in the state.")
}

// What is live stands beside the routes for which it was asked.
func TestRun_live(t *testing.T) {
	t.Parallel()
	const host = "k8s-combat-service-istio-mesh.greeter.svc.cluster.local"
	three := 3
	var asked []view.Service
	look := func(_ context.Context, at view.Place, services []view.Service) (view.Live, error) {
		asked = services
		if at != (view.Place{
			Kubeconfig: "kubeconfig", Context: "shop", Prometheus: "http://127.0.0.1:9", ClusterDomain: "cluster.local",
		}) {
			t.Errorf("it looks at %+v", at)
		}
		live := view.Live{Unseen: []string{"whether pods are ready"}}
		for _, s := range services {
			live.Seen = append(live.Seen, view.Seen{Host: s.Host, Missing: s.Host != host})
		}
		live.Seen[1].Routes = []view.SeenRoute{{
			Name: "greeter/<b>", Tools: []string{"Flagger", "Kiali"}, Overruled: true,
			Summary: []string{"all requests go to v1"},
		}}
		live.Seen[1].Subsets = []view.SeenSubset{
			{Name: "v1", Ready: &three, Rate: &view.Rate{PerSecond: 12.5, FailedPercent: 0.4}},
			{Name: "v2", Why: "the \u202elabels are not known"}, {Name: "v3", Rate: &view.Rate{}},
		}
		return live, nil
	}
	args := []string{
		"--live", "--kubeconfig", "kubeconfig", "--context", "shop", "--prometheus", "http://127.0.0.1:9",
	}
	text := run(t, file(t, "demo_change.json"), look, append(args, "--markdown")...)
	says(t, text.Stdout, "Of what is live this is not known: whether pods are ready",
		"Live now, ` echo.greeter.svc.cluster.local `:\n\n```\nthere is no such service\n```",
		"greeter/<b>, of Flagger, Kiali: another VirtualService goes first for all of its hosts\n"+
			"  all requests go to v1\nv1: 3 ready, 12.50 requests a second, 0.40 % fail\n"+
			`v2: ready pods not known, the \u202elabels are not known`+"\nv3: ready pods not known, no requests\n")
	page := run(t, file(t, "demo_change.json"), look, args...)
	says(t, page.Stdout, "<p>There is no such service.</p>", "<code>greeter/&lt;b&gt;</code>, of Flagger, Kiali",
		"<td>3</td><td>12.50 requests a second, 0.40 % fail</td>", "<td>not known</td><td>the \\u202elabels")
	labels := func(v string) view.Labelled {
		return view.Labelled{Name: v, Labels: map[string]string{"app": "k8s-combat-service-" + v}}
	}
	want := view.Service{
		Host: host, Namespace: "greeter", Subsets: []view.Labelled{labels("v1"), labels("v2")},
	}
	if diff := cmp.Diff(want, asked[1]); diff != "" || len(asked) != 2 {
		t.Errorf("of %d services is asked (-want +got)\n%s", len(asked), diff)
	}
}

// Who may not list VirtualServices is not told that there are none.
func TestRun_liveUnlisted(t *testing.T) {
	t.Parallel()
	look := func(_ context.Context, _ view.Place, services []view.Service) (view.Live, error) {
		return view.Live{Seen: []view.Seen{{Host: services[0].Host, Unlisted: true}}}, nil
	}
	says(t, run(t, file(t, "walk.json"), look, "--live", "--markdown").Stdout,
		"which VirtualServices route it is not known", "!no VirtualService routes it")
	says(t, run(t, file(t, "walk.json"), look, "--live").Stdout,
		"<p>Which VirtualServices route it is not known.</p>", "!No VirtualService routes it")
}

// Pods are not looked for by labels that are not known.
func TestRun_liveUnsettled(t *testing.T) {
	t.Parallel()
	look := func(_ context.Context, _ view.Place, services []view.Service) (view.Live, error) {
		if n := len(services[0].Subsets); n != 1 || services[0].Subsets[0].Name != "v2" {
			t.Errorf("it asks for the subsets %+v", services[0].Subsets)
		}
		return view.Live{}, nil
	}
	plan := with(t, "demo_create.json", func(_, _, change tree) {
		change["after_unknown"].(tree)["subsets"] = tree{"v1": tree{"labels": tree{"app": true}}}
	})
	run(t, plan, look, "--live")
}

// Where nothing can be asked, nothing is drawn.
func TestRun_liveRefused(t *testing.T) {
	t.Parallel()
	look := func(context.Context, view.Place, []view.Service) (view.Live, error) {
		return view.Live{}, errors.New("which cluster to look at is not known")
	}
	if diff := cmp.Diff(answer{2, "", "Error: Which cluster to look at is not known.\n"},
		run(t, file(t, "walk.json"), look, "--live")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Of more services than are asked about it is said which are left out.
func TestRun_liveMany(t *testing.T) {
	t.Parallel()
	look := func(_ context.Context, _ view.Place, services []view.Service) (view.Live, error) {
		live := view.Live{}
		for _, s := range services {
			live.Seen = append(live.Seen, view.Seen{Host: s.Host})
		}
		return live, nil
	}
	text := run(t, many(t, 102, 1), look, "--live", "--markdown", "--limit", "1000000").Stdout
	says(t, text, "what is live of echo-101.greeter.svc.cluster.local is left out: there are too many services",
		"!of echo-099.greeter.svc.cluster.local is left out")
	if n := strings.Count(text, "no VirtualService routes it"); n != 100 {
		t.Errorf("%d services are shown", n)
	}
}
