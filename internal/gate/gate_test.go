package gate_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// A webhook is told which step it judges, and passes it with 2xx. What cannot be asked never passes, and no word
// tells its address.
func TestAsker_webhook(t *testing.T) {
	t.Parallel()
	about := walk.Question{
		Namespace: "shop", Name: "reviews", Step: 1, Steps: 3, Percent: 10,
		Shares: map[string]map[string]int64{"http[0]": {"v1": 90, "v2": 10}},
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		}
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   walk.Answer
	}{
		"200": {status(200), walk.Answer{Verdict: walk.Pass, Why: "it answered 200"}},
		"204": {status(204), walk.Answer{Verdict: walk.Pass, Why: "it answered 204"}},
		"302": {status(302), walk.Answer{Verdict: walk.Fail, Why: "it answered 302"}},
		"404": {status(404), walk.Answer{Verdict: walk.Fail, Why: "it answered 404"}},
		"429": {status(429), walk.Answer{Verdict: walk.Unreachable, Why: "it answered 429"}},
		"500": {status(500), walk.Answer{Verdict: walk.Fail, Why: "it answered 500"}},
		"503": {status(503), walk.Answer{Verdict: walk.Unreachable, Why: "it answered 503"}},
		"a question in JSON": {func(w http.ResponseWriter, r *http.Request) {
			var got walk.Question
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil || !cmp.Equal(got, about) ||
				r.Method != http.MethodPost || r.Header.Get("User-Agent") != "test" {
				w.WriteHeader(http.StatusTeapot)
			}
		}, walk.Answer{Verdict: walk.Pass, Why: "it answered 200"}},
		"an answer without end": {func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				_, _ = w.Write([]byte(strings.Repeat("x", 1<<20)))
			}
		}, walk.Answer{Verdict: walk.Pass, Why: "it answered 200"}},
		"it hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			walk.Answer{Verdict: walk.Unreachable, Why: "EOF"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.answer)
			t.Cleanup(server.Close)
			test.want.Gate = "check"
			got := gate.Asker{UserAgent: "test"}.Ask(t.Context(),
				walk.Gate{Name: "check", Webhook: server.URL + "/secret"}, about)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// Where no answer can come it says why, and not whom it asked.
func TestAsker_unreachable(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(ended) })
	for name, test := range map[string]struct {
		address, want string
		patience      time.Duration
	}{
		"nobody listens":    {"http://127.0.0.1:1/secret", "connection refused", time.Minute},
		"no URL":            {"http://127.0.0.1:x/secret", "no URL", time.Minute},
		"a scheme of none":  {"ftp://127.0.0.1/secret", "unsupported protocol", time.Minute},
		"it does not speak": {hangs.URL + "/secret", "no answer came within", 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), test.patience)
			defer cancel()
			got := gate.Asker{}.Ask(ctx, walk.Gate{Name: "check", Webhook: test.address}, walk.Question{})
			if got.Verdict != walk.Unreachable || !strings.Contains(got.Why, test.want) ||
				strings.Contains(got.Why, "secret") {
				t.Errorf("answer: %s, want %q", got, test.want)
			}
		})
	}
}
