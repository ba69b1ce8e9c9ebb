package report

import (
	"fmt"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Text is what a problem says to somebody who writes configurations.
func Text(p istio.Problem) string { return p.TextWith(remedyText) }

// remedyText says a remedy in the words of a configuration: the end of a sentence.
func remedyText(remedy istio.Remedy, value string) string {
	switch remedy {
	case istio.MatchAnyText:
		return "; write regex = \".+\" for one that is there"
	case istio.NewWarmup:
		return fmt.Sprintf("; write warmup = { duration = %q }", value)
	case istio.NewPercentage:
		return "; write percentage = { value = " + value + " }"
	case istio.NewOrigin:
		return fmt.Sprintf("; write allow_origins = [{ exact = %.80q }]", value)
	case istio.WholePercentage:
		return "; write percentage = { value = 100 } for all"
	case istio.IgnoreServerErrors:
		return "; write less, or set consecutive_5xx_errors = 0"
	case istio.NameOwner:
		return ": set owner in the provider block"
	case istio.CreateAlong:
		return "; create it, in the same apply at the latest"
	case istio.DeclareAlong:
		return "; declare it, in the same apply at the latest"
	case istio.ChangeAlong:
		return ", unless the same apply changes it"
	case istio.LeftToOthers:
		return ", which manage_destination_rule = false leaves to somebody else"
	case istio.SharesLeftToOthers:
		return ", and weights_managed_by = \"other\" leaves those to somebody else: set one of the two"
	case istio.Misspelt:
		return "; is a name misspelt? Terraform drops those that it does not know"
	case istio.Presence:
		return "; write { present = true } for one that is there, or without_headers for one that is not"
	case istio.MatchPath:
		return fmt.Sprintf("; match uri = { exact = %.80q }", value)
	case istio.NoRemedy, istio.NarrowerFirst, istio.NarrowMatch, istio.NarrowMatches:
	}
	return remedy.Text(value)
}

// toolAdvice says what becomes of changes to an object that another tool owns, and what to do about it.
func toolAdvice(tool istio.Tool) string {
	if tool.OnlyWeights {
		return tool.Advice + " with weights_managed_by = \"other\""
	}
	return tool.Advice
}
