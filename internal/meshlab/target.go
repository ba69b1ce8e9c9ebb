package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/lab"
)

// targetFlags and messageFlags are those that every command has that sends requests.
func targetFlags(flags *flag.FlagSet, via *call.Via, protocol *call.Protocol, tls *bool) {
	flags.StringVar((*string)(via), "via", string(call.XDS),
		"what routes the requests: xds (gRPC's own client), or an Envoy of the lab: sidecar or gateway")
	flags.StringVar((*string)(protocol), "protocol", string(call.GRPC), "what to speak: grpc, http1 or http2")
	flags.BoolVar(tls, "tls", false, "send with TLS, to the gateway's HTTPS port")
}

func messageFlags(flags *flag.FlagSet, port *int, method, path *string) {
	flags.IntVar(port, "port", 0, "port of the service, or of the gateway (default the lab's for the protocol)")
	flags.StringVar(method, "method", "", "method of gRPC, /package.Service/Method, or of HTTP "+
		"(default that of the scenario's greeter, or GET)")
	flags.StringVar(path, "path", "", "`path` of HTTP, with the query (default /)")
}

func dirFlag(flags *flag.FlagSet) *string {
	return flags.String("dir", "",
		"`directory` of the lab whose Envoys to send through (default what the environment says)")
}

// proxiesOf returns where the Envoys are that the environment names, or those of a lab that is named.
func proxiesOf(dir string) (call.Proxies, error) {
	getenv := os.Getenv
	if dir != "" {
		env, err := lab.ReadEnv(dir)
		if err != nil {
			return call.Proxies{}, err
		}
		getenv = func(name string) string { return env[name] }
	}
	proxies, err := call.ProxiesOf(getenv)
	if err != nil {
		return proxies, fmt.Errorf("find the lab's Envoys: %w", err)
	}
	return proxies, nil
}
