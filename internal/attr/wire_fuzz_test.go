package attr_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// FuzzDecodeBytes reads what somebody sends who is not Terraform: decoding never panics, and understands what
// Terraform's libraries do.
func FuzzDecodeBytes(f *testing.F) {
	for _, name := range sortedKeys(tableType.AttributeTypes) {
		for _, value := range []string{
			"\xd4\x00\x00", "\xc7\x03\x0c\x81\x01\xc2", "\xa3abc", "\x91\x82\xa1a\xa3abc\xa1b\x01",
			"\x82\xa1b\x01\xa1a\xc0", "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a",
		} {
			f.Add([]byte(only(name, value)))
		}
	}
	f.Add([]byte("\xdd\xff\xff\xff\xff"))
	types := fuzzedTypes()
	route, err := types[2].Encode(httpRoute.Encode(&networking.HTTPRoute{Name: "a"}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(route)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, of := range types {
			checkDecode(t, of, data)
		}
	})
}

// FuzzDecodeJSON reads a state that somebody has edited by hand.
func FuzzDecodeJSON(f *testing.F) {
	for _, text := range []string{
		`null`, `{}`, `[]`, `{"text":"a","list":["a",null],"map":{"a":1},"pair":{"a":"b","b":0.1},"pairs":[{"a":null,` +
			`"b":"1e3"}],"bool":true,"number":-1}`,
		`{"x":[[{"]":"}"}],1],"text":1}`, `{"te\u0078t":"\ud800"}`, "{\"text\":\"\xff\"}", `{"number":1e999999999}`,
		strings.Repeat(`{"pair":`, 100),
	} {
		f.Add([]byte(text))
	}
	types := fuzzedTypes()
	f.Fuzz(func(t *testing.T, data []byte) {
		checkDecodeJSON(t, types[0], data)
		checkDecodeJSON(t, types[1], data)
	})
}

func fuzzedTypes() []*attr.Type {
	return []*attr.Type{
		attr.TypeOf(tableType), attr.TypeOf(tftypes.List{ElementType: tableType}), attr.TypeOf(httpRoute.ValueType()),
	}
}
