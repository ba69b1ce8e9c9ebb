// Package gate asks those who judge the steps of a walk. Beside internal/cluster it is the only package that talks to
// a network: to addresses that the configuration names, and never about what it was not asked.
package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// patience is how long one question may take.
const patience = 10 * time.Second

// Asker asks gates. The zero value is ready.
type Asker struct {
	// UserAgent is how it introduces itself.
	UserAgent string
	// Prometheus is where metrics are asked for, nil where nobody said.
	Prometheus *Prometheus
}

// Ask returns what a gate says. What cannot be asked is unreachable, and never passes.
func (a Asker) Ask(ctx context.Context, g walk.Gate, about walk.Question) walk.Answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer := walk.Answer{Gate: g.Name}
	if !g.AsksMetrics() {
		answer.Verdict, answer.Why = a.callWebhook(ctx, g.Webhook, about)
		return answer
	}
	if g.SuccessRate != nil {
		if why := uncompared(*g.SuccessRate, about); why != "" {
			answer.Verdict, answer.Why = walk.Pass, why
			return answer
		}
	}
	m, err := a.connect(ctx)
	if err != nil {
		answer.Verdict, answer.Why = walk.Unreachable, err.Error()
		return answer
	}
	defer m.client.CloseIdleConnections()
	switch {
	case g.SuccessRate != nil:
		answer.Verdict, answer.Why = m.judgeRate(ctx, *g.SuccessRate, about)
	case g.Latency != nil:
		answer.Verdict, answer.Why = m.judgeLatency(ctx, *g.Latency, about)
	default:
		answer.Verdict, answer.Why = m.judgeQuery(ctx, *g.Query, about)
	}
	return answer
}

// Refused returns why a gate's query is none, which no patience mends; empty where it is one, or nobody says.
func (a Asker) Refused(ctx context.Context, g walk.Gate, about walk.Question) string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if g.Query == nil {
		return ""
	}
	m, err := a.connect(ctx)
	if err != nil {
		return ""
	}
	defer m.client.CloseIdleConnections()
	for _, query := range queries(*g.Query, about) {
		_, err := m.answer(ctx, query)
		if refused, ok := errors.AsType[refusedError](err); ok {
			return refused.Error()
		}
	}
	return ""
}

// Count returns how many requests a version has answered in the time before now, and how many of them failed.
func (a Asker) Count(ctx context.Context, of walk.Version, window time.Duration) (walk.Count, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := a.connect(ctx)
	if err != nil {
		return walk.Count{}, err
	}
	defer m.client.CloseIdleConnections()
	return m.count(ctx, of, walk.Question{Window: window})
}

// client keeps no connection, so that nothing is left of a walk that waits for hours, and follows no redirect: a
// question goes to whom the configuration names.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// callWebhook posts the question. An answer of 2xx passes, and any other fails, but for those with which a proxy says
// that nobody is there, or that it is too early.
func (a Asker) callWebhook(ctx context.Context, address string, about walk.Question) (walk.Verdict, string) {
	body, err := json.Marshal(about)
	if err != nil {
		return walk.Unreachable, "the question cannot be written"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return walk.Unreachable, "the address is no URL"
	}
	request.Header.Set("Content-Type", "application/json")
	if a.UserAgent != "" {
		request.Header.Set("User-Agent", a.UserAgent)
	}
	response, err := client.Do(request)
	if err != nil {
		return walk.Unreachable, cause(err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, mostAnswer)
	verdict, answered := walk.Fail, fmt.Sprintf("it answered %d", response.StatusCode)
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		verdict = walk.Pass
	case status == http.StatusTooManyRequests, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		verdict = walk.Unreachable
	}
	return verdict, answered
}

// mostAnswer is how many bytes of an answer are read.
const mostAnswer = 1 << 20

// cause says why no answer came, without the address: that may hold a secret.
func cause(err error) string {
	var (
		wrapped *url.Error
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
	)
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer came within %s", patience)
	case errors.As(err, &dns):
		return "its host has no address"
	case errors.Is(err, context.Canceled):
		return "the question was cancelled"
	}
	return err.Error()
}
