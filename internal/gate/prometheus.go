package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// Prometheus is where metrics are asked for.
type Prometheus struct {
	// URL is that of the server, to which `/api/v1/query` is added.
	URL string
	// Token is sent as a bearer token, empty for none.
	Token string
}

// longestMessage is how much of an error of Prometheus is told.
const longestMessage = 200

// value returns the one value of a query, not a number where there is no series. Source: Prometheus, "HTTP API",
// instant queries.
func (a Asker) value(ctx context.Context, query string) (float64, error) {
	if a.Prometheus == nil {
		return 0, errors.New("the provider block says of no Prometheus where it is")
	}
	body := url.Values{"query": {query}}.Encode()
	address := strings.TrimSuffix(a.Prometheus.URL, "/") + "/api/v1/query"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, errors.New("the address of Prometheus is no URL")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a.UserAgent != "" {
		request.Header.Set("User-Agent", a.UserAgent)
	}
	if a.Prometheus.Token != "" {
		request.Header.Set("Authorization", "Bearer "+a.Prometheus.Token)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, errors.New("Prometheus cannot be asked: " + cause(err))
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return 0, errors.New("the answer of Prometheus broke off: " + cause(err))
	}
	var answer struct {
		Status, Error string
		Data          struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if json.Unmarshal(raw, &answer) != nil || answer.Status == "" {
		return 0, fmt.Errorf("what answered %d is no Prometheus", response.StatusCode)
	}
	if answer.Status != "success" {
		return 0, fmt.Errorf("Prometheus answered %d: %s", response.StatusCode, shortened(answer.Error))
	}
	return readResult(answer.Data.ResultType, answer.Data.Result)
}

func shortened(text string) string {
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

// judgeRate asks how often the versions fail that get more requests.
func (a Asker) judgeRate(ctx context.Context, rate walk.SuccessRate, about walk.Question) (walk.Verdict, string) {
	var than walk.Count
	if rate.WorseThan != "" {
		if !about.HasShare(rate.WorseThan) {
			return walk.Pass, rate.WorseThan + " gets no requests at this step, with which to compare"
		}
		other, ok := about.Others[rate.WorseThan]
		if !ok {
			return walk.Unreachable, "there is no subset " + rate.WorseThan
		}
		var err error
		if than, err = a.count(ctx, other, about); err != nil {
			return walk.Unreachable, err.Error()
		}
	}
	return worst(about.Versions, func(v walk.Version) (walk.Verdict, string) {
		is, err := a.count(ctx, v, about)
		switch {
		case err != nil:
			return walk.Unreachable, err.Error()
		case rate.WorseThan != "":
			return walk.JudgeDifference(is, than, rate.By, about.Confidence, about.Enough)
		}
		return walk.JudgeRate(is, rate.Min, about.Confidence, about.Enough)
	})
}

// judgeLatency asks how long the versions take to answer that get more requests.
func (a Asker) judgeLatency(ctx context.Context, l walk.Latency, about walk.Question) (walk.Verdict, string) {
	most := float64(l.Max) / float64(time.Millisecond)
	return worst(about.Versions, func(v walk.Version) (walk.Verdict, string) {
		is, err := a.count(ctx, v, about)
		if err != nil {
			return walk.Unreachable, err.Error()
		}
		if verdict, why := walk.JudgeRate(is, 0, about.Confidence, about.Enough); verdict == walk.NotYet {
			return verdict, why
		}
		query, err := v.Latency(l.Quantile, about.Window)
		if err != nil {
			return walk.Unreachable, err.Error()
		}
		value, err := a.value(ctx, query)
		if err != nil {
			return walk.Unreachable, err.Error()
		}
		return walk.JudgeBound(value, nil, &most, " ms")
	})
}

// count returns how many requests a version has answered since the step began, and how many of them failed.
func (a Asker) count(ctx context.Context, v walk.Version, about walk.Question) (walk.Count, error) {
	all, failed, err := v.Requests(about.Window)
	if err != nil {
		return walk.Count{}, err
	}
	var c walk.Count
	if c.Requests, err = a.value(ctx, all); err != nil {
		return c, err
	}
	c.Failed, err = a.value(ctx, failed)
	return c, err
}

// worst returns the worst verdict on some versions.
func worst(versions []walk.Version, judge func(walk.Version) (walk.Verdict, string)) (walk.Verdict, string) {
	rank := map[walk.Verdict]int{walk.Pass: 1, walk.NotYet: 2, walk.Unreachable: 3, walk.Fail: 4}
	is, why := walk.Verdict(-1), ""
	for _, v := range versions {
		if verdict, text := judge(v); rank[verdict] > rank[is] {
			is, why = verdict, v.Subset+": "+text
		}
	}
	if is < 0 {
		return walk.Unreachable, "no subset gets more requests"
	}
	return is, why
}
