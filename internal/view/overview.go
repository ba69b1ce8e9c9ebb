package view

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/picture"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// overview is everything that is shown.
type overview struct {
	Title string
	// Facts say what the input was, and Alerts what is wrong with all of it.
	Facts, Alerts []string
	Entries       []*entry

	// sites are those of the resources, and several the clusters of the plan where it tells them apart.
	sites, several []*site
}

// picture makes of an input what is shown of it. The domain is that of every cluster, empty where the plan says it.
func (in input) picture(domain string) *overview {
	o := &overview{Title: "Routes of a plan"}
	if in.state != nil {
		o.Title = "Routes of a state"
	}
	all := in.resources(domain)
	o.several = findHomes(all)
	if domain == "" {
		shareDomains(all)
	}
	if findLinked(all); domain == "" {
		shareDomains(all)
	}
	for _, r := range all {
		if r.site != nil {
			o.sites = append(o.sites, r.site)
		}
	}
	around := surroundingsOf(all)
	kept, given := 0, picture.Colours{}
	for _, group := range grouped(all) {
		e := newEntry(group, around)
		switch {
		case e == nil:
		case !slices.ContainsFunc(group, func(r resource) bool { return !r.stays }):
			kept += len(group)
		default:
			e.ID = fmt.Sprintf("r%d", len(o.Entries)+1)
			if e.home != nil {
				e.Notes = append(e.Notes, "in the cluster of the provider block "+shown(e.home.block))
			}
			if draw := e.sheet; draw != nil {
				e.sheet = func() *picture.Sheet { return draw().Share(given) }
			}
			o.Entries = append(o.Entries, e)
		}
	}
	o.Facts = in.facts(len(o.Entries), kept)
	if in.plan != nil {
		o.Alerts = in.alerts()
	}
	if domain == "" {
		o.Alerts = append(o.Alerts, atMost(mostAlerts, vagueDomains(all))...)
	}
	return o
}

// facts say what the input was.
func (in input) facts(routes, kept int) []string {
	if in.state != nil {
		return []string{counted(routes, "route is", "routes are") + " in the state.", by(in.state.TerraformVersion, "")}
	}
	text := "The plan changes no route."
	if routes > 0 {
		text = "The plan touches " + counted(routes, "route", "routes") + "."
	}
	if kept > 0 {
		text += " " + counted(kept, "other resource stays", "other resources stay") + " as " +
			map[bool]string{true: "it is.", false: "they are."}[kept == 1]
	}
	return []string{text, by(in.plan.TerraformVersion, in.plan.Timestamp)}
}

// plain is what versions and times are made of. Anything else could be read as Markdown.
var plain = regexp.MustCompile(`^[-+.:0-9A-Za-z]{1,100}$`)

func by(version, at string) string {
	if !plain.MatchString(version) {
		version = "of a version that it does not say"
	}
	text := "Made by Terraform or OpenTofu " + version
	if plain.MatchString(at) {
		text += " at " + at
	}
	return text + "."
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// mostAlerts is how many of them are shown.
const mostAlerts = 50

// alerts say what is wrong with a plan as a whole: that it is not complete, and which checks of the configuration do
// not hold.
func (in input) alerts() []string {
	var all []string
	if in.errored {
		all = append(all, "This plan ended with an error: it has not all that would change, and cannot be applied.")
	}
	if deferred := len(in.plan.DeferredChanges); deferred > 0 {
		all = append(all, counted(deferred, "change is", "changes are")+" put off to a later plan.")
	} else if in.plan.Complete != nil && !*in.plan.Complete && !in.errored {
		all = append(all, "This plan is not complete: another one has to follow it.")
	}
	for _, check := range in.plan.Checks {
		for _, instance := range check.Instances {
			for _, problem := range instance.Problems {
				if check.Status == tfjson.CheckStatusFail || check.Status == tfjson.CheckStatusError {
					all = append(all, shown(cmp.Or(instance.Address.ToDisplay, check.Address.ToDisplay))+": "+
						shown(problem.Message))
				}
			}
		}
	}
	return atMost(mostAlerts, all)
}

// atMost leaves out what nobody reads, and says how much that is.
func atMost(most int, lines []string) []string {
	if more := len(lines) - most; more > 0 {
		return append(lines[:most:most], fmt.Sprintf("and %d more", more))
	}
	return lines
}

// longestText is how much is shown of a text that somebody else wrote.
const longestText = 400

// shown is a text as it may be shown: without what is not to be seen, and not too long.
func shown(text string) string { return report.Printable(text, longestText) }
