package acceptance

import (
	"context"
	"errors"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicclient "k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

var update = flag.Bool("update", false, "record what the API server and the provider say about the objects in testdata")

// sampleNamespace is where samples are when no cluster is asked.
const sampleNamespace = "shop"

// opinion is what somebody says about an object.
type opinion struct {
	Refused []string `json:"refused,omitempty"`
	Warned  []string `json:"warned,omitempty"`
}

func (o opinion) refuses() bool { return len(o.Refused) > 0 }
func (o opinion) silent() bool  { return len(o.Refused)+len(o.Warned) == 0 }

// plan returns what the provider says at plan.
func plan(s istiotest.Sample) opinion {
	spec, unknown, err := istio.ParseSpec(s.Kind(), s.Spec())
	if err != nil {
		return opinion{Refused: []string{"no value of the attribute's type"}}
	}
	var said opinion
	for _, at := range unknown {
		said.Refused = append(said.Refused, strings.TrimPrefix(at, ".")+": there is no such attribute")
	}
	o := &istio.Object{Namespace: sampleNamespace, Name: "sample", Annotations: s.Annotations, Spec: spec}
	described, _ := form.OfKind(s.Kind()).Recognize(istio.ObjectsOf(o), &canary.Placement{}, form.Defaults{})
	for _, p := range described.Problems() {
		text := p.At.String() + ": " + report.Text(p)
		if p.Severity == istio.Refused {
			said.Refused = append(said.Refused, text)
		} else {
			said.Warned = append(said.Warned, text)
		}
	}
	return said
}

// apiServer asks a real API server, with istiod's real webhook.
type apiServer struct {
	kubeconfig, namespace string
	client                dynamicclient.Interface
	warnings              *warnings
}

// warnings collects the warnings of the requests since it was last emptied.
type warnings struct {
	sync.Mutex
	texts []string
}

// HandleWarningHeader takes a warning of the API server.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.Lock()
	defer w.Unlock()
	w.texts = append(w.texts, text)
}

func (w *warnings) take() []string {
	w.Lock()
	defer w.Unlock()
	texts := w.texts
	w.texts = nil
	return texts
}

func startAPIServer(t *testing.T) *apiServer {
	t.Helper()
	lab := acctest.Start(t)
	config, err := clientcmd.BuildConfigFromFlags("", lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	a := &apiServer{kubeconfig: lab.Kubeconfig, namespace: lab.Namespace, warnings: &warnings{}}
	config.QPS, config.WarningHandler = -1, a.warnings
	if a.client, err = dynamicclient.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	return a
}

// says sends the object, as a trial.
func (a *apiServer) says(t *testing.T, s istiotest.Sample) opinion {
	t.Helper()
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": istio.APIVersion, "kind": string(s.Kind()), "spec": s.Spec(),
		"metadata": map[string]any{"name": "sample", "namespace": a.namespace},
	}}
	o.SetAnnotations(s.Annotations)
	resource := schema.GroupVersionResource{
		Group:    "networking.istio.io",
		Version:  "v1",
		Resource: strings.ToLower(string(s.Kind())) + "s",
	}
	_, err := a.client.Resource(resource).Namespace(a.namespace).Create(context.WithoutCancel(t.Context()), o,
		metav1.CreateOptions{
			DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
		})
	said := opinion{Warned: a.lines(a.warnings.take()...)}
	if status := (apierrors.APIStatus)(nil); errors.As(err, &status) {
		said.Refused = a.lines(status.Status().Message)
	} else if err != nil {
		t.Fatalf("send: %v", err)
	}
	return said
}

// sameVerdict reports whether two refuse, or warn, or say nothing.
func (o opinion) sameVerdict(other opinion) bool {
	return o.refuses() == other.refuses() && o.silent() == other.silent()
}

// ofUnknownField reports whether an object is refused because the API does not have one of its fields.
func (o opinion) ofUnknownField() bool {
	return slices.ContainsFunc(o.Refused, func(line string) bool { return strings.Contains(line, "unknown field") })
}

// lines returns the lines of messages, sorted: istiod ranges over maps.
func (a *apiServer) lines(messages ...string) []string {
	var lines []string
	for _, message := range messages {
		for line := range strings.SplitSeq(strings.ReplaceAll(message, a.namespace, "NAMESPACE"), "\n") {
			if line = strings.TrimSpace(strings.TrimLeft(line, "\t *")); line != "" {
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// record is what is known of a sample.
type record struct {
	APIServer opinion `json:"apiServer"`
	Provider  opinion `json:"provider"`
}

const recordsFile = "testdata/objects.golden.yaml"

func readRecords(t *testing.T) map[string]record {
	t.Helper()
	text, err := os.ReadFile(recordsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	records := map[string]record{}
	if err := yaml.UnmarshalStrict(text, &records); err != nil {
		t.Fatalf("read %s: %v", recordsFile, err)
	}
	return records
}

// TestInvalidObjects compares what the provider says about every sample with what a real API server said, as
// recorded.
func TestInvalidObjects(t *testing.T) {
	t.Parallel()
	recorded := readRecords(t)
	records := map[string]record{}
	for _, dir := range []string{"invalid", "valid"} {
		for name, s := range istiotest.Samples(t, dir, sampleNamespace) {
			records[name] = record{APIServer: recorded[name].APIServer, Provider: plan(s)}
		}
	}
	compareRecords(t, recorded, records)
}

// TestAccInvalidObjects asks a real API server about every sample.
func TestAccInvalidObjects(t *testing.T) { //nolint:paralleltest // it has an API server of its own
	server := startAPIServer(t)
	recorded := readRecords(t)
	records := map[string]record{}
	var lacking []string
	for _, dir := range []string{"invalid", "valid"} {
		sent := istiotest.Samples(t, dir, server.namespace)
		for name, s := range istiotest.Samples(t, dir, sampleNamespace) {
			said := server.says(t, sent[name])
			if said.ofUnknownField() && !recorded[name].APIServer.ofUnknownField() {
				lacking, said = append(lacking, name), recorded[name].APIServer
			}
			records[name] = record{APIServer: said, Provider: plan(s)}
		}
	}
	if len(lacking) > 0 {
		t.Logf("%d of %d objects have fields that this API server does not know, which an older Istio may not: %q",
			len(lacking), len(records), lacking)
	}
	if len(lacking) > len(records)/10 {
		t.Error("that is more than an older Istio would lack")
	}
	for name, r := range records {
		// Whoever lacks fields is older, and says some things in other words.
		if was := recorded[name].APIServer; len(lacking) > 0 && r.APIServer.sameVerdict(was) {
			r.APIServer = was
			records[name] = r
		}
	}
	compareRecords(t, recorded, records)
}

func compareRecords(t *testing.T, recorded, records map[string]record) {
	t.Helper()
	invalid, valid := istiotest.Samples(t, "invalid", sampleNamespace), istiotest.Samples(t, "valid", sampleNamespace)
	if len(invalid) < 150 || len(valid) < 60 {
		t.Errorf("there are only %d invalid and %d valid objects", len(invalid), len(valid))
	}
	var serverRefuses, serverWarns, refuses, warns, beyond int
	for _, name := range slices.Sorted(maps.Keys(invalid)) {
		r, why := records[name], invalid[name].Accepted
		serverRefuses += count(r.APIServer.refuses())
		serverWarns += count(!r.APIServer.refuses() && !r.APIServer.silent())
		refuses += count(r.Provider.refuses())
		warns += count(!r.Provider.refuses() && !r.Provider.silent())
		switch {
		case r.APIServer.refuses() && !r.Provider.refuses():
			t.Errorf("%s: the API server refuses it, the provider does not: %q", name, r.APIServer.Refused)
		case r.Provider.refuses() && !r.APIServer.refuses() && why != "refused by Envoy":
			t.Errorf("%s: the API server takes it, so that it has to be importable, and the provider refuses it: %q",
				name, r.Provider.Refused)
		case r.Provider.silent():
			t.Errorf("%s: the provider says nothing", name)
		case why != "" && (r.APIServer.refuses() || why != "refused by Envoy" && why != "without effect"),
			why == "" && r.APIServer.silent():
			t.Errorf("%s: the API server says %q %q, which is marked as accepted %q", name, r.APIServer.Refused,
				r.APIServer.Warned, why)
		case r.APIServer.silent():
			beyond++
			t.Logf("%-70s %-17s %s", name,
				why, strings.Join(append(slices.Clone(r.Provider.Refused), r.Provider.Warned...), "; "))
		}
	}
	t.Logf("%d invalid objects: the API server refuses %d and warns of %d; the provider refuses %d and warns of %d, "+
		"and speaks of %d about which the API server is silent", len(invalid), serverRefuses, serverWarns, refuses,
		warns, beyond)
	for _, name := range slices.Sorted(maps.Keys(valid)) {
		if r := records[name]; !r.APIServer.silent() || !r.Provider.silent() {
			t.Errorf("%s is valid: the API server says %q, the provider %q", name, r.APIServer, r.Provider)
		}
	}
	t.Logf("%d valid objects", len(valid))
	if *update {
		text, err := yaml.Marshal(records)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(recordsFile, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(recorded, records); diff != "" {
		t.Errorf("what is said (-recorded +is); -update records it:\n%s", diff)
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
