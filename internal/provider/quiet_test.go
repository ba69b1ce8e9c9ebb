package provider

import (
	"os"
	"strings"
	"testing"
)

// Not parallel: it is about the environment.
func TestQuietUnlessAsked(t *testing.T) {
	for asked, quiet := range map[string]bool{
		"":                           true,
		"TF_LOG=":                    true,
		"TF_LOG=debug":               false,
		"TF_LOG_PROVIDER=info":       false,
		"TF_LOG_PROVIDER_MESH=trace": false,
		"TF_LOG_SDK_PROTO=trace":     false, "TF_LOG_CORE=trace": true, "TF_LOG_PATH=log": true,
	} {
		t.Run(asked, func(t *testing.T) {
			for _, variable := range os.Environ() {
				if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TF_LOG") {
					t.Setenv(name, "")
				}
			}
			for _, level := range levels {
				t.Setenv(level, "")
			}
			if name, value, ok := strings.Cut(asked, "="); ok {
				t.Setenv(name, value)
			}
			QuietUnlessAsked()
			for _, level := range levels {
				if is := os.Getenv(level) == "OFF"; is != quiet {
					t.Errorf("%s=%q", level, os.Getenv(level))
				}
			}
		})
	}
}
