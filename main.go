// Command terraform-provider-mesh serves the provider to Terraform and OpenTofu.
package main

import (
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "run with support for debuggers like delve")
	flag.Parse()

	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	} else {
		provider.QuietUnlessAsked()
		go provider.EndWithParent()
	}
	err := tf6server.Serve("registry.terraform.io/meshroute/mesh", provider.NewServer(version), options...)
	if err != nil {
		log.Fatal(err)
	}
}
