package istio

import "fmt"

// Remedy is what to do about a problem. It is data, because how to say it depends on the language in which the reader
// writes objects: whoever shows a problem says it in the reader's words, with [Problem.TextWith].
type Remedy int

const (
	// NoRemedy says that the reason tells what to do, or that nothing needs to be done.
	NoRemedy Remedy = iota
	// NarrowerFirst is to change the order of two rules or matches.
	NarrowerFirst
	// NarrowMatch is to let an earlier rule take fewer requests, where the order is fixed.
	NarrowMatch
	// NarrowMatches is the same for several earlier rules.
	NarrowMatches
	// MatchAnyText is a regex that every text matches.
	MatchAnyText
	// NewWarmup is to write the duration into the field that took the place of a deprecated one.
	NewWarmup
	// NewPercentage is the same for a percentage.
	NewPercentage
	// NewOrigin is the same for an origin.
	NewOrigin
	// WholePercentage is a percentage of 100.
	WholePercentage
	// IgnoreServerErrors is to eject for fewer errors of a gateway, or not for others at all.
	IgnoreServerErrors
	// NameOwner is to name the owner where that is set for all objects.
	NameOwner
	// CreateAlong is to create something that a route needs, at the latest together with the route.
	CreateAlong
	// DeclareAlong is to declare a subset that a route needs, at the latest together with the route.
	DeclareAlong
	// ChangeAlong is to change something that a route needs together with the route.
	ChangeAlong
	// LeftToOthers is to leave a field to those who own the object that it belongs to.
	LeftToOthers
	// SharesLeftToOthers is to leave shares to somebody else, or what follows from them.
	SharesLeftToOthers
	// Misspelt is to look for a field that is there under a name that is none.
	Misspelt
	// Presence is to ask whether something is there or not, in place of an empty text.
	Presence
	// MatchPath is to match the path, which is the value, in place of the method.
	MatchPath
)

// Text returns the end of a sentence, in the words of Istio's API.
func (r Remedy) Text(value string) string {
	switch r {
	case NarrowerFirst:
		return "; write the narrower one first, or leave this one out"
	case NarrowMatch:
		return "; narrow that match, or leave it out"
	case NarrowMatches:
		return "; narrow one of those matches, or leave it out"
	case MatchAnyText:
		return "; write the regex .+ for one that is there"
	case NewWarmup:
		return "; write warmup with a duration of " + value
	case NewPercentage:
		return "; write a percentage of " + value
	case NewOrigin:
		return fmt.Sprintf("; write allow_origins with an exact %.80q", value)
	case WholePercentage:
		return "; write a percentage of 100 for all"
	case IgnoreServerErrors:
		return "; write less, or set consecutive_5xx_errors to 0"
	case NameOwner:
		return ": leave it to who writes them"
	case CreateAlong:
		return "; create it, together with the route at the latest"
	case DeclareAlong:
		return "; declare it, together with the route at the latest"
	case ChangeAlong:
		return ", unless it changes together with the route"
	case LeftToOthers:
		return ", which is left to somebody else"
	case SharesLeftToOthers:
		return ", and somebody else sets those"
	case Presence:
		return "; write {} for one that is there, or without_headers for one that is not"
	case MatchPath:
		return fmt.Sprintf("; match uri with an exact %.80q", value)
	case NoRemedy, Misspelt:
	}
	return ""
}
