package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/grpclog"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/scenario"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
)

// headersFlag collects --header k=v.
type headersFlag map[string]string

func (h headersFlag) String() string { return "" }

func (h headersFlag) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return fmt.Errorf("want key=value")
	}
	h[key] = value
	return nil
}

func sendCalls(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("call", flag.ContinueOnError)
	var source call.Source
	request := call.Request{Headers: map[string]string{}}
	var identity call.Identity
	sourceFlags(flags, &source)
	dir := dirFlag(flags)
	identityFlags(flags, &identity)
	targetFlags(flags, &request.Via, &request.Protocol, &request.TLS)
	messageFlags(flags, &request.Port, &request.Method, &request.Path)
	flags.StringVar(&request.Host, "host", "", "host to call (default that of the scenario's service)")
	flags.Var(headersFlag(request.Headers), "header", "request header `key=value`; can be repeated")
	flags.IntVar(&request.Count, "count", 1000, "number of calls; 0 with --duration: as many as fit")
	flags.IntVar(&request.Count, "n", 1000, "short for --count")
	flags.IntVar(&request.Concurrency, "concurrency", 8, "calls in progress at a time")
	flags.Float64Var(&request.Rate, "rate", 0, "calls per second; 0: as fast as it goes")
	flags.DurationVar((*time.Duration)(&request.Duration), "duration",
		0, "stop after this time even if --count is not reached")
	flags.DurationVar((*time.Duration)(&request.Timeout), "timeout", 20*time.Second, "deadline of each call")
	flags.BoolVar(&request.Seen, "seen", false,
		"also count which versions of the HTTP service received the requests, mirrored ones too")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	batch := flags.Bool("batch", false,
		"read one request per line as JSON from stdin, answer each with a line of JSON; flags are the defaults")
	if err := parse(flags, args); err != nil {
		return err
	}
	if request.Host == "" {
		request.Host = serviceHost(request.Protocol)
	}
	var err error
	if source.Proxies, err = proxiesOf(*dir); err != nil {
		return err
	}
	request.Namespace, request.Labels = identity.Namespace, identity.Labels
	// What grpc-go would log about the channel is in the errors that the report counts.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	clients := call.NewClients(source)
	defer clients.Close()
	if *batch {
		return clients.Batch(ctx, request, os.Stdin, os.Stdout)
	}
	report, err := clients.Run(ctx, request)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(report)
	}
	report.Print(os.Stdout)
	return nil
}

// serviceHost is the service of the scenario that speaks a protocol.
func serviceHost(protocol call.Protocol) string {
	name := scenario.HTTPService
	if protocol == "" || protocol == call.GRPC {
		name = scenario.Service
	}
	return name + "." + scenario.Namespace + ".svc.cluster.local"
}

func serveGreeter(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("greeter", flag.ContinueOnError)
	listen := flags.String("listen", ":50051", "`address` to listen on")
	version := flags.String("version", "v1", "version that the answers name")
	if err := parse(flags, args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := greeter.Serve(listener, *version, greeter.NewAttempts(), telemetry.Reporter{})
	fmt.Printf("greeter %s listens on %s\n", *version, listener.Addr())
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, server.Stop)
	return server.Wait()
}

func controlLab(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("control", flag.ContinueOnError)
	dir := flags.String("dir", os.Getenv("MESH_TEST_LAB"), "`directory` of the lab")
	if err := parse(flags, args); err != nil {
		return err
	}
	if flags.NArg() != 2 || *dir == "" {
		return fmt.Errorf("control: want --dir DIR kill|restart NAME")
	}
	base, err := os.ReadFile(filepath.Join(*dir, "control"))
	if err != nil {
		return fmt.Errorf("find lab: %w", err)
	}
	url := fmt.Sprintf("%s/%s/%s", strings.TrimSpace(string(base)), flags.Arg(0), flags.Arg(1))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return fmt.Errorf("control lab: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("control lab: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("control lab: %s: %s", response.Status, strings.TrimSpace(string(text)))
	}
	return nil
}
