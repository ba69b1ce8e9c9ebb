package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// manifestFile tells the registries which protocol the provider serves. Without it they take it for the fifth.
const manifestFile = "terraform-registry-manifest.json"

// protocol is that of the manifest; Terraform asks for the first number.
const protocol = "6.0"

// checkManifest judges the manifest, which is released under a name of its own.
func (r *release) checkManifest() {
	var manifest struct {
		Version  int
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		}
	}
	raw, err := fs.ReadFile(r.root, manifestFile)
	if err == nil {
		err = json.Unmarshal(raw, &manifest)
	}
	switch {
	case err != nil:
		r.wrong("read the manifest: %v", err)
	case manifest.Version != 1:
		r.wrong("%s has the version %d, and the registries know 1", manifestFile, manifest.Version)
	case !slices.Equal(manifest.Metadata.Protocols, []string{protocol}):
		r.wrong("%s names the protocols %q, want %q", manifestFile, manifest.Metadata.Protocols, protocol)
	}
}

// checkSums compares the checksums with the files. Terraform's registry takes no release whose checksums name
// anything else than the archives and the manifest.
func (r *release) checkSums() {
	sums := map[string]string{}
	for line := range strings.Lines(r.text(r.named("SHA256SUMS"))) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || sums[name] != "" {
			r.wrong("SHA256SUMS: %q is not one sum of one file", line)
			continue
		}
		sums[name] = sum
	}
	// The manifest has another name in the release, and is not in dist.
	files := map[string]string{r.named("manifest.json"): textIn(r.root, manifestFile)}
	for _, p := range r.platforms {
		files[r.named(p.String()+".zip")] = r.text(r.named(p.String() + ".zip"))
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] == "" {
			// It is missing itself, which is said of the files.
			delete(sums, name)
			continue
		}
		sum := sha256.Sum256([]byte(files[name]))
		switch sums[name] {
		case hex.EncodeToString(sum[:]):
		case "":
			r.wrong("SHA256SUMS: %s is missing", name)
		default:
			r.wrong("SHA256SUMS: %s is another file", name)
		}
		delete(sums, name)
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		r.wrong("SHA256SUMS: %s is no archive, and not the manifest", name)
	}
}

// text returns a file of dist; nothing where it is missing, which is said elsewhere.
func (r *release) text(name string) string { return textIn(r.dist, name) }

func textIn(folder fs.FS, name string) string {
	raw, err := fs.ReadFile(folder, name)
	if err != nil {
		return ""
	}
	return string(raw)
}

// checkSignature verifies the signature of a file as Terraform does.
func (r *release) checkSignature(name string) {
	signed, signature := r.text(name), r.text(name+".sig")
	if signed == "" || signature == "" {
		// It is missing, which is said of the files.
		return
	}
	keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(r.key))
	if err != nil {
		r.wrong("read the public key: %v", err)
		return
	}
	signer, err := openpgp.CheckDetachedSignature(keys, strings.NewReader(signed), strings.NewReader(signature), nil)
	if err != nil {
		r.wrong("%s.sig: %v", name, err)
		return
	}
	taken := []packet.PublicKeyAlgorithm{packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly, packet.PubKeyAlgoDSA}
	if algorithm := signer.PrimaryKey.PubKeyAlgo; !slices.Contains(taken, algorithm) {
		r.wrong("%s.sig: the key is of the algorithm %d, and Terraform's registry takes RSA and DSA", name, algorithm)
	}
}
