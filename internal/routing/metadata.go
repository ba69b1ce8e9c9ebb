package routing

import (
	"regexp"
	"strings"
)

// labelName is the last part of the key of a label or an annotation, and what a label's value is unless it is empty.
var labelName = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)

// NamespaceProblems checks the name of a namespace as the API server does.
func NamespaceProblems(namespace string) []Problem {
	if IsNamespaceName(namespace) {
		return nil
	}
	return []Problem{Errorf(Path{"namespace"},
		"%.80q is no namespace: at most 63 lower-case letters, digits and -, with a letter or digit at both ends", namespace)}
}

// NameProblems checks the name of an object as the API server does; attribute is where it is written.
func NameProblems(attribute, name string) []Problem {
	if IsObjectName(name) {
		return nil
	}
	return []Problem{Errorf(Path{attribute},
		"%.80q is no object name: at most 253 lower-case letters, digits, - and ., with a letter or digit at both ends", name)}
}

// MetadataProblems checks labels and annotations as the API server does, and that the owner's mark is not among them.
func MetadataProblems(labels, annotations map[string]string) []Problem {
	var problems []Problem
	if _, taken := annotations[OwnerAnnotation]; taken {
		problems = append(problems, Errorf(Path{"annotations", Key(OwnerAnnotation)},
			"this annotation tells which workspace writes the objects: set owner in the provider block"))
	}
	for _, entries := range []struct {
		attribute string
		of        map[string]string
	}{{"labels", labels}, {"annotations", annotations}} {
		for _, key := range sortedKeys(entries.of) {
			if !isKey(key) {
				problems = append(problems, Errorf(Path{entries.attribute, Key(key)}, "%.80q is no key: at most 63 letters, digits, -, _ and ., with a letter or digit "+
					"at both ends, and if need be a DNS name and / in front", key))
			} else if value := entries.of[key]; entries.attribute == "labels" && value != "" && !labelName.MatchString(value) {
				problems = append(problems, Errorf(Path{entries.attribute, Key(key)},
					"%.80q is no label value: at most 63 letters, digits, -, _ and ., with a letter or digit at both ends", value))
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
	return (!prefixed || IsObjectName(prefix)) && labelName.MatchString(name)
}
