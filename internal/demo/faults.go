package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// breaks tells the servers of v2 to fail so many of a hundred requests, and returns how they are told to answer
// again.
func breaks(ctx context.Context, percent int) (repair func() error, err error) {
	about := url.Values{"service": {host}, "version": {"v2"}}
	at := os.Getenv("MESHLAB_METRICS") + "/faults?"
	repair = func() error {
		_, err := ask(context.WithoutCancel(ctx), http.MethodDelete, at+about.Encode())
		return err
	}
	wrong := url.Values{"service": about["service"], "version": about["version"], "fail": {strconv.Itoa(percent)}}
	_, err = ask(ctx, http.MethodPut, at+wrong.Encode())
	return repair, err
}

// failures returns how many requests the servers of v2 have failed, attempts that were tried again included.
func failures(ctx context.Context) (int, error) {
	metrics, err := ask(ctx, http.MethodGet, os.Getenv("MESHLAB_METRICS")+"/metrics")
	if err != nil {
		return 0, err
	}
	return failuresIn(metrics)
}

// failuresIn sums what metrics say of the requests that v2 has answered as not available.
func failuresIn(metrics string) (int, error) {
	sum := 0
	for line := range strings.Lines(metrics) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		of := func(label, value string) bool { return strings.Contains(series, label+"="+strconv.Quote(value)) }
		if !strings.HasPrefix(series, "istio_requests_total{") || !of("destination_service", host) ||
			!of("destination_version", "v2") || !of("grpc_response_status", "14") {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("read the metrics: %w", err)
		}
		sum += int(n)
	}
	return sum, nil
}

// ask asks the lab, and fails where it does not say yes.
func ask(ctx context.Context, method, at string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, at, nil)
	if err != nil {
		return "", fmt.Errorf("ask the lab: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask the lab: %w", err)
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return "", fmt.Errorf("ask the lab: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return "", fmt.Errorf("ask the lab: %s: %s", response.Status, body)
	}
	return string(body), nil
}
