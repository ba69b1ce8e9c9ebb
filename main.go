// Command terraform-provider-mesh serves the provider to Terraform and OpenTofu. With the name of a command as its
// first argument it does without them: ask tells where a request goes, lint looks for misspelt names in a
// configuration, version prints the version, view draws a plan, write prints the configuration of what a namespace has.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/ask"
	"github.com/meshroute/terraform-provider-mesh/internal/lint"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// version is set by the release build.
var version = "dev"

// commands are what the binary does by itself. Each gets its own arguments, and returns the exit code.
var commands = map[string]func(args []string) int{
	"ask": func(args []string) int {
		return ask.Run(args, provider.Connector(version), os.Stdin, os.Stdout, os.Stderr)
	},
	"lint": func(args []string) int { return lint.Run(args, provider.LintSchema(), os.Stdout, os.Stderr) },
	"view": func(args []string) int {
		return view.Run(args, os.Stdin, os.Stdout, os.Stderr, provider.Look(version))
	},
	"version": func([]string) int {
		return printVersion()
	},
	"write": func(args []string) int {
		return write.Run(args, provider.OpenWrite(version), os.Stdout, os.Stderr)
	},
}

func main() {
	if len(os.Args) > 1 {
		if run, ok := commands[os.Args[1]]; ok {
			os.Exit(run(os.Args[2:]))
		}
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

func printVersion() int {
	if _, err := fmt.Fprintln(os.Stdout, version); err != nil {
		return 1
	}
	return 0
}
