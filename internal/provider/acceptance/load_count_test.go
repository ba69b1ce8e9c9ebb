package acceptance_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// loadCount counts requests: all of one way, or those during the transitions of one kind, which were so many.
type loadCount struct {
	times, sent, failed int
	// leaked were answered by a version that neither the old nor the new route names.
	leaked int
	// unrouted are those that the gateway refused because no route was bound to it, as it should.
	unrouted int
}

func (n *loadCount) add(other loadCount) {
	n.sent += other.sent
	n.failed += other.failed
	n.leaked += other.leaked
	n.unrouted += other.unrouted
}

// loadTotal is what a run comes to.
type loadTotal struct {
	transitions, ways                 map[string]*loadCount
	unknown, skipped                  int
	seconds, slowest, nc, warming, uh float64
	nacks, disconnects                int
	// late is how often requests followed the old route for a while longer than a transition usually takes.
	late int
}

// sum returns the count of all requests, and of those through Envoys that were for a route.
func (total *loadTotal) sum() (all loadCount, throughEnvoys int) {
	for way, n := range total.ways {
		all.add(*n)
		if !strings.HasPrefix(way, "xds") {
			throughEnvoys += n.sent - n.unrouted
		}
	}
	for _, n := range total.transitions {
		all.times += n.times
	}
	return all, throughEnvoys
}

// of returns the count of a kind of transitions.
func (total *loadTotal) of(kind string) *loadCount { return counted(&total.transitions, kind) }

// counted returns a count of its own for each name.
func counted(counts *map[string]*loadCount, name string) *loadCount {
	if *counts == nil {
		*counts = map[string]*loadCount{}
	}
	if (*counts)[name] == nil {
		(*counts)[name] = &loadCount{}
	}
	return (*counts)[name]
}

// add counts a period of a transition, and returns what went wrong in it besides requests.
func (total *loadTotal) add(
	kind string, ways map[string]loadCount, load acctest.LoadReport, watch acctest.WatchReport,
) (problems []string) {
	for way, n := range ways {
		counted(&total.ways, way).add(n)
		total.of(kind).add(n)
	}
	total.unknown += load.UnknownCluster
	total.skipped += load.Skipped
	total.seconds += load.Seconds
	total.slowest = max(total.slowest, load.MaxMS)
	total.nc += watch.NCMS
	total.warming += watch.WarmingMS
	total.uh += watch.UHMS
	total.nacks += watch.NACKs
	total.disconnects += watch.Disconnects
	if watch.NCMS > 0 || watch.WarmingMS > 0 || watch.UHMS > 0 {
		problems = append(problems, fmt.Sprintf("a sidecar could not follow its routes: no cluster for %.1f ms, no "+
			"answer about endpoints for %.1f ms, no endpoints for %.1f ms: %s",
			watch.NCMS, watch.WarmingMS, watch.UHMS, watch.Faults))
	}
	if watch.NACKs > 0 || watch.Disconnects > 0 || !watch.Connected {
		problems = append(problems, fmt.Sprintf("the sidecar refused %d answers of istiod and lost it %d times",
			watch.NACKs, watch.Disconnects))
	}
	return problems
}

// judged counts the requests of a period in which one route gave way to another, by their way, and says which failed
// and which were answered by a version that neither route names.
func judged(load acctest.LoadReport, before, after *loadRoute) (ways map[string]loadCount, problems []string) {
	ways = map[string]loadCount{}
	for _, stream := range load.Streams {
		host, _, _ := strings.Cut(stream.Name, " ")
		atGateway := stream.Via == "gateway"
		n := loadCount{sent: stream.Sent, failed: stream.Failed}
		may := allowed(before, after, host, stream.Headers["version"], atGateway)
		for _, v := range slices.Sorted(maps.Keys(stream.Versions)) {
			if count := stream.Versions[v]; !may[v] {
				n.leaked += count
				problems = append(problems, fmt.Sprintf("%d of %d requests to %s were answered by %s, want one of %v",
					count, stream.Sent, stream.Name, v, slices.Sorted(maps.Keys(may))))
			}
		}
		mayRefuse := atGateway && (!before.routed(host, true) || !after.routed(host, true))
		for text, count := range stream.Errors {
			if mayRefuse && unrouted[text] {
				n.failed -= count
				n.unrouted += count
				continue
			}
			problems = append(problems, fmt.Sprintf("%d of %d requests to %s failed: %s", count, stream.Sent,
				stream.Name, text))
		}
		sum := ways[stream.Way()]
		sum.add(n)
		ways[stream.Way()] = sum
	}
	return ways, problems
}

// unrouted are the answers of an Envoy to requests for which it has no route: the status 404, and what gRPC makes of
// it.
var unrouted = map[string]bool{"404: ": true, "Unimplemented: ": true}

// print shows what the run came to.
func (r *loadRun) print(title string) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	n := r.total
	all, throughEnvoys := n.sum()
	fmt.Fprintf(w, "%s\n", title)
	for _, line := range []struct {
		what  string
		value any
	}{
		{"requests", fmt.Sprintf("%d in %.0f s, %.0f a second, the slowest %.0f ms, %d "+
			"skipped", all.sent, n.seconds, float64(all.sent)/n.seconds, n.slowest, n.skipped)},
		{"through sidecars and gateways", throughEnvoys},
		{"failed requests", all.failed},
		{"lost by grpc-go (unknown cluster)", n.unknown},
		{"answered by a version not routed to", all.leaked},
		{"transitions that proxies followed late", n.late},
		{"routes without their cluster", fmt.Sprintf("%.1f ms", n.nc)},
		{"routes to a cluster without answer about endpoints", fmt.Sprintf("%.1f ms", n.warming)},
		{"routes to a cluster without endpoints", fmt.Sprintf("%.1f ms", n.uh)},
		{"transitions", all.times},
	} {
		fmt.Fprintf(w, "  %s\t%v\n", line.what, line.value)
	}
	w.Flush()
	for _, table := range []struct {
		of     string
		counts map[string]*loadCount
	}{{"way", n.ways}, {"transition", n.transitions}} {
		fmt.Fprintf(w, "  %s\trequests\tfailed\tby another version\tnot bound to the gateway\ttimes\n", table.of)
		for _, name := range slices.Sorted(maps.Keys(table.counts)) {
			n := table.counts[name]
			fmt.Fprintf(w, "  %s\t%d\t%d\t%d\t%d\t", name, n.sent, n.failed, n.leaked, n.unrouted)
			if n.times > 0 {
				fmt.Fprint(w, n.times)
			}
			fmt.Fprintln(w)
		}
		w.Flush()
	}
}
