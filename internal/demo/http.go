package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

const (
	echoHost    = "echo.greeter.svc.cluster.local"
	outsideHost = "shop.example"
	copied      = "/copied" // the path of what is mirrored
)

// overHTTP sends HTTP through both Envoys to the routes that came with the policies.
func overHTTP(ctx context.Context, work *demoWorkspace) error {
	if work.envoy == "" {
		return nil
	}
	fmt.Printf(report, "HTTP through Envoy "+work.envoy+", at the sidecar and at the gateway")
	if err := work.draw(ctx, "mesh_canary_route.echo"); err != nil {
		return err
	}
	if err := work.split(ctx); err != nil {
		return err
	}
	return work.actions(ctx)
}

// split shows who answers: testers, and all others by weight, wherever they come from.
func (w *demoWorkspace) split(ctx context.Context) error {
	quarter := expectation{"v1": {share: 0.75}, "v2": {share: 0.25}}
	for _, c := range []struct {
		title string
		request
		want expectation
	}{
		{"x-tester: yes", request{
			Protocol: "http1", Host: echoHost, Count: 500, Headers: map[string]string{"x-tester": "yes"},
		}, expectation{"v2": {share: 1}}},
		{"HTTP/2 by the sidecar", request{Protocol: "http2", Host: echoHost, Count: 2000}, quarter},
		{"HTTPS from outside, " + outsideHost, request{
			Via: viaGateway, Protocol: "http1", TLS: true, Host: outsideHost, Count: 2000,
		}, quarter},
	} {
		if err := w.measure(ctx, c.title, c.request, c.want); err != nil {
			return err
		}
	}
	return nil
}

// actions shows what else the rules do to a request.
func (w *demoWorkspace) actions(ctx context.Context) error {
	for _, c := range []struct {
		title   string
		path    string
		headers map[string]string
		check   func(answers) error
	}{
		{
			"/slow, timeout 200ms, and an answer that takes 2 s", "/slow", map[string]string{"x-sleep": "2s"},
			func(a answers) error { return errors.Join(a.failed("504"), a.tookBetween(150, 1500)) },
		},
		{
			"/flaky, 2 retries, and a service that fails twice: the third attempt answers", "/flaky",
			map[string]string{"x-fail-first": "2"},
			func(a answers) error { return errors.Join(a.succeeded(), a.attempted("3")) },
		},
		{"/broken, aborted with 418", "/broken", nil, func(a answers) error { return a.failed("418") }},
		{"/late, delayed by 300ms", "/late", nil, func(a answers) error {
			return errors.Join(a.succeeded(), a.tookBetween(290, 1500))
		}},
		{copied + ", answered by v1, and a copy of each to v2", copied, nil, func(a answers) error {
			fmt.Printf("    received by v1: %d, by v2: %d\n", a.Seen["v1"], a.Seen["v2"])
			if !maps.Equal(a.Seen, map[string]int{"v1": a.Total, "v2": a.Total}) || a.Answers["v1"] != a.Total {
				return fmt.Errorf("answered by %v, received by %v, expected %d each", a.Answers, a.Seen, a.Total)
			}
			return nil
		}},
		{"/old/tea?milk=1, path rewritten", "/old/tea?milk=1", nil, func(a answers) error {
			fmt.Printf("    the service was asked for %s\n", a.Sample.Path)
			if a.Sample.Path != "/new/tea?milk=1" {
				return errors.New("the path is not the rewritten one")
			}
			return a.succeeded()
		}},
	} {
		fmt.Println("\n  " + c.title + ":")
		if err := w.check(ctx, request{
			Protocol: "http1", Host: echoHost, Path: c.path, Headers: c.headers, Count: 20, Seen: c.path == copied,
		}, c.check); err != nil {
			return err
		}
	}
	return nil
}
