// Package cluster starts a real etcd, kube-apiserver and istiod on 127.0.0.1.
package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/binaries"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/kubelet"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/pki"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/ports"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/process"
)

// The servers' names, also of their log files.
const (
	Etcd      = "etcd"
	APIServer = "kube-apiserver"
	Istiod    = "istiod"
)

// RootNamespace is the namespace that istiod reads mesh-wide configuration from.
const RootNamespace = "istio-system"

// IstiodHost is the name in istiod's certificate.
const IstiodHost = "istiod." + RootNamespace + ".svc"

// Cluster is a running control plane.
type Cluster struct {
	URL   string // of the API server
	XDS   string // host:port at which istiod serves configuration to clients, without TLS
	Admin *Client

	SecureXDS  string // the same with TLS, for clients that say who they are
	IstiodRoot string // PEM of the authority of istiod's certificate, which is for IstiodHost

	lost   func(error)
	dir    string
	bin    binaries.Set
	block  *ports.Block
	ca     *pki.Authority
	tokens map[string]string

	kubelet    *kubelet.Server
	kubeletLog *os.File

	mu       sync.Mutex
	children map[string]*process.Process
}

// Start starts everything and returns when the CRDs are served, istiod is ready and its validating webhook refuses
// what it has to refuse, and its pod forwards ports. Everything that it writes goes to dir. After an error nothing
// runs. A server that ends by itself is told to lost.
func Start(ctx context.Context, dir string, bin binaries.Set, lost func(error)) (*Cluster, error) {
	c := &Cluster{dir: dir, bin: bin, lost: lost, children: map[string]*process.Process{}}
	if err := c.start(ctx); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	var err error
	if c.block, err = ports.Reserve(); err != nil {
		return err
	}
	for _, name := range []string{"logs", "pki", "etcd", "istiod"} {
		if err := os.MkdirAll(filepath.Join(c.dir, name), 0o700); err != nil {
			return fmt.Errorf("make lab directory: %w", err)
		}
	}
	if err := c.writeIdentities(); err != nil {
		return err
	}
	etcdURL, err := c.startEtcd()
	if err != nil {
		return err
	}
	if err := c.startAPIServer(ctx, etcdURL); err != nil {
		return err
	}
	if err := c.createCRDs(ctx); err != nil {
		return err
	}
	return c.startIstiod(ctx)
}

// Stop ends all servers at once; what they hold is thrown away with the lab.
func (c *Cluster) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.children {
		p.Kill()
	}
	c.stopNode()
	if c.block != nil {
		c.block.Release()
	}
}

// Names lists the servers that were started.
func (c *Cluster) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.children))
	for name := range c.children {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Process returns the last process of a server, or nil.
func (c *Cluster) Process(name string) *process.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.children[name]
}

// Restart starts a server again with the arguments that it had, after ending it if it still runs. It returns as soon
// as the process is there, before it is ready.
func (c *Cluster) Restart(name string) (*process.Process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.children[name]
	if old == nil {
		return nil, fmt.Errorf("restart %q: the lab has no such server", name)
	}
	old.Kill()
	return c.spawn(old.Command)
}

// spawn starts a server. The caller holds the lock.
func (c *Cluster) spawn(command process.Command) (*process.Process, error) {
	p, err := process.Start(command)
	if err != nil {
		return nil, err
	}
	c.children[command.Name] = p
	go func() {
		<-p.Done
		if err := p.Err(); err != nil {
			c.lost(err)
		}
	}()
	return p, nil
}

func (c *Cluster) launch(name string, env []string, args ...string) error {
	return c.Launch(name, env, append([]string{c.bin.Path(name)}, args...)...)
}

// Launch starts one more server, which is from then on like those of the control plane: it ends with them, is told to
// lost, and can be killed and started again by its name.
func (c *Cluster) Launch(name string, env []string, argv ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.spawn(process.Command{
		Name: name,
		Argv: argv,
		Env:  append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "TMPDIR=" + c.dir}, env...),
		Log:  filepath.Join(c.dir, "logs", name+".log"),
	})
	return err
}

// Address returns a port on 127.0.0.1, as host:port, that the lab has for itself. There are only a few.
func (c *Cluster) Address() string { return fmt.Sprintf("127.0.0.1:%d", c.block.Next()) }

// Certificate returns that of a server for the host names, from the authority in DIR/ca.crt.
func (c *Cluster) Certificate(name string, hosts ...string) (pki.Pair, error) {
	return c.ca.Server(name, hosts...)
}

// Wait is wait for who started a server with Launch.
func (c *Cluster) Wait(ctx context.Context, what string, check func(context.Context) error) error {
	return c.wait(ctx, what, check)
}

// wait asks check every 50 ms until it returns nil. It gives up when a server has ended, when ctx ends, or after two
// minutes, and then says what was missing last.
func (c *Cluster) wait(ctx context.Context, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		last := check(ctx)
		if last == nil {
			return nil
		}
		for _, name := range c.Names() {
			if err := c.Process(name).Err(); err != nil {
				return fmt.Errorf("wait for %s: %w", what, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last answer: %w (logs in %s)", what, context.Cause(ctx), last,
				filepath.Join(c.dir, "logs"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Get returns what url answers with status 200.
func Get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}

// together runs the functions at the same time and returns the first error.
func together(fs ...func() error) error {
	var g errgroup.Group
	for _, f := range fs {
		g.Go(f)
	}
	return g.Wait()
}
