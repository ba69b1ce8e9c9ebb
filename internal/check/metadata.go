package check

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// labelName is the last part of the key of a label or an annotation, and what a label's value is unless it is empty.
var labelName = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)

// Namespace checks the name of a namespace as the API server does.
func Namespace(namespace string) []istio.Problem {
	if istio.IsNamespaceName(namespace) {
		return nil
	}
	return []istio.Problem{istio.Errorf(istio.Path{"namespace"},
		"%.80q is no namespace: at most 63 lower-case letters, digits and -, with a letter or digit at both ends",
		namespace)}
}

// Name checks the name of an object as the API server does; field is where it is written.
func Name(field, name string) []istio.Problem {
	if istio.IsObjectName(name) {
		return nil
	}
	return []istio.Problem{istio.Errorf(istio.Path{field},
		"%.80q is no object name: at most 253 lower-case letters, digits, - and ., with a letter or digit at both ends",
		name)}
}

// Metadata checks labels and annotations as the API server does, and that the owner's mark is not among them.
func Metadata(labels, annotations map[string]string) []istio.Problem {
	var problems []istio.Problem
	if _, taken := annotations[istio.OwnerAnnotation]; taken {
		problems = append(problems, istio.Problem{
			At:     istio.Path{"annotations", istio.Key(istio.OwnerAnnotation)},
			Reason: "this annotation tells which workspace writes the objects",
			Remedy: istio.NameOwner,
		})
	}
	for _, entries := range []struct {
		field string
		of    map[string]string
	}{{"labels", labels}, {"annotations", annotations}} {
		for _, key := range slices.Sorted(maps.Keys(entries.of)) {
			if !isKey(key) {
				problems = append(problems, istio.Errorf(
					istio.Path{entries.field, istio.Key(key)}, "%.80q is no key: at most 63 letters, digits, -, _ "+
						"and ., with a letter or digit at both ends, and if need be a DNS name and / in front", key,
				))
			} else if value := entries.of[key]; entries.field == "labels" && value != "" &&
				!labelName.MatchString(value) {
				problems = append(problems, istio.Errorf(istio.Path{entries.field, istio.Key(key)},
					"%.80q is no label value: at most 63 letters, digits, -, _ and ., with a letter or digit at "+
						"both ends",
					value))
			}
		}
	}
	return problems
}

// isKey reports whether the API server takes key for a label or an annotation.
func isKey(key string) bool {
	prefix, name, prefixed := strings.Cut(key, "/")
	if !prefixed {
		name = key
	}
	return (!prefixed || istio.IsObjectName(prefix)) && labelName.MatchString(name)
}
