// Meshlab runs a real Kubernetes API server, a real istiod, real Envoys and services behind them on one machine,
// without containers, for demos and acceptance tests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `meshlab runs a real kube-apiserver, etcd, istiod, a sidecar and a gateway on loopback, with a gRPC and
an HTTP service in three versions.

  meshlab build [--prometheus]     build the servers into the cache, once
  meshlab up [--dir DIR]           start a lab and stay until a signal, or until the parent process is gone
  meshlab run [--dir DIR] -- CMD   start a lab, run CMD in its environment, stop the lab, exit as CMD did
  meshlab call --via WAY ...       send gRPC or HTTP requests through istiod's routes and count who answered
  meshlab load --rate N ...        keep sending requests while routes change, count by marked periods
  meshlab watch [--dir DIR] ...    watch istiod as a sidecar does, report routes that name a missing cluster
  meshlab routes [--dir DIR] ...   print the route tables that istiod has for an Envoy, as JSON
  meshlab greeter --version V      serve one version of the gRPC service
  meshlab control --dir DIR kill|restart NAME   break a running lab on purpose, and repair it

With --prometheus, up and run start one that counts the requests to the services; the first time it is built too.

meshlab COMMAND --help lists the flags of a command.
`

// exitError is an exit code that needs no further message.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	err := command(os.Args[1:])
	var exit exitError
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, &exit):
		os.Exit(int(exit))
	default:
		fmt.Fprintln(os.Stderr, "meshlab:", err)
		os.Exit(1)
	}
}

func command(args []string) error {
	commands := map[string]func(context.Context, []string) error{
		"build":   build,
		"up":      up,
		"run":     run,
		"call":    sendCalls,
		"load":    sendLoad,
		"greeter": serveGreeter,
		"watch":   watchRoutes,
		"routes":  printRoutes, "control": controlLab,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return exitError(2)
	}
	return commands[args[0]](context.Background(), args[1:])
}

// parse reads the flags of a command; a wrong one is answered with the command's usage and exit code 2.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return exitError(2)
	}
	return nil
}
