package kubelet

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/pki"
)

// serve starts a kubelet with a pod whose port 15014 leads to address, and returns how a client that is trusted
// reaches it.
func serve(t *testing.T, address string) *rest.Config {
	t.Helper()
	authority, err := pki.NewAuthority("lab")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := authority.WriteServer(in("kubelet.crt"), in("kubelet.key"), "kubelet"); err != nil {
		t.Fatal(err)
	}
	if err := authority.WriteClient(in("client.crt"), in("client.key"), "kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(in("kubelet.crt"), in("kubelet.key"))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := Serve(listener, Options{
		Certificate: certificate, Clients: authority.PEM, Log: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Run(Pod{"istio-system", "istiod-0"}, map[int32]string{15014: address})
	server.Run(Pod{"istio-system", "prometheus-0"}, map[int32]string{9090: address})
	t.Cleanup(server.Close)
	return &rest.Config{
		Host: "https://" + listener.Addr().String(),
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   authority.PEM,
			CertFile: in("client.crt"),
			KeyFile:  in("client.key"),
		},
	}
}

// forward forwards a local port to port of the pod, and returns its address.
func forward(t *testing.T, config *rest.Config, pod string, port int) (string, error) {
	t.Helper()
	at, err := url.Parse(config.Host + "/portForward/istio-system/" + pod)
	if err != nil {
		t.Fatal(err)
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		t.Fatal(err)
	}
	dialer := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, at)
	stop, ready, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	t.Cleanup(func() { close(stop) })
	forwarder, err := portforward.NewOnAddressesForStreaming(dialer, []string{"127.0.0.1"},
		[]string{fmt.Sprintf("0:%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case err := <-ended:
		return "", err
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0].Local), nil
}

// A large answer arrives whole, several times over one connection, and the server sees a client on this machine.
func TestServer_forwards(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("istiod"), 1<<16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.RemoteAddr, "127.0.0.1:") {
			http.Error(w, r.RemoteAddr, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(body)
	}))
	defer server.Close()
	config := serve(t, server.Listener.Addr().String())
	address, err := forward(t, config, "istiod-0", 15014)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 3 {
		response, err := client.Get("http://" + address)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !bytes.Equal(got, body) || response.StatusCode != http.StatusOK {
			t.Errorf("%s, %d bytes, error %v", response.Status, len(got), err)
		}
	}
	other, err := forward(t, config, "prometheus-0", 9090)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get("http://" + other)
	if err != nil {
		t.Fatalf("another pod: %v", err)
	}
	response.Body.Close()
	server.Close()
	if response, err := client.Get("http://" + address); err == nil {
		response.Body.Close()
		t.Errorf("answer %s of a server that has ended", response.Status)
	}
}

func TestServer_refuses(t *testing.T) {
	t.Parallel()
	config := serve(t, "127.0.0.1:1")
	if _, err := forward(t, config, "istiod-1", 15014); err == nil ||
		!strings.Contains(err.Error(), "pod does not exist") {
		t.Errorf("another pod: %v", err)
	}
	anonymous := rest.CopyConfig(config)
	anonymous.CertFile, anonymous.KeyFile = "", ""
	if _, err := forward(t, anonymous, "istiod-0", 15014); err == nil ||
		!strings.Contains(err.Error(), "certificate required") {
		t.Errorf("without a certificate: %v", err)
	}
}
