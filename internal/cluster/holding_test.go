package cluster

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

var (
	rulesAt   = Address{Kind: istio.KindVirtualService, Namespace: "shop", Name: "reviews"}
	subsetsAt = Address{Kind: istio.KindDestinationRule, Namespace: "shop", Name: "reviews"}
)

func TestWritten_known(t *testing.T) {
	t.Parallel()
	wrote := Written{Identity: Identity{"a", "100"}}
	deleted := Written{Identity{"a", "100"}, true}
	tests := map[string]struct {
		written Written
		is      *Identity
		want    bool
	}{
		"written, and held as it is":                {wrote, &Identity{"a", "100"}, true},
		"written, and not held":                     {wrote, nil, false},
		"written, and held as it was":               {wrote, &Identity{"a", "99"}, false},
		"written, and held as others made it since": {wrote, &Identity{"a", "1000"}, true},
		"written, and the versions are no numbers": {
			Written{Identity: Identity{"a", "x2"}}, &Identity{"a", "x3"}, false,
		},
		"written, and the same version is no number": {
			Written{Identity: Identity{"a", "x2"}}, &Identity{"a", "x2"}, true,
		},
		"deleted, and not held":                       {deleted, nil, true},
		"deleted, and still held":                     {deleted, &Identity{"a", "100"}, false},
		"deleted, and held as it was later":           {deleted, &Identity{"a", "120"}, false},
		"deleted, and made anew by somebody":          {deleted, &Identity{"b", "130"}, true},
		"deleted, and istiod tells no uid":            {deleted, &Identity{"", "100"}, false},
		"deleted, and newer where istiod tells no id": {deleted, &Identity{"", "130"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := Identity{}
			if test.is != nil {
				is = *test.is
			}
			if got := test.written.known(is, test.is != nil); got != test.want {
				t.Errorf("known: %t, want %t", got, test.want)
			}
		})
	}
}

// configured is an answer of istiod's with two objects of ours among others.
const configured = `[
  {"kind":"Gateway","apiVersion":"networking.istio.io/v1","metadata":{"name":"reviews","namespace":"shop","resourceVersion":"1"},"spec":{"servers":[{}]}},
  {"kind":"VirtualService","apiVersion":"networking.istio.io/v1","metadata":{"name":"reviews","namespace":"shop","uid":"v","resourceVersion":"12"},"spec":{"hosts":["reviews"]}},
  {"kind":"DestinationRule","apiVersion":"networking.istio.io/v1","metadata":{"name":"reviews","namespace":"other","uid":"o","resourceVersion":"13"},"spec":null},
  {"kind":"DestinationRule","apiVersion":"networking.istio.io/v1","metadata":{"name":"reviews","namespace":"shop","uid":"d","resourceVersion":"14","creationTimestamp":null},"spec":{}}
]`

func TestReadHolding(t *testing.T) {
	t.Parallel()
	of := written{rulesAt: {}, subsetsAt: {}}
	got, err := readHolding(json.NewDecoder(strings.NewReader(configured)), of)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(holding{rulesAt: {"v", "12"}, subsetsAt: {"d", "14"}}, got); diff != "" {
		t.Errorf("what istiod holds (-want +got):\n%s", diff)
	}
	for cut := range len(configured) {
		if got, err := readHolding(json.NewDecoder(strings.NewReader(configured[:cut])), of); err == nil {
			t.Fatalf("cut off after %d bytes it is read as %v", cut, got)
		}
	}
	var never unaskable
	for _, text := range []string{`{"error":"x"}`, `"x"`, "null"} {
		if _, err := readHolding(json.NewDecoder(strings.NewReader(text)), of); !errors.As(err, &never) {
			t.Errorf("%s: %v, want that istiod cannot be asked", text, err)
		}
	}
	if _, err := readHolding(json.NewDecoder(strings.NewReader("")), of); !errors.Is(err, io.EOF) {
		t.Errorf("an empty answer: %v", err)
	}
}

// FuzzReadHolding: whatever an istiod answers, reading it ends, and finds nothing that was not asked for.
func FuzzReadHolding(f *testing.F) {
	f.Add(configured)
	f.Add("[]")
	f.Add("[[")
	f.Fuzz(func(t *testing.T, text string) {
		held, err := readHolding(json.NewDecoder(strings.NewReader(text)), written{rulesAt: {}})
		for at := range held {
			if err == nil && at != rulesAt {
				t.Errorf("%s was not asked for", at)
			}
		}
	})
}
