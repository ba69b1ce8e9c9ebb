package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestFieldPath(t *testing.T) {
	t.Parallel()
	service, rule := &istio.Object{
		Spec: &networking.VirtualService{},
	}, &istio.Object{Spec: &networking.DestinationRule{}}
	for field, want := range map[string]struct {
		of *istio.Object
		at string
	}{
		".spec.http":                                    {service, "http"},
		"spec.http[0].timeout":                          {service, "http[0].timeout"},
		"spec.http[2].retries.perTryTimeout":            {service, "http[2].retries.per_try_timeout"},
		"spec.http[1].match[0].headers[version].exact":  {service, `http[1].match[0].headers["version"].exact`},
		"spec.http[1].match[0].headers.version":         {service, `http[1].match[0].headers["version"]`},
		"/spec/http/0/corsPolicy/maxAge/":               {service, "http[0].cors_policy.max_age"},
		"spec.http[0].something.else":                   {service, "http[0]"},
		"spec.http[x]":                                  {service, "http"},
		"spec.hosts[0]":                                 {service, "hosts[0]"},
		"spec.hosts[0].more":                            {service, "hosts[0]"},
		"spec.subsets[1].labels.app":                    {rule, `subsets[1].labels["app"]`},
		".spec.trafficPolicy.connectionPool":            {rule, "traffic_policy.connection_pool"},
		".metadata.labels.app.kubernetes.io/managed-by": {rule, `labels["app.kubernetes.io/managed-by"]`},
		"metadata.annotations":                          {rule, "annotations"},
		"metadata.name":                                 {rule, "name"},
		"metadata.generation":                           {rule, ""},
		"spec.nothing":                                  {rule, ""},
		"spec":                                          {rule, ""},
		"status.conditions":                             {rule, ""},
		"":                                              {rule, ""},
		"....":                                          {rule, ""},
		"spec.http[99999999999999999999999999999999999999]": {service, "http"},
	} {
		if got := istio.FieldPath(field, want.of).String(); got != want.at {
			t.Errorf("%q is %q, want %q", field, got, want.at)
		}
	}
}

func TestFieldsIn(t *testing.T) {
	t.Parallel()
	service := &istio.Object{Spec: &networking.VirtualService{}}
	for text, want := range map[string][]string{
		`strict decoding error: unknown field "spec.http[0].something"`:                   {"http[0]"},
		".spec.http[0].something: field not declared in schema":                           {"http[0]"},
		"validation error: no long timeouts. rule t failed at path /spec/http/0/timeout/": {"http[0].timeout"},
		"spec.http[0].timeout and spec.gateways must not be set": {
			"http[0].timeout", "gateways",
		},
		"myspec.http is no field, and neither is the spec.": nil,
		"no field at all": nil,
	} {
		var got []string
		for _, at := range istio.FieldsIn(text, service) {
			got = append(got, at.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// Whatever a webhook writes, it is read.
func FuzzFieldsIn(f *testing.F) {
	for _, seed := range []string{
		"spec.http[0].timeout", ".metadata.labels.a.b/c", "/spec/http/-1/x", "spec[spec[spec.http",
		"\xff.spec.http[\x00]",
	} {
		f.Add(seed)
	}
	service := &istio.Object{Spec: &networking.VirtualService{}}
	f.Fuzz(func(t *testing.T, text string) {
		for _, at := range append(istio.FieldsIn(text, service), istio.FieldPath(text, service)) {
			if at.String() == "" && len(at) > 0 {
				t.Errorf("%q: a path without words: %#v", text, at)
			}
		}
	})
}
