package siblings

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// at is a VirtualService of a name.
func at(name string) cluster.Address {
	return cluster.Address{Kind: istio.KindVirtualService, Namespace: "shop", Name: name}
}

func route(name string, hosts ...string) Route {
	return Route{Objects: []cluster.Address{at(name)}, Hosts: hosts}
}

// Whichever is planned second finds what clashes with it.
func TestPlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		leaving, coming Route
		want            Clash
	}{
		"nothing in common": {leaving: route("a", "x"), coming: route("b", "y")},
		"nothing made":      {leaving: route("a", "x")},
		"an object": {
			route("a", "x"), route("a", "x"), Clash{Object: at("a"), Old: at("a"), New: at("a")},
		},
		"a host": {route("a", "x", "z"), route("b", "y", "z"), Clash{Host: "z", Old: at("a"), New: at("b")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, destroyFirst := range []bool{true, false} {
				var (
					p   Plan
					got Clash
				)
				if destroyFirst {
					p.Destroy(test.leaving)
					got = p.Make(test.coming)
				} else {
					p.Make(test.coming)
					got = p.Destroy(test.leaving)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("destroyed first %t (-want +got):\n%s", destroyFirst, diff)
				}
				if !p.Leaves(at("a")) || p.Leaves(at("b")) {
					t.Error("it is not known what leaves")
				}
			}
		})
	}
	var several Plan
	several.Destroy(route("a", "x"))
	several.Destroy(route("b", "x"))
	adopting := route("b", "x")
	adopting.Adopts = true
	got := several.Make(adopting)
	if diff := cmp.Diff(Clash{Object: at("b"), Old: at("b"), New: at("b"), Adopts: true}, got); diff != "" {
		t.Errorf("one of two that are destroyed (-want +got):\n%s", diff)
	}
	var p Plan
	p.Make(route("a"))
	p.Apply()
	if p.Destroy(route("a")) != (Clash{}) {
		t.Error("a replacement that is being applied is told as a plan of two")
	}
	var none *Plan
	none.Apply()
	none.Make(route("a"))
	if none.Destroy(route("a")) != (Clash{}) || none.Leaves(at("a")) {
		t.Error("a plan that is none knows something")
	}
}

// A deletion that is under way, or begins soon, is waited for, and one that waits for what only follows is not.
func TestDeletions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		begin func(d *Deletions)
		want  bool
	}{
		"none":               {func(*Deletions) {}, false},
		"one":                {func(d *Deletions) { end(d.Begin([]cluster.Address{at("a")})) }, true},
		"one that has ended": {func(d *Deletions) { d.Begin([]cluster.Address{at("a")})() }, true},
		"one that begins soon": {func(d *Deletions) {
			time.AfterFunc(interval, func() { end(d.Begin([]cluster.Address{at("a")})) })
		}, true},
		"one that waits for ours": {func(d *Deletions) {
			d.Begin([]cluster.Address{at("a")})
			d.wait([]cluster.Address{at("a")}, pointer(at("ours")))
		}, false},
		"one that waits for another that waits for ours": {func(d *Deletions) {
			d.Begin([]cluster.Address{at("a"), at("b")})
			d.wait([]cluster.Address{at("a")}, pointer(at("b")))
			d.wait([]cluster.Address{at("b")}, pointer(at("ours")))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var d Deletions
				ours := []cluster.Address{at("ours")}
				defer d.Begin(ours)()
				test.begin(&d)
				began := time.Now()
				if got := d.Await(t.Context(), at("a"), ours); got != test.want {
					t.Errorf("waited for one: %t, want %t", got, test.want)
				}
				if took := time.Since(began); took > 2*beginWait {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var d Deletions
		d.Begin([]cluster.Address{at("a")})
		limited, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if began := time.Now(); d.Await(limited, at("a"), nil) || time.Since(began) > time.Minute+interval {
			t.Error("what never ends is waited for longer than there is time")
		}
	})
	var d Deletions
	d.Begin([]cluster.Address{at("a")})()
	if !d.hasEnded(at("a")) || d.hasEnded(at("a")) {
		t.Error("that a deletion has ended is not told once")
	}
	var none *Deletions
	none.Begin([]cluster.Address{at("a")})()
	if going, _ := none.has(at("a"), nil); going {
		t.Error("deletions that are none have one")
	}
}

// end ends a deletion in a moment.
func end(done func()) { time.AfterFunc(3*interval, done) }

func pointer(a cluster.Address) *cluster.Address { return &a }
