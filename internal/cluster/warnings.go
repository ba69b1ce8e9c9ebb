package cluster

import (
	"context"
)

type warningsKey struct{}

// CollectWarnings returns a context whose requests hand the API server's warnings to warn.
func CollectWarnings(ctx context.Context, warn func(string)) context.Context {
	return context.WithValue(ctx, warningsKey{}, warn)
}

// warnings passes the API server's warnings on to whoever made the request.
type warnings struct{}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _, text string) {
	if code == 299 && text != "" {
		warn(ctx, text)
	}
}

// warn hands a warning to whoever collects them for the context.
func warn(ctx context.Context, text string) {
	if collect, ok := ctx.Value(warningsKey{}).(func(string)); ok {
		collect(text)
	}
}
