package spelling_test

import (
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{
		"name", "match", "timeout", "retries", "fault", "mirrors", "headers", "without_headers", "rewrite",
		"cors_policy", "subset", "weights", "method", "uri", "exact", "prefix", "regex", "consecutive_5xx_errors",
	}
	for given, want := range map[string]string{
		"time_out":             "timeout",
		"Timeout":              "timeout",
		"corsPolicy":           "cors_policy",
		"withoutHeaders":       "without_headers",
		"methods":              "method",
		"header":               "headers",
		"retry":                "retries",
		"weightz":              "weights",
		"fualt":                "fault",
		"weight":               "weights",
		"mirror":               "mirrors",
		"reg_ex":               "regex",
		"consecutive5xxErrors": "consecutive_5xx_errors",
		"comment":              "",
		"owner":                "",
		"x":                    "",
		"":                     "",
		"route":                "",

		strings.Repeat("timeout", 1<<20): "",
	} {
		t.Run(given[:min(len(given), 30)], func(t *testing.T) {
			t.Parallel()
			if got := spelling.Nearest(given, names); got != want {
				t.Errorf("Nearest(%.30q) = %q, want %q", given, got, want)
			}
		})
	}
}

// Of two names that are as near, the one that comes first in the alphabet is told, in whatever order they are given.
func TestNearest_tie(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{"v1", "v2"}, {"v2", "v1"}} {
		if got := spelling.Nearest("v_3", names); got != "" {
			t.Errorf("Nearest(v_3) of %v = %q, want none: half of it is different", names, got)
		}
		if got := spelling.Nearest("timeout1", []string{"timeoutb", "timeouta"}); got != "timeouta" {
			t.Errorf("Nearest(timeout1) = %q, want timeouta", got)
		}
	}
}
