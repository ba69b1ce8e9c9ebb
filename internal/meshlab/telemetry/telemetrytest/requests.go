// Package telemetrytest reads what the telemetry of a lab tells.
package telemetrytest

import (
	"fmt"
	"io"
	"maps"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Requests counts those with all of the labels by the value of one more label.
func Requests(metrics io.Reader, by string, labels map[string]string) (map[string]int, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(metrics)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	counts := map[string]int{}
	for _, metric := range families["istio_requests_total"].GetMetric() {
		got := map[string]string{}
		for _, label := range metric.GetLabel() {
			got[label.GetName()] = label.GetValue()
		}
		all := maps.Clone(got)
		maps.Copy(all, labels)
		if maps.Equal(got, all) {
			counts[got[by]] += int(metric.GetCounter().GetValue())
		}
	}
	return counts, nil
}
