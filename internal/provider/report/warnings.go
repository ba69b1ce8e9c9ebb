package report

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

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
