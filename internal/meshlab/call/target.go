package call

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/echo"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
)

// Via is what routes a request: gRPC's own client, or one of the lab's Envoys.
type Via string

// The ways to a service.
const (
	XDS     Via = "xds"
	Sidecar Via = "sidecar"
	Gateway Via = "gateway"
)

// Protocol is what a client speaks.
type Protocol string

// The protocols of clients.
const (
	GRPC  Protocol = "grpc"
	HTTP1 Protocol = "http1"
	HTTP2 Protocol = "http2"
)

// Proxies say where the Envoys of a lab are. They are empty where it has none.
type Proxies struct {
	Sidecar string // address without a port: it has those of the services
	Gateway string
	HTTP    int // ports of the gateway
	HTTPS   int
	CA      string // file with the authority of the gateway's certificate
}

// ProxiesOf reads what a lab says in its environment.
func ProxiesOf(getenv func(string) string) (Proxies, error) {
	p := Proxies{
		Sidecar: getenv("MESHLAB_SIDECAR_ADDRESS"), Gateway: getenv("MESHLAB_GATEWAY_ADDRESS"),
		CA: getenv("MESHLAB_GATEWAY_CA"),
	}
	for name, port := range map[string]*int{
		"MESHLAB_GATEWAY_HTTP_PORT": &p.HTTP, "MESHLAB_GATEWAY_HTTPS_PORT": &p.HTTPS,
	} {
		text := getenv(name)
		if text == "" {
			continue
		}
		var err error
		if *port, err = strconv.Atoi(text); err != nil {
			return p, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return p, nil
}

// Target is where requests go, and how. Requests with the same target share connections.
type Target struct {
	Via      Via
	Protocol Protocol
	TLS      bool
	Host     string // of the service; the authority of requests through an Envoy
	Port     int    // of the service, or of the gateway
}

// String names the target.
func (t Target) String() string {
	address := net.JoinHostPort(t.Host, strconv.Itoa(t.Port))
	if t.Via == XDS {
		return address
	}
	words := []string{string(t.Via), string(t.Protocol)}
	if t.TLS {
		words = append(words, "tls")
	}
	return strings.Join(append(words, address), " ")
}

// complete returns the target with what it leaves out.
func (t Target) complete(p Proxies) Target {
	if t.Via == "" {
		t.Via = XDS
	}
	if t.Protocol == "" {
		t.Protocol = GRPC
	}
	if t.Port != 0 {
		return t
	}
	switch {
	case t.Via == Gateway && t.TLS:
		t.Port = p.HTTPS
	case t.Via == Gateway:
		t.Port = p.HTTP
	case t.Protocol == GRPC:
		t.Port = greeter.Port
	default:
		t.Port = echo.Port
	}
	return t
}

// validate says what is wrong with a complete target.
func (t Target) validate(p Proxies) error {
	address := p.Sidecar
	if t.Via == Gateway {
		address = p.Gateway
	}
	switch {
	case t.Via != XDS && t.Via != Sidecar && t.Via != Gateway:
		return fmt.Errorf("via %q: want xds, sidecar or gateway", t.Via)
	case t.Protocol != GRPC && t.Protocol != HTTP1 && t.Protocol != HTTP2:
		return fmt.Errorf("protocol %q: want grpc, http1 or http2", t.Protocol)
	case t.Via == XDS && t.Protocol != GRPC:
		return fmt.Errorf("protocol %s goes through a sidecar or a gateway", t.Protocol)
	case t.TLS && t.Via != Gateway:
		return errors.New("TLS is for the gateway: a sidecar's clients send without")
	case t.Host == "":
		return errors.New("host is missing")
	case t.Via != XDS && address == "":
		return fmt.Errorf("this lab has no %s: it needs an Envoy (MESHLAB_%s_ADDRESS is not set)", t.Via,
			strings.ToUpper(string(t.Via)))
	case t.Port < 1 || t.Port > 65535:
		return fmt.Errorf("port must be between 1 and 65535, got %d", t.Port)
	}
	return nil
}

// Message is what is sent to a target.
type Message struct {
	Method  string // of gRPC as /package.Service/Method, or of HTTP
	Path    string // of HTTP, with the query
	Headers map[string][]string
}

// Complete returns a target and a message with what they leave out, or what is wrong with them.
func (p Proxies) Complete(t Target, m Message) (Target, Message, error) {
	t = t.complete(p)
	if err := t.validate(p); err != nil {
		return t, m, err
	}
	if t.Protocol == GRPC {
		if m.Method == "" {
			m.Method = greeter.SayHello
		}
		if !strings.HasPrefix(m.Method, "/") || strings.Count(m.Method, "/") < 2 {
			return t, m, fmt.Errorf("method %q: want /package.Service/Method", m.Method)
		}
		if m.Path != "" {
			return t, m, errors.New("a path is for HTTP: that of gRPC is the method")
		}
		return t, m, nil
	}
	if m.Method == "" {
		m.Method = http.MethodGet
	}
	if m.Path == "" {
		m.Path = "/"
	}
	switch {
	case strings.ContainsAny(m.Method, "/ "):
		return t, m, fmt.Errorf("method %q: want one of HTTP, such as GET", m.Method)
	case !strings.HasPrefix(m.Path, "/") || strings.HasPrefix(m.Path, "//"):
		return t, m, fmt.Errorf("path %q: want one that begins with one slash", m.Path)
	}
	return t, m, nil
}
