package guard

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The bounds of what is remembered. A module asks what becomes of many requests under one route, or under a few in
// turn.
const (
	mostRemembered      = 8
	mostRememberedBytes = 4 << 20
)

// memo keeps what functions made of an argument as long as the same bytes come again: to decode and to check a route
// of 200 rules takes a hundred times as long as to ask it. It is safe for concurrent use, and what it keeps must not
// be changed.
type memo struct {
	mutex sync.Mutex
	// kept are the newest first.
	kept []*remembered
}

// remembered is what was made of an argument of one function.
type remembered struct {
	function string
	argument []byte
	made     any
}

// find returns what was made of an argument before, nil for nothing.
func (m *memo) find(function string, argument []byte) *remembered {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	i := slices.IndexFunc(m.kept, func(r *remembered) bool {
		return r.function == function && bytes.Equal(r.argument, argument)
	})
	if i < 0 {
		return nil
	}
	found := m.kept[i]
	m.kept = slices.Insert(slices.Delete(m.kept, i, i+1), 0, found)
	return found
}

func (m *memo) keep(r *remembered) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.kept = slices.Insert(m.kept, 0, r)
	size := 0
	for i, r := range m.kept {
		if size += len(r.argument); i == mostRemembered || size > mostRememberedBytes {
			m.kept = slices.Delete(m.kept, i, len(m.kept))
			return
		}
	}
}

// argumentsKey is that of the arguments of a call in its context.
type argumentsKey struct{}

// call lets a function be called with what is remembered of its arguments. A placeholder stands for those: the
// framework need not decode them again.
func (m *memo) call(
	ctx context.Context, req *tfprotov6.CallFunctionRequest,
) (context.Context, *tfprotov6.CallFunctionRequest) {
	arguments := make([]*remembered, len(req.Arguments))
	less := *req
	less.Arguments = slices.Clone(req.Arguments)
	for i, argument := range req.Arguments {
		if len(argument.MsgPack) < len(placeholder().MsgPack) {
			continue
		}
		if arguments[i] = m.find(req.Name, argument.MsgPack); arguments[i] != nil {
			less.Arguments[i] = placeholder()
		} else {
			arguments[i] = &remembered{function: req.Name, argument: argument.MsgPack}
		}
	}
	return context.WithValue(ctx, argumentsKey{}, memoized{m, arguments}), &less
}

// memoized are the arguments of a call.
type memoized struct {
	memo      *memo
	arguments []*remembered
}

// placeholder is a value that is decoded at once.
var placeholder = sync.OnceValue(func() *tfprotov6.DynamicValue {
	// A text always can be encoded.
	value, _ := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, tftypes.NewValue(tftypes.String, ""))
	return &value
})

// Once returns what was made of an argument of the function that is called, or makes it.
func Once[T any](ctx context.Context, argument int, produce func() T) T {
	call, ok := ctx.Value(argumentsKey{}).(memoized)
	if !ok || argument >= len(call.arguments) || call.arguments[argument] == nil {
		return produce()
	}
	r := call.arguments[argument]
	if made, ok := r.made.(T); ok {
		return made
	}
	made := produce()
	call.memo.keep(&remembered{r.function, r.argument, made})
	return made
}
