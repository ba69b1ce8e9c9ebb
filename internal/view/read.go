package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
)

// largestInput is how many bytes are read. To decode them takes some ten times as much memory.
const largestInput = 64 << 20

// input is what was read: a plan, or a state alone.
type input struct {
	plan  *tfjson.Plan
	state *tfjson.State
	// errored says that the plan ended with an error.
	errored bool
}

// open reads a file, or without a name the standard input. The problem says why nothing can be drawn of it.
func open(file string, stdin io.Reader) (in input, problem string) {
	name := "The input"
	if file != "" && file != "-" {
		name = file
		opened, err := os.Open(file) //nolint:gosec // whoever runs the command names it
		if err != nil {
			return input{}, commandline.Unreadable(name, err)
		}
		defer opened.Close()
		stdin = opened
	}
	raw, err := io.ReadAll(io.LimitReader(stdin, largestInput+1))
	switch {
	case err != nil:
		return input{}, commandline.Unreadable(name, err)
	case len(raw) > largestInput:
		return input{}, commandline.Unreadable(name, commandline.Flaw(fmt.Sprintf("has more than %d MiB",
			largestInput>>20)))
	}
	in, flaw, hint := read(raw)
	if flaw != "" {
		return input{}, strings.TrimSpace(commandline.Unreadable(name, commandline.Flaw(flaw)) + " " + hint)
	}
	return in, ""
}

// shape tells what a JSON text is.
type shape struct {
	FormatVersion   string          `json:"format_version"`
	Level           string          `json:"@level"`
	Lineage         string          `json:"lineage"`
	Errored         bool            `json:"errored"`
	Values          json.RawMessage `json:"values"`
	PlannedValues   json.RawMessage `json:"planned_values"`
	ResourceChanges json.RawMessage `json:"resource_changes"`
}

// What to do instead.
const (
	showIt = "Pipe what terraform show -json prints of a plan that terraform plan -out wrote:\n  terraform show " +
		"-json plan | " + commandline.Program + " view > page.html"
	showState = "Pipe what terraform show -json prints of it:\n  terraform show -json | " + commandline.Program +
		" view > page.html"
)

// notShown is said of what is JSON.
const notShown = "is not what terraform show -json prints"

// read tells what a text is, and decodes it. What stands before or after what Terraform prints is left out: the
// wrapper of hashicorp/setup-terraform prints the command there, and its results. The flaw is what is wrong with it,
// and the hint what to do.
func read(raw []byte) (in input, flaw, hint string) {
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\uFEFF")))
	switch {
	case len(raw) == 0:
		return input{}, "is empty", showIt
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return input{}, "is the saved plan itself", showIt
	case bytes.HasPrefix(raw, []byte("\x1f\x8b")):
		return input{}, "is compressed by gzip", "Pipe what gunzip makes of it."
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return input{}, "is UTF-16, as Windows PowerShell writes files", "Pipe it there with cmd /c, or use " +
			"PowerShell 7."
	}
	if i := bytes.Index(raw, []byte(`{"format_version"`)); raw[0] != '{' && i > 0 {
		raw = raw[i:]
	}
	var s shape
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&s); err != nil {
		flaw, hint = flawOf(err)
		return input{}, flaw, hint
	}
	rest := raw[decoder.InputOffset():]
	raw = raw[:decoder.InputOffset()]
	switch {
	case s.Level == "" && bytes.HasPrefix(bytes.TrimSpace(rest), []byte("{")):
		return input{}, "has several plans", "Draw each by itself."
	case s.Level != "":
		return input{}, "is what terraform plan -json prints", showIt
	case s.Lineage != "":
		return input{}, "is the file of a state", showState
	case s.FormatVersion == "":
		return input{}, notShown, showIt
	case !strings.HasPrefix(s.FormatVersion, "0.") && !strings.HasPrefix(s.FormatVersion, "1."):
		return input{}, fmt.Sprintf("has the format version %.20q, and 1.x can be read", s.FormatVersion),
			"A newer version of the provider may read it."
	}
	var err error
	if s.PlannedValues == nil && s.ResourceChanges == nil {
		in.state = &tfjson.State{}
		in.state.UseJSONNumber(true)
		err = in.state.UnmarshalJSON(raw)
	} else {
		in.plan, in.errored = &tfjson.Plan{}, s.Errored
		in.plan.UseJSONNumber(true)
		err = in.plan.UnmarshalJSON(raw)
	}
	if err != nil {
		flaw, hint = flawOf(err)
	}
	return in, flaw, hint
}

// flawOf says why a text cannot be decoded.
func flawOf(err error) (flaw, hint string) {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "ends in the middle: it was cut off", ""
	case errors.As(err, &syntax):
		return fmt.Sprintf("is no JSON (byte %d)", syntax.Offset), showIt
	case errors.As(err, &typed) && typed.Field == "":
		return fmt.Sprintf("%s: it is a JSON %.20s", notShown, typed.Value), showIt
	case errors.As(err, &typed):
		return fmt.Sprintf("%s: %.60s is a %.20s there", notShown, typed.Field, typed.Value), ""
	}
	return fmt.Sprintf("%s: %.200s", notShown, err), ""
}
