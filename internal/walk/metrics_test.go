package walk_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// A version is asked about by what Istio's standard metrics call its labels.
func TestVersion_queries(t *testing.T) {
	t.Parallel()
	v := walk.Version{Subset: "v2", Host: host, Labels: map[string]string{"version": "v2", "app": "re\"views"}}
	all, failed, err := v.Requests(walk.Since{Window: 90 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	const labels = `destination_service="reviews.shop.svc.cluster.local",` +
		`destination_app="re\"views",destination_version="v2"`
	grown := func(series, window string) string {
		return "max_over_time(" + series + "[" + window + "]) - " + series + " offset " + window +
			" or max_over_time(" + series + "[" + window + "])"
	}
	requests := func(more string) string {
		return "(sum(" + grown(`istio_requests_total{reporter="destination",`+labels+more+"}", "90s") +
			") or vector(0))"
	}
	want := []string{
		requests(""),
		requests(`,response_code=~"5..|0"`) + " + " +
			requests(`,response_code!~"5..|0",grpc_response_status=~"2|4|12|13|14|15"`),
	}
	if diff := cmp.Diff(want, []string{all, failed}); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	latency, err := v.Latency(0.99, walk.Since{Window: time.Millisecond, Reporter: "source"})
	if err != nil || latency != "histogram_quantile(0.99, sum by (le) ("+
		grown(`istio_request_duration_milliseconds_bucket{reporter="source",`+labels+"}", "1s")+"))" {
		t.Errorf("latency: %s, %v", latency, err)
	}
}

// What the metrics do not have cannot be asked for.
func TestVersion_otherLabels(t *testing.T) {
	t.Parallel()
	v := walk.Version{Subset: "v2", Host: host, Labels: map[string]string{"track": "canary"}}
	const want = `the subset v2 has the label "track", which Istio's standard metrics do not have`
	if _, _, err := v.Requests(walk.Since{}); err == nil || err.Error() != want {
		t.Errorf("requests: %v, want %s", err, want)
	}
	if _, _, err := (walk.Version{Subset: "v2"}).Requests(walk.Since{}); err == nil ||
		!strings.Contains(err.Error(), "the labels of the subset v2 are not known here") {
		t.Errorf("without labels: %v", err)
	}
	if _, err := v.Latency(0.5, walk.Since{}); err == nil || err.Error() != want {
		t.Errorf("latency: %v, want %s", err, want)
	}
}

// A verdict needs enough requests, and a failure more than chance.
func TestJudge(t *testing.T) {
	t.Parallel()
	rate := func(requests, failed, least float64) func() (walk.Verdict, string) {
		return func() (walk.Verdict, string) {
			return walk.JudgeRate(walk.Count{Requests: requests, Failed: failed}, least, 0.95, 100)
		}
	}
	difference := func(requests, failed, others, othersFailed float64) func() (walk.Verdict, string) {
		return func() (walk.Verdict, string) {
			return walk.JudgeDifference(walk.Count{Requests: requests, Failed: failed},
				walk.Count{Requests: others, Failed: othersFailed}, 0.5, 0.95, 100)
		}
	}
	bound := func(value float64, least, most *float64) func() (walk.Verdict, string) {
		return func() (walk.Verdict, string) { return walk.JudgeBound(value, least, most, " ms") }
	}
	five := 5.0
	nan := math.NaN()
	for name, test := range map[string]struct {
		judge func() (walk.Verdict, string)
		want  walk.Verdict
		say   string
	}{
		"all succeed": {
			rate(1000, 0, 99.5), walk.Pass,
			"100 % of 1000 requests succeeded, at least 99.5 % are to",
		},
		"too many fail":          {rate(1000, 50, 99.5), walk.Fail, "95 % of 1000 requests succeeded"},
		"a few more by chance":   {rate(1000, 6, 99.5), walk.Pass, "99.4 % of 1000"},
		"too few came":           {rate(10, 10, 99.5), walk.NotYet, "10 of 100 requests came"},
		"none came":              {rate(0, 0, 99.5), walk.NotYet, "0 of 100 requests came"},
		"no number came":         {rate(nan, 0, 99.5), walk.NotYet, "of 100 requests came"},
		"infinitely many failed": {rate(1000, math.Inf(1), 99.5), walk.NotYet, "1000 of 100 requests came"},
		"it is as good": {
			difference(1000, 1, 9000, 9), walk.Pass,
			"0.1 % of 1000 requests failed, and 0.1 % of 9000",
		},
		"it is worse":             {difference(1000, 50, 9000, 9), walk.Fail, "5 % of 1000 requests failed"},
		"too few came to compare": {difference(10, 10, 9000, 9), walk.NotYet, "10 of 100"},
		"nobody to compare with": {
			difference(1000, 50, 0, 0), walk.NotYet, "1000 requests came, and none to the other version",
		},
		"no number to compare with": {
			difference(1000, 50, nan, 0), walk.NotYet, "1000 requests came, and none to the other version",
		},
		"few to compare with": {
			difference(1000, 5, 99, 0), walk.Pass, "0.5 % of 1000 requests failed, and 0 % of 99 of the other " +
				"version, which are so few that only a large difference shows",
		},
		"few to compare with, and it is much worse": {
			difference(1000, 500, 99, 0), walk.Fail, "0 % of 99 of the other version",
		},
		"within the bounds":       {bound(5, &five, &five), walk.Pass, "the value is 5 ms"},
		"below the bound":         {bound(4.5, &five, nil), walk.Fail, "the value is 4.5 ms, at least 5 is to be"},
		"above the bound":         {bound(5.5, nil, &five), walk.Fail, "the value is 5.5 ms, at most 5 is to be"},
		"no value":                {bound(nan, nil, &five), walk.NotYet, "no value yet"},
		"more than any number is": {bound(math.Inf(1), nil, &five), walk.Fail, "the value is +Inf ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict, why := test.judge()
			if verdict != test.want || !strings.Contains(why, test.say) {
				t.Errorf("%s: %s; want %s: %s", verdict, why, test.want, test.say)
			}
		})
	}
}
