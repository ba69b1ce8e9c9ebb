// Command meter stands in a plugin's place and runs the plugin as its child, so that what the plugin used is told
// apart from what Terraform used. It imports little, because the kernel counts what a process had before exec into
// the child's peak of memory.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// usage is a line in the file that MESH_BENCH_USAGE names. internal/bench reads it as its own pluginUsage.
type usage struct {
	CPU   time.Duration `json:"cpu"`
	Bytes int64         `json:"bytes"`
}

func main() {
	code, err := run(os.Getenv("MESH_BENCH_PLUGIN"), os.Getenv("MESH_BENCH_USAGE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "meter:", err)
		code = 1
	}
	os.Exit(code)
}

func run(plugin, report string) (int, error) {
	// A plugin ignores an interrupt and ends when Terraform asks it to; so does this. Ignored signals would be
	// inherited.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	command := exec.Command(plugin, os.Args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); command.ProcessState == nil {
		return 0, err
	}
	used, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("the system does not say what a process used")
	}
	line, err := json.Marshal(usage{
		CPU:   command.ProcessState.UserTime() + command.ProcessState.SystemTime(),
		Bytes: used.Maxrss * unitOfMaxrss(),
	})
	if err != nil {
		return 0, err
	}
	return command.ProcessState.ExitCode(), appendLine(report, line)
}

// unitOfMaxrss is in bytes what getrusage counts memory in.
func unitOfMaxrss() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1024
}

func appendLine(path string, line []byte) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}
