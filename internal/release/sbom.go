package main

import (
	"encoding/json"
	"runtime/debug"
	"slices"
)

// bom is what is read of an SBOM in the format CycloneDX.
type bom struct {
	Format     string `json:"bomFormat"`
	Spec       string `json:"specVersion"`
	Metadata   struct{ Component component }
	Components []component
	Relations  []struct {
		Ref       string
		DependsOn []string
	} `json:"dependencies"`
}

type component struct {
	Ref     string `json:"bom-ref"`
	Name    string
	Version string
	PURL    string `json:"purl"`
}

// checkSBOM compares the list of what is in a binary with what the binary says itself.
func (r *release) checkSBOM(p platform, built *debug.BuildInfo) {
	name := r.named(p.String() + ".cdx.json")
	var is bom
	if err := json.Unmarshal([]byte(r.text(name)), &is); err != nil {
		r.wrong("%s: %v", name, err)
		return
	}
	if is.Format != "CycloneDX" || is.Spec == "" {
		r.wrong("%s: is %q %q, want an SBOM of CycloneDX", name, is.Format, is.Spec)
	}
	if main := is.Metadata.Component; main.Name != module || main.Version != "v"+r.made.Version {
		r.wrong("%s: is that of %s %s, want %s v%s", name, main.Name, main.Version, module, r.made.Version)
	}
	refs := []string{is.Metadata.Component.Ref}
	listed := map[[2]string]bool{}
	for _, c := range is.Components {
		if c.Ref == "" || c.PURL == "" || slices.Contains(refs, c.Ref) {
			r.wrong("%s: %s %s has no name of its own", name, c.Name, c.Version)
		}
		refs = append(refs, c.Ref)
		listed[[2]string{c.Name, c.Version}] = true
	}
	for _, dependency := range built.Deps {
		if dependency.Replace != nil {
			dependency = dependency.Replace
		}
		if !listed[[2]string{dependency.Path, dependency.Version}] {
			r.wrong("%s: %s %s is missing", name, dependency.Path, dependency.Version)
		}
	}
	for _, relation := range is.Relations {
		for _, ref := range append(relation.DependsOn, relation.Ref) {
			if !slices.Contains(refs, ref) {
				r.wrong("%s: %s depends on %s, which is not listed", name, relation.Ref, ref)
			}
		}
	}
}
