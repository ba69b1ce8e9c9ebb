package istio

import (
	"slices"
	"strings"
)

// Authored returns the labels and annotations that somebody wrote for an object: without those in which kubectl, this
// provider and the tools of [Tools] keep what only they need.
func Authored(o *Object) (labels, annotations map[string]string) {
	return authored(o.Labels), authored(o.Annotations)
}

func authored(all map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range all {
		if !isBookkeeping(key, value) {
			kept[key] = value
		}
	}
	return kept
}

// bookkeeping are the beginnings of keys that people do not write. Source: Kubernetes, well-known annotations.
var bookkeeping = []string{"kubectl.kubernetes.io/", "meta.helm.sh/", "argocd.argoproj.io/", "terraform-provider-mesh/"}

func isBookkeeping(key, value string) bool {
	begins := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	return slices.ContainsFunc(bookkeeping, begins) || slices.ContainsFunc(marks, func(m mark) bool {
		return slices.Contains(m.annotations, key) || slices.Contains(m.labels, key) ||
			slices.ContainsFunc(m.prefixes, begins) ||
			m.labelKey == key && m.labelValue == value
	})
}
