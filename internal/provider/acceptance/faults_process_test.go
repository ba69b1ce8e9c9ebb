package acceptance_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// fault is what happens to a run at one call.
type fault struct {
	// trap makes what the proxy does at the call.
	trap func(run *faultedRun) acctest.Trap
	// idle says that the run mostly waits, so that more of them fit at the same time.
	idle bool
	// silent says that Terraform is not there any more to say what went wrong.
	silent bool
}

func atProxy(f acctest.Fault) func(*faultedRun) acctest.Trap {
	return func(*faultedRun) acctest.Trap { return acctest.Trap{Fault: f} }
}

// faults are those of the project's definition of done, and two more: an API server that stays away, and Terraform
// itself killed.
var faults = map[string]fault{
	"refused":     {trap: atProxy(acctest.Refuse)},
	"answer-lost": {trap: atProxy(acctest.LoseAnswer)},
	"429":         {trap: atProxy(acctest.Throttle)},
	"429-in-1s":   {trap: atProxy(acctest.ThrottleForASecond)},
	"500":         {trap: atProxy(acctest.Fail)},
	"hang":        {trap: atProxy(acctest.Hang), idle: true},
	"away": {
		trap: func(*faultedRun) acctest.Trap { return acctest.Trap{Fault: acctest.Refuse, Lasting: true} },
		idle: true,
	},
	"sigkill": {trap: func(run *faultedRun) acctest.Trap {
		return acctest.Trap{Fault: acctest.LoseAnswer, Meanwhile: run.killProvider}
	}},
	"sigint": {trap: func(run *faultedRun) acctest.Trap {
		return acctest.Trap{Fault: acctest.Pass, Meanwhile: run.interrupt}
	}},
	"sigkill-of-cli": {trap: func(run *faultedRun) acctest.Trap {
		return acctest.Trap{Fault: acctest.LoseAnswer, Meanwhile: run.killTerraform}
	}, silent: true},
}

// reattach serves the provider in this process, for the commands at which nothing dies, and returns the environment
// that leads Terraform to it. It spares starting the provider four times for each command.
func reattach(t *testing.T) string {
	t.Helper()
	started, closed := channelFor(tf6server.WithDebug), make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- tf6server.Serve(sourceAddress, provider.NewServer("test"),
			tf6server.WithDebug(t.Context(), started, closed), tf6server.WithLoggingSink(t),
			tf6server.WithoutLogStderrOverride())
	}()
	select {
	case err := <-failed:
		t.Fatalf("serve the provider: %v", err)
	case at := <-started:
		t.Cleanup(func() { <-closed })
		text, err := json.Marshal(map[string]any{sourceAddress: map[string]any{
			"Protocol": at.Protocol, "ProtocolVersion": at.ProtocolVersion, "Pid": at.Pid, "Test": at.Test,
			"Addr": map[string]any{"Network": at.Addr.Network(), "String": at.Addr.String()},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return "TF_REATTACH_PROVIDERS=" + string(text)
	}
	return ""
}

// channelFor returns a channel for an option that tells an address: only its maker can name what it tells.
func channelFor[T any](func(context.Context, chan T, chan struct{}) tf6server.ServeOpt) chan T {
	return make(chan T)
}

// process is where the wrapper of the command writes which process Terraform is.
type process struct {
	t    *testing.T
	file string
	// plugins are the processes that Terraform had started when it was killed.
	plugins []int
}

// wrap returns the command line that runs Terraform in a known process.
func (p *process) wrap() []string {
	return []string{"bash", "-c", `echo $$ >"$0" && exec "$@"`, p.file}
}

func newProcess(t *testing.T) *process {
	t.Helper()
	return &process{t: t, file: filepath.Join(t.TempDir(), "pid")}
}

// id returns Terraform's process; 0 where there is none.
func (p *process) id() int {
	p.t.Helper()
	for deadline := time.Now().Add(acctest.Patience); ; time.Sleep(20 * time.Millisecond) {
		id, err := strconv.Atoi(strings.TrimSpace(readFileOrNone(p.file)))
		if err == nil {
			return id
		}
		if time.Now().After(deadline) {
			p.t.Errorf("find the process of Terraform: %v", err)
			return 0
		}
	}
}

// children returns the processes that Terraform started: its plugins. The kernel leaves some out of a list that
// changes while it is read, and on a busy machine the first one takes its time.
func (p *process) children() []int {
	p.t.Helper()
	for deadline := time.Now().Add(acctest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if children := p.readChildren(); len(children) > 0 {
			return children
		}
		if !isRunning(p.id()) {
			break
		}
	}
	p.t.Errorf("process %d has no plugin", p.id())
	return nil
}

func (p *process) readChildren() (children []int) {
	lists, err := filepath.Glob("/proc/" + strconv.Itoa(p.id()) + "/task/*/children")
	if err != nil {
		p.t.Error(err)
	}
	for _, list := range lists {
		for _, field := range strings.Fields(readFileOrNone(list)) {
			if id, err := strconv.Atoi(field); err == nil {
				children = append(children, id)
			}
		}
	}
	return children
}

func (p *process) killProvider() {
	for _, id := range p.children() {
		p.signal(id, syscall.SIGKILL)
	}
}

func (p *process) killTerraform() {
	p.plugins = p.children()
	p.signal(p.id(), syscall.SIGKILL)
}

// interrupt is one Ctrl-C that only Terraform hears of. The call waits until Terraform has told its plugin.
func (p *process) interrupt() {
	p.signal(p.id(), syscall.SIGINT)
	time.Sleep(150 * time.Millisecond)
}

func (p *process) signal(id int, s syscall.Signal) {
	if id <= 1 {
		return
	}
	if err := syscall.Kill(id, s); err != nil {
		p.t.Errorf("signal process %d: %v", id, err)
	}
}

// gone waits until the plugins that a killed Terraform left behind have ended by themselves.
func (p *process) gone() {
	p.t.Helper()
	for _, id := range p.plugins {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if !isRunning(id) {
				break
			}
			if time.Now().After(deadline) {
				p.t.Fatalf("the provider, process %d, outlives Terraform by a minute", id)
			}
		}
	}
}

// isRunning reports whether there is a process. One that has ended has no command line, also before its parent has
// asked for its exit code.
func isRunning(id int) bool { return readFileOrNone("/proc/"+strconv.Itoa(id)+"/cmdline") != "" }

// readFileOrNone returns a file's content; nothing where there is no such file any more.
func readFileOrNone(name string) string {
	content, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(content)
}
