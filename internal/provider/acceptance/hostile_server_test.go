package acceptance_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"k8s.io/klog/v2"
)

// lockedBuffer is written to by goroutines of client-go.
type lockedBuffer struct {
	lock sync.Mutex
	bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.Buffer.Write(p)
}

// captureKlog returns what client-go logs past Terraform's log until the test ends, at a level at which it logs
// headers.
func captureKlog(t *testing.T) *lockedBuffer {
	t.Helper()
	state, flags, logged := klog.CaptureState(), flag.NewFlagSet("klog", flag.ContinueOnError), &lockedBuffer{}
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL", "v": "8"} {
		if err := flags.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	// Istio's packages take klog for their own log.
	klog.ClearLogger()
	klog.SetOutput(logged)
	t.Cleanup(state.Restore)
	return logged
}

const escapes = "\\u001b[2J\\u202eowned\\u0007"

func hostileStatus(code int) string {
	return strings.NewReplacer("CODE", strconv.Itoa(code), "LONG", escapes+strings.Repeat("a", 100_000), "BAD",
		escapes).Replace(
		`{"kind":"Status","apiVersion":"v1","status":"Failure","code":CODE,"reason":"BAD","message":"LONG",` +
			`"details":{"name":"BAD","group":"BAD","causes":[{"field":"BAD","message":"BAD"}]}}`)
}

// send answers with a text. A client that has gone does not want it.
func send(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// hostileAnswers are what a peer may answer that is no good API server.
var hostileAnswers = map[string]func(w http.ResponseWriter, r *http.Request){
	"nothing": func(http.ResponseWriter, *http.Request) {},
	"broken JSON": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"VirtualService","spec":{"http":[`)
	},
	"JSON of no object": func(w http.ResponseWriter, _ *http.Request) { send(w, `[1,2,3]`) },
	"JSON of null":      func(w http.ResponseWriter, _ *http.Request) { send(w, `null`) },
	"deep JSON":         func(w http.ResponseWriter, _ *http.Request) { send(w, strings.Repeat(`{"a":`, 100_000)) },
	"no UTF-8":          func(w http.ResponseWriter, _ *http.Request) { send(w, "{\"kind\":\"\xff\xfe\"}") },
	"HTML":              func(w http.ResponseWriter, _ *http.Request) { send(w, "<html>\x1b[2J</html>") },
	"a wrong kind": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"data":{"a":"b"}}`)
	},
	"a kind of escapes": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"`+escapes+`","apiVersion":"`+escapes+`","metadata":{"name":"`+escapes+`"}}`)
	},
	"a spec that is no object": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"VirtualService","apiVersion":"networking.istio.io/v1","metadata":{"name":"greeter"},"spec":"`+
			escapes+`"}`)
	},
	"a spec of unknown fields": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"VirtualService","apiVersion":"networking.istio.io/v1","metadata":{"name":"greeter"},`+
			`"spec":{"`+escapes+`":1}}`)
	},
	"a spec of wrong types": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"VirtualService","apiVersion":"networking.istio.io/v1","metadata":{"name":1,`+
			`"annotations":[],"managedFields":"x"},"spec":{"http":{"a":"`+escapes+`"}}}`)
	},
	"a route of 300 rules": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"VirtualService","apiVersion":"networking.istio.io/v1","metadata":{"name":"greeter",`+
			`"namespace":"default"},"spec":{"hosts":["greeter"],"http":[`+
			strings.Repeat(
				`{"match":[{"uri":{"exact":"/a"}}],"route":[{"destination":{"host":"greeter","subset":"v1"}}]},`, 299,
			)+`{"route":[{"destination":{"host":"greeter","subset":"v1"}}]}]}}`)
	},
	"10 MB": func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"kind":"`+strings.Repeat("a", 10<<20)+`"}`)
	},
	"a body without end": func(w http.ResponseWriter, r *http.Request) {
		for spaces := strings.Repeat(" ", 1<<16); r.Context().Err() == nil; {
			if _, err := io.WriteString(w, spaces); err != nil {
				return
			}
		}
	},
	"a trickle": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			send(w, "{")
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	},
	"less than it said": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		send(w, "{")
	},
	"warnings of escapes": func(w http.ResponseWriter, _ *http.Request) {
		for range 300 {
			w.Header().Add("Warning", "299 - \"\\x1b[2J\u202eowned \xc2\x9b31m"+strings.Repeat("a", 500)+"\"")
		}
		w.WriteHeader(http.StatusNotFound)
		send(w, hostileStatus(http.StatusNotFound))
	},
	"a warning that is none": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Warning", "299 \"")
		w.WriteHeader(http.StatusNotFound)
	},
	"a retry in a year": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "31536000")
		w.WriteHeader(http.StatusTooManyRequests)
	},
	"another encoding": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		send(w, "no gzip")
	},
	"a redirect to itself": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	},
	"a redirect to a file": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	},
	"a redirect of escapes": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://\u202e/%1b")
		w.WriteHeader(http.StatusFound)
	},
}

// TestHostile_server reads from peers that are no good API server: a fake stands for a hostile peer here, not for a
// real one. What waits for an answer ends with timeouts.read, and what is logged past Terraform holds no token.
func TestHostile_server(t *testing.T) {
	logged := captureKlog(t)
	answers := map[string]func(http.ResponseWriter, *http.Request){}
	for name, answer := range hostileAnswers {
		answers[name] = answer
	}
	for _, code := range []int{
		201, 204, 301, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 418, 422, 429, 500, 501, 503, 504, 599, 799,
	} {
		answers[fmt.Sprintf("status %d", code)] = func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			send(w, hostileStatus(code))
		}
	}
	t.Run("answers", func(t *testing.T) {
		for name, answer := range answers {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					answer(w, r)
				}))
				defer peer.Close()
				defer peer.CloseClientConnections()
				a := newAttack(t, hostileSecret)
				// What makes the provider wait does so for the second that is set, the shortest that can be. Nothing
				// takes one more, in the best of three tries.
				a.longest += time.Second
				a.configure(fmt.Sprintf("host = %q\ntoken = %q", peer.URL, hostileSecret))
				a.readFrom(name, "timeouts = { read = \"1s\" }\n")
			})
		}
	})
	klog.Flush()
	logged.lock.Lock()
	defer logged.lock.Unlock()
	if strings.Contains(logged.String(), hostileSecret) {
		t.Error("klog holds a secret")
	}
	t.Logf("%d hostile answers; klog wrote %d bytes", len(answers), logged.Len())
}

// A peer cannot send the token to somebody else.
func TestHostile_redirect(t *testing.T) { //nolint:paralleltest // it reads what the process logs, and measures
	var got []string
	var lock sync.Mutex
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		got = append(got, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	peer := httptest.NewServer(http.RedirectHandler(other.URL+"/", http.StatusTemporaryRedirect))
	t.Cleanup(peer.Close)
	a := newAttack(t, hostileSecret)
	a.configure(fmt.Sprintf("host = %q\ntoken = %q", peer.URL, hostileSecret))
	a.readFrom("a redirect to elsewhere", "")
	lock.Lock()
	defer lock.Unlock()
	if len(got) == 0 || strings.Contains(strings.Join(got, ""), hostileSecret) {
		t.Errorf("the other server was asked with the authorization %q", got)
	}
}

// readFrom reads a resource whose configuration has more in it.
func (a *attack) readFrom(what, more string) {
	a.t.Helper()
	objectType := a.schemas.ResourceSchemas["mesh_canary_route"].ValueType()
	state, err := tfprotov6.NewDynamicValue(objectType,
		parseHCL(a.t, objectType, validRoute+"namespace = \"default\"\n"+more))
	if err != nil {
		a.t.Fatal(err)
	}
	a.input(what, func() ([]*tfprotov6.Diagnostic, error) {
		return diagnosticsOf(a.ReadResource(a.ctx,
			&tfprotov6.ReadResourceRequest{TypeName: "mesh_canary_route", CurrentState: &state}))
	})
}
