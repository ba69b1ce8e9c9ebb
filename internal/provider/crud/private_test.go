package crud

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A private state is read and written as the framework does it; false is what the framework has to look at.
func TestReadPrivate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw  string
		keys []string
		ok   bool
	}{
		"nothing":            {"", nil, true},
		"an empty one":       {"{}", nil, true},
		"null":               {"null", nil, true},
		"this provider's":    {`{"owner":"ImJsdWUi"}`, []string{"owner"}, true},
		"one with more keys": {`{"later":"e30=","owner":"ImJsdWUi"}`, []string{"later", "owner"}, true},
		"one of an import": {
			`{".import_before_read":"dHJ1ZQ==","owner":"ImJsdWUi"}`, []string{importedKey, "owner"}, true,
		},
		"the SDK's":               {`{"schema_version":"1"}`, nil, false},
		"one with timeouts":       {`{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"create":120000000000}}`, nil, false},
		"no JSON":                 {`{`, nil, false},
		"a value that is null":    {`{"owner":null}`, nil, false},
		"a value that is no JSON": {`{"owner":"eA=="}`, nil, false},
		"a value without UTF-8":   {`{"owner":"Iv8i"}`, nil, false},
	} {
		kept, ok := readPrivate([]byte(c.raw))
		if diff := cmp.Diff(c.keys, slices.Sorted(maps.Keys(kept))); ok != c.ok || ok && diff != "" {
			t.Errorf("%s: read: %t, keys (-want +got):\n%s", name, ok, diff)
		}
		if !ok {
			continue
		}
		if got := string(kept.bytes()); len(c.keys) > 0 && got != c.raw {
			t.Errorf("%s: written as %s", name, got)
		}
		// Everything that is read takes further keys.
		kept.set(ownerKey, "green")
		if owner := kept.owner(); owner != "green" {
			t.Errorf("%s: owner %q", name, owner)
		}
	}
}

// Where there is no object there is no identity, which Terraform is told with null: an object of nulls would be one.
func TestNoIdentity(t *testing.T) {
	t.Parallel()
	identity, err := noIdentity().IdentityData.Unmarshal(identityType)
	if err != nil || !identity.IsNull() {
		t.Errorf("identity %s: %v", identity, err)
	}
}
