package acceptance_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// testExpiry lets credentials expire while routes are applied: every time the command of exec is run again, nothing
// fails for it, and what it printed is printed nowhere else.
func testExpiry(t *testing.T, lab *breakable, k *kube) {
	t.Helper()
	lab.trust(k)
	terraform := newCLI(t, "TF_LOG=TRACE")
	for _, test := range []struct {
		says    bool
		command string
		subset  string
	}{{true, "apply", "v1"}, {false, "apply", "v2"}, {false, "destroy", "v2"}} {
		short := lab.expiring(t, k, test.says)
		terraform.configure(
			short.block+"  propagation = { mode = \"settle\", settle = \"1200ms\", settle_after_failure = \"0s\" }\n",
			manyRoutes(12, "greeter", test.subset, ""),
		)
		began := time.Now()
		r := terraform.must(test.command)
		search(t, "the output of "+test.command, r.text, short.secrets())
		search(t, "the state", readFile(t, filepath.Join(terraform.dir, "terraform.tfstate")), short.secrets())
		if took := time.Since(began); took < shortLived || short.runs() < 2 {
			t.Errorf("%s took %s, and ran the command of exec %d times: nothing expired meanwhile", test.command,
				took, short.runs())
		}
	}
	for _, resource := range []string{"virtualservices", "destinationrules"} {
		list, err := k.objects("networking.istio.io/v1", resource, "greeter").List(t.Context(), metav1.ListOptions{})
		if err != nil || len(list.Items) > 0 {
			t.Errorf("%d %s are left: %v", len(list.Items), resource, err)
		}
	}
}

// shortLived is how long a credential of an expiring plugin is good for.
const shortLived = 2 * time.Second

// expiring is an exec plugin whose client certificates expire within seconds.
type expiring struct {
	block string

	t     *testing.T
	dir   string
	mutex sync.Mutex
	keys  []string
}

// authority signs the certificates of expiring plugins.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

var testAuthority = sync.OnceValues(func() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &authority{certificate, key}, err
})

// trust lets the API server accept the certificates of expiring plugins.
func (b *breakable) trust(k *kube) {
	t := k.t
	t.Helper()
	own, err := testAuthority()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.dir, "ca.crt")
	both := readFile(t, path) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.certificate.Raw}))
	if err := os.WriteFile(path, []byte(both), 0o600); err != nil {
		t.Fatal(err)
	}
	// The API server reads the file again when it changes.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		credential, key, err := newCredential(false)
		if err != nil {
			t.Fatal(err)
		}
		var issued struct {
			Status struct{ ClientCertificateData string }
		}
		if err := json.Unmarshal(credential, &issued); err != nil {
			t.Fatal(err)
		}
		config := rest.Config{Host: k.config.Host, TLSClientConfig: rest.TLSClientConfig{
			CAData: []byte(k.authority), CertData: []byte(issued.Status.ClientCertificateData), KeyData: []byte(key),
		}}
		client, err := dynamic.NewForConfig(&config)
		if err == nil {
			_, err = client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"}).List(t.Context(),
				metav1.ListOptions{})
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the API server does not accept the test's certificates: %v", err)
		}
	}
}

// expiring starts a plugin. With says it tells when its credentials expire; otherwise only the API server's refusal
// does.
func (b *breakable) expiring(t *testing.T, k *kube, says bool) *expiring {
	t.Helper()
	e := &expiring{t: t, dir: t.TempDir()}
	e.issue(says)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(shortLived / 4):
				e.issue(says)
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	plugin := (&cli{t: t, dir: e.dir}).write("plugin",
		fmt.Sprintf("#!/bin/sh\necho run >> %q\ncat %q\n", e.path("runs"), e.path("credential")))
	e.block = fmt.Sprintf("  host = %q\n  cluster_ca_certificate = %q\n  exec {\n    api_version = "+
		"\"client.authentication.k8s.io/v1\"\n    command = %q\n  }\n",
		k.config.Host, k.authority, plugin)
	return e
}

func (e *expiring) path(name string) string { return filepath.Join(e.dir, name) }

// runs is how often the command was run.
func (e *expiring) runs() int { return strings.Count(readFile(e.t, e.path("runs")), "run") }

// secrets are a line of each private key that was given out.
func (e *expiring) secrets() []string {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.keys
}

// issue writes the next credential, which replaces the last one at once.
func (e *expiring) issue(says bool) {
	credential, key, err := newCredential(says)
	if err == nil {
		err = os.WriteFile(e.path("next"), credential, 0o600)
	}
	if err == nil {
		err = os.Rename(e.path("next"), e.path("credential"))
	}
	if err != nil {
		e.t.Errorf("issue a credential: %v", err)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.keys = append(e.keys, strings.Split(key, "\n")[1])
}

func newCredential(says bool) (credential []byte, key string, err error) {
	own, err := testAuthority()
	if err != nil {
		return nil, "", err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", err
	}
	expires := time.Now().Add(shortLived)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{
			CommonName:   "short-lived",
			Organization: []string{"system:masters"},
		},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: expires,
	}, own.certificate, private.Public(), own.key)
	if err != nil {
		return nil, "", err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, "", err
	}
	key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	status := map[string]string{
		"clientCertificateData": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"clientKeyData":         key,
	}
	if says {
		status["expirationTimestamp"] = expires.UTC().Format(time.RFC3339)
	}
	credential, err = json.Marshal(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1",
		"kind":       "ExecCredential",
		"status":     status,
	})
	return credential, key, err
}
