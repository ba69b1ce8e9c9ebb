package istio

import (
	"maps"
	"slices"
	"strings"
)

// OwnerAnnotation holds the name of the owner who writes an object.
const OwnerAnnotation = "terraform-provider-mesh/owner"

// StandInAnnotation marks a DestinationRule that stands in for another one while that changes to another host. Its
// value is the other's name.
const StandInAnnotation = "terraform-provider-mesh/stands-in-for"

// OriginalAnnotation holds what an adopted object was before, where it is to be so again: the state holds it too, but
// is written only when an apply ends well.
const OriginalAnnotation = "terraform-provider-mesh/original"

// WalkAnnotation holds where a walk is that is under way: see internal/walk. Whoever walks writes it with the shares
// of each step, and removes it at the end.
const WalkAnnotation = "terraform-provider-mesh/walk"

// mark is how one tool shows that an object is its own. A prefix stands for every key that begins with it.
type mark struct {
	tool                            string
	labels, annotations, prefixes   []string
	labelKey, labelValue, ownerKind string
	managers                        []string
	subsetLabel                     string
	// weights says that the tool sets nothing but weights and what goes with them.
	weights bool
	// advice says what becomes of a change that somebody else makes.
	advice string
}

// Sources: argo-rollouts `ManagedByRolloutsKey`, flagger's router, Kiali's wizard actions, Argo CD's resource
// tracking, Flux's kustomize and helm controllers, Helm 3's ownership metadata.
var marks = []mark{
	{
		tool: "Argo Rollouts", annotations: []string{"argo-rollouts.argoproj.io/managed-by-rollouts"},
		managers: []string{"rollouts-controller", "argo-rollouts"}, subsetLabel: RolloutsLabel, weights: true,
		advice: "the Rollout that names this object sets weights and subset labels during each step; leave them to it",
	},
	{
		tool: "Flagger", annotations: []string{"flagger.kubernetes.io/original-configuration"},
		ownerKind: "Canary", managers: []string{"flagger"},
		advice: "its Canary writes the whole object again and again; delete the Canary first, or leave the " +
			"object to it",
	},
	{
		tool: "Kiali", labels: []string{"kiali_wizard", "kiali_wizard_related"}, managers: []string{"kiali"},
		advice: "somebody made it in Kiali's wizard, where it can be changed at any time; remove it there or agree " +
			"on one place",
	},
	{
		tool: "Argo CD", annotations: []string{
			"argocd.argoproj.io/tracking-id",
		}, managers: []string{"argocd-controller", "argocd-application-controller"},
		advice: "its Application puts the content of a Git repository back; take the object out of that " +
			"repository first",
	},
	{
		tool:     "Flux",
		prefixes: []string{"kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"},
		managers: []string{"kustomize-controller", "helm-controller"},
		advice:   "it puts the content of a Git repository back; take the object out of that repository first",
	},
	{
		tool:        "Helm",
		labelKey:    "app.kubernetes.io/managed-by",
		labelValue:  "Helm",
		annotations: []string{"meta.helm.sh/release-name"},
		managers:    []string{"helm"},
		advice:      "the next upgrade of its release writes the object again; take it out of the chart first",
	},
}

// Tool is another tool that owns an object, or a part of it.
type Tool struct {
	// Name is how people call it, such as `Argo Rollouts`.
	Name string
	// Evidence is what tells, such as `annotation "meta.helm.sh/release-name"`.
	Evidence string
	// Advice says what becomes of changes by others, and what to do about it.
	Advice string
	// OnlyWeights says that it sets nothing but weights, and gets along with whoever leaves those to it.
	OnlyWeights bool
}

// Tools returns the tools that show on an object: by its labels and annotations, the kinds of its owners, the names
// of its field managers and the labels of its subsets. Most certain evidence first, each tool once.
func Tools(o *Object, ownerKinds, managers []string) []Tool {
	var found []Tool
	for _, m := range marks {
		if evidence := m.evidence(o, ownerKinds, managers); evidence != "" {
			found = append(found, Tool{Name: m.tool, Evidence: evidence, Advice: m.advice, OnlyWeights: m.weights})
		}
	}
	return found
}

func (m mark) evidence(o *Object, ownerKinds, managers []string) string {
	for _, key := range m.annotations {
		if _, ok := o.Annotations[key]; ok {
			return "annotation \"" + key + "\""
		}
	}
	for _, key := range m.labels {
		if _, ok := o.Labels[key]; ok {
			return "label \"" + key + "\""
		}
	}
	if m.labelKey != "" && o.Labels[m.labelKey] == m.labelValue {
		return "label \"" + m.labelKey + "=" + m.labelValue + "\""
	}
	for _, prefix := range m.prefixes {
		for _, key := range slices.Sorted(maps.Keys(o.Labels)) {
			if strings.HasPrefix(key, prefix) {
				return "label \"" + key + "\""
			}
		}
	}
	if m.ownerKind != "" && slices.Contains(ownerKinds, m.ownerKind) {
		return "owner of kind " + m.ownerKind
	}
	if m.subsetLabel != "" {
		for _, subset := range o.DestinationRuleSpec().GetSubsets() {
			if _, ok := subset.GetLabels()[m.subsetLabel]; ok {
				return "subset label \"" + m.subsetLabel + "\""
			}
		}
	}
	for _, manager := range managers {
		if slices.Contains(m.managers, manager) {
			return "field manager \"" + manager + "\""
		}
	}
	return ""
}
