package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Warning is what is told of one object. Terraform shows one of several warnings that have the same summary.
type Warning struct {
	// At is the attribute that it is about, none for the whole object.
	At path.Path
	// Kind is what is told, and Of the object, which is empty where nothing of it is known.
	Kind, Of string
	Text     string
	// Names are those that the texts of two objects differ in although they say the same.
	Names []string
	// ID is that by which a configuration accepts it, empty for what it cannot accept.
	ID string
	// Fails says that requests fail for certain. That is told by itself, however many objects it is told of, and
	// cannot be accepted.
	Fails bool

	told, more int
}

// The kinds of what is told of imported objects that a resource does not describe as they are.
const (
	MoreThanExpressed = "More than this resource expresses"
	RefusedByForm     = "Refused by this resource"
)

// TextOf returns what a diagnostic tells of its object, false for one of another kind.
func TextOf(kind, summary, text string) (string, bool) {
	if summary == Summary(kind, moreObjects) {
		_, text, _ = strings.Cut(text, ": ")
		return text, true
	}
	return text, summary == kind || strings.HasPrefix(summary, kind+" (")
}

// Warnings are one of each kind for each object.
type Warnings []Warning

// Add adds a warning to those of the same kind and object, whose place is that of the first. It leaves out what is
// accepted.
func (w *Warnings) Add(to Audience, added Warning) {
	switch {
	case added.Fails:
		added.ID = ""
	case to.Accepts(added.ID):
		return
	}
	i := slices.IndexFunc(*w, func(w Warning) bool { return w.Kind == added.Kind && w.Of == added.Of })
	if i < 0 {
		added.told = 1
		*w = append(*w, added)
		return
	}
	is := &(*w)[i]
	is.Fails, is.ID = is.Fails || added.Fails, cmp.Or(is.ID, added.ID)
	if is.told == mostDoubts {
		is.more++
		return
	}
	is.Text += "\n\n" + added.Text
	is.told++
}

// Tell adds them to what is told: of many objects of which the same is told all but the first under one summary, so
// that Terraform shows it once, and counts.
func (w Warnings) Tell(diagnostics *diag.Diagnostics, to Audience) {
	for _, w := range w {
		if w.more > 0 {
			w.Text += fmt.Sprintf("\n\n%d more are not shown.", w.more)
		}
		if of := w.Of; !w.Fails && of != "" && !to.Told.alone(w.Kind, of, without(w.Text, append(w.Names, of))) {
			w.Of, w.Text = moreObjects, "In "+Printable(of, LongestPath/2)+": "+w.Text
		}
		if w.ID != "" {
			w.Text += fmt.Sprintf("\n\nTo accept it, add %q to acknowledged.", w.ID)
		}
		if len(w.At.Steps()) == 0 {
			diagnostics.AddWarning(Summary(w.Kind, w.Of), w.Text)
			continue
		}
		diagnostics.AddAttributeWarning(w.At, Summary(w.Kind, w.Of), w.Text)
	}
}

// warningOfCluster is the summary of what the API server, or a wait for the proxies, warns of.
const warningOfCluster = "Warning from the cluster"

// WithWarnings turns the API server's warnings into Terraform's.
func WithWarnings(ctx context.Context, diagnostics *diag.Diagnostics) context.Context {
	return WithWarningsOf(ctx, diagnostics, Audience{}, "")
}

// WithWarningsOf is [WithWarnings] for requests that are about one object, whose names the texts may hold.
func WithWarningsOf(
	ctx context.Context, diagnostics *diag.Diagnostics, to Audience, of string, names ...string,
) context.Context {
	// Two objects may be read at the same time.
	var lock sync.Mutex
	return cluster.CollectWarnings(ctx, func(text string) {
		lock.Lock()
		defer lock.Unlock()
		tellMore(diagnostics, to, Warning{Kind: warningOfCluster, Of: of, Names: names, Text: Sentence(text)})
	})
}

// tellMore tells a warning together with what was told under its summary before: more is found out one by one.
func tellMore(diagnostics *diag.Diagnostics, to Audience, w Warning) {
	var told diag.Diagnostics
	Warnings{w}.Tell(&told, to)
	summary, text := told[0].Summary(), told[0].Detail()
	for i, d := range *diagnostics {
		if w.Of == "" || d.Summary() != summary || d.Severity() != diag.SeverityWarning {
			continue
		}
		if !slices.Contains(strings.Split(d.Detail(), "\n\n"), text) {
			(*diagnostics)[i] = diag.NewWarningDiagnostic(summary, d.Detail()+"\n\n"+text)
		}
		return
	}
	diagnostics.Append(told...)
}

// WarnOfUnserved tells of objects that do not exist because the API server does not serve their kind. That is true of
// all objects alike, and so is the summary.
func WarnOfUnserved(diagnostics *diag.Diagnostics, host string, unserved []cluster.Address) {
	if len(unserved) == 0 {
		return
	}
	names := make([]string, len(unserved))
	for i, at := range unserved {
		names[i] = at.String()
	}
	diagnostics.AddWarning("Istio API not served", fmt.Sprintf("The API server at %s serves no version of the API of "+
		"%s, so that no such object exists: its CRDs were removed, and the objects with them. They are taken out of "+
		"the state.\n\nIf this is not the right cluster, correct the connection before you apply.", host,
		istio.Enumerate(names, "and")))
}
