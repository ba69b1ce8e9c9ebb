package view_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

// configured is a plan with a configuration: provider blocks by their keys, each with its expressions, and the keys of
// the blocks of resources.
func configured(t *testing.T, blocks map[string]tree, keys map[string]string, changes ...tree) string {
	t.Helper()
	providers := tree{}
	for key, expressions := range blocks {
		name, _, _ := strings.Cut(key, ".")
		providers[key] = tree{"name": name, "full_name": "registry.terraform.io/x/" + name, "expressions": expressions}
	}
	root := tree{"resources": []any{}}
	for address, key := range keys {
		module, call := root, ""
		steps := strings.Split(address, ".")
		for ; steps[0] == "module"; steps = steps[2:] {
			call = steps[1]
			calls, _ := module["module_calls"].(tree)
			if calls == nil {
				calls = tree{}
				module["module_calls"] = calls
			}
			if calls[call] == nil {
				calls[call] = tree{"module": tree{"resources": []any{}}}
			}
			module = calls[call].(tree)["module"].(tree)
		}
		module["resources"] = append(module["resources"].([]any), tree{
			"address": strings.Join(steps, "."), "mode": "managed", "type": steps[0], "name": steps[1],
			"provider_config_key": key,
		})
	}
	raw, err := json.Marshal(tree{
		"format_version": "1.2", "planned_values": tree{}, "resource_changes": changes,
		"configuration": tree{"provider_config": providers, "root_module": root},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func is(value any) tree         { return tree{"constant_value": value} }
func of(references ...any) tree { return tree{"references": references} }

// updated is a change of a manifest in a module, empty for the root.
func updated(module, name string, now, then tree) tree {
	c := change("kubernetes_manifest."+name, "update", tree{
		"before": tree{"manifest": now}, "after": tree{"manifest": then},
	})
	c["name"] = name
	if module != "" {
		c["module_address"], c["address"] = module, module+"."+c["address"].(string)
	}
	return c
}

func rule(version string) tree {
	return manifest("DestinationRule", "reviews", tree{"host": "reviews", "subsets": []any{
		tree{"name": "v1", "labels": tree{"version": "v1"}}, tree{"name": "v2", "labels": tree{"version": version}},
	}})
}

// twoClusters is a plan whose DestinationRules stand in another order than its VirtualServices.
func twoClusters(t *testing.T, east, west tree) string {
	t.Helper()
	return configured(t, map[string]tree{"kubernetes": east, "kubernetes.west": west}, map[string]string{
		"kubernetes_manifest.rule_east": "kubernetes", "kubernetes_manifest.service_east": "kubernetes",
		"kubernetes_manifest.service_west":                "kubernetes.west",
		"module.a.module.b.kubernetes_manifest.rule_west": "kubernetes.west",
	},
		updated("", "service_east", reviews(10), reviews(20)),
		updated("", "service_west", reviews(10), reviews(90)),
		updated(`module.a["x.y[0]"].module.b[0]`, "rule_west", rule("v2"), rule("2-west")),
		updated("", "rule_east", rule("v2"), rule("2-east")),
	)
}

// The provider blocks tell which resources are in one cluster, whatever the order in which they stand.
func TestRun_blocks(t *testing.T) {
	t.Parallel()
	const note = "does not say in which, so that the order"
	for fact, blocks := range map[string][2]tree{
		"contexts":         {{"config_context": is("east")}, {"config_context": is("west")}},
		"a context":        {{}, {"config_context": is("west")}},
		"variables":        {{"host": of("var.east")}, {"host": of("var.west")}},
		"other attributes": {{"host": of("var.a")}, {"config_path": of("var.a")}},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			text := drawn(t, twoClusters(t, blocks[0], blocks[1]), "--markdown")
			parts := strings.Split(text, "\n#### ` kubernetes_manifest.service")
			says(t, parts[0], "touches 2 routes")
			says(t, parts[1], "_east", "rule_east", "v2 10 % → 20 %", "version=2-east", "!2-west", "!"+note,
				"in the cluster of the provider block kubernetes\n")
			says(t, parts[2], "_west", "rule_west", "v2 10 % → 90 %", "version=2-west", "!2-east", "!"+note,
				"in the cluster of the provider block kubernetes.west\n")
		})
	}
	// The same words choose the same cluster, so that the order is all there is.
	text := drawn(t, twoClusters(t, tree{"host": of("var.a")}, tree{"host": of("var.a")}), "--markdown")
	if says(t, text, "touches 2 routes", "!in the cluster of"); strings.Count(strings.Join(strings.Fields(text), " "),
		note) != 2 {
		t.Errorf("it does not say that the order decides:\n%s", text)
	}
}

// Resources of two providers are taken to be in one cluster where each has no more, and a resource of which nothing is
// configured any more is where something routes with it.
func TestRun_blocksOfOthers(t *testing.T) {
	t.Parallel()
	deleted := change("kubernetes_manifest.rule", "delete", tree{"before": tree{"manifest": rule("v2")}})
	deleted["name"] = "rule"
	yaml := change("kubectl_manifest.rule", "create", tree{"after": tree{"yaml_body": yamlRule}})
	yaml["name"] = "rule"
	service := updated("", "service", reviews(10), reviews(20))
	one := configured(t, map[string]tree{"kubernetes": {"host": of("var.a")}, "kubectl": {"config_path": is("b")}},
		map[string]string{"kubernetes_manifest.service": "kubernetes", "kubectl_manifest.rule": "kubectl"},
		service, yaml)
	says(t, drawn(t, one, "--markdown"), "touches 1 route.", "!in the cluster of")

	other := manifest("VirtualService", "cart", tree{"hosts": []any{"cart"}, "http": []any{tree{
		"route": []any{tree{"destination": tree{"host": "cart"}}},
	}}})
	two := configured(t, map[string]tree{"kubernetes": {}, "kubernetes.west": {"host": is("b")}}, map[string]string{
		"kubernetes_manifest.service": "kubernetes", "kubernetes_manifest.cart": "kubernetes.west",
	}, service, updated("", "cart", other, other), deleted)
	text := drawn(t, two, "--markdown")
	before, _, _ := strings.Cut(text, "kubernetes_manifest.cart")
	says(t, before, "kubernetes_manifest.rule ` is destroyed")
}

// asked looks nowhere, and remembers where it was asked to.
type asked struct {
	at      []view.Place
	unseen  []string
	refused map[string]bool
}

func (a *asked) look(_ context.Context, at view.Place, services []view.Service) (view.Live, error) {
	a.at = append(a.at, at)
	if a.refused[at.Context] {
		return view.Live{}, errors.New("could not find the context " + at.Context)
	}
	live := view.Live{Unseen: a.unseen}
	for _, s := range services {
		live.Seen = append(live.Seen, view.Seen{
			Host: s.Host, Routes: []view.SeenRoute{{Name: fmt.Sprintf("live of %q", at.Context)}},
		})
	}
	return live, nil
}

// Each route is looked for in the cluster that its provider block names. Where that is not known, it says so.
func TestRun_liveBlocks(t *testing.T) {
	t.Parallel()
	const domain = "cluster.local"
	east, west := tree{"config_context": is("east")}, tree{"config_context": is("west"), "config_path": is("~/kube")}
	eastPlace, westPlace := view.Place{Context: "east", ClusterDomain: domain}, view.Place{
		Context: "west", ClusterDomain: domain,
	}
	planned := tree{"config_context": is("west"), "config_path": is("./x")}
	for fact, test := range map[string]struct {
		east, west tree
		args       []string
		asked      asked
		want       []view.Place
		says       []string
	}{
		"two contexts": {
			east, west, nil, asked{unseen: []string{"who is ready"}}, []view.Place{eastPlace, westPlace},
			[]string{
				`live of "east"`, `live of "west"`, "!is not shown",
				"Of what is live in the cluster of the provider block kubernetes.west this is not known: who is ready",
			},
		},
		"one that is not written out": {
			east, tree{"config_path": of("var.a"), "host": is("b")}, nil, asked{}, []view.Place{eastPlace},
			[]string{
				`live of "east"`, "what is live is not shown: which cluster the provider block kubernetes.west means " +
					"is not known, because its config_path is not written out and host is no kubeconfig and no " +
					"context. --kubeconfig and --context name one",
			},
		},
		"another kubeconfig": {
			east, planned, nil, asked{}, []view.Place{eastPlace}, []string{
				`live of "east"`, "what is live is not shown: which cluster the provider block kubernetes.west means " +
					"is not known, because its config_path is not the kubeconfig of this command. --kubeconfig and " +
					"--context name one",
			},
		},
		"another kubeconfig in both": {planned, tree{"config_path": is("./y")}, nil, asked{}, nil, []string{
			"the provider block kubernetes means is not known", "the provider block kubernetes.west means is not known",
		}},
		"another kubeconfig and a flag for it": {
			east, planned, []string{"--kubeconfig", "./x"}, asked{},
			[]view.Place{{Kubeconfig: "./x", ClusterDomain: domain}}, []string{
				"what is live is not shown: --kubeconfig and --context name the cluster of the provider block " +
					"kubernetes.west",
			},
		},
		"another kubeconfig and a flag for its context": {
			east, planned, []string{"--context", "west"}, asked{}, []view.Place{westPlace},
			[]string{"which of them it is the plan does not say."},
		},
		"a flag that says which": {
			east, west, []string{"--context", "west"}, asked{}, []view.Place{westPlace},
			[]string{
				`live of "west"`, `!live of "east"`, "what is live is not shown: --kubeconfig and --context name the " +
					"cluster of the provider block kubernetes.west",
			},
		},
		"a flag that nothing says": {
			east, tree{"config_context": of("var.a")}, []string{"--context", "west"}, asked{}, []view.Place{westPlace},
			[]string{
				`live of "west"`, "What is live is of the cluster that --kubeconfig and --context name. The routes " +
					"are in several, and which of them it is the plan does not say.",
			},
		},
		"one that is not to be found": {
			east, west, nil, asked{refused: map[string]bool{"east": true}}, []view.Place{eastPlace, westPlace},
			[]string{
				`live of "west"`, "What is live in the cluster of the provider block kubernetes is not shown. Could " +
					"not find the context east.",
			},
		},
		"the same words": {
			tree{"host": of("var.a")}, tree{"host": of("var.a")}, nil, asked{}, nil,
			[]string{
				"What is live is of the cluster that the environment names: which cluster the provider block",
				"what is live is not shown: which of the clusters this is in is not known",
			},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--live", "--markdown"}, test.args...)
			got := run(t, twoClusters(t, test.east, test.west), test.asked.look, args...)
			if diff := cmp.Diff(test.want, test.asked.at); diff != "" || got.Code != 0 {
				t.Errorf("it ends with %d %s, asked at (-want +got)\n%s", got.Code, got.Stderr, diff)
			}
			for i := range test.says {
				test.says[i] = strings.Join(strings.Fields(test.says[i]), " ")
			}
			says(t, strings.Join(strings.Fields(got.Stdout), " "), test.says...)
		})
	}
	// What is not known is no reason to look elsewhere.
	for _, other := range []tree{west, {"host": of("var.a")}} {
		none := asked{refused: map[string]bool{"east": true, "west": true}}
		if diff := cmp.Diff(answer{2, "", "Error: Could not find the context east.\n"},
			run(t, twoClusters(t, east, other), none.look, "--live")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// The only cluster of a plan is that of its provider block, and where that is not to be found, or not known, that of
// the environment, of which the page says so.
func TestRun_liveBlock(t *testing.T) {
	t.Parallel()
	for fact, test := range map[string]struct {
		block tree
		args  []string
		want  []string
		says  []string
	}{
		"a context": {
			tree{"config_context": is("east")}, nil, []string{"east"}, []string{`live of "east"`, "!What is live is"},
		},
		"nothing": {tree{}, nil, []string{""}, []string{`live of ""`, "!What is live is"}},
		"a flag": {
			tree{"config_context": of("a")}, []string{"--context", "b"}, []string{"b"}, []string{"!What is live is"},
		},
		"a variable": {tree{"config_context": of("a")}, nil, []string{""}, []string{
			`live of ""`, "What is live is of the cluster that the environment names: which cluster the provider " +
				"block kubernetes means is not known, because its config_context is not written out. --kubeconfig " +
				"and --context name one.",
		}},
		"the own kubeconfig": {
			tree{"config_path": is("~/kube")}, nil, []string{""}, []string{`live of ""`, "!What is live is"},
		},
		"a context of the own kubeconfig": {
			tree{"config_path": is("~/kube"), "config_context": is("east")}, nil, []string{"east"},
			[]string{`live of "east"`, "!What is live is"},
		},
		"another kubeconfig": {
			tree{"config_path": is("./x"), "config_context": is("east")}, nil, []string{""}, []string{
				`live of ""`, "What is live is of the cluster that the environment names: which cluster the provider " +
					"block kubernetes means is not known, because its config_path is not the kubeconfig of this " +
					"command. --kubeconfig and --context name one.",
			},
		},
		"another machine": {tree{"config_context": is("gone")}, nil, []string{"gone", ""}, []string{
			`live of ""`, "What is live is of the cluster that the environment names: that of the provider block " +
				"kubernetes is not to be found here. Could not find the context gone.",
		}},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			a := asked{refused: map[string]bool{"gone": true}}
			plan := configured(t, map[string]tree{"kubernetes": test.block},
				map[string]string{"kubernetes_manifest.service": "kubernetes"},
				updated("", "service", reviews(10), reviews(20)))
			got := run(t, plan, a.look, append([]string{"--live", "--markdown"}, test.args...)...)
			var contexts []string
			for _, at := range a.at {
				if at.Kubeconfig != "" {
					t.Errorf("it goes by the kubeconfig %s", at.Kubeconfig)
				}
				contexts = append(contexts, at.Context)
			}
			if diff := cmp.Diff(test.want, contexts); diff != "" {
				t.Errorf("it asks at (-want +got)\n%s", diff)
			}
			says(t, strings.Join(strings.Fields(got.Stdout), " "), test.says...)
		})
	}
}

// The domain of a cluster is that of its provider block, or else what the flag says.
func TestRun_domain(t *testing.T) {
	t.Parallel()
	for fact, test := range map[string]struct {
		block tree
		args  []string
		want  []string
	}{
		"none": {tree{}, nil, []string{"v1 of echo.shop.svc.cluster.local", "!cluster_domain"}},
		"written out": {
			tree{"cluster_domain": is("mesh")}, nil, []string{"v1 of echo.shop.svc.mesh,", "!cluster_domain"},
		},
		"a variable": {tree{"cluster_domain": of("var.a")}, nil, []string{
			"v1 of echo.shop.svc.cluster.local", "The plan does not say which cluster_domain the provider block mesh " +
				"has: cluster.local is taken; --cluster-domain names another.",
		}},
		"a variable and a flag": {
			tree{"cluster_domain": of("var.a")}, []string{"--cluster-domain", "mesh"},
			[]string{"v1 of echo.shop.svc.mesh,", "!cluster_domain"},
		},
		"written out and a flag": {
			tree{"cluster_domain": is("other")}, []string{"--cluster-domain", "mesh"},
			[]string{"v1 of echo.shop.svc.mesh,", "!cluster_domain"},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			service := change("mesh_virtual_service.echo", "create", tree{"after": tree{
				"name": "echo", "namespace": "shop", "hosts": []any{"echo"}, "http": []any{tree{
					"route": []any{tree{"destination": tree{"host": "echo", "subset": "v1"}}},
				}},
			}})
			service["name"] = "echo"
			yaml := change("kubectl_manifest.rule", "create", tree{"after": tree{
				"yaml_body": strings.ReplaceAll(yamlRule, "reviews", "echo"),
			}})
			plan := configured(t, map[string]tree{"mesh": test.block}, map[string]string{
				"mesh_virtual_service.echo": "mesh",
			}, service, yaml)
			text := strings.Join(strings.Fields(drawn(t, plan, append([]string{"--markdown"}, test.args...)...)), " ")
			says(t, text, append(test.want, "touches 1 route.")...)
		})
	}
}
