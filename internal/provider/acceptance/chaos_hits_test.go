package acceptance_test

import (
	"encoding/json"
	"path/filepath"
	"syscall"
	"time"
)

// hit is what happens to an apply.
type hit struct {
	name string
	// do is nil for an apply that nothing happens to.
	do func(*chaos, *process)
}

// unhit leaves an apply alone.
var unhit = hit{name: "none"}

// servers are those of the control plane that can be hit.
var servers = []string{"kube-apiserver", "etcd", "istiod"}

// chaosHits are all hits. Those of the kill stand for what operators and runners do, the others for what clusters do.
func chaosHits() []hit {
	hits := []hit{
		{"SIGKILL of Terraform and the provider", func(_ *chaos, p *process) {
			p.plugins = p.readChildren()
			end(append(p.plugins, p.id()), syscall.SIGKILL)
		}},
		{"SIGINT", func(_ *chaos, p *process) { end([]int{p.id()}, syscall.SIGINT) }},
		{"SIGKILL of the provider", func(_ *chaos, p *process) { end(p.readChildren(), syscall.SIGKILL) }},
		{"connection cut", func(c *chaos, _ *process) {
			c.relay.Cut(true)
			time.Sleep(c.between(0, 3*time.Second))
			c.relay.Cut(false)
		}},
		{"connection slow", func(c *chaos, _ *process) { c.relay.Slow(c.between(200*time.Millisecond, time.Second)) }},
	}
	for _, server := range servers {
		hits = append(hits,
			hit{"restart of " + server, func(c *chaos, _ *process) {
				c.control.control("kill", server)
				time.Sleep(c.between(0, 3*time.Second))
				c.control.control("restart", server)
			}},
			hit{server + " stands still", func(c *chaos, _ *process) {
				id := []int{c.serverID(server)}
				end(id, syscall.SIGSTOP)
				time.Sleep(c.between(time.Second, 4*time.Second))
				end(id, syscall.SIGCONT)
			}})
	}
	return hits
}

// draw returns what happens to the next apply: one in four is left alone, since what a hit leaves behind shows later.
func (c *chaos) draw() hit {
	hits := chaosHits()
	if i := c.IntN(len(hits) * 4 / 3); i < len(hits) {
		return hits[i]
	}
	return unhit
}

// calm ends what lasts longer than an apply.
func (c *chaos) calm() { c.relay.Slow(0) }

func (c *chaos) between(least, most time.Duration) time.Duration {
	return least + time.Duration(c.Int64N(int64(most-least)))
}

// serverID returns the process of a server of the lab.
func (c *chaos) serverID(server string) int {
	c.t.Helper()
	var processes map[string]struct{ PID int }
	content := readFile(c.t, filepath.Join(c.control.dir, "processes.json"))
	if err := json.Unmarshal([]byte(content), &processes); err != nil || processes[server].PID == 0 {
		c.t.Fatalf("find the process of %s: %v in %s", server, err, content)
	}
	return processes[server].PID
}

// end signals processes, of which some may have ended by themselves.
func end(ids []int, s syscall.Signal) {
	for _, id := range ids {
		if id > 1 {
			_ = syscall.Kill(id, s)
		}
	}
}
