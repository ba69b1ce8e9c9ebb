// Command terraform-provider-mesh serves the provider to Terraform and OpenTofu. With the argument lint it looks for
// misspelt names in a configuration.
package main

import (
	"flag"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/lint"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "lint" {
		os.Exit(lint.Run(os.Args[2:], provider.LintSchema(), os.Stdout, os.Stderr))
	}
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
