package report

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Warnings are one for each summary, because Terraform shows one of several that have the same.
type Warnings []warning

type warning struct {
	at            path.Path
	summary, text string
	told, more    int
}

// Add adds to the warning of a summary, whose place is that of what was added first.
func (w *Warnings) Add(at path.Path, summary, text string) {
	i := slices.IndexFunc(*w, func(w warning) bool { return w.summary == summary })
	switch {
	case i < 0:
		*w = append(*w, warning{at: at, summary: summary, text: text, told: 1})
	case (*w)[i].told == mostDoubts:
		(*w)[i].more++
	default:
		(*w)[i].text += "\n\n" + text
		(*w)[i].told++
	}
}

// Tell adds them to what is told.
func (w Warnings) Tell(diagnostics *diag.Diagnostics) {
	for _, w := range w {
		if w.more > 0 {
			w.text += fmt.Sprintf("\n\n%d more are not shown.", w.more)
		}
		diagnostics.AddAttributeWarning(w.at, w.summary, w.text)
	}
}

// WithWarnings turns the API server's warnings into Terraform's.
func WithWarnings(ctx context.Context, diagnostics *diag.Diagnostics) context.Context {
	// Two objects may be read at the same time.
	var lock sync.Mutex
	return cluster.CollectWarnings(ctx, func(text string) {
		lock.Lock()
		defer lock.Unlock()
		diagnostics.AddWarning("Warning from the cluster", Sentence(text))
	})
}
