package crud

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

var updateTellings = flag.Bool("update-tellings", false, "write the guide of what a plan tells")

// tellingsGuide is the page of the docs that is made from the tellings.
const tellingsGuide = "../../../templates/guides/what-a-plan-tells.md"

// refusal is what the dry run of a write tells, with the summary that a failed request of its reason has.
func refusal(reason cluster.Reason, when string) telling {
	var told diag.Diagnostics
	report.Errors(&told, nil, &cluster.Error{Reason: reason, Err: errors.New("no")})
	return telling{told[0].Summary(), true, when, []string{"patch virtualservices", "patch destinationrules"}, ""}
}

// others are what a plan tells besides the findings.
func others() []telling {
	own := []string{"list virtualservices", "list destinationrules"}
	var taken, unserved diag.Diagnostics
	report.WarnOfUnserved(&unserved, "", []cluster.Address{{}})
	report.WarnOfTaken(&taken, nil, &cluster.Error{})
	takes, _, _ := strings.Cut(taken[0].Summary(), " (")
	return []telling{
		{trafficMoves, false, "Requests go elsewhere than now: which, from where to where, in which shares. Of the " +
			"first twenty routes one by one.", nil, ""},
		{trafficWalks, false, "With `walk`, shares go from those that are live to the planned ones: by which " +
			"steps, and how long it takes. Of the first twenty routes one by one.", nil, ""},
		{stepTooLarge, true, "A destination gains more percent points than `max_weight_step` allows.", nil, ""},
		{existsAlready, true, "An object of the name is there, and is neither in the state nor left behind by a " +
			"killed apply of this workspace. `adopt` takes it over.", own, ""},
		{takenUp, false, "A killed apply left the object behind, and this one takes it up.", own, ""},
		{siblings.MadeAnew, false, "One resource of the plan destroys the objects and another one makes them anew, " +
			"as after a change of the keys of `for_each` without a `moved` block, or makes others for the same host.",
			nil, ""},
		{siblings.MadeAnew, true, "The same, and the other one has `adopt = true`: it could lose what it took over.",
			nil, ""},
		{siblings.Shared, true, "One resource of the plan makes an object, takes it over or names itself after it, " +
			"and another one has it and keeps it, or makes it too.", nil, ""},
		{otherWorkspace, true, "The objects carry the mark of another workspace. `adopt_from` takes them " +
			"over.", own, ""},
		refusal(cluster.FieldConflict, "Another field manager owns what the change writes: who, since when, and what "+
			"it is now. `force_conflicts` takes it."),
		{takes, false, "The change takes fields from another field manager, as `force_conflicts` or an import says.",
			[]string{"patch virtualservices", "patch destinationrules"}, ""},
		refusal(cluster.Forbidden, "A right that apply needs is missing."),
		refusal(cluster.Denied, "An admission webhook, policy or quota refuses an object."),
		refusal(cluster.Invalid, "An object does not fit the API of the cluster."),
		{noNamespaceYet, false, "The namespace is not there. The same run may make it.", nil, ""},
		{unserved[0].Summary(), false, "The cluster serves Istio's API in no version any more, so that the objects " +
			"of the state are gone.", nil, ""},
		{istioMissingYet, false, "The cluster does not serve Istio's API. The same run may install it.", nil, ""},
		{notChecked, false, "Something could not be listed: what the plan does not know for that, and which right is " +
			"missing.", nil, report.DoubtOfRights},
		{"Object of another tool", false, "A tool that does not know of Terraform owns an object, and undoes changes.",
			own, report.DoubtOfTool},
		{report.Doubtful, false, "Something in the configuration is accepted by Istio and probably not meant. Told " +
			"at validate, too.", nil, report.DoubtOfRoute},
		{report.WithoutEffect, false, "Something in the configuration never does what it says. An error in the " +
			"compact resources. Told at validate, too.", nil, report.DoubtOfEffect},
		{report.ProxiesDiffer, false, "Something in the configuration never does what it says, but for requests that " +
			"send a header several times to proxies since Istio 1.31: how many proxies are older. Told where istiod " +
			"may be asked, as for the modes `auto` and `ack`.", []string{"list pods", "create pods/portforward"},
			report.DoubtOfEffect},
	}
}

// The guide lists everything that a plan tells of the cluster, from the checks themselves.
func TestDocs_tellings(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("---\npage_title: \"What a plan tells you\"\n---\n\n# What a plan tells you\n\n" +
		"What is wrong with a configuration by itself is told at its attribute, without a cluster. This page lists " +
		"what a plan tells of the cluster, and the rights that it needs for it beside those of the resource itself. " +
		"Where a right is missing the plan goes on, and says what it does not know.\n\n" +
		"| summary | | when | rights | id |\n|---|---|---|---|---|\n")
	var ids []string
	row := func(all telling) {
		if all.summary == "" || all.when == "" {
			t.Errorf("%q has no summary, or no words for when it is told", all.summary)
		}
		severity := map[bool]string{true: "error", false: "warning"}[all.errs]
		id := ""
		if all.id != "" {
			id, ids = "`"+all.id+"`", append(ids, all.id)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", all.summary, severity, all.when,
			strings.Join(all.rights, ", "), id)
	}
	for _, all := range others() {
		row(all)
	}
	for kind := around.Rivalry; tellingOf(kind).summary != ""; kind++ {
		row(tellingOf(kind))
	}
	b.WriteString("\nTerraform shows one of several warnings that have the same summary, so each names its object " +
		"there. " +
		"What is said of many objects in the same words is said of the first three by name, and of the others as " +
		"`(more objects)`, which Terraform shows once and counts. What makes requests fail for certain is said of " +
		"each.\n\nA doubt that stands, and is meant, is accepted with its id in the attribute `acknowledged` of the " +
		"resource. That changes nothing in the cluster, and goes for all doubts of the kind, also for new ones; " +
		"errors, " +
		"and requests that fail for certain, are told all the same.\n")
	slices.Sort(ids)
	ids = slices.Compact(ids) // some are told in two ways
	if diff := cmp.Diff(report.Doubts(), ids); diff != "" {
		t.Errorf("ids that acknowledged takes, and those of the guide (-taken +told):\n%s", diff)
	}
	if *updateTellings {
		if err := os.WriteFile(tellingsGuide, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	is, err := os.ReadFile(tellingsGuide)
	if err != nil || !slices.Equal(strings.Split(string(is), "\n"), strings.Split(b.String(), "\n")) {
		t.Errorf("the guide is out of date (%v): go test ./internal/provider/crud -run TestDocs -update-tellings", err)
	}
}
