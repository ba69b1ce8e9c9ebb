package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// A remedy is said in the words of a configuration.
func TestProblemText(t *testing.T) {
	t.Parallel()
	for remedy, want := range map[istio.Remedy]string{
		istio.NoRemedy:           "is wrong",
		istio.NarrowerFirst:      "is wrong; write the narrower one first, or leave this one out",
		istio.NarrowMatch:        "is wrong; narrow that match, or leave it out",
		istio.NarrowMatches:      "is wrong; narrow one of those matches, or leave it out",
		istio.MatchAnyText:       `is wrong; write regex = ".+" for one that is there`,
		istio.NewWarmup:          `is wrong; write warmup = { duration = "10" }`,
		istio.NewPercentage:      "is wrong; write percentage = { value = 10 }",
		istio.NewOrigin:          `is wrong; write allow_origins = [{ exact = "10" }]`,
		istio.WholePercentage:    "is wrong; write percentage = { value = 100 } for all",
		istio.IgnoreServerErrors: "is wrong; write less, or set consecutive_5xx_errors = 0",
		istio.NameOwner:          "is wrong: set owner in the provider block",
		istio.CreateAlong:        "is wrong; create it, in the same apply at the latest",
		istio.DeclareAlong:       "is wrong; declare it, in the same apply at the latest",
		istio.ChangeAlong:        "is wrong, unless the same apply changes it",
		istio.LeftToOthers:       "is wrong, which manage_destination_rule = false leaves to somebody else",
		istio.SharesLeftToOthers: `is wrong, and weights_managed_by = "other" leaves those to somebody else: set ` +
			"one of the two",
		istio.Misspelt: "is wrong; is a name misspelt? Terraform drops those that it does not know",
		istio.Presence: "is wrong; write { present = true } for one that is there, or without_headers for one that " +
			"is not",
		istio.MatchPath: `is wrong; match uri = { exact = "10" }`,
	} {
		if got := Text(istio.Problem{Reason: "is wrong", Remedy: remedy, Value: "10"}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// ofTerraform is what only Terraform's users know: its words, its syntax, and attributes that are no fields of
// Istio's API.
var ofTerraform = regexp.MustCompile(
	`(?i:terraform)|\bHCL\b|provider block|\bapply\b|\b\w+ = ("|\{|\[|true|false|[0-9])|` +
		`\b(adopt|allow_empty_\w+|manage_destination_rule|max_weight_step|weights_managed_by|propagation)\b`,
)

// ours are labels, annotations and the names of who writes objects.
var ours = regexp.MustCompile(`^terraform-provider-mesh(/[a-z-]*)?$`)

// The pure rooms speak of Istio's objects: what they say in Terraform's words is said here.
func TestRoomsKnowNothingOfTerraform(t *testing.T) {
	t.Parallel()
	for _, room := range []string{"around", "canary", "check", "istio", "traffic"} {
		files, err := filepath.Glob(filepath.Join("..", "..", room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files of room %s: %v", room, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if _, isImport := n.(*ast.ImportSpec); isImport {
					return false
				}
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Error(err)
				}
				if word := ofTerraform.FindString(text); word != "" && !ours.MatchString(text) {
					t.Errorf("%s: %q is Terraform's, in %s", set.Position(literal.Pos()), word, literal.Value)
				}
				return true
			})
		}
	}
}
