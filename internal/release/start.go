package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// cookie is what Terraform says to a plugin before anything else.
const cookie = "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"

// startBinary asks a binary for its version, and then starts it as Terraform does, which it answers with a line like
// `1|6|unix|/tmp/plugin|grpc|`: the second number is the protocol.
func startBinary(binary []byte) (version, protocol string, err error) {
	folder, err := os.MkdirTemp("", "mesh-release-")
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, project)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		return "", "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	said, err := exec.CommandContext(ctx, path, "version").Output()
	// A process that was forked meanwhile may still have it open for writing.
	for errors.Is(err, syscall.ETXTBSY) && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
		said, err = exec.CommandContext(ctx, path, "version").Output()
	}
	if err != nil {
		return "", "", fmt.Errorf("ask for its version: %w", err)
	}
	plugin := exec.CommandContext(ctx, path)
	plugin.Env = append(os.Environ(), cookie, "PLUGIN_PROTOCOL_VERSIONS=5,6")
	answers, err := plugin.StdoutPipe()
	if err != nil {
		return "", "", err
	}
	if err := plugin.Start(); err != nil {
		return "", "", err
	}
	line, readErr := bufio.NewReader(answers).ReadString('\n')
	cancel()
	// It was killed, and says so.
	_ = plugin.Wait()
	parts := strings.Split(line, "|")
	if readErr != nil || len(parts) < 5 {
		return "", "", fmt.Errorf("it answers %q, which is no plugin's greeting", line)
	}
	return strings.TrimSpace(string(said)), parts[1], nil
}
