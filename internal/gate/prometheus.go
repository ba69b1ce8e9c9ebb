package gate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// Prometheus is where metrics are asked for.
type Prometheus struct {
	// URL is that of the server, to which `/api/v1/query` is added.
	URL string
	// Forward, if it is not nil, leads to the server by way of somebody else. Its client ends with its idle
	// connections.
	Forward func(context.Context) (*http.Client, error)
	// Token is sent as a bearer token, empty for none.
	Token string
	// Headers are sent with each question.
	Headers map[string]string
	// Authorities are who signs the server's certificate, nil for those that this machine trusts.
	Authorities *x509.CertPool
	// Reporter is who counted requests, as in [walk.Since].
	Reporter string
}

// metrics is a server that can be asked.
type metrics struct {
	Asker
	client *http.Client
}

// connect returns the server of the provider block.
func (a Asker) connect(ctx context.Context) (metrics, error) {
	p := a.Prometheus
	switch {
	case p == nil:
		return metrics{}, errors.New("the provider block says of no Prometheus where it is")
	case p.Forward != nil:
		forwarded, err := p.Forward(ctx)
		if err != nil {
			return metrics{}, fmt.Errorf("Prometheus cannot be asked: %s", cause(err))
		}
		forwarded.CheckRedirect = client.CheckRedirect
		return metrics{a, forwarded}, nil
	case p.Authorities == nil:
		return metrics{a, client}, nil
	}
	trusting := *client
	trusting.Transport = &http.Transport{
		DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{RootCAs: p.Authorities, MinVersion: tls.VersionTLS12},
	}
	return metrics{a, &trusting}, nil
}

// longestMessage is how much of an error of Prometheus is told.
const longestMessage = 200

// refusedError is what Prometheus says of a query that is none.
type refusedError struct{ text string }

// Error implements error.
func (r refusedError) Error() string { return r.text }

// value returns the one value of a query, not a number where there is no series. Source: Prometheus, "HTTP API",
// instant queries.
func (m metrics) value(ctx context.Context, query string) (float64, error) {
	p := m.Prometheus
	body := url.Values{"query": {query}}.Encode()
	address := strings.TrimSuffix(p.URL, "/") + "/api/v1/query"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, errors.New("the address of Prometheus is no URL")
	}
	for name, value := range p.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if m.UserAgent != "" {
		request.Header.Set("User-Agent", m.UserAgent)
	}
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	response, err := m.client.Do(request)
	if err != nil {
		return 0, errors.New("Prometheus cannot be asked: " + cause(err))
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return 0, errors.New("the answer of Prometheus broke off: " + cause(err))
	}
	var answer struct {
		Status, Error, ErrorType string
		Data                     struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if json.Unmarshal(raw, &answer) != nil || answer.Status == "" {
		return 0, fmt.Errorf("what answered %d is no Prometheus", response.StatusCode)
	}
	if answer.Status != "success" {
		text := fmt.Sprintf("Prometheus answered %d: %s", response.StatusCode, shortened(answer.Error))
		if answer.ErrorType == "bad_data" {
			return 0, refusedError{text}
		}
		return 0, errors.New(text)
	}
	return readResult(answer.Data.ResultType, answer.Data.Result)
}

// shortened is a text as it may be printed: it was written by whoever answers.
func shortened(text string) string {
	text = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, text)
	if len(text) > longestMessage {
		text = strings.ToValidUTF8(text[:longestMessage], "") + "…"
	}
	return text
}

// readResult reads a scalar, or a vector of one series at most.
func readResult(kind string, raw json.RawMessage) (float64, error) {
	var sample [2]any
	switch kind {
	case "scalar":
		if json.Unmarshal(raw, &sample) != nil {
			return 0, errors.New("Prometheus answered what is no value")
		}
	case "vector":
		var series []struct{ Value [2]any }
		if json.Unmarshal(raw, &series) != nil {
			return 0, errors.New("Prometheus answered what is no value")
		}
		switch len(series) {
		case 0:
			return math.NaN(), nil
		case 1:
			sample = series[0].Value
		default:
			return 0, fmt.Errorf("the query comes to %d series, and has to come to one", len(series))
		}
	default:
		return 0, fmt.Errorf("the query comes to a %s, and has to come to one value", shortened(kind))
	}
	text, _ := sample[1].(string)
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, errors.New("Prometheus answered what is no value")
	}
	return value, nil
}

// uncompared returns why a comparison says nothing of a step, empty where it does. The plan has said that it passes
// then, so nobody is asked.
func uncompared(rate walk.SuccessRate, about walk.Question) string {
	with := rate.WorseThan
	switch {
	case with == "" || about.Compares(with):
		return ""
	case !about.HasShare(with):
		return "nothing was compared: " + with + " gets no requests at this step"
	case len(about.Versions) > 0:
		return with + ": nothing was compared: it is the version to compare with"
	}
	return ""
}

// judgeRate asks how often the versions fail that get more requests, but for the one to compare with.
func (m metrics) judgeRate(ctx context.Context, rate walk.SuccessRate, about walk.Question) (walk.Verdict, string) {
	var than walk.Count
	if rate.WorseThan != "" {
		other, ok := about.Others[rate.WorseThan]
		if !ok {
			return walk.Unreachable, "there is no subset " + rate.WorseThan
		}
		var err error
		if than, err = m.count(ctx, other, about); err != nil {
			return walk.Unreachable, err.Error()
		}
		about.Versions = slices.DeleteFunc(slices.Clone(about.Versions), func(v walk.Version) bool {
			return about.Is(v, rate.WorseThan)
		})
	}
	return judgeEach(about, func(v walk.Version) (walk.Verdict, string) {
		is, err := m.count(ctx, v, about)
		switch {
		case err != nil:
			return walk.Unreachable, err.Error()
		case rate.WorseThan == "":
			return walk.JudgeRate(is, rate.Min, about.Confidence, about.Enough)
		}
		return walk.JudgeDifference(is, than, rate.By, about.Confidence, about.Enough)
	})
}

// judgeLatency asks how long the versions take to answer that get more requests.
func (m metrics) judgeLatency(ctx context.Context, l walk.Latency, about walk.Question) (walk.Verdict, string) {
	most := float64(l.Max) / float64(time.Millisecond)
	return judgeEach(about, func(v walk.Version) (walk.Verdict, string) {
		is, err := m.count(ctx, v, about)
		if err != nil {
			return walk.Unreachable, err.Error()
		}
		if verdict, why := walk.JudgeRate(is, 0, about.Confidence, about.Enough); verdict == walk.NotYet {
			return verdict, why
		}
		query, err := v.Latency(l.Quantile, m.since(about))
		if err != nil {
			return walk.Unreachable, err.Error()
		}
		value, err := m.value(ctx, query)
		if err != nil {
			return walk.Unreachable, err.Error()
		}
		return walk.JudgeBound(value, nil, &most, " ms")
	})
}

// judgeQuery asks a query of the configuration's own, for each version that gets more requests if it names one.
func (m metrics) judgeQuery(ctx context.Context, q walk.Query, about walk.Question) (walk.Verdict, string) {
	var answers []answered
	for _, query := range queries(q, about) {
		value, err := m.answer(ctx, query)
		a := answered{subset: query.subset, verdict: walk.Unreachable}
		if err != nil {
			a.why = err.Error()
		} else {
			a.verdict, a.why = walk.JudgeBound(value, q.Min, q.Max, "")
		}
		answers = append(answers, a)
	}
	return worst(answers)
}

// query is one that Prometheus is asked, about a subset or about none.
type query struct {
	subset, text string
	err          error
}

// answer returns the value of a query, unless it could not be written.
func (m metrics) answer(ctx context.Context, q query) (float64, error) {
	if q.err != nil {
		return 0, q.err
	}
	return m.value(ctx, q.text)
}

// queries returns what to ask at a step.
func queries(q walk.Query, about walk.Question) []query {
	versions := about.Versions
	if !q.OfVersion() {
		versions = []walk.Version{{}}
	}
	var all []query
	for _, v := range versions {
		text, err := q.For(v, about.Namespace, about.Window)
		all = append(all, query{v.Subset, text, err})
	}
	return all
}

func (m metrics) since(about walk.Question) walk.Since {
	return walk.Since{Window: about.Window, Reporter: m.Prometheus.Reporter}
}

// count returns how many requests a version has answered since the step began, and how many of them failed.
func (m metrics) count(ctx context.Context, v walk.Version, about walk.Question) (walk.Count, error) {
	all, failed, err := v.Requests(m.since(about))
	if err != nil {
		return walk.Count{}, err
	}
	var c walk.Count
	if c.Requests, err = m.value(ctx, all); err != nil {
		return c, err
	}
	c.Failed, err = m.value(ctx, failed)
	return c, err
}

// answered is a verdict on a subset, or on none.
type answered struct {
	subset  string
	verdict walk.Verdict
	why     string
}

// judgeEach judges the versions that get more requests.
func judgeEach(about walk.Question, judge func(walk.Version) (walk.Verdict, string)) (walk.Verdict, string) {
	var answers []answered
	for _, v := range about.Versions {
		verdict, why := judge(v)
		answers = append(answers, answered{v.Subset, verdict, why})
	}
	return worst(answers)
}

// worst returns the worst verdict.
func worst(answers []answered) (walk.Verdict, string) {
	rank := map[walk.Verdict]int{walk.Pass: 1, walk.NotYet: 2, walk.Unreachable: 3, walk.Fail: 4}
	if len(answers) == 0 {
		return walk.Unreachable, "no subset gets more requests"
	}
	is := slices.MaxFunc(answers, func(a, b answered) int { return rank[a.verdict] - rank[b.verdict] })
	if is.subset != "" {
		is.why = is.subset + ": " + is.why
	}
	return is.verdict, is.why
}
