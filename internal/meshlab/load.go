package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc/grpclog"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/load"
)

// maxRate is far beyond what one process can send.
const maxRate = 100_000

func sendLoad(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	o := load.Options{}
	sourceFlags(flags, &o.Source)
	identityFlags(flags, &o.Identity)
	flags.Float64Var(&o.Rate, "rate", 500, "calls per second, of all streams together")
	flags.IntVar(&o.Channels, "channels", 2, "channels to each host, each with a connection to istiod of its own")
	flags.IntVar(&o.MaxInFlight, "max-in-flight", 1000,
		"calls in progress at a time; what is due beyond that is skipped and counted")
	flags.DurationVar(&o.Timeout, "timeout", 20*time.Second, "deadline of each call")
	flags.DurationVar(&o.ReadyWait, "ready-wait", 5*time.Second,
		"how long new channels may take to connect before they are used")
	dir := dirFlag(flags)
	targetFlags(flags, &o.Defaults.Via, &o.Defaults.Protocol, &o.Defaults.TLS)
	messageFlags(flags, &o.Defaults.Port, &o.Defaults.Method, &o.Defaults.Path)
	duration := flags.Duration("duration", 10*time.Minute, "stop after this time in any case")
	text := flags.String("streams", "", "what to send: a `list` of streams as JSON, or @FILE that holds one")
	if err := parse(flags, args); err != nil {
		return err
	}
	if o.Rate <= 0 || o.Channels < 1 || o.MaxInFlight < 1 || o.Timeout <= 0 || *duration <= 0 {
		return errors.New("load: rate, channels, max-in-flight, timeout and duration must be positive")
	}
	if o.Rate > maxRate {
		return fmt.Errorf("load: rate must be at most %d calls a second", maxRate)
	}
	var err error
	if o.Source.Proxies, err = proxiesOf(*dir); err != nil {
		return err
	}
	streams, err := readStreams(*text)
	if err != nil {
		return err
	}
	// What grpc-go would log about the channels is in the errors that the report counts.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	ctx, stop := untilStopped(ctx, *duration)
	defer stop(nil)
	return load.Run(ctx, o, streams, os.Stdin, closes(os.Stdin), os.Stdout)
}

func readStreams(text string) ([]load.Stream, error) {
	if text == "" {
		return nil, nil
	}
	data := []byte(text)
	if file, isFile := strings.CutPrefix(text, "@"); isFile {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("read streams: %w", err)
		}
	}
	var streams []load.Stream
	if err := json.Unmarshal(data, &streams); err != nil {
		return nil, fmt.Errorf("parse streams: %w", err)
	}
	return streams, nil
}

// untilStopped returns a context that ends with the first reason to stop, or after a time; 0 means that there is no
// such time.
func untilStopped(ctx context.Context, limit time.Duration) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	var over <-chan time.Time
	if limit > 0 {
		over = time.After(limit)
	}
	reasons := stops()
	go func() {
		select {
		case reason := <-reasons:
			cancel(reason)
		case <-over:
			cancel(errors.New("duration is over"))
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// sourceFlags and identityFlags are those that every command with grpc-go's xDS client has.
func sourceFlags(flags *flag.FlagSet, source *call.Source) {
	flags.StringVar(&source.XDS, "xds", "", "`address` of istiod (host:port, without TLS)")
	flags.StringVar(&source.Bootstrap, "bootstrap",
		"", "bootstrap `file` to use when --xds is not given (default $"+call.BootstrapVariable+")")
}

func identityFlags(flags *flag.FlagSet, identity *call.Identity) {
	flags.StringVar(&identity.Namespace, "client-namespace", "default", "namespace that the client is in")
	flags.StringVar(&identity.Labels, "client-labels", "app=client", "labels of the client, `key=value,...`")
}
