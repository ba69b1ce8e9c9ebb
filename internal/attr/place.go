package attr

import "github.com/hashicorp/terraform-plugin-framework/path"

// place is where in a value something is. It points to what it is in, so that a step costs little until somebody
// wants the path: a [path.Path] is copied with every step. A nil place is the outermost value.
type place struct {
	up   *place
	step stepKind
	text string
	at   int
}

type stepKind uint8

const (
	byName stepKind = iota
	byKey
	byIndex
)

func (p *place) name(name string) *place { return &place{up: p, step: byName, text: name} }
func (p *place) key(key string) *place   { return &place{up: p, step: byKey, text: key} }
func (p *place) index(i int) *place      { return &place{up: p, step: byIndex, at: i} }

func (p *place) path() path.Path {
	if p == nil {
		return path.Empty()
	}
	up := p.up.path()
	switch p.step {
	case byName:
		return up.AtName(p.text)
	case byKey:
		return up.AtMapKey(p.text)
	case byIndex:
	}
	return up.AtListIndex(p.at)
}
