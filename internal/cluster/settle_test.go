package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// story is an istiod that tells of one proxy; what it tells changes with the time since the wait began.
type story struct {
	network
	began atomic.Pointer[time.Time]
}

// storyURL is where the istiod of a story is.
const storyURL = "http://istiod"

// scene is what the proxy has from a time on.
type scene struct {
	at    time.Duration
	proxy proxy
	// gone says that istiod does not answer.
	gone bool
	// hangs says that istiod takes the question, and that is all.
	hangs bool
}

func tell(t *testing.T, scenes ...scene) *story {
	t.Helper()
	s := &story{}
	s.serve(t, "istiod:80", func(w http.ResponseWriter, r *http.Request) {
		now := scenes[0]
		if began := s.began.Load(); began != nil {
			for _, next := range scenes {
				if time.Since(*began) >= next.at {
					now = next
				}
			}
		}
		if now.gone {
			panic(http.ErrAbortHandler)
		}
		if now.hangs {
			<-r.Context().Done()
		}
		now.proxy.ID = "web.shop"
		if r.URL.Path != "/debug/syncz" || json.NewEncoder(w).Encode([]proxy{now.proxy}) != nil {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	return s
}

// TestCluster_settle: a wait ends when what was sent after the step is acknowledged, not before, and in any case.
func TestCluster_settle(t *testing.T) {
	t.Parallel()
	const second = time.Second
	busy := []scene{{proxy: sent("1", "1")}}
	for i := range 100 {
		busy = append(busy, scene{at: time.Duration(i) * second / 8, proxy: sent(strconv.Itoa(i+3), strconv.Itoa(i+2))})
	}
	tests := map[string]struct {
		scenes          []scene
		settle, timeout time.Duration
		least, most     time.Duration
		warning         string
	}{
		"acknowledged after a second": {
			scenes: []scene{
				{proxy: sent("1", "1")}, {at: second / 5, proxy: sent("2", "1")}, {at: second, proxy: sent("2", "2")},
			},
			settle: 60 * second, timeout: 60 * second, least: second, most: 3 * second,
		},
		"sent late": {
			scenes: []scene{{proxy: sent("1", "1")}, {at: second, proxy: sent("2", "2")}},
			settle: 60 * second, timeout: 60 * second, least: second, most: 3 * second,
		},
		"never sent, because no proxy is concerned": {
			scenes:  []scene{{proxy: sent("1", "1")}},
			settle:  second,
			timeout: 60 * second,
			least:   second,
			most:    3 * second,
		},
		"never acknowledged": {
			scenes:  []scene{{proxy: sent("1", "1")}, {at: second / 5, proxy: sent("2", "1")}},
			settle:  second / 2,
			timeout: second,
			least:   second,
			most:    3 * second,
			warning: "these proxies did not acknowledge the change within 1s, and may fail requests until they do: " +
				"web.shop",
		},
		"silent since before": {
			scenes:  []scene{{proxy: sent("2", "1")}},
			settle:  second / 2,
			timeout: second,
			least:   second,
			most:    3 * second,
			warning: "within 1s",
		},
		"gone in the middle, for good": {
			scenes:  []scene{{proxy: sent("1", "1")}, {at: second / 2, gone: true}},
			settle:  60 * second,
			timeout: 2 * second,
			least:   2 * second,
			most:    4 * second,
			warning: "istiod did not tell within 2s that the proxies have the change; some may fail requests until " +
				"they have it. The last question failed: ask istiod at istiod",
		},
		"gone for a while": {
			scenes: []scene{{proxy: sent("1", "1")}, {at: second / 5, gone: true}, {at: second, proxy: sent("2", "2")}},
			settle: second, timeout: 60 * second, least: 2 * second, most: 5 * second,
		},
		"always something new": {
			scenes: busy, settle: 60 * second, timeout: 60 * second, least: second / 2, most: 4 * second,
		},
		"asked, and no answer": {
			scenes:  []scene{{proxy: sent("1", "1")}, {at: second / 5, hangs: true}},
			settle:  second / 2,
			timeout: second,
			least:   second,
			most:    3 * second,
			warning: "istiod did not tell within 1s",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				istiod := tell(t, test.scenes...)
				var said []string
				ctx := CollectWarnings(t.Context(), func(text string) { said = append(said, text) })
				p := Propagation{
					Mode:            Ack,
					Settle:          test.settle,
					Timeout:         test.timeout,
					IstiodAddresses: []string{storyURL + "/"},
				}
				c := &Cluster{dial: istiod.dial}
				w := c.watch(ctx, p)
				began := time.Now()
				istiod.began.Store(&began)
				if err := c.settle(ctx, p, w, nil, func(string) {}); err != nil {
					t.Errorf("a wait that continues fails: %v", err)
				}
				if took := time.Since(began); took < test.least || took > test.most {
					t.Errorf("the wait took %s, want %s to %s", took, test.least, test.most)
				}
				if text := strings.Join(said, "\n"); (text == "") != (test.warning == "") ||
					!strings.Contains(text, test.warning) {
					t.Errorf("warnings %q, want %q", said, test.warning)
				}
			})
		})
	}
}

// TestCluster_settleWithoutIstiod: where istiod cannot be asked, every wait takes the fixed time, and the user is
// told once.
func TestCluster_settleWithoutIstiod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var within network
		within.serve(t, "istiod:80", http.NotFound)
		var said []string
		ctx := CollectWarnings(t.Context(), func(text string) { said = append(said, text) })
		p := Propagation{
			Mode:            Ack,
			Settle:          300 * time.Millisecond,
			Timeout:         time.Minute,
			IstiodAddresses: []string{storyURL},
		}
		c := &Cluster{dial: within.dial}
		for range 3 {
			began := time.Now()
			if err := c.settle(ctx, p, c.watch(ctx, p), nil, func(string) {}); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took < p.Settle || took > p.Settle+time.Second {
				t.Errorf("the wait took %s, want %s", took, p.Settle)
			}
		}
		if len(said) != 1 || !strings.Contains(said[0], "404 Not Found") ||
			!strings.Contains(said[0], `waits 300ms instead`) {
			t.Errorf("warnings %q, want one that names the answer", said)
		}
	})
}

// TestCluster_settleCancelled: a wait is cut short when the caller gives up, and blames nobody.
func TestCluster_settleCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		istiod := tell(t, scene{proxy: sent("2", "1")})
		ctx, cancel := context.WithCancel(t.Context())
		ctx = CollectWarnings(ctx, func(text string) { t.Errorf("warning %q", text) })
		p := Propagation{Mode: Ack, Settle: time.Minute, Timeout: time.Minute, IstiodAddresses: []string{storyURL}}
		c := &Cluster{dial: istiod.dial}
		w := c.watch(ctx, p)
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		if err := c.settle(ctx, p, w, nil, func(string) {}); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the wait took %s after the caller gave up", took)
		}
	})
}

// TestCluster_watchAuto: in mode auto an istiod that cannot be asked is asked once, one warning says why, and a
// change that waits for nothing does not ask.
func TestCluster_watchAuto(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		var within network
		within.serve(t, "istiod:80", func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.WriteHeader(http.StatusForbidden)
		})
		var said []string
		ctx := CollectWarnings(t.Context(), func(text string) { said = append(said, text) })
		p := Propagation{Mode: Auto, Settle: time.Second, Timeout: time.Minute, IstiodAddresses: []string{storyURL}}
		c := &Cluster{dial: within.dial}
		for range 3 {
			if c.watch(ctx, p) != nil {
				t.Error("an istiod that refuses to answer is asked")
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		if len(said) != 1 || !strings.Contains(said[0], "403 Forbidden") ||
			!strings.Contains(said[0], `mode = "settle"`) {
			t.Errorf("warnings %q, want one", said)
		}
		idle := Propagation{Mode: Auto, IstiodAddresses: []string{storyURL}}
		if w := (&Cluster{dial: within.dial}).watch(ctx, idle); w != nil || asked.Load() != 1 {
			t.Error("istiod is asked where nothing is waited for")
		}
	})
}

// TestCluster_watchUnreachable: who asks for acknowledgements waits for an istiod that does not answer now. In mode
// auto only one that has answered before is waited for.
func TestCluster_watchUnreachable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		istiod := tell(t, scene{proxy: sent("1", "1")})
		const away = "http://away"
		ctx := CollectWarnings(t.Context(), func(string) {})
		at := func(mode Mode, url string) Propagation {
			return Propagation{Mode: mode, Settle: time.Second, Timeout: time.Minute, IstiodAddresses: []string{url}}
		}
		c := &Cluster{dial: istiod.dial}
		if c.watch(ctx, at(Ack, away)) == nil {
			t.Error("ack does not wait for an istiod that is away")
		}
		if c.watch(ctx, at(Auto, away)) != nil {
			t.Error("auto waits for an istiod that never answered")
		}
		if c.watch(ctx, at(Ack, storyURL)) == nil || c.watch(ctx, at(Auto, away)) == nil {
			t.Error("auto does not wait for an istiod that has answered before")
		}
	})
}
