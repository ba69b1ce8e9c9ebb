// Command terraform-provider-mesh serves the provider to Terraform and OpenTofu. With the name of a command as its
// first argument it does without them.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/ask"
	"github.com/meshroute/terraform-provider-mesh/internal/lint"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// version is set by the release build.
var version = "dev"

// command is something that the binary does by itself.
type command struct {
	about string
	// run gets the arguments after the name, and returns the exit code.
	run func(args []string) int
}

var commands = map[string]command{
	"ask": {"tells where a request goes, of YAML files or of the live cluster", func(args []string) int {
		return ask.Run(args, provider.Connector(version), os.Stdin, os.Stdout, os.Stderr)
	}},
	"lint": {"looks for misspelt names in a configuration", func(args []string) int {
		return lint.Run(args, provider.LintSchema(), os.Stdout, os.Stderr)
	}},
	"version": {"prints the version", func([]string) int {
		if _, err := fmt.Println(version); err != nil { //nolint:forbidigo // what was asked for
			return 1
		}
		return 0
	}},
	"view": {"draws every route that a plan touches, before and after", func(args []string) int {
		return view.Run(args, os.Stdin, os.Stdout, os.Stderr, provider.Look(version))
	}},
	"write": {"prints the configuration, with import blocks, of what routes in a namespace", func(args []string) int {
		return write.Run(args, provider.OpenWrite(version), os.Stdout, os.Stderr)
	}},
}

func main() {
	debug := flag.Bool("debug", false, "run with support for debuggers like delve")
	if len(os.Args) > 1 {
		switch name := os.Args[1]; asked(name) {
		case "help":
			printUsage(os.Stdout)
			return
		case "version":
			os.Exit(commands["version"].run(nil))
		default:
			if c, ok := commands[name]; ok {
				os.Exit(c.run(os.Args[2:]))
			}
		}
	}
	flag.Usage = func() { printUsage(os.Stderr) }
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "There is no command %q.\n", flag.Arg(0))
		printUsage(os.Stderr)
		os.Exit(2)
	}

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

// asked returns what is asked for by a first argument in whatever way people ask for it: help, version or nothing.
func asked(argument string) string {
	name := strings.TrimLeft(argument, "-")
	switch {
	case name == "help", argument == "-h", argument == "--h":
		return "help"
	case name == "version", argument == "-v":
		return "version"
	}
	return ""
}

func printUsage(to io.Writer) {
	fmt.Fprint(to, "Terraform and OpenTofu start this provider themselves. Started by hand it has these "+
		"commands; NAME --help says more.\n\n")
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		fmt.Fprintf(to, "  %-8s %s\n", name, commands[name].about)
	}
	fmt.Fprint(to, "\nFlags:\n")
	flag.CommandLine.SetOutput(to)
	flag.PrintDefaults()
}
