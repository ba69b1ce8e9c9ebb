package binaries

import (
	"context"
	"fmt"
	"strings"
)

// Pins is a Go module that pins servers, and what is particular about building them.
type Pins struct {
	Flag     string // the flag and the environment variable that name another directory
	Variable string

	What      string // in messages
	long      string // how long the first build takes
	directory string // of the module, next to meshlab's packages
	// recipe is part of the cache key. It changes when the way of building changes and old results must not be used.
	recipe  string
	servers []server
	title   func(versions map[string]string) string // the readable part of the cache key
	extra   func(context.Context, builder) error    // what else belongs to the set; may be nil
}

// server is one binary.
type server struct {
	name        string // the file in the cache
	packagePath string
	modulePath  string
	tags        string
}

// ControlPlane are the servers of every lab.
var ControlPlane = Pins{
	Flag: "module", Variable: "MESHLAB_CONTROLPLANE_MODULE",
	What: "the control plane", long: "6 to 10 minutes", directory: "controlplane", recipe: "1",
	servers: []server{
		{name: "etcd", packagePath: "go.etcd.io/etcd/server/v3", modulePath: "go.etcd.io/etcd/server/v3"},
		{
			name: "kube-apiserver", packagePath: "k8s.io/kubernetes/cmd/kube-apiserver",
			modulePath: "k8s.io/kubernetes",
		},
		{name: "istiod", packagePath: "istio.io/istio/pilot/cmd/pilot-discovery", modulePath: "istio.io/istio"},
	},
	title: func(versions map[string]string) string {
		istio := versions["istiod"]
		return fmt.Sprintf("controlplane-kubernetes%s-etcd%s-istio-%s",
			versions["kube-apiserver"], versions["etcd"], istio[strings.LastIndex(istio, "-")+1:])
	},
	extra: func(ctx context.Context, b builder) error { return b.crds(ctx) },
}

// PrometheusServer is the name of the server that Prometheus pins.
const PrometheusServer = "prometheus"

// Prometheus is for labs that are asked for it. Without its ways to discover targets, which a lab has in a file, it
// is built in two thirds of the time; without its web pages, which are not in its Go module, its API is all there.
var Prometheus = Pins{
	Flag: "prometheus-module", Variable: "MESHLAB_PROMETHEUS_MODULE",
	What: "Prometheus", long: "4 to 6 minutes", directory: "prometheus", recipe: "1 remove_all_sd",
	servers: []server{{
		name: PrometheusServer, packagePath: "github.com/prometheus/prometheus/cmd/prometheus",
		modulePath: "github.com/prometheus/prometheus", tags: "remove_all_sd",
	}},
	title: func(versions map[string]string) string { return "prometheus-" + versions[PrometheusServer] },
}
