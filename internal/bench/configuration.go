package main

import (
	"fmt"
	"strings"
)

// step is one command that is measured, and what the routes say by then.
type step struct {
	name    string
	command []string
	// versions are the values of the header that changes, of the first route and of the others.
	first, others int
}

var steps = []step{
	{name: "create", command: []string{"apply", "-auto-approve"}, first: 300, others: 300},
	{name: "no-change plan", command: []string{"plan", "-detailed-exitcode"}, first: 300, others: 300},
	{name: "change all", command: []string{"apply", "-auto-approve"}, first: 301, others: 301},
	{name: "change one", command: []string{"apply", "-auto-approve"}, first: 302, others: 301},
	{name: "destroy", command: []string{"destroy", "-auto-approve"}, first: 302, others: 301},
}

func serviceName(i int) string { return fmt.Sprintf("service-%03d", i) }

func (o options) namespaceOf(i int) string { return fmt.Sprintf("bench-%d", i%o.namespaces) }

// configuration is every route as a block of its own, as people write them: an expression for all would be one more
// cost.
func (o options) configuration(s step) string {
	var b strings.Builder
	for i := range o.routes {
		version := s.others
		if i == 0 {
			version = s.first
		}
		fmt.Fprintf(&b, `resource "mesh_canary_route" %[1]q {
  service   = %[1]q
  namespace = %[2]q
  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }
  rules = [
    { match = [{ headers = { version = { exact = "100" } } }], subset = "v1" },
    { match = [{ headers = { version = { exact = "200" } } }], subset = "v2" },
    { match = [{ headers = { version = { exact = "%[3]d" } } }], subset = "v2" },
  ]
  default = { subset = "v1" }
}

`, serviceName(i), o.namespaceOf(i), version)
	}
	return b.String()
}
