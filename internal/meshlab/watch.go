package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/grpc/grpclog"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/scenario"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/watch"
)

func watchRoutes(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("watch", flag.ContinueOnError)
	o := watch.Options{Labels: map[string]string{}, Hosts: watch.Hosts{Namespace: scenario.Namespace}}
	dir := proxyFlags(flags, &o)
	hosts := "`host` whose routes and endpoints count; can be repeated (default the routes of every service in " +
		scenario.Namespace + ")"
	flags.Func("host", hosts, func(host string) error {
		o.Hosts.Names = append(o.Hosts.Names, host)
		return nil
	})
	duration := flags.Duration("duration",
		0, "stop after this time (default when a signal comes, or stdin is a pipe and is closed)")
	if err := parse(flags, args); err != nil {
		return err
	}
	if err := findIstiod(&o, *dir); err != nil {
		return err
	}
	// What grpc-go would log about the connection is in the events.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	ctx, stop := untilStopped(ctx, *duration)
	defer stop(nil)
	if closes(os.Stdin) {
		o.Commands = watch.Commands(ctx, os.Stdin)
	}
	return watch.Run(ctx, o, os.Stdout)
}

// proxyFlags are those that every command has that subscribes as an Envoy does. They return the directory of the lab.
func proxyFlags(flags *flag.FlagSet, o *watch.Options) *string {
	flags.StringVar(&o.XDS, "xds", "", "`address` of istiod (host:port, without TLS)")
	flags.StringVar(&o.Namespace, "client-namespace", scenario.Namespace, "namespace that the proxy is in")
	flags.Func("client-labels", "labels of the proxy's pod, `key=value,...`", func(text string) error {
		for pair := range strings.SplitSeq(text, ",") {
			if err := headersFlag(o.Labels).Set(pair); err != nil {
				return err
			}
		}
		return nil
	})
	return flags.String("dir", os.Getenv("MESH_TEST_LAB"),
		"`directory` of the lab whose istiod to use when --xds is not given")
}

func findIstiod(o *watch.Options, dir string) (err error) {
	if o.XDS == "" {
		o.XDS, err = istiodOf(dir)
	}
	return err
}

// closes says whether the end of a standard input means that somebody has closed it: that of /dev/null or a file does
// not.
func closes(stdin *os.File) bool {
	info, err := stdin.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// istiodOf returns where the istiod of a lab answers xDS requests.
func istiodOf(dir string) (string, error) {
	if dir == "" {
		return "", fmt.Errorf("find istiod: set --xds, --dir or MESH_TEST_LAB")
	}
	data, err := os.ReadFile(filepath.Join(dir, "processes.json"))
	if err != nil {
		return "", fmt.Errorf("find istiod: %w", err)
	}
	var processes map[string]struct{ Argv []string }
	if err := json.Unmarshal(data, &processes); err != nil {
		return "", fmt.Errorf("find istiod: %w", err)
	}
	argv := processes[cluster.Istiod].Argv
	i := slices.Index(argv, "--grpcAddr")
	if i < 0 || i+1 >= len(argv) {
		return "", fmt.Errorf("find istiod: %s names no --grpcAddr", filepath.Join(dir, "processes.json"))
	}
	return argv[i+1], nil
}
