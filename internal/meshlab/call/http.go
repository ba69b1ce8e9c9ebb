package call

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
)

// httpFailure is an answer with a status of 400 or more.
type httpFailure struct {
	status int
	text   string
}

func (f httpFailure) Error() string { return fmt.Sprintf("%d: %s", f.status, f.text) }

// maxText is how much of a failure's body is told.
const maxText = 200

// tls returns how a target's connections are encrypted, nil where they are not.
func (p Proxies) tls(t Target) (*tls.Config, error) {
	if !t.TLS {
		return nil, nil //nolint:nilnil // net/http and grpc-go say it so too
	}
	roots := x509.NewCertPool()
	data, err := os.ReadFile(p.CA)
	if err != nil {
		return nil, fmt.Errorf("read the gateway's authority: %w", err)
	}
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("read the gateway's authority: %s holds no certificate", p.CA)
	}
	return &tls.Config{RootCAs: roots, ServerName: t.Host, MinVersion: tls.VersionTLS12}, nil
}

// httpChannel sends HTTP to one address, whatever the authority says.
type httpChannel struct {
	target    Target
	address   string
	transport *http.Transport
}

// maxIdle is more than a load has in flight.
const maxIdle = 2000

func newHTTPChannel(t Target, address string, encryption *tls.Config) httpChannel {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(t.Protocol == HTTP1)
	protocols.SetHTTP2(t.Protocol == HTTP2 && t.TLS)
	protocols.SetUnencryptedHTTP2(t.Protocol == HTTP2 && !t.TLS)
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return httpChannel{t, address, &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		Protocols: protocols, TLSClientConfig: encryption, TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConns: maxIdle, MaxIdleConnsPerHost: maxIdle, DisableCompression: true,
	}}
}

// Send implements [Channel]. A path is sent word for word, and a redirect is not followed.
func (c httpChannel) Send(ctx context.Context, m Message) (Answer, error) {
	scheme := "http"
	if c.target.TLS {
		scheme = "https"
	}
	request := (&http.Request{
		Method: m.Method, URL: &url.URL{Scheme: scheme, Host: c.target.Host, Opaque: m.Path}, Header: http.Header{},
		Host: c.target.Host,
	}).WithContext(ctx)
	for name, values := range m.Headers {
		for _, value := range values {
			request.Header.Add(name, value)
		}
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return Answer{}, failed(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, failed(ctx, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		text := bytes.TrimSpace(body)
		return Answer{}, httpFailure{response.StatusCode, string(text[:min(len(text), maxText)])}
	}
	answer := Answer{
		Version:  response.Header.Get(greeter.VersionHeader),
		Endpoint: response.Header.Get(greeter.AddressHeader),
		Attempts: response.Header.Get(greeter.AttemptsHeader),
		Body:     body,
	}
	if answer.Version == "" {
		answer.Version = fmt.Sprint(response.StatusCode)
		if location := response.Header.Get("Location"); location != "" {
			answer.Version += " " + location
		}
	}
	return answer, nil
}

// failed says that there was no answer, in gRPC's words for it.
func failed(ctx context.Context, err error) error {
	code := codes.Unavailable
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = codes.DeadlineExceeded
	}
	return status.Error(code, err.Error())
}

// Ready implements [Channel]. Connections are made when they are needed; that one can be is enough.
func (c httpChannel) Ready(ctx context.Context) bool {
	for {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.address)
		if err == nil {
			return connection.Close() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Close implements [Channel].
func (c httpChannel) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}
