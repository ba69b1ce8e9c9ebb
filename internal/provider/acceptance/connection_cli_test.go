package acceptance_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// TestMain serves the provider when Terraform starts the test binary as its plugin: so the tests that follow run the
// real command, with files and an environment of their own.
func TestMain(m *testing.M) {
	if os.Getenv("TF_PLUGIN_MAGIC_COOKIE") != "" {
		serve := provider.NewServer("test")
		if cloud, ok := standIn(); ok {
			serve = providerserver.NewProtocol6(cloud)
		} else {
			provider.QuietUnlessAsked()
		}
		go provider.EndWithParent()
		err := tf6server.Serve(sourceAddress, serve)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	os.Exit(code)
}

const sourceAddress = "registry.terraform.io/meshroute/mesh"

// cli is a Terraform working directory of one test.
type cli struct {
	t   *testing.T
	dir string
	// env is added to what every command needs; nothing of the test's own environment reaches Terraform but PATH.
	env []string
	// wrapper is a command that runs Terraform; empty for none.
	wrapper []string
}

// result is what a command printed.
type result struct {
	ok          bool
	text        string
	Diagnostics []diagnostic
}

// diagnostic is one error or warning, as Terraform reports it.
type diagnostic struct {
	Severity, Summary, Detail, Address string
	Snippet                            *struct {
		Code   string
		Values []struct{ Traversal, Statement string }
	}
}

func newCLI(t *testing.T, env ...string) *cli {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests need TF_ACC=1 and a control plane: make testacc")
	}
	c := &cli{t: t, dir: t.TempDir(), env: env}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugins := filepath.Join(c.dir, "plugins")
	if err := errors.Join(
		os.Mkdir(plugins, 0o700), os.Symlink(executable, filepath.Join(plugins, "terraform-provider-mesh")),
	); err != nil {
		t.Fatal(err)
	}
	// A source without a registry is one of OpenTofu's own there.
	c.write("cli.tfrc",
		fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n  direct {}\n}\n",
			sourceAddress, plugins, "registry.opentofu.org/meshroute/mesh", plugins))
	return c
}

// write writes a file of the working directory and returns its path.
func (c *cli) write(name, content string) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// configure writes the configuration: the attributes of the provider block, and everything else.
func (c *cli) configure(providerBlock, rest string) {
	c.t.Helper()
	c.write("main.tf", fmt.Sprintf(
		"terraform {\n  required_providers {\n    mesh = { source = %q }\n  }\n}\n\nprovider \"mesh\" {\n%s\n}\n\n%s",
		sourceAddress, providerBlock, rest,
	))
}

func terraformPath() string {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	return "terraform"
}

// run runs a command, such as "plan". It is no failure of the test when the command fails.
func (c *cli) run(arguments ...string) result {
	c.t.Helper()
	if slices.Contains([]string{"plan", "apply", "destroy"}, arguments[0]) {
		arguments = append(arguments, "-json", "-input=false")
	}
	if slices.Contains([]string{"apply", "destroy"}, arguments[0]) && !slices.Contains(arguments, "saved.tfplan") {
		arguments = append(arguments, "-auto-approve")
	}
	// A plan file must stand last.
	if i := slices.Index(arguments, "saved.tfplan"); i >= 0 && arguments[0] == "apply" {
		arguments = append(slices.Delete(arguments, i, i+1), "saved.tfplan")
	}
	line := append(append(slices.Clone(c.wrapper), terraformPath()), arguments...)
	command := exec.CommandContext(c.t.Context(), line[0], line[1:]...)
	command.Dir = c.dir
	command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "TF_CLI_CONFIG_FILE=" + filepath.Join(c.dir, "cli.tfrc"),
		"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "GOGC=" + os.Getenv("GOGC"),
	}, c.env...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatalf("run terraform %s: %v", strings.Join(arguments, " "), err)
	}
	r := result{ok: err == nil, text: out.String()}
	lines := bufio.NewScanner(bytes.NewReader(out.Bytes()))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var message struct{ Diagnostic *diagnostic }
		if json.Unmarshal(lines.Bytes(), &message) == nil && message.Diagnostic != nil &&
			message.Diagnostic.Summary != "Provider development overrides are in effect" {
			r.Diagnostics = append(r.Diagnostics, *message.Diagnostic)
		}
	}
	return r
}

// must runs a command that has to succeed.
func (c *cli) must(arguments ...string) result {
	c.t.Helper()
	r := c.run(arguments...)
	if !r.ok {
		c.t.Fatalf("terraform %s fails:\n%s", strings.Join(arguments, " "), r)
	}
	return r
}

// fails runs a command that has to fail with an error of that summary whose detail says all of these.
func (c *cli) fails(summary string, say []string, arguments ...string) result {
	c.t.Helper()
	r := c.run(arguments...)
	if r.ok {
		c.t.Fatalf("terraform %s succeeds, want the error %q:\n%s", strings.Join(arguments, " "), summary, r)
	}
	r.want(c.t, "error", summary, say...)
	return r
}

// want checks that there is a diagnostic of that severity and summary whose detail says all of these.
func (r result) want(t *testing.T, severity, summary string, say ...string) {
	t.Helper()
	var missing []string
	for _, d := range r.Diagnostics {
		if d.Severity != severity || withoutObject(d.Summary) != summary {
			continue
		}
		missing = nil
		for _, text := range say {
			if !strings.Contains(d.Detail, text) {
				missing = append(missing, text)
			}
		}
		if len(missing) == 0 {
			return
		}
	}
	t.Errorf("no %s %q that says all of %q; missing in the last: %q\n%s", severity, summary, say, missing, r)
}

// withoutObject is a summary without the name of the object at its end, in brackets.
func withoutObject(summary string) string {
	kind, _, _ := strings.Cut(summary, " (")
	return kind
}

// String returns the diagnostics as a person reads them.
func (r result) String() string {
	if len(r.Diagnostics) == 0 {
		return r.text
	}
	var b strings.Builder
	for _, d := range r.Diagnostics {
		fmt.Fprintf(&b, "%s: %s\n\t%s\n", d.Severity, d.Summary, strings.ReplaceAll(d.Detail, "\n", "\n\t"))
	}
	return b.String()
}

// inState reports whether the state holds the resource.
func (c *cli) inState(address string) bool {
	c.t.Helper()
	raw, err := os.ReadFile(filepath.Join(c.dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	var state struct {
		Resources []struct{ Type, Name string }
	}
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	if err != nil {
		c.t.Fatalf("read state: %v", err)
	}
	for _, r := range state.Resources {
		if r.Type+"."+r.Name == address {
			return true
		}
	}
	return false
}

const routeAddress = "mesh_canary_route.test"

// routeTo is a route of one subset.
func routeTo(service, namespace, more string) string {
	return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service   = %q
  namespace = %q
  subsets   = { v1 = { labels = { app = "k8s-combat-service-v1" } } }
  default   = { subset = "v1" }
  %s
}
`, service, namespace, more)
}

// nothingIn checks that a service has neither object.
func nothingIn(t *testing.T, lab *acctest.Lab) {
	t.Helper()
	for _, kind := range []string{acctest.VirtualService, acctest.DestinationRule} {
		if lab.Get(kind, lab.Service) != nil {
			t.Errorf("%s %q was left in the cluster", kind, lab.Service)
		}
	}
}
