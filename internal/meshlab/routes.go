package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"google.golang.org/grpc/grpclog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/watch"
)

// printRoutes prints a list of RouteConfigurations, each a line of JSON in protobuf's mapping.
func printRoutes(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("routes", flag.ContinueOnError)
	o := watch.Options{Labels: map[string]string{}}
	dir := proxyFlags(flags, &o)
	flags.BoolVar(&o.Gateway, "gateway", false, "be a gateway instead of a sidecar")
	timeout := flags.Duration("timeout", 30*time.Second, "how long istiod may take")
	if err := parse(flags, args); err != nil {
		return err
	}
	if err := findIstiod(&o, *dir); err != nil {
		return err
	}
	// What grpc-go would log about the connection is in the error.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	tables, err := watch.Fetch(ctx, o)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		line, err := protojson.Marshal(tables[name])
		if err == nil {
			err = encoder.Encode(json.RawMessage(line))
		}
		if err != nil {
			return fmt.Errorf("print route table %q: %w", name, err)
		}
	}
	return nil
}
