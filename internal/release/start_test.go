package main

import (
	"runtime"
	"testing"
)

// TestStartBinary: a binary is asked for its version, and for the protocol that it serves as a plugin of Terraform.
func TestStartBinary(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a script stands for the binary")
	}
	const plugin = "#!/bin/sh\n[ \"$1\" != version ] || { echo 0.1.0; exit; }\n" +
		"[ $TF_PLUGIN_MAGIC_COOKIE ] && echo '1|6|unix|/tmp/plugin|grpc|' && exec sleep 60\n"
	version, served, err := startBinary([]byte(plugin))
	if version != "0.1.0" || served != "6" || err != nil {
		t.Errorf("version %q, protocol %q, %v", version, served, err)
	}
	for fact, c := range map[string]struct{ script, want string }{
		"without a version": {"#!/bin/sh\nexit 3\n", "ask for its version: exit status 3"},
		"that is no plugin": {"#!/bin/sh\necho hello\n", `it answers "hello\n", which is no plugin's greeting`},
		"that says nothing": {"#!/bin/sh\n", `it answers "", which is no plugin's greeting`},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			_, _, err := startBinary([]byte(c.script))
			if err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}
