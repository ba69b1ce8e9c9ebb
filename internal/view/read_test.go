package view_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	input  = "Error: The input "
	showIt = " Pipe what terraform show -json prints of a plan that terraform plan -out wrote:\n" +
		"  terraform show -json plan | terraform-provider-mesh view > page.html\n"
	notShown = "is not what terraform show -json prints"
	more     = "\nterraform-provider-mesh view --help says more.\n"
)

// What is no plan is refused in words that say what to do.
func TestRun_refused(t *testing.T) {
	t.Parallel()
	plan := file(t, "demo_create.json")
	for fact, test := range map[string]struct{ stdin, want string }{
		"nothing":              {"", "is empty." + showIt},
		"only space":           {" \n\t\n", "is empty." + showIt},
		"the saved plan":       {"PK\x03\x04\x14\x00", "is the saved plan itself." + showIt},
		"text":                 {"Terraform will perform", "is no JSON (byte 1)." + showIt},
		"a program":            {"\x7fELF\x02\x01", "is no JSON (byte 1)." + showIt},
		"JSON of no object":    {"[1, 2]", notShown + ": it is a JSON array." + showIt},
		"JSON of something":    {`{"a": 1}`, notShown + "." + showIt},
		"a plan that is cut":   {plan[:len(plan)/2], "ends in the middle: it was cut off.\n"},
		"a version of no kind": {`{"format_version": 1}`, notShown + ": format_version is a number there.\n"},
		"changes of no kind": {
			`{"format_version": "1.2", "resource_changes": 3}`,
			notShown + ": resource_changes is a number there.\n",
		},
		"a change of no kind": {
			`{"format_version": "1.2", "resource_changes": [{"change": {"actions": 3}}]}`,
			notShown + ": resource_changes.change.actions is a number there.\n",
		},
		"a newer format": {
			`{"format_version": "2.0", "resource_changes": []}`,
			`has the format version "2.0", and 1.x can be read. A newer version of the provider may read it.` + "\n",
		},
		"what plan -json prints": {
			`{"@level":"info","@message":"Terraform 1.11.4","type":"version"}` + "\n{}",
			"is what terraform plan -json prints." + showIt,
		},
		"the file of a state": {
			`{"version": 4, "lineage": "x", "resources": []}`,
			"is the file of a state. Pipe what terraform show -json prints of it:\n" +
				"  terraform show -json | terraform-provider-mesh view > page.html\n",
		},
		"UTF-16": {
			"\xff\xfe{\x00",
			"is UTF-16, as Windows PowerShell writes files. Pipe it there with cmd /c, or use PowerShell 7.\n",
		},
		"gzip":          {"\x1f\x8b\x08\x00", "is compressed by gzip. Pipe what gunzip makes of it.\n"},
		"several plans": {plan + "\n" + plan, "has several plans. Draw each by itself.\n"},
		"too much":      {strings.Repeat(" ", 64<<20) + plan, "has more than 64 MiB.\n"},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(answer{2, "", input + test.want}, run(t, test.stdin, nil)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A file that cannot be read, and a terminal into which nothing is piped.
func TestRun_files(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan")
	if err := os.WriteFile(plan, []byte("PK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		filepath.Join(dir, "none.json"): " cannot be read: no such file or directory.\n",
		dir:                             " cannot be read: is a directory.\n",
		plan:                            " is the saved plan itself." + showIt,
	} {
		if diff := cmp.Diff(answer{2, "", "Error: " + name + want}, run(t, "", nil, name)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	terminal, err := os.Open(os.DevNull) // a device for characters, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	got := runFrom(t, terminal, nil)
	if want := "Error: Nothing is piped into this command, and no file is named." + showIt[:len(showIt)-1] +
		more; got != (answer{2, "", want}) {
		t.Errorf("it says %+v", got)
	}
}

func TestRun_flags(t *testing.T) {
	t.Parallel()
	const live = "Error: --kubeconfig, --context and --prometheus are for --live, which is not given." + more
	for fact, test := range map[string]struct {
		args []string
		want string
	}{
		"two files": {[]string{"a", "b"}, "Error: One plan is drawn, and there are several files: a, b." + more},
		"an unknown flag": {
			[]string{"a", "--html"},
			"Error: There is no flag --html." + more,
		},
		"a kubeconfig without live": {[]string{"--kubeconfig", "a"}, live},
		"a limit below nothing":     {[]string{"--limit", "-1"}, "Error: --limit must not be below 0, got -1." + more},
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
