package cluster

import (
	"strings"
	"testing"
	"time"
)

// reply is one answer of every istiod at a time of a wait.
type reply struct {
	at       time.Duration
	holdings []holding
	proxies  []proxies
}

// TestInquiry: a wait is over when every istiod holds what was written, and what its proxies were sent after that is
// acknowledged.
func TestInquiry(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	of := written{subsetsAt: {Identity: Identity{"d", "20"}}, rulesAt: {Identity{"v", "10"}, true}}
	all, old := holding{subsetsAt: {"d", "20"}}, holding{subsetsAt: {"d", "19"}, rulesAt: {"v", "10"}}
	has := func(versions ...[2]string) []proxies {
		var each []proxies
		for _, v := range versions {
			each = append(each, proxies{"web.shop": sent(v[0], v[1])})
		}
		return each
	}
	tests := map[string]struct {
		before  []proxies
		replies []reply
		// done is when it is over, -1 for not within the looks.
		done time.Duration
		says string
	}{
		"held at once, sent and acknowledged": {
			replies: []reply{
				{0, []holding{all}, has([2]string{"1", "1"})},
				{200 * ms, nil, has([2]string{"2", "1"})},
				{400 * ms, nil, has([2]string{"2", "2"})},
				{800 * ms, nil, has([2]string{"2", "2"})},
				{1000 * ms, nil, has([2]string{"2", "2"})},
			},
			done: 1000 * ms,
		},
		"what was acknowledged before it is held does not count": {
			replies: []reply{
				{0, []holding{old}, nil},
				{5 * time.Second, []holding{old}, nil},
				{40 * time.Second, []holding{all}, has([2]string{"9", "9"})},
				{40900 * ms, nil, has([2]string{"9", "9"})},
				{41200 * ms, nil, has([2]string{"10", "10"})},
				{41800 * ms, nil, has([2]string{"10", "10"})},
			},
			done: 41800 * ms,
		},
		"nothing is sent": {
			replies: []reply{
				{0, []holding{all}, has([2]string{"1", "1"})},
				{2 * time.Second, nil, has([2]string{"1", "1"})},
				{9 * time.Second, nil, has([2]string{"1", "1"})},
				{10 * time.Second, nil, has([2]string{"1", "1"})},
			},
			done: 10 * time.Second,
		},
		"sent before it was known to be held": {
			before: has([2]string{"1", "1"}),
			replies: []reply{
				{0, []holding{all}, has([2]string{"2", "2"})},
				{1900 * ms, nil, has([2]string{"2", "2"})},
				{2 * time.Second, nil, has([2]string{"2", "2"})},
			},
			done: 2 * time.Second,
		},
		"one istiod of two does not hold it": {
			replies: []reply{{0, []holding{old, all}, nil}, {time.Minute, []holding{old, all}, nil}},
			done:    -1,
			says: `istiod does not know the change after 1m0s, so that proxies may fail requests until it does: a ` +
				`does not hold the written DestinationRule "shop/reviews", ` +
				`a still holds the deleted VirtualService "shop/reviews"`,
		},
		"one istiod does not send": {
			replies: []reply{
				{0, []holding{all, all}, has([2]string{"1", "1"}, [2]string{"5", "5"})},
				{time.Second, nil, has([2]string{"2", "2"}, [2]string{"5", "5"})},
				{2 * time.Second, nil, has([2]string{"2", "2"}, [2]string{"5", "5"})},
			},
			done: -1, says: "istiod did not tell within 1m0s",
		},
		"a proxy never acknowledges": {
			replies: []reply{
				{0, []holding{all}, has([2]string{"1", "1"})},
				{time.Second, nil, has([2]string{"2", "1"})},
				{time.Minute, nil, has([2]string{"2", "1"})},
			},
			done: -1, says: "these proxies did not acknowledge the change within 1m0s, and may fail requests until " +
				"they do: web.shop",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &inquiry{of: of, settle: 10 * time.Second}
			q.connected([]string{"a", "b"}, test.before)
			done := time.Duration(-1)
			for _, l := range test.replies {
				if l.holdings != nil && !q.held(l.holdings) {
					continue
				}
				if q.told(l.proxies, time.Time{}.Add(l.at)) {
					done = l.at
					break
				}
			}
			if done != test.done {
				t.Errorf("over after %s, want %s", done, test.done)
			}
			if test.done < 0 && !strings.Contains(q.unconfirmed("1m0s"), test.says) {
				t.Errorf("says %q, want %q", q.unconfirmed("1m0s"), test.says)
			}
		})
	}
}

// TestInquiry_connected: a new connection begins anew, because other istiods may have come.
func TestInquiry_connected(t *testing.T) {
	t.Parallel()
	q := &inquiry{of: written{subsetsAt: {Identity: Identity{"d", "20"}}}, settle: time.Second}
	q.connected([]string{"a"}, []proxies{{}})
	q.held([]holding{{subsetsAt: {"d", "20"}}})
	q.told([]proxies{{"web.shop": sent("1", "1")}}, time.Time{})
	q.connected([]string{"b"}, nil)
	if q.proxies != nil || q.before != nil || q.held([]holding{{}}) {
		t.Error("what another istiod told counts for the new one")
	}
}

func TestPropagation_settleTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		settle    time.Duration
		recovered time.Time
		want      time.Duration
	}{
		"nothing has failed":              {2 * time.Second, time.Time{}, 2 * time.Second},
		"just recovered":                  {2 * time.Second, now, 62 * time.Second},
		"recovered for a while":           {2 * time.Second, now.Add(-50 * time.Second), 12 * time.Second},
		"recovered for as long as it can": {2 * time.Second, now.Add(-time.Minute), 2 * time.Second},
		"recovered long ago":              {2 * time.Second, now.Add(-time.Hour), 2 * time.Second},
		"nothing is waited for":           {0, now, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Propagation{Mode: Settle, Settle: test.settle, SettleAfterFailure: InformerBackoff}
			if got := p.settleTime(test.recovered, now); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// TestPropagation_longest: the time for an operation leaves room for its waits.
func TestPropagation_longest(t *testing.T) {
	t.Parallel()
	for mode, want := range map[Mode]time.Duration{
		None: 0, Settle: 68 * time.Second, Ack: 9 * time.Minute, Auto: 9 * time.Minute,
	} {
		p := Propagation{Mode: mode, Settle: 2 * time.Second, SettleAfterFailure: time.Minute, Timeout: 2 * time.Minute}
		if got := p.Longest(4); got != want {
			t.Errorf("%s: %s, want %s", mode, got, want)
		}
	}
}
