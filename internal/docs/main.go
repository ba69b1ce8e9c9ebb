// Command docs makes what tfplugindocs does not for docs/. `docs schema` prints the provider's schema as Terraform
// prints it, of which an older Terraform leaves actions and lists out. `docs reference DIR` takes the pages that
// tfplugindocs wrote into DIR, and writes what the pages of the resources say of nested attributes anew: what stands
// in many places of a resource once.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// address is where tfplugindocs looks for the schema, whatever the provider is published as.
const address = "registry.terraform.io/hashicorp/mesh"

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	schema, err := providerSchema(ctx)
	switch {
	case err != nil:
		return err
	case len(args) == 1 && args[0] == "schema":
		return json.NewEncoder(stdout).Encode(tfjson.ProviderSchemas{
			FormatVersion: "1.0", Schemas: map[string]*tfjson.ProviderSchema{address: schema},
		})
	case len(args) == 2 && args[0] == "reference":
		for name, resource := range schema.ResourceSchemas {
			file := filepath.Join(args[1], "resources", strings.TrimPrefix(name, "mesh_")+".md")
			if err := rewrite(file, resource); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("usage: docs schema | docs reference DIR")
}

// rewrite puts the reference of a resource into its page.
func rewrite(file string, resource *tfjson.Schema) error {
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	reference, err := referenceOf(resource.Block)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	text, err := withReference(string(page), reference)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(text), 0o600)
}
