package form

import (
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	networkingv1 "istio.io/api/networking/v1"
)

// TestDescribe holds every field that a virtual service or a destination rule can have, however deep, to the rules of
// schema prose: it is described, in sentences that begin in upper case and end with a full stop.
func TestDescribe(t *testing.T) {
	t.Parallel()
	fields := istioFields()
	if len(fields) == 0 {
		t.Fatal("the descriptors of VirtualService and DestinationRule have no fields")
	}
	for _, name := range fields {
		if problem := judgeProse(describe(name)); problem != "" {
			t.Errorf("describe(%q) %s", name, problem)
		}
	}
}

func TestDescribe_unknownField(t *testing.T) {
	t.Parallel()
	for _, name := range []protoreflect.FullName{
		"", "timeout", istioAPI + "HTTPRoute", istioAPI + "HTTPRoute.nothing",
	} {
		if got := describe(name); got != "" {
			t.Errorf("describe(%q) = %q, want nothing", name, got)
		}
	}
}

// TestDescriptions_nameFields keeps the texts from outliving their fields, and from being written twice.
func TestDescriptions_nameFields(t *testing.T) {
	t.Parallel()
	fields := istioFields()
	seen := map[protoreflect.FullName]bool{}
	for _, texts := range descriptions {
		for name := range texts {
			if !slices.Contains(fields, name) {
				t.Errorf("%s is described and is not a field of VirtualService or DestinationRule", name)
			}
			if seen[name] {
				t.Errorf("%s is described twice", name)
			}
			seen[name] = true
		}
	}
}

func TestJudgeProse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text    string
		refused bool
	}{
		"a sentence is accepted":                   {text: "Time limit of each attempt."},
		"a sentence may end in a quoted word":      {text: "Absent means `25ms`."},
		"nothing is refused":                       {text: "", refused: true},
		"a missing full stop is refused":           {text: "Time limit of each attempt", refused: true},
		"a space after the full stop is refused":   {text: "Time limit of each attempt. ", refused: true},
		"a lower-case beginning is refused":        {text: "time limit of each attempt.", refused: true},
		"a beginning that is no letter is refused": {text: "`5s` is the time limit.", refused: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if problem := judgeProse(test.text); (problem != "") != test.refused {
				t.Errorf("judgeProse(%q) = %q, want refused = %t", test.text, problem, test.refused)
			}
		})
	}
}

// judgeProse returns what is wrong with the description of a field, or nothing.
func judgeProse(text string) string {
	if text == "" {
		return "is empty"
	}
	if first, _ := utf8.DecodeRuneInString(text); !unicode.IsUpper(first) {
		return "does not begin in upper case: " + text
	}
	if text[len(text)-1] != '.' {
		return "does not end with a full stop: " + text
	}
	return ""
}

// istioFields returns the full names of all fields that the two kinds reach, in the order of the API. Messages of
// protobuf itself, such as Duration, appear in HCL as single values, so their own fields are not among them.
func istioFields() []protoreflect.FullName {
	var fields []protoreflect.FullName
	seen := map[protoreflect.FullName]bool{}
	var walk func(protoreflect.MessageDescriptor)
	walk = func(message protoreflect.MessageDescriptor) {
		if message.FullName().Parent() == "google.protobuf" || seen[message.FullName()] {
			return
		}
		seen[message.FullName()] = true
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			fields = append(fields, field.FullName())
			value := field
			if field.IsMap() {
				value = field.MapValue()
			}
			if value.Message() != nil {
				walk(value.Message())
			}
		}
	}
	walk((&networkingv1.VirtualService{}).ProtoReflect().Descriptor())
	walk((&networkingv1.DestinationRule{}).ProtoReflect().Descriptor())
	return fields
}
