package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/binaries"
)

// A start that fails says which server ended and what it said last, soon, and stops the others.
func TestStart_serverEnds(t *testing.T) {
	t.Parallel()
	bin := binaries.Set{Dir: t.TempDir()}
	for name, script := range map[string]string{
		Etcd:      "while :; do /bin/sleep 0.1; done",
		APIServer: "echo no room at the inn; exit 4",
	} {
		if err := os.WriteFile(bin.Path(name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	begin := time.Now()
	_, err := Start(t.Context(), dir, bin, func(error) {})
	if err == nil {
		t.Fatal("started")
	}
	for _, want := range []string{
		"wait for kube-apiserver: kube-apiserver ended: exit status 4",
		"no room at the inn",
		filepath.Join("logs", "kube-apiserver.log"),
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range commands {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), dir) {
			t.Errorf("still runs: %s", line)
		}
	}
}
