package attr_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// A value that was encoded and decoded is the same value, in Terraform's libraries too, and both sides write the same
// bytes.
func TestPropertyEncodingIsTerraforms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terraform := randomType(t, 3)
		of, v := attr.TypeOf(terraform), anything.value(t, terraform)
		ours, err := of.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := of.Decode(ours, attr.Limits{}); err != nil || !back.Equal(v) {
			t.Fatalf("%v came back as %v, error %v", v, back, err)
		}
		there, err := decodeThere(terraform, ours)
		if err != nil || !there.Equal(v.ToTerraform(terraform)) {
			t.Fatalf("%v is %v there, error %v", v, there, err)
		}
		theirs, err := encodeThere(terraform, v.ToTerraform(terraform))
		if err != nil {
			t.Fatal(err)
		}
		if inOrder(v) && !bytes.Equal(ours, theirs) {
			t.Fatalf("%v is encoded as\n%x, there as\n%x", v, ours, theirs)
		}
		if back, err := of.Decode(theirs, attr.Limits{}); err != nil || !back.Equal(v) {
			t.Fatalf("%v was decoded as %v, error %v", v, back, err)
		}
	})
}

// A value that goes to Terraform's libraries and back is the same value.
func TestPropertyThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terraform := randomType(t, 3)
		v := anything.value(t, terraform)
		if back := attr.FromTerraform(v.ToTerraform(terraform)); !back.Equal(v) {
			t.Fatalf("%v came back as %v", v, back)
		}
	})
}

// Of an encoded value in which some bytes were changed, what is understood is what Terraform's libraries understand.
func TestPropertyDamagedEncoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terraform := randomType(t, 3)
		of := attr.TypeOf(terraform)
		encoded, err := of.Encode(anything.value(t, terraform))
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(encoded)-1).Draw(t, "at")
			encoded[at] = rapid.Byte().Draw(t, "byte")
		}
		if rapid.Bool().Draw(t, "cut") {
			encoded = encoded[:rapid.IntRange(0, len(encoded)).Draw(t, "length")]
		}
		checkDecode(t, of, encoded)
	})
}

// checkDecode decodes bytes of any origin. What is understood is what terraform-plugin-go understands, and is encoded
// so that it is understood again.
func checkDecode(t reporter, of *attr.Type, encoded []byte) {
	t.Helper()
	terraform := of.Terraform()
	v, err := of.Decode(encoded, attr.Limits{})
	if err != nil {
		return
	}
	there, err := decodeThere(terraform, encoded)
	if err != nil || !there.Equal(v.ToTerraform(terraform)) {
		t.Fatalf("%x\nis %v, there %v, error %v", encoded, v, there, err)
	}
	again, err := of.Encode(v)
	if err != nil {
		t.Fatalf("%v cannot be encoded: %v", v, err)
	}
	if back, err := of.Decode(again, attr.Limits{}); err != nil || !back.Equal(v) {
		t.Fatalf("%v came back as %v, error %v", v, back, err)
	}
}

// A value is beyond a limit exactly if it would not be decoded.
func TestPropertyMeasureIsDecode(t *testing.T) {
	t.Parallel()
	short := drawing{
		unknown: true,
		text:    func(t *rapid.T) string { return rapid.StringN(0, 3, 6).Draw(t, "text") },
		number:  func(t *rapid.T) attr.Value { return attr.Int(rapid.Int64().Draw(t, "whole")) },
	}
	rapid.Check(t, func(t *rapid.T) {
		of := attr.TypeOf(randomType(t, 3))
		v := short.value(t, of.Terraform())
		encoded, err := of.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		limits := attr.Limits{
			Values:   rapid.IntRange(0, 60).Draw(t, "values"),
			Objects:  rapid.IntRange(0, 3).Draw(t, "objects"),
			Elements: rapid.IntRange(0, 5).Draw(t, "elements"),
			Depth:    rapid.IntRange(0, 3).Draw(t, "depth"), Text: rapid.SampledFrom([]int{0, 4, 5}).Draw(t, "text"),
		}
		_, refused := of.Decode(encoded, limits)
		if err := of.Measure(v, limits); (err == nil) != (refused == nil) {
			t.Fatalf("%v is measured: %v, and decoded: %v", v, err, refused)
		}
	})
}
