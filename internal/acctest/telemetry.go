package acctest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ServerFault is what is wrong with a version of the test's Service. Other tests, which share its servers, do not
// notice.
type ServerFault struct {
	// Version is `v1`, `v2` or `v3`.
	Version string
	// Fail is how many of a hundred requests the servers fail, with UNAVAILABLE or 503. Istio's own retries try both
	// again.
	Fail float64
	// Delay is by how much requests are answered later: Share of a hundred, or all where it is 0.
	Delay time.Duration
	Share float64
}

// SetFault makes the servers fail or wait from now on, in place of what was wrong with that version before. It ends
// with the test.
func (l *Lab) SetFault(fault ServerFault) {
	l.t.Helper()
	query := l.faultOf(fault.Version)
	query.Set("fail", strconv.FormatFloat(fault.Fail, 'f', -1, 64))
	if fault.Delay > 0 {
		query.Set("delay", fault.Delay.String())
		query.Set("share", strconv.FormatFloat(cmp.Or(fault.Share, 100), 'f', -1, 64))
	}
	l.t.Cleanup(func() { l.ClearFault(fault.Version) })
	l.request(http.MethodPut, l.Metrics()+"/faults?"+query.Encode())
}

// ClearFault makes a version of the test's Service answer as it should.
func (l *Lab) ClearFault(version string) {
	l.t.Helper()
	l.request(http.MethodDelete, l.Metrics()+"/faults?"+l.faultOf(version).Encode())
}

func (l *Lab) faultOf(version string) url.Values {
	return url.Values{"service": {l.Host}, "version": {version}}
}

// Metrics is the URL at which the servers of an embedded lab tell, at /metrics, what they have answered.
func (l *Lab) Metrics() string {
	l.t.Helper()
	metrics := l.variable("MESHLAB_METRICS")
	if metrics == "" {
		l.t.Fatal("the lab tells no metrics")
	}
	return metrics
}

// Prometheus is the URL of that of an embedded lab, which the test has to need.
func (l *Lab) Prometheus() string {
	l.t.Helper()
	NeedEmbedded(l.t)
	prometheus := l.variable("MESHLAB_PROMETHEUS")
	if prometheus == "" {
		l.t.Fatal("the lab has no Prometheus: start it with `meshlab run --prometheus`")
	}
	return prometheus
}

// Query asks the lab's Prometheus, and returns the value of the only series in the answer, or false where there is
// none. SERVICE, NAMESPACE and HOST stand for the test's names.
func (l *Lab) Query(promQL string) (value float64, found bool) {
	l.t.Helper()
	query := url.Values{"query": {l.Expand(promQL)}}
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	body := l.request(http.MethodGet, l.Prometheus()+"/api/v1/query?"+query.Encode())
	if err := json.Unmarshal(body, &answer); err != nil {
		l.t.Fatalf("read the answer of Prometheus: %v: %s", err, body)
	}
	switch len(answer.Data.Result) {
	case 0:
		return 0, false
	case 1:
	default:
		l.t.Fatalf("want one series of %s, got %s", promQL, body)
	}
	value, err := strconv.ParseFloat(fmt.Sprint(answer.Data.Result[0].Value[1]), 64)
	if err != nil {
		l.t.Fatalf("read the answer of Prometheus: %v: %s", err, body)
	}
	return value, true
}

// request returns the body of an answer of 2xx, and fails the test at any other.
func (l *Lab) request(method, at string) []byte {
	l.t.Helper()
	ctx, cancel := l.context()
	defer cancel()
	status, body, err := send(ctx, method, at)
	if err != nil {
		l.t.Fatalf("ask the lab: %v", err)
	}
	if status/100 != 2 {
		l.t.Fatalf("ask the lab: %s %s: %d: %s", method, at, status, body)
	}
	return body
}

func send(ctx context.Context, method, at string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, at, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// variable returns one of those that the embedded lab has written for its commands, empty where it has not.
func (l *Lab) variable(name string) string {
	if l.Dir == "" {
		return ""
	}
	env, err := os.ReadFile(filepath.Join(l.Dir, "env"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(env)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "export "+name+"="); ok {
			return strings.Trim(value, "'")
		}
	}
	return ""
}
