package view_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	name    = "terraform-provider-mesh view: "
	showIt  = "pipe what terraform show -json prints of the plan that terraform plan -out wrote\n"
	noState = "this JSON is not what terraform show -json prints"
)

// What is no plan is refused in words that say what to do.
func TestRun_refused(t *testing.T) {
	t.Parallel()
	plan := file(t, "demo_create.json")
	for fact, test := range map[string]struct{ stdin, want string }{
		"nothing":              {"", "the input is empty; " + showIt},
		"only space":           {" \n\t\n", "the input is empty; " + showIt},
		"the saved plan":       {"PK\x03\x04\x14\x00", "this is the saved plan itself; " + showIt},
		"text":                 {"Terraform will perform", "the input is no JSON (byte 1); " + showIt},
		"JSON of no object":    {"[1, 2]", noState + ":  is a array\n"},
		"JSON of something":    {`{"a": 1}`, noState + "\n"},
		"a plan that is cut":   {plan[:len(plan)/2], "the input ends in the middle: it was cut off\n"},
		"a version of no kind": {`{"format_version": 1}`, noState + ": format_version is a number\n"},
		"changes of no kind": {
			`{"format_version": "1.2", "resource_changes": 3}`,
			noState + ": resource_changes is a number\n",
		},
		"a newer format": {
			`{"format_version": "2.0", "resource_changes": []}`,
			`this has the format version "2.0", and 1.x can be read; a newer version of the provider may read it` +
				"\n",
		},
		"what plan -json prints": {
			`{"@level":"info","@message":"Terraform 1.11.4","type":"version"}` + "\n{}",
			"this is what terraform plan -json prints; " + showIt,
		},
		"the file of a state": {
			`{"version": 4, "lineage": "x", "resources": []}`,
			"this is the file of a state; pipe what terraform show -json prints of it\n",
		},
		"UTF-16": {
			"\xff\xfe{\x00",
			"the input is UTF-16, as Windows PowerShell writes files; pipe it there with cmd /c, or use PowerShell 7\n",
		},
		"too much": {strings.Repeat(" ", 64<<20) + plan, "the input has more than 64 MiB\n"},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(answer{2, "", name + test.want}, run(t, test.stdin, nil)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A file that cannot be read, and a terminal into which nothing is piped.
func TestRun_files(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none.json")
	if diff := cmp.Diff(answer{2, "", name + missing + " cannot be read: no such file or directory\n"},
		run(t, "", nil, missing)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	dir := t.TempDir()
	if diff := cmp.Diff(answer{2, "", name + dir + " cannot be read: is a directory\n"},
		run(t, "", nil, dir)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	terminal, err := os.Open(os.DevNull) // a device for characters, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	got := runFrom(t, terminal, nil)
	if got.Code != 2 || !strings.HasPrefix(got.Stderr, name+"nothing is piped into this command; ") {
		t.Errorf("it says %+v", got)
	}
}

func TestRun_flags(t *testing.T) {
	t.Parallel()
	const live = name + "--kubeconfig, --context and --prometheus are for --live, which is not given\n"
	for fact, test := range map[string]struct {
		args []string
		want string
	}{
		"two files": {[]string{"a", "b"}, name + "one plan is drawn, and there are several files: a, b\n"},
		"an unknown flag": {
			[]string{"a", "--html"},
			"flag provided but not defined: -html\nterraform-provider-mesh view --help lists the flags.\n",
		},
		"a kubeconfig without live": {[]string{"--kubeconfig", "a"}, live},
		"a limit below nothing":     {[]string{"--limit", "-1"}, name + "--limit must not be below 0, got -1\n"},
		"a Prometheus without live": {[]string{"--prometheus", "http://127.0.0.1:9"}, live},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(answer{2, "", test.want}, run(t, "", nil, test.args...)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	help := run(t, "", nil, "-h")
	if help.Code != 0 || !strings.HasPrefix(help.Stdout, "usage: terraform show -json PLAN") || help.Stderr != "" {
		t.Errorf("help: %+v", help)
	}
}

// What tools print around a plan is left out, and a byte order mark too.
func TestRun_around(t *testing.T) {
	t.Parallel()
	plan := file(t, "demo_create.json")
	want := drawn(t, plan)
	for fact, text := range map[string]string{
		"the wrapper of setup-terraform": "[command]/opt/terraform-bin show -json plan\n" + plan +
			"\n::debug::Terraform exited with code 0.\n",
		"a byte order mark": "\uFEFF" + plan,
	} {
		if diff := cmp.Diff(want, drawn(t, text)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", fact, diff)
		}
	}
}
