package main

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// sample is a release that has everything, for two platforms, one of which is that of the test. Its files are made
// when it is checked, from what a case has changed.
type sample struct {
	*release
	t *testing.T
	// repository are the files of the root, and late those of dist that a case puts in place of what was made.
	repository, late map[string]string
	// inside is what is in the archive of the other platform, by name.
	inside map[string]string
	mode   fs.FileMode
	built  *debug.BuildInfo
	sbom   bom
	signer *openpgp.Entity
	// unsummed is added to the checksums.
	unsummed string
}

var (
	other = platform{"plan9", "mips"}
	here  = platform{runtime.GOOS, runtime.GOARCH}
)

const (
	otherZip  = "terraform-provider-mesh_0.1.0_plan9_mips.zip"
	otherSBOM = "terraform-provider-mesh_0.1.0_plan9_mips.cdx.json"
	sumsName  = "terraform-provider-mesh_0.1.0_SHA256SUMS"
)

// entities are keys of both kinds, which take time to make.
var entities = sync.OnceValue(func() map[packet.PublicKeyAlgorithm]*openpgp.Entity {
	made := map[packet.PublicKeyAlgorithm]*openpgp.Entity{}
	for _, algorithm := range []packet.PublicKeyAlgorithm{packet.PubKeyAlgoRSA, packet.PubKeyAlgoEdDSA} {
		entity, err := openpgp.NewEntity("mesh", "", "mesh@example.com",
			&packet.Config{RSABits: 2048, Algorithm: algorithm, DefaultHash: crypto.SHA256})
		if err != nil {
			panic(err)
		}
		made[algorithm] = entity
	}
	return made
})

func newSample(t *testing.T) *sample {
	t.Helper()
	s := &sample{
		t: t,
		release: &release{
			tag: "v0.1.0", platforms: []platform{here, other}, local: []string{"/home/somebody/go/pkg"},
			start: func([]byte) (string, string, error) { return "0.1.0", "6", nil },
		},
		repository: map[string]string{
			manifestFile:                      `{"version": 1, "metadata": {"protocol_versions": ["6.0"]}}`,
			"CHANGELOG.md":                    "# Changelog\n\n## 0.1.0 (2026-12-01)\n\n### Added\n\n- All of it.\n",
			".changes/unreleased/.gitkeep":    "",
			"README.md":                       `source = "meshroute/mesh"`,
			"docs/index.md":                   "mesh = {\n  source  = \"meshroute/mesh\"\n  version = \"~> 0.1\"\n}\n",
			"examples/resources/a/example.tf": `mesh = { source = "hashicorp/null", version = "~> 9.0" }`,
		},
		late: map[string]string{},
		inside: map[string]string{
			"LICENSE": "Apache", "CHANGELOG.md": "# Changelog", project + "_v0.1.0": "a binary",
		},
		mode: 0o755,
		built: &debug.BuildInfo{
			Path: module,
			Deps: []*debug.Module{
				{Path: "k8s.io/client-go", Version: "v0.36.3"},
				{
					Path: "istio.io/istio", Version: "v1",
					Replace: &debug.Module{Path: "istio.io/fork", Version: "v1.0.1"},
				},
			},
			Settings: []debug.BuildSetting{
				{Key: "CGO_ENABLED", Value: "0"}, {Key: "-trimpath", Value: "true"},
				{Key: "vcs.revision", Value: "c0ffee"}, {Key: "vcs.modified", Value: "false"},
			},
		},
		signer: entities()[packet.PubKeyAlgoRSA],
	}
	s.sbom = bom{Format: "CycloneDX", Spec: "1.6"}
	s.sbom.Metadata.Component = component{"main", module, "v0.1.0", "pkg:main"}
	s.sbom.Components = []component{
		{"client", "k8s.io/client-go", "v0.36.3", "pkg:client"}, {"fork", "istio.io/fork", "v1.0.1", "pkg:fork"},
	}
	s.sbom.Relations = append(s.sbom.Relations, struct {
		Ref       string
		DependsOn []string
	}{"main", []string{"client", "fork"}})
	// The binary is said to be for the platform whose archive it came from.
	s.inspect = func(r io.ReaderAt) (*debug.BuildInfo, error) {
		raw, err := io.ReadAll(io.NewSectionReader(r, 0, 1<<20))
		of := other
		if string(raw) == "that of this machine" {
			of = here
		}
		built := *s.built
		built.Settings = append([]debug.BuildSetting{{Key: "GOOS", Value: of.os}, {Key: "GOARCH", Value: of.arch}},
			s.built.Settings...)
		return &built, err
	}
	return s
}

// made returns what goreleaser would have made.
func (s *sample) made() fstest.MapFS {
	s.t.Helper()
	dist := fstest.MapFS{"metadata.json": {Data: []byte(`{"version": "0.1.0", "commit": "c0ffee"}`)}}
	list, err := json.Marshal(s.sbom)
	if err != nil {
		s.t.Fatal(err)
	}
	native := project + "_v0.1.0"
	if here.os == "windows" {
		native += ".exe"
	}
	inside := map[platform]map[string]string{
		other: s.inside, here: {"LICENSE": "", "CHANGELOG.md": "", native: "that of this machine"},
	}
	for _, p := range s.platforms {
		name := project + "_0.1.0_" + p.String()
		dist[name+".zip"] = &fstest.MapFile{Data: s.zip(inside[p])}
		dist[name+".cdx.json"] = &fstest.MapFile{Data: list}
	}
	manifest := sha256.Sum256([]byte(s.repository[manifestFile]))
	sums := s.unsummed + fmt.Sprintf("%x  %s_0.1.0_manifest.json\n", manifest, project)
	for _, name := range slices.Sorted(maps.Keys(dist)) {
		switch path.Ext(name) {
		case ".zip":
			sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(dist[name].Data), name)
		case ".json":
			dist[name+".sig"] = s.sign(dist[name].Data)
		}
	}
	dist[sumsName] = &fstest.MapFile{Data: []byte(sums)}
	dist[sumsName+".sig"] = s.sign([]byte(sums))
	for name, content := range s.late {
		dist[name] = &fstest.MapFile{Data: []byte(content)}
		if content == "" {
			delete(dist, name)
		}
	}
	return dist
}

func (s *sample) sign(content []byte) *fstest.MapFile {
	s.t.Helper()
	var signature bytes.Buffer
	if err := openpgp.DetachSign(&signature, s.signer, bytes.NewReader(content), nil); err != nil {
		s.t.Fatal(err)
	}
	return &fstest.MapFile{Data: signature.Bytes()}
}

func (s *sample) zip(inside map[string]string) []byte {
	s.t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for name, content := range inside {
		header := &zip.FileHeader{Name: name}
		header.SetMode(s.mode)
		file, err := w.CreateHeader(header)
		if err == nil {
			_, err = io.WriteString(file, content)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	return archive.Bytes()
}

func (s *sample) armoredKey() []byte {
	s.t.Helper()
	var key bytes.Buffer
	w, err := armor.Encode(&key, openpgp.PublicKeyType, nil)
	if err == nil {
		err = errors.Join(s.signer.Serialize(w), w.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return key.Bytes()
}

// problemsOf checks the sample.
func (s *sample) problemsOf() []string {
	s.t.Helper()
	root := fstest.MapFS{}
	for name, content := range s.repository {
		root[name] = &fstest.MapFile{Data: []byte(content)}
	}
	s.root, s.dist = root, s.made()
	if s.key == nil {
		s.key = s.armoredKey()
	}
	s.check()
	return s.problems
}
