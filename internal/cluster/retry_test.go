package cluster

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// counted serves an API, and counts the requests.
func counted(t *testing.T, serve http.HandlerFunc) (c *Cluster, requests *atomic.Int32) {
	t.Helper()
	requests = &atomic.Int32{}
	var within network
	within.serve(t, "cluster:80", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		serve(w, r)
	})
	c, err := Connect(Config{Host: "http://cluster", FieldManager: "test", dial: within.dial})
	if err != nil {
		t.Fatal(err)
	}
	return c, requests
}

// busy answers that the client shall come back after some seconds.
func busy(status, seconds int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		http.Error(w, "too busy just now", status)
	}
}

// TestPersist: how often a request is made, how long that takes, and what is said in the end.
func TestPersist(t *testing.T) {
	t.Parallel()
	const second = time.Second
	// after lets the first requests meet something, and finds no object from then on.
	after := func(n int32, first http.HandlerFunc) func() http.HandlerFunc {
		return func() http.HandlerFunc {
			var seen atomic.Int32
			return func(w http.ResponseWriter, r *http.Request) {
				if seen.Add(1) <= n {
					first(w, r)
					return
				}
				answerNotFound(w, r)
			}
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		// Only with the whole body read does the server notice that the client has gone.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	broken := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) }
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"kind":`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	const always = 1 << 20
	tests := map[string]struct {
		serve func() http.HandlerFunc
		// deadline is that of the caller, 0 for none.
		deadline time.Duration
		write    bool
		reason   Reason
		say      string
		// warning is in the only warning, whose text does not vary; empty for none.
		warning     string
		least, most time.Duration
		few, many   int32
	}{
		"429 with a time": {
			serve:    after(2, busy(http.StatusTooManyRequests, 1)),
			deadline: time.Minute,
			warning:  "429 Too Many Requests",
			least:    2 * second,
			most:     20 * second,
			few:      3,
			many:     3,
		},
		"503 with a time": {
			serve:    after(2, busy(http.StatusServiceUnavailable, 1)),
			deadline: time.Minute,
			warning:  "503 Service Unavailable",
			least:    2 * second,
			most:     20 * second,
			few:      3,
			many:     3,
		},
		"503 with a time, for a write": {
			serve:    after(2, busy(http.StatusServiceUnavailable, 1)),
			deadline: time.Minute,
			write:    true,
			reason:   NotFound,
			warning:  "503 Service Unavailable",
			least:    2 * second, most: 20 * second, few: 3, many: 3,
		},
		"half an answer": {
			serve: after(1, half), deadline: time.Minute, warning: "unexpected EOF", most: second, few: 2, many: 2,
		},
		"half an answer, for a write": {
			serve: after(1, half), deadline: time.Minute, write: true, reason: NotFound,
			most: second, few: 2, many: 3,
		},
		"503 for ever": {
			serve: after(always, busy(http.StatusServiceUnavailable, 1)), deadline: 3 * second, reason: ServerFailed,
			say:     "it answers 503 Service Unavailable, and asks to wait 1s",
			warning: "503 Service Unavailable",
			least:   second,
			most:    10 * second,
			few:     2,
			many:    4,
		},
		"503 with a time that is too late": {
			serve:    after(always, busy(http.StatusServiceUnavailable, 3600)),
			deadline: time.Minute,
			reason:   ServerFailed,
			say:      "asks to wait 1h0m0s",
			most:     10 * second,
			few:      1,
			many:     1,
		},
		"503 with a time of no end": {
			serve:    after(always, busy(http.StatusServiceUnavailable, math.MaxInt)),
			deadline: time.Minute,
			reason:   ServerFailed,
			say:      "asks to wait 24h0m0s",
			most:     10 * second,
			few:      1,
			many:     1,
		},
		"503 with a time in the past": {
			serve:    after(2, busy(http.StatusServiceUnavailable, -1)),
			deadline: time.Minute,
			warning:  "503 Service Unavailable",
			least:    second / 4,
			most:     20 * second,
			few:      3,
			many:     3,
		},
		"500 without a time": {
			serve:    after(2, broken),
			deadline: time.Minute,
			warning:  "took 3 tries",
			least:    second / 4,
			most:     20 * second,
			few:      3,
			many:     3,
		},
		"500 for ever": {
			serve:    after(always, broken),
			deadline: 2 * second,
			reason:   ServerFailed,
			say:      "broken",
			least:    second / 2,
			most:     10 * second,
			few:      2,
			many:     8,
		},
		"no answer": {
			serve:    after(always, hang),
			deadline: second,
			reason:   TimedOut,
			least:    second,
			most:     10 * second,
			few:      1,
			many:     1,
		},
		"no answer to a write": {
			serve:    after(always, hang),
			deadline: second,
			write:    true,
			reason:   TimedOut,
			least:    shortestWrite,
			most:     20 * second,
			few:      1,
			many:     1,
		},
		"500 without a deadline": {
			serve: after(2, broken), warning: "took 3 tries", least: second / 4, most: 20 * second, few: 3, many: 3,
		},
		"credentials are not accepted": {serve: after(
			always,
			answer(http.StatusUnauthorized, "application/json", `{"kind":"Status","reason":"Unauthorized","code":401}`),
		), deadline: time.Minute, reason: Unauthorized, most: 10 * second, few: 1, many: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, requests := counted(t, test.serve())
				said := map[string]bool{}
				ctx := CollectWarnings(t.Context(), func(text string) { said[text] = true })
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				began := time.Now()
				var err error
				if test.write {
					pair := shape{host: reviews, virtualService: "reviews", weights: map[string]int32{"v1": 100}}.pair()
					_, err = c.create(ctx, pair.Routing())
				} else {
					_, err = c.Get(ctx, address)
				}
				if took := time.Since(began); took < test.least || took > test.most {
					t.Errorf("it took %s, want %s to %s", took, test.least, test.most)
				}
				if n := requests.Load(); n < test.few || n > test.many {
					t.Errorf("%d requests, want %d to %d", n, test.few, test.many)
				}
				if test.reason == Unknown && err != nil || test.reason != Unknown &&
					(!IsReason(err, test.reason) || !strings.Contains(err.Error(), test.say)) {
					t.Errorf("error %v, want reason %d and %q", err, test.reason, test.say)
				}
				if texts := slices.Sorted(maps.Keys(said)); len(texts) > 1 ||
					!strings.Contains(strings.Join(texts, ""), test.warning) ||
					test.warning == "" && len(texts) > 0 {
					t.Errorf("warnings %q, want one with %q", texts, test.warning)
				}
			})
		})
	}
}

// TestPersist_stranger: a server that has never answered is not waited for where the caller sets no deadline, as in a
// plan.
func TestPersist_stranger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		c, _ := counted(t, func(w http.ResponseWriter, r *http.Request) {
			if away.Load() {
				panic(http.ErrAbortHandler)
			}
			answerNotFound(w, r)
		})
		stranger, err := Connect(Config{Host: "http://127.0.0.1:1", FieldManager: "test"})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := stranger.Get(t.Context(), address); !IsReason(err, Unreachable) || time.Since(began) > patience/2 {
			t.Errorf("error %v after %s, want reason %d at once", err, time.Since(began), Unreachable)
		}
		began = time.Now()
		NewSurroundings(stranger, "cluster.local").View("shop", traffic.Options{}, "").
			List(t.Context(), []around.Query{{Resource: around.VirtualServices}})
		if took := time.Since(began); took > listTimeout/2 {
			t.Errorf("a list waits %s for a server that never answered", took)
		}
		if _, err := c.Get(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		away.Store(true)
		time.AfterFunc(time.Second, func() { away.Store(false) })
		if _, err := c.Get(t.Context(), address); err != nil {
			t.Errorf("a server that has answered before was not waited for: %v", err)
		}
	})
}

// TestPersist_exec: credentials of a command that are refused are asked for again, and a write with them is made
// once.
func TestPersist_exec(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// accepted is the first run of the command whose token the server accepts.
		accepted int
		reason   Reason
		warnings int
	}{
		"the second token is good": {accepted: 2, warnings: 1},
		"no token is good":         {accepted: 99, reason: Unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var run int
				if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer marker-token-%d", &run); err != nil ||
					run < test.accepted {
					answer(http.StatusUnauthorized, "application/json",
						`{"kind":"Status","reason":"Unauthorized","code":401}`)(w, r)
					return
				}
				answerNotFound(w, r)
			}))
			t.Cleanup(server.Close)
			dir := t.TempDir()
			command := filepath.Join(dir, "print")
			script := fmt.Sprintf("#!/bin/sh\necho run >> %[1]q\nprintf '{\"kind\":\"ExecCredential\","+
				"\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"marker-token-%%d\"}}' "+
				"$(wc -l < %[1]q)\n",
				filepath.Join(dir, "runs"))
			if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			c, err := Connect(Config{
				Host:         server.URL,
				FieldManager: "test",
				Exec:         &Exec{APIVersion: "client.authentication.k8s.io/v1", Command: command},
				// Without TLS client-go sends no credentials.
				ClusterCACertificate: string(pem.EncodeToMemory(&pem.Block{
					Type:  "CERTIFICATE",
					Bytes: server.Certificate().Raw,
				})),
			})
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			ctx, cancel := context.WithTimeout(CollectWarnings(t.Context(), func(text string) {
				said = append(said, text)
			}), time.Minute)
			defer cancel()
			_, err = c.Get(ctx, address)
			if test.reason == Unknown && err != nil || test.reason != Unknown && !IsReason(err, test.reason) {
				t.Errorf("error %v, want reason %d", err, test.reason)
			}
			if len(said) != test.warnings {
				t.Errorf("warnings %q, want %d", said, test.warnings)
			}
			if text := fmt.Sprint(err, said); strings.Contains(text, "marker-token") {
				t.Errorf("the token is in %s", text)
			}
		})
	}
}
