package main

import (
	"net/http"
	"strings"
)

// call is what a request asks of the API server.
type call struct {
	// verb is the method, LIST and WATCH for a GET of many objects.
	verb string
	// resource is the plural name, or the path where there is none.
	resource string
	// namespace is empty where the request is for all of them.
	namespace string
	dryRun    bool
}

// calls are how often each was asked.
type calls map[call]int

// callOf returns what a request asks: /api/v1/… for the core group, /apis/GROUP/VERSION/… for the others.
func callOf(r *http.Request) call {
	c := call{verb: r.Method, resource: r.URL.Path, dryRun: r.URL.Query().Has("dryRun")}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	prefix := 2
	if parts[0] == "apis" {
		prefix = 3
	}
	if len(parts) <= prefix {
		return c
	}
	parts = parts[prefix:]
	if parts[0] == "namespaces" && len(parts) > 2 {
		c.namespace, parts = parts[1], parts[2:]
	}
	c.resource = parts[0]
	if r.Method == http.MethodGet && len(parts) == 1 {
		c.verb = "LIST"
		if r.URL.Query().Has("watch") {
			c.verb = "WATCH"
		}
	}
	return c
}

// reads reports whether nothing is changed.
func (c call) reads() bool { return c.verb == http.MethodGet || c.verb == "LIST" || c.verb == "WATCH" }

// String is the call without its namespace, as `PATCH virtualservices, dry run`.
func (c call) String() string {
	if c.dryRun {
		return c.verb + " " + c.resource + ", dry run"
	}
	return c.verb + " " + c.resource
}

func (c calls) total() int {
	sum := 0
	for _, n := range c {
		sum += n
	}
	return sum
}
