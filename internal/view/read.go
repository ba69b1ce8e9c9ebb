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

// open reads a file, or without a name the standard input.
func open(file string, stdin io.Reader) (input, error) {
	if file != "" && file != "-" {
		opened, err := os.Open(file) //nolint:gosec // whoever runs the command names it
		if err != nil {
			return input{}, errors.New(file + " cannot be read: " + commandline.Reason(err))
		}
		defer opened.Close()
		stdin = opened
	}
	raw, err := io.ReadAll(io.LimitReader(stdin, largestInput+1))
	switch {
	case err != nil && file != "" && file != "-":
		return input{}, errors.New(file + " cannot be read: " + commandline.Reason(err))
	case err != nil:
		return input{}, errors.New("the input cannot be read: " + commandline.Reason(err))
	case len(raw) > largestInput:
		return input{}, fmt.Errorf("the input has more than %d MiB", largestInput>>20)
	}
	return read(raw)
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

const showIt = "pipe what terraform show -json prints of the plan that terraform plan -out wrote"

// read tells what a text is, and decodes it. What stands before or after what Terraform prints is left out: the
// wrapper of hashicorp/setup-terraform prints the command there, and its results.
func read(raw []byte) (input, error) {
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\uFEFF")))
	switch {
	case len(raw) == 0:
		return input{}, errors.New("the input is empty; " + showIt)
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return input{}, errors.New("this is the saved plan itself; " + showIt)
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return input{}, errors.New("the input is UTF-16, as Windows PowerShell writes files; pipe it there with " +
			"cmd /c, or use PowerShell 7")
	}
	if i := bytes.Index(raw, []byte(`{"format_version"`)); raw[0] != '{' && i > 0 {
		raw = raw[i:]
	}
	var s shape
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&s); err != nil {
		return input{}, unreadableJSON(err)
	}
	raw = raw[:decoder.InputOffset()]
	switch {
	case s.Level != "":
		return input{}, errors.New("this is what terraform plan -json prints; " + showIt)
	case s.Lineage != "":
		return input{}, errors.New("this is the file of a state; pipe what terraform show -json prints of it")
	case s.FormatVersion == "":
		return input{}, errors.New("this JSON is not what terraform show -json prints")
	case !strings.HasPrefix(s.FormatVersion, "0.") && !strings.HasPrefix(s.FormatVersion, "1."):
		return input{}, fmt.Errorf("this has the format version %.20q, and 1.x can be read; a newer version of the "+
			"provider may read it", s.FormatVersion)
	}
	if s.PlannedValues == nil && s.ResourceChanges == nil {
		state := &tfjson.State{}
		state.UseJSONNumber(true)
		return input{state: state}, unreadableJSON(state.UnmarshalJSON(raw))
	}
	plan := &tfjson.Plan{}
	plan.UseJSONNumber(true)
	return input{plan: plan, errored: s.Errored}, unreadableJSON(plan.UnmarshalJSON(raw))
}

// unreadableJSON says why a text cannot be decoded, nil if it can.
func unreadableJSON(err error) error {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the input ends in the middle: it was cut off")
	case errors.As(err, &syntax):
		return fmt.Errorf("the input is no JSON (byte %d); %s", syntax.Offset, showIt)
	case errors.As(err, &typed):
		return fmt.Errorf("this JSON is not what terraform show -json prints: %.60s is a %.20s", typed.Field,
			typed.Value)
	}
	return fmt.Errorf("this JSON is not what terraform show -json prints: %w", err)
}
