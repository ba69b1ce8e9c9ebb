package crud

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/stage"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// gateUnaskable is what is said of a gate that never could pass.
const gateUnaskable = "Gate cannot be asked"

func gateAt(i int) path.Path { return path.Root("walk").AtName("gates").AtListIndex(i) }

// refuseGates reports gates that cannot be asked, whoever answers.
func (p *objectsResource) refuseGates(d draft, diagnostics *diag.Diagnostics) {
	if p.settings.Cluster == nil || d.life.Walk == nil || !isKnown(d.config, form.Moving) {
		return
	}
	for i, g := range d.life.Walk.Gates {
		if !g.AsksMetrics() {
			continue
		}
		at := gateAt(i)
		refuse := func(why string) {
			diagnostics.AddAttributeError(at, gateUnaskable, report.Located(at, why))
		}
		if p.settings.Gates.Prometheus == nil {
			refuse("asks for metrics, and the provider block says of no Prometheus where it is: set prometheus there")
			continue
		}
		versions := d.walk.Plan.Growing()
		if g.SuccessRate != nil && g.SuccessRate.WorseThan != "" && d.walk.Plan.Last() > 0 {
			other, ok := d.walk.Plan.Question(0).Others[g.SuccessRate.WorseThan]
			if !ok {
				refuse(fmt.Sprintf("compares with the subset %.80q, which there is not", g.SuccessRate.WorseThan))
				continue
			}
			versions = append(versions, other)
		}
		for _, v := range versions {
			if err := measurable(g, v); err != nil {
				refuse("asks for metrics: " + err.Error())
				break
			}
		}
	}
}

// measurable reports, as nil, that a gate can be asked about a version.
func measurable(g walk.Gate, v walk.Version) error {
	if g.Query != nil {
		_, err := g.Query.For(v, "", 0)
		return err
	}
	if err := v.Measurable(); err != nil {
		return fmt.Errorf("%w; a query can ask by others", err)
	}
	return nil
}

// askGates asks all gates about the step.
func (p *objectsResource) askGates(ctx context.Context, w *walkRun) []walk.Answer {
	about := w.question()
	var answers []walk.Answer
	for _, g := range w.life.Walk.Gates {
		answer := p.settings.Gates.Ask(ctx, g, about)
		said := fmt.Sprintf("%s: gate %s", w.plan.Called(w.at), answer)
		tflog.Info(ctx, "walk: "+said)
		answers = append(answers, answer)
		// What has no verdict yet is asked again and again.
		if before, told := w.judged[g.Name]; !told || before != answer.Verdict {
			w.judged[g.Name] = answer.Verdict
			w.writer.Happened(ctx, stage.Judged, said)
		}
	}
	return answers
}

// refusedGates fails where a walk is about to begin whose gates ask what nobody can answer.
func (p *objectsResource) refusedGates(ctx context.Context, c *call, w *walkRun) error {
	if w.at.Stage > 0 || w.at.Back {
		return nil
	}
	about := w.question()
	for i, g := range w.life.Walk.Gates {
		if why := p.settings.Gates.Refused(ctx, g, about); why != "" {
			at := gateAt(i)
			c.diagnostics.AddAttributeError(at, gateUnaskable, report.Located(at, "asks for metrics: "+why+
				"\n\nNothing was changed."))
			return errToldAlready
		}
	}
	return nil
}

// question is what the gates are asked about the step.
func (w *walkRun) question() walk.Question {
	about := w.plan.Question(w.at.Stage)
	about.Window, about.Enough = time.Since(w.at.Since), w.life.Walk.MinRequests
	return about
}

// fail notes why a step is not followed by the next.
func (w *walkRun) fail(answers []walk.Answer, late bool) {
	w.why = w.where(w.at) + ": " + strings.Join(walk.Reason(answers), "; ")
	if late {
		w.why += fmt.Sprintf(" (patience, %s, has ended)", w.terms.Patience)
	}
}
