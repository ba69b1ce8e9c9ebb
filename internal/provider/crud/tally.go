package crud

import "sync/atomic"

// mostTold is how many routes a plan tells of one by one: nobody reads more.
const mostTold = 20

// Tally counts the routes that a plan tells of. A nil one does not count.
type Tally struct{ told atomic.Int64 }

// more reports whether one more route is told of by itself.
func (t *Tally) more() bool { return t == nil || t.told.Add(1) <= mostTold }
