// Command demo shows the provider's main job on a running lab: it applies the examples with Terraform or OpenTofu,
// draws them, sends real gRPC and HTTP requests through the routes that istiod computed from them, and prints who
// answered. It fails when a single request goes elsewhere than the routes say. Where the lab has an Envoy, it routes;
// else gRPC's own client does, and HTTP is left out.
//
// With the argument `walk` it shows shares that move by themselves, which needs a lab with a Prometheus.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

const (
	host   = "k8s-combat-service-istio-mesh.greeter.svc.cluster.local"
	hello  = "/helloworld.Greeter/SayHello"
	again  = "/helloworld.Greeter/SayHelloAgain"
	report = "\n== %s ==\n"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	started := time.Now()
	acts := []act{byHeader, byWeight, policies, overHTTP, cleanUp}
	next := "\nmake demo-walk shows a canary that walks by itself, and one that goes back"
	if slices.Equal(os.Args[1:], []string{"walk"}) {
		acts, next = []act{walks}, ""
	}
	if err := show(ctx, acts); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo failed:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
	fmt.Printf("\ndemo passed in %.0f s%s\n", time.Since(started).Seconds(), next)
}

// act is a part of the demo.
type act func(ctx context.Context, work *demoWorkspace) error

func show(ctx context.Context, acts []act) (err error) {
	work, err := newWorkspace()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.Close()) }()

	fmt.Println(work.proxies())
	for _, act := range acts {
		if err := act(ctx, work); err != nil {
			return err
		}
	}
	return nil
}

// byHeader applies the first example: the header decides.
func byHeader(ctx context.Context, work *demoWorkspace) error {
	fmt.Printf(report, "A canary by header: version 100 to v1, 200 to v2, all others to v1")
	err := work.apply(ctx, "", "examples/resources/mesh_canary_route/resource.tf")
	if err == nil {
		err = work.draw(ctx, "mesh_canary_route.greeter")
	}
	if err != nil {
		return err
	}
	for _, c := range []struct{ version, want string }{{"100", "v1"}, {"200", "v2"}, {"", "v1"}} {
		headers, title := map[string]string{"version": c.version}, "version: "+c.version
		if c.version == "" {
			headers, title = nil, "no version"
		}
		want := expectation{c.want: {share: 1}}
		if err := work.measure(ctx, title, request{Method: hello, Headers: headers, Count: 1000}, want); err != nil {
			return err
		}
	}
	return nil
}

// byWeight turns the canary into a split in place: nine of ten calls of one method go to v2.
func byWeight(ctx context.Context, work *demoWorkspace) error {
	fmt.Printf(report, "A split by weight: 90 % of SayHello to v2, with a timeout of 5000 ms")
	err := work.apply(ctx, moved("mesh_canary_route", "mesh_weighted_split"),
		"examples/resources/mesh_weighted_split/resource.tf")
	if err == nil {
		err = work.draw(ctx, "mesh_weighted_split.greeter")
	}
	if err != nil {
		return err
	}
	split := expectation{"v1": {share: 0.1}, "v2": {share: 0.9}}
	if err := work.measure(ctx, "SayHello", request{Method: hello, Count: 5000}, split); err != nil {
		return err
	}
	if work.envoy != "" {
		proxyless := request{Via: viaXDS, Method: hello, Count: 2000}
		if err := work.measure(ctx, "SayHello by gRPC's own client, without a proxy", proxyless, split); err != nil {
			return err
		}
	}
	if err := work.measure(ctx, "SayHelloAgain", request{Method: again, Count: 1000}, expectation{
		"v1": {share: 1},
	}); err != nil {
		return err
	}
	fmt.Println("\n  a call that would take 7 s, limited to 5000 ms by the route:")
	return work.check(ctx, request{Method: hello, Headers: map[string]string{"x-sleep": "7s"}, Count: 2},
		func(a answers) error {
			return errors.Join(a.timedOut(), a.tookBetween(4900, 6500))
		})
}

// policies shows that a timeout, retries and injected faults act. Where there is an Envoy, the routes of HTTP come
// with the same apply.
func policies(ctx context.Context, work *demoWorkspace) error {
	fmt.Printf(report, "Timeout, retries and faults, each by its own rule")
	examples := []string{"examples/policies/main.tf"}
	if work.envoy != "" {
		examples = append(examples, "examples/http/main.tf")
	}
	err := work.apply(ctx, moved("mesh_weighted_split", "mesh_canary_route"), examples...)
	if err == nil {
		err = work.draw(ctx, "mesh_canary_route.greeter")
	}
	if err != nil {
		return err
	}
	try := func(rule string, more ...string) map[string]string {
		headers := map[string]string{"try": rule}
		for i := 0; i < len(more); i += 2 {
			headers[more[i]] = more[i+1]
		}
		return headers
	}
	if err := work.measure(ctx, "no rule: a quarter to v2", request{Method: hello, Count: 2000},
		expectation{"v1": {share: 0.75}, "v2": {share: 0.25}}); err != nil {
		return err
	}
	for _, c := range []struct {
		title   string
		headers map[string]string
		check   func(answers) error
	}{
		{"timeout 200ms, and an answer that takes 2 s: the call ends in time", try("timeout", "x-sleep", "2s"), func(
			a answers,
		) error {
			return errors.Join(a.timedOut(), a.tookBetween(150, 1500))
		}},
		{
			"3 retries, and a service that fails twice: the third attempt answers",
			try("retries", "x-fail-first", "2"),
			func(a answers) error {
				return errors.Join(a.succeeded(), a.attempted("3"))
			},
		},
		{"no retries, and the same service: the caller sees the failure", try("no-retries", "x-fail-first", "2"), func(
			a answers,
		) error {
			return a.failed("Unavailable")
		}},
		{"injected abort PERMISSION_DENIED", try("abort"), func(a answers) error {
			return a.failed("PermissionDenied")
		}},
		{"injected delay of 300ms", try("delay"), func(a answers) error {
			return errors.Join(a.succeeded(), a.tookBetween(290, 1500))
		}},
	} {
		fmt.Println("\n  " + c.title + ":")
		if err := work.check(ctx, request{Method: hello, Headers: c.headers, Count: 20}, c.check); err != nil {
			return err
		}
	}
	return nil
}

// cleanUp shows that nothing is left to change, then that nothing is left.
func cleanUp(ctx context.Context, work *demoWorkspace) error {
	fmt.Printf(report, "A second plan is empty, and destroy leaves nothing")
	if err := work.terraform(ctx, "plan", "-detailed-exitcode"); err != nil {
		return fmt.Errorf("the second plan is not empty: %w", err)
	}
	if err := errors.Join(work.terraform(ctx, "destroy", "-auto-approve"), work.settle(ctx)); err != nil {
		return err
	}
	third := expectation{"v1": {share: 1.0 / 3}, "v2": {share: 1.0 / 3}, "v3": {share: 1.0 / 3}}
	return work.measure(ctx, "without routes every pod of the service answers", request{Method: hello, Count: 3000},
		third)
}

// moved is the block that tells Terraform that one resource became another, so that the objects stay.
func moved(from, to string) string {
	return fmt.Sprintf("moved {\n  from = %s.greeter\n  to   = %s.greeter\n}\n", from, to)
}
