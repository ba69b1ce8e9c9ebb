package main

import (
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

// setting changes how the binaries of a sample were built.
func (s *sample) setting(key, value string) {
	for i := range s.built.Settings {
		if s.built.Settings[i].Key == key {
			s.built.Settings[i].Value = value
		}
	}
}

// TestCheck: each thing that a release has to have is missed, in words that say which file lacks it.
func TestCheck(t *testing.T) {
	t.Parallel()
	const otherBinary = project + "_v0.1.0"
	for fact, c := range map[string]struct {
		change func(*sample)
		want   []string
	}{
		"all there": {func(*sample) {}, nil},
		"goreleaser made nothing": {
			func(s *sample) { s.late["metadata.json"] = "" },
			[]string{"read what goreleaser made: open metadata.json: file does not exist"},
		},
		"no version": {
			func(s *sample) { s.late["metadata.json"] = "{}" }, []string{"metadata.json names no version"},
		},
		"an archive is missing": {
			func(s *sample) { s.late[otherZip] = "" }, []string{otherZip + " is missing"},
		},
		"an archive that nobody knows": {
			func(s *sample) { s.late["terraform-provider-mesh_0.1.0_plan9_arm.zip"] = "zip" },
			[]string{"terraform-provider-mesh_0.1.0_plan9_arm.zip is nothing that the registries know"},
		},
		"an archive that is none": {
			func(s *sample) { s.late[otherZip] = "zip" },
			[]string{"SHA256SUMS: " + otherZip + " is another file", otherZip + ": zip: not a valid zip file"},
		},
		"a large archive": {
			func(s *sample) { s.late[otherZip] = strings.Repeat("0", mostZip+1) },
			[]string{
				"SHA256SUMS: " + otherZip + " is another file",
				otherZip + " has 20000001 bytes, at most 20000000", otherZip + ": zip: not a valid zip file",
			},
		},
		"no license": {
			func(s *sample) { delete(s.inside, "LICENSE") },
			[]string{otherZip + ` holds ["CHANGELOG.md" "` + otherBinary + `"], want ["CHANGELOG.md" "LICENSE" "` +
				otherBinary + `"]`},
		},
		"a binary that cannot be run": {
			func(s *sample) { s.mode, s.platforms = 0o644, s.platforms[1:] },
			[]string{otherZip + ": the binary has the mode 644, want 755"},
		},
		"a binary with a path of the machine": {
			func(s *sample) { s.inside[otherBinary] = "/home/somebody/go/pkg/mod/a.go" },
			[]string{otherZip + ": the binary holds the path /home/somebody/go/pkg"},
		},
		"a binary that was built in another way": {
			func(s *sample) {
				s.platforms = s.platforms[1:]
				s.setting("CGO_ENABLED", "1")
				s.setting("-trimpath", "false")
				s.setting("vcs.revision", "decaf")
				s.setting("vcs.modified", "true")
				s.built.Path = "example.com/fork"
			},
			[]string{
				otherZip + ": the binary is example.com/fork, want " + module,
				otherZip + ": the binary was built with CGO_ENABLED=1, want 0",
				otherZip + ": the binary was built with -trimpath=false, want true",
				otherZip + ": the binary was built with vcs.revision=decaf, want c0ffee",
				otherZip + ": the binary was built with vcs.modified=true, want false",
			},
		},
		"a snapshot of what is not committed": {
			func(s *sample) {
				s.tag = ""
				s.setting("vcs.modified", "true")
				s.repository[".changes/unreleased/added-more.md"] = "More."
			}, nil,
		},
		"a binary for another platform": {
			func(s *sample) { s.inside[otherBinary] = "that of this machine" },
			[]string{
				otherZip + ": the binary was built with GOOS=" + here.os + ", want plan9",
				otherZip + ": the binary was built with GOARCH=" + here.arch + ", want mips",
			},
		},
		"a binary that is none": {
			func(s *sample) {
				s.platforms = s.platforms[1:]
				s.inspect = func(io.ReaderAt) (*debug.BuildInfo, error) { return nil, errors.New("no Go binary") }
			},
			[]string{otherZip + ": no Go binary"},
		},
		"a binary of another version and protocol": {
			func(s *sample) { s.start = func([]byte) (string, string, error) { return "dev", "5", nil } },
			[]string{
				here.zip() + ": the binary says that it is version dev",
				here.zip() + ": the binary serves the protocol 5, and the manifest says 6.0",
			},
		},
		"a binary that does not start": {
			func(s *sample) {
				s.start = func([]byte) (string, string, error) { return "", "", errors.New("exec format error") }
			},
			[]string{here.zip() + ": start the binary: exec format error"},
		},
		"a manifest of the fifth protocol": {
			func(s *sample) {
				s.repository[manifestFile] = `{"version": 1, "metadata": {"protocol_versions": ["5.0"]}}`
			},
			[]string{manifestFile + ` names the protocols ["5.0"], want "6.0"`},
		},
		"a manifest of another version": {
			func(s *sample) { s.repository[manifestFile] = `{"version": 2}` },
			[]string{manifestFile + " has the version 2, and the registries know 1"},
		},
		"a manifest that is none": {
			func(s *sample) { s.repository[manifestFile] = "{" },
			[]string{"read the manifest: unexpected end of JSON input"},
		},
		"a sum of an SBOM": {
			func(s *sample) { s.unsummed = "00  " + otherSBOM + "\n" },
			[]string{"SHA256SUMS: " + otherSBOM + " is no archive, and not the manifest"},
		},
		"a sum of nothing": {
			func(s *sample) { s.unsummed = "00  gone.zip\n" },
			[]string{"SHA256SUMS: gone.zip is no archive, and not the manifest"},
		},
		"two sums of a file, and a line that is none": {
			func(s *sample) { s.unsummed = "00  gone.zip\n11  gone.zip\n22\n" },
			[]string{
				`SHA256SUMS: "11  gone.zip\n" is not one sum of one file`,
				`SHA256SUMS: "22\n" is not one sum of one file`,
				"SHA256SUMS: gone.zip is no archive, and not the manifest",
			},
		},
		"no sums": {
			func(s *sample) { s.platforms, s.late[sumsName] = s.platforms[:1], "" },
			[]string{
				sumsName + " is missing", "SHA256SUMS: " + here.zip() + " is missing",
				"SHA256SUMS: terraform-provider-mesh_0.1.0_manifest.json is missing",
			},
		},
		"no signature": {
			func(s *sample) { s.late[sumsName+".sig"] = "" }, []string{sumsName + ".sig is missing"},
		},
		"a signature that was made before the sums": {
			func(s *sample) { s.late[sumsName+".sig"] = string(s.sign([]byte("sums")).Data) },
			[]string{sumsName + ".sig: openpgp: invalid signature: RSA verification failure"},
		},
		"no signature of an SBOM": {
			func(s *sample) { s.late[otherSBOM+".sig"] = "" }, []string{otherSBOM + ".sig is missing"},
		},
		"a signature of something else": {
			func(s *sample) { s.late[sumsName+".sig"] = "signed" },
			[]string{sumsName + ".sig: openpgp: invalid data: tag byte does not have MSB set"},
		},
		"a key of elliptic curves": {
			func(s *sample) { s.signer, s.platforms = entities()[packet.PubKeyAlgoEdDSA], nil },
			[]string{sumsName + ".sig: the key is of the algorithm 22, and Terraform's registry takes RSA and DSA"},
		},
		"no key": {
			func(s *sample) { s.key, s.platforms = []byte("key"), nil },
			[]string{"read the public key: openpgp: invalid argument: no armored data found"},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			s := newSample(t)
			c.change(s)
			if diff := cmp.Diff(c.want, s.problemsOf()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func (p platform) file(end string) string { return project + "_0.1.0_" + p.String() + end }

func (p platform) zip() string { return p.file(".zip") }

// TestCheckSBOM: the list of what is inside is compared with the binary.
func TestCheckSBOM(t *testing.T) {
	t.Parallel()
	for fact, c := range map[string]struct {
		change func(*bom)
		want   []string
	}{
		"of another format": {
			func(b *bom) { b.Format, b.Spec = "SPDX", "" }, []string{`is "SPDX" "", want an SBOM of CycloneDX`},
		},
		"of another module": {
			func(b *bom) { b.Metadata.Component.Name = "example.com/fork" },
			[]string{"is that of example.com/fork v0.1.0, want " + module + " v0.1.0"},
		},
		"of another version": {
			func(b *bom) { b.Metadata.Component.Version = "v0.0.0" },
			[]string{"is that of " + module + " v0.0.0, want " + module + " v0.1.0"},
		},
		"without a dependency": {
			func(b *bom) { b.Components = b.Components[:1]; b.Relations = nil },
			[]string{"istio.io/fork v1.0.1 is missing"},
		},
		"with another version of a dependency": {
			func(b *bom) { b.Components[0].Version = "v0.36.2" }, []string{"k8s.io/client-go v0.36.3 is missing"},
		},
		"with a component without a name": {
			func(b *bom) { b.Components[0].PURL = "" }, []string{"k8s.io/client-go v0.36.3 has no name of its own"},
		},
		"with two components of one name": {
			func(b *bom) { b.Components[1].Ref = "client"; b.Relations = nil },
			[]string{"istio.io/fork v1.0.1 has no name of its own"},
		},
		"with a relation to nothing": {
			func(b *bom) { b.Relations[0].DependsOn = []string{"gone"} },
			[]string{"main depends on gone, which is not listed"},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			s := newSample(t)
			s.platforms = s.platforms[1:]
			c.change(&s.sbom)
			var want []string
			for _, problem := range c.want {
				want = append(want, otherSBOM+": "+problem)
			}
			if diff := cmp.Diff(want, s.problemsOf()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
