package guard

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// What is remembered is that of the same function and the same bytes, the newest of it, and not too much.
func TestMemo(t *testing.T) {
	t.Parallel()
	m, made := &memo{}, 0
	call := func(function string, arguments ...string) []string {
		req := &tfprotov6.CallFunctionRequest{Name: function}
		for _, a := range arguments {
			req.Arguments = append(req.Arguments, &tfprotov6.DynamicValue{MsgPack: []byte(a)})
		}
		ctx, less := m.call(context.Background(), req)
		var all []string
		for i, a := range arguments {
			if string(req.Arguments[i].MsgPack) != a {
				t.Errorf("the request of Terraform was changed: %q", req.Arguments[i].MsgPack)
			}
			replaced := bytes.Equal(less.Arguments[i].MsgPack, placeholder().MsgPack)
			before := made
			all = append(all, Once(ctx, i, func() string {
				made++
				return function + " " + a
			}))
			if replaced != (made == before) {
				t.Errorf("%s of %q: a placeholder: %t, made anew: %t", function, a, replaced, made > before)
			}
		}
		return all
	}
	long := func(n int) string { return fmt.Sprintf("an argument that is long enough %03d", n) }
	for _, test := range []struct {
		function  string
		arguments []string
		made      int
	}{
		{"evaluate", []string{long(1), long(2)}, 2},
		{"evaluate", []string{long(1), long(2)}, 0},
		{"evaluate", []string{long(2), long(1)}, 0},
		{"evaluate", []string{long(1), long(3)}, 1},
		{"diagram", []string{long(1)}, 1},
		{"diagram", []string{long(1), long(1)}, 0},
	} {
		made = 0
		for i, got := range call(test.function, test.arguments...) {
			if want := test.function + " " + test.arguments[i]; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if made != test.made {
			t.Errorf("%s of %q was made %d times, want %d", test.function, test.arguments, made, test.made)
		}
	}
	for i := range 3 * mostRemembered {
		call("evaluate", long(10+i))
	}
	if len(m.kept) != mostRemembered {
		t.Errorf("%d are kept, want %d", len(m.kept), mostRemembered)
	}
	call("evaluate", string(make([]byte, mostRememberedBytes)))
	if len(m.kept) != 1 {
		t.Errorf("%d are kept beside a large one", len(m.kept)-1)
	}
}
