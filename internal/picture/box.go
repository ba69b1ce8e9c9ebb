package picture

// change is what becomes of a part of a picture.
type change int

const (
	stays change = iota
	added
	changed
	removed
)

// word starts the label of a part.
func (c change) word() string {
	return [...]string{"", "new: ", "changed: ", "gone: "}[c]
}

// style is the look of a part's lines, and its class.
func (c change) style() (class, style string) {
	switch c {
	case added:
		return "added", "stroke:#1a7f37,stroke-width:3px"
	case changed:
		return "changed", "stroke:#bf8700,stroke-width:3px"
	case removed:
		return "removed", "stroke:#cf222e,stroke-width:2px,stroke-dasharray:5 5"
	case stays:
	}
	return "", ""
}

// Box is a rule in a picture.
type Box struct {
	Key    string // equal for what is one rule before and after a change
	Number int    // from 1; 0 for what is no rule
	Lines  []string
	Arrows []Arrow

	// Name is the name of the rule, Requests says whom it is for, and Besides what it does with their requests
	// besides sending them; Sentence is all of that, and where the requests go. Brief takes the place of Requests where
	// there is no room for them, if it is not empty.
	Name, Requests string
	Brief          string
	Besides        []string
	Sentence       string
	// Fate says of a rule that goes where its requests go afterwards.
	Fate []string

	state change
}

// Arrow leads from a rule to where it sends requests.
type Arrow struct {
	To    string
	Label string
	Copy  bool

	// Percent is the share of the requests, 0 where the arrow leads to what is no destination. Subset decides the
	// colour, which is the same in all pictures.
	Percent float64
	Subset  string

	state change
}
