package acctest

import (
	"errors"
	"os/exec"
	"slices"
)

// Envoy is who asks istiod for route tables.
type Envoy struct {
	Namespace string
	// Labels are written `app=x,version=y`.
	Labels string
	// Gateway says that it is a gateway, and no sidecar.
	Gateway bool
}

// RouteTables returns what istiod sends to an Envoy at the moment: RouteConfigurations in protobuf's JSON, a line
// each. It needs the embedded lab, whose istiod talks to everybody.
func (l *Lab) RouteTables(envoy Envoy) []byte {
	l.t.Helper()
	line := slices.Clone(l.traffic.command)
	line[slices.Index(line, "call")] = "routes"
	line = append(line, "--client-namespace", envoy.Namespace, "--client-labels", envoy.Labels)
	if envoy.Gateway {
		line = append(line, "--gateway")
	}
	lines, err := exec.CommandContext(l.t.Context(), line[0], line[1:]...).Output()
	if err != nil {
		text := ""
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			text = string(exit.Stderr)
		}
		l.t.Fatalf("fetch route tables: %v: %s", err, text)
	}
	return lines
}
