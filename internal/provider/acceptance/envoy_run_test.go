package acceptance_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// message is a request as it is written to an Envoy, word for word.
type message struct {
	address   string // of the Envoy, with the port
	http2     bool   // else it is HTTP/1.1
	encrypted bool
	method    string
	scheme    string // is told in HTTP/2 alone
	authority string
	path      string
	headers   map[string][]string
}

// reply is what becomes of a message.
type reply struct {
	Status int
	Header http.Header
	Body   string
	// Received is what a server of HTTP says that it received, nil where none did.
	Received *received
	Took     time.Duration
}

// received is what a server of HTTP says about a request.
type received struct {
	Version, Address, Method, Authority, Path string
	Headers                                   map[string][]string
}

// envoyTimeout bounds a message.
const envoyTimeout = 20 * time.Second

// envoyClient sends messages to Envoys. Those of HTTP/2 share connections.
type envoyClient struct {
	roots  *x509.CertPool
	shared map[string]*http2.Transport // by the address, and whether encrypted
}

// certified is a name in the certificate of the lab's gateway.
const certified = "shop.example"

// newEnvoyClient returns a client for messages to these addresses. authority is a file with that of the gateway's
// certificate; it may be empty where nothing is encrypted.
func newEnvoyClient(t *testing.T, authority string, addresses ...string) *envoyClient {
	t.Helper()
	c := &envoyClient{roots: x509.NewCertPool(), shared: map[string]*http2.Transport{}}
	if authority != "" {
		data, err := os.ReadFile(authority)
		if err != nil {
			t.Fatal(err)
		}
		c.roots.AppendCertsFromPEM(data)
	}
	for _, address := range addresses {
		for _, encrypted := range []bool{false, true} {
			transport := &http2.Transport{AllowHTTP: true, DisableCompression: true}
			transport.DialTLSContext = func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
				return c.dial(ctx, message{address: address, http2: true, encrypted: encrypted})
			}
			c.shared[fmt.Sprint(address, encrypted)] = transport
			t.Cleanup(transport.CloseIdleConnections)
		}
	}
	return c
}

func (c *envoyClient) dial(ctx context.Context, m message) (net.Conn, error) {
	if !m.encrypted {
		return (&net.Dialer{}).DialContext(ctx, "tcp", m.address)
	}
	protocol := "http/1.1"
	if m.http2 {
		protocol = http2.NextProtoTLS
	}
	return (&tls.Dialer{Config: &tls.Config{
		RootCAs: c.roots, ServerName: certified, NextProtos: []string{protocol}, MinVersion: tls.VersionTLS12,
	}}).DialContext(ctx, "tcp", m.address)
}

// send sends a message.
func (c *envoyClient) send(ctx context.Context, m message) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, envoyTimeout)
	defer cancel()
	began := time.Now()
	ask := c.ask1
	if m.http2 {
		ask = c.ask2
	}
	response, err := ask(ctx, m)
	if err != nil {
		return reply{}, fmt.Errorf("send %s %s to %s: %w", m.method, m.path, m.authority, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, fmt.Errorf("read the answer to %s %s: %w", m.method, m.path, err)
	}
	r := reply{Status: response.StatusCode, Header: response.Header, Body: string(body), Took: time.Since(began)}
	if response.Header.Get("Content-Type") == "application/json" {
		err = json.Unmarshal(body, &r.Received)
	}
	return r, err
}

// ask1 sends a message on a connection of its own. The connection ends with the context, after the answer was read.
func (c *envoyClient) ask1(ctx context.Context, m message) (*http.Response, error) {
	connection, err := c.dial(ctx, m)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { connection.Close() })
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", m.method, m.path, m.authority)
	for _, name := range slices.Sorted(maps.Keys(m.headers)) {
		for _, value := range m.headers[name] {
			fmt.Fprintf(&text, "%s: %s\r\n", name, value)
		}
	}
	text.WriteString("\r\n")
	if _, err := connection.Write(text.Bytes()); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: m.method})
}

// ask2 sends a message in HTTP/2. A path that is made of two slashes is no path to net/url without the rest.
func (c *envoyClient) ask2(ctx context.Context, m message) (*http.Response, error) {
	request := (&http.Request{
		Method: m.method, Host: m.authority, Header: http.Header{},
		URL: &url.URL{Scheme: m.scheme, Host: m.authority, Opaque: "//" + m.authority + m.path},
	}).WithContext(ctx)
	for name, values := range m.headers {
		for _, value := range values {
			request.Header.Add(name, value)
		}
	}
	return c.shared[fmt.Sprint(m.address, m.encrypted)].RoundTrip(request)
}

// askEnvoy sends a request word for word to an Envoy in front of the lab's HTTP service, and returns the path that
// the service was asked for, or what the Envoy answers by itself: the status with the Location, or a body.
func askEnvoy(t *testing.T, address, host, path string, headers map[string]string) string {
	t.Helper()
	m := message{address: address, method: http.MethodGet, authority: host, path: path, headers: map[string][]string{}}
	for name, value := range headers {
		m.headers[name] = []string{value}
	}
	r, err := newEnvoyClient(t, "").send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	switch location := r.Header.Get("Location"); {
	case location != "":
		return fmt.Sprintf("%d %s", r.Status, location)
	case r.Status != http.StatusOK:
		return fmt.Sprint(r.Status)
	case r.Received == nil:
		return r.Body
	}
	return r.Received.Path
}
