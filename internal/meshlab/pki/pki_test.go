package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

// A server with the server certificate and a client with the client certificate trust each other through the
// authority alone.
func TestAuthority(t *testing.T) {
	t.Parallel()
	authority, err := NewAuthority("lab")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := authority.WriteServer(in("server.crt"), in("server.key"), "kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	if err := authority.WriteClient(in("client.crt"), in("client.key"), "admin", "system:masters"); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)

	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject := r.TLS.PeerCertificates[0].Subject
		if subject.CommonName != "admin" || len(subject.Organization) != 1 ||
			subject.Organization[0] != "system:masters" {
			http.Error(w, subject.String(), http.StatusForbidden)
			return
		}
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{load(t, in("server.crt"), in("server.key"))},
		ClientCAs:    roots,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{load(t, in("client.crt"), in("client.key"))},
	}}}
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("answer %s", response.Status)
	}
}

func load(t *testing.T, certFile, keyFile string) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// A client that trusts the authority believes a server of the names that its certificate is for, and no other.
func TestServer(t *testing.T) {
	t.Parallel()
	authority, err := NewAuthority("lab")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("gateway", "*.example", "shop.test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(pair.Certificate, pair.Key); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(pair.Certificate)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	for name, want := range map[string]bool{"shop.example": true, "shop.test": true, "other.test": false} {
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
