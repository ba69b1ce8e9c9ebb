package walk

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metricLabels are what the labels of pods are called in Istio's standard metrics. Source: Istio, "Istio Standard
// Metrics": destination_version comes from the label version, destination_app from app, and the canonical names from
// the labels of service.istio.io, where those are set.
var metricLabels = map[string]string{
	"version":                             "destination_version",
	"app":                                 "destination_app",
	"service.istio.io/canonical-name":     "destination_canonical_service",
	"service.istio.io/canonical-revision": "destination_canonical_revision",
}

// Version is a subset in the words of metrics.
type Version struct {
	Subset string
	// Host is the destination's host, which metrics call destination_service.
	Host   string
	Labels map[string]string
}

// Since is about which requests metrics are asked.
type Since struct {
	// Window is how long ago the first of them may have been.
	Window time.Duration
	// Reporter is who counted them: `destination`, the sidecars of the servers, where it is empty.
	Reporter string
}

// selector returns how PromQL selects the requests that the servers of a version have answered. It fails where a
// label is none of those that the metrics have.
func (v Version) selector(reporter string) (string, error) {
	if len(v.Labels) == 0 {
		return "", fmt.Errorf("the labels of the subset %s are not known here, without which its requests cannot be "+
			"told from others", v.Subset)
	}
	parts := []string{
		"reporter=" + strconv.Quote(cmp.Or(reporter, "destination")), "destination_service=" + strconv.Quote(v.Host),
	}
	for _, key := range slices.Sorted(maps.Keys(v.Labels)) {
		name, ok := metricLabels[key]
		if !ok {
			return "", fmt.Errorf("the subset %s has the label %q, which Istio's standard metrics do not have",
				v.Subset, key)
		}
		parts = append(parts, name+"="+strconv.Quote(v.Labels[key]))
	}
	return strings.Join(parts, ","), nil
}

// Measurable reports, as nil, that the metrics tell the requests of the version from others.
func (v Version) Measurable() error {
	_, err := v.selector("")
	return err
}

// failedCodes and failedStatuses are the answers that are the server's fault: those of HTTP, where 0 is a connection
// that broke, and those of gRPC: unknown, deadline exceeded, unimplemented, internal, unavailable and data loss.
// Source: grpc/grpc, doc/statuscodes.md.
const (
	failedCodes    = `5..|0`
	failedStatuses = `2|4|12|13|14|15`
)

// Requests returns the queries for how many requests a version has answered in the time before now, and how many of
// them failed.
func (v Version) Requests(since Since) (all, failed string, err error) {
	selector, err := v.selector(since.Reporter)
	if err != nil {
		return "", "", err
	}
	count := func(more string) string {
		return fmt.Sprintf("(sum(%s) or vector(0))", since.grown("istio_requests_total{"+selector+more+"}"))
	}
	return count(""), count(`,response_code=~"`+failedCodes+`"`) + " + " +
		count(`,response_code!~"`+failedCodes+`",grpc_response_status=~"`+failedStatuses+`"`), nil
}

// Latency returns the query for a quantile of the time, in milliseconds, that a version took to answer.
func (v Version) Latency(quantile float64, since Since) (string, error) {
	selector, err := v.selector(since.Reporter)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("histogram_quantile(%s, sum by (le) (%s))", strconv.FormatFloat(quantile, 'g', -1, 64),
		since.grown("istio_request_duration_milliseconds_bucket{"+selector+"}")), nil
}

// grown returns by how much counters have grown. What PromQL's own increase() would say is too little where it counts
// most: it takes the first value of a counter that is new for its beginning, and the failures of a canary are such a
// counter. This one takes 0. A counter that has gone with its pod still counts.
func (s Since) grown(series string) string {
	window := rangeOf(s.Window)
	most := fmt.Sprintf("max_over_time(%s[%s])", series, window)
	return fmt.Sprintf("%s - %s offset %s or %s", most, series, window, most)
}

// rangeOf writes a window in whole seconds, as PromQL does.
func rangeOf(window time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(max(window.Seconds(), 1))), 10) + "s"
}

// JudgeRate says whether enough requests of a version succeed: at least a part of them, in percent. With fewer than
// enough requests there is no verdict. It fails only where more have failed than chance explains, at a confidence
// such as 0.95; the source is that of [Worse].
func JudgeRate(is Count, least, confidence float64, enough int64) (Verdict, string) {
	if !known(is) || is.Requests < float64(max(enough, 1)) {
		return NotYet, tooFew(is, enough)
	}
	low, _ := wilson(is, quantile(confidence))
	text := fmt.Sprintf("%s of %s requests succeeded, at least %s %% are to", percent(1-is.Rate()),
		number(is.Requests), number(least))
	if 1-low < least/whole {
		return Fail, text
	}
	return Pass, text
}

// JudgeDifference says whether a version fails as seldom as another one: where it is certain, at a confidence, that
// it fails more by so many percent points, it does not pass. The other one may have fewer than enough requests, of
// which it has few near the end.
func JudgeDifference(is, than Count, by, confidence float64, enough int64) (Verdict, string) {
	if !known(is) || is.Requests < float64(max(enough, 1)) {
		return NotYet, tooFew(is, enough)
	}
	if !known(than) || than.Requests < 1 {
		return NotYet, number(is.Requests) + " requests came, and none to the other version, with which to compare"
	}
	text := fmt.Sprintf("%s of %s requests failed, and %s of %s of the other version", percent(is.Rate()),
		number(is.Requests), percent(than.Rate()), number(than.Requests))
	if Worse(is, than, confidence) > by/whole {
		return Fail, text
	}
	if than.Requests < float64(enough) {
		text += ", which are so few that only a large difference shows"
	}
	return Pass, text
}

// JudgeBound says whether a value lies within bounds, of which one may be missing. What is no number is no verdict.
func JudgeBound(value float64, least, most *float64, unit string) (Verdict, string) {
	switch {
	case math.IsNaN(value):
		return NotYet, "there is no value yet"
	case least != nil && value < *least:
		return Fail, fmt.Sprintf("the value is %s%s, at least %s is to be", number(value), unit, number(*least))
	case most != nil && value > *most:
		return Fail, fmt.Sprintf("the value is %s%s, at most %s is to be", number(value), unit, number(*most))
	}
	return Pass, fmt.Sprintf("the value is %s%s", number(value), unit)
}

// known reports whether a count is one: Prometheus may answer that it is none.
func known(c Count) bool {
	return !math.IsNaN(c.Requests) && !math.IsNaN(c.Failed) && !math.IsInf(c.Requests, 0) && !math.IsInf(c.Failed, 0)
}

func tooFew(is Count, enough int64) string {
	came := is.Requests
	if math.IsNaN(came) || came < 0 {
		came = 0
	}
	return fmt.Sprintf("%s of %d requests came", number(came), max(enough, 1))
}

func percent(rate float64) string { return number(math.Round(rate*1e4)/1e2) + " %" }

func number(f float64) string { return strconv.FormatFloat(math.Round(f*1e3)/1e3, 'f', -1, 64) }
