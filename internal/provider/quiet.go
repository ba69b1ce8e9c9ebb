package provider

import (
	"os"
	"strings"
)

// logVariables begin the environment variables by which a user asks for the log of a provider. Terraform keeps it for
// TF_LOG and TF_LOG_PROVIDER; the others are those of the plugin libraries.
var logVariables = []string{"TF_LOG=", "TF_LOG_PROVIDER", "TF_LOG_SDK"}

// levels are the variables from which the plugin libraries take how much to log. Without them it is everything.
var levels = []string{"TF_LOG_PROVIDER_MESH", "TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"}

// QuietUnlessAsked switches the log off that nobody reads. Terraform throws away what a plugin logs unless the user
// has asked for it, and to write it and to read it is a tenth of what a plan costs.
func QuietUnlessAsked() {
	for _, variable := range os.Environ() {
		for _, begin := range logVariables {
			if _, value, _ := strings.Cut(variable, "="); value != "" && strings.HasPrefix(variable, begin) {
				return
			}
		}
	}
	for _, level := range levels {
		// A name without a zero byte can be set.
		_ = os.Setenv(level, "OFF")
	}
}
