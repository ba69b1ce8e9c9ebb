package cluster

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// authority signs certificates for the servers of a test.
type authority struct {
	t           *testing.T
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	pem         string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// serve starts a server whose certificate is for a name, or for 127.0.0.1, and ends at a time.
func (a *authority) serve(name string, end time.Time) string {
	a.t.Helper()
	key := newKey(a.t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: end}
	if name == "" {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(answerNotFound))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	// The server complains about every handshake that a test breaks.
	server.Config.ErrorLog = nil
	server.StartTLS()
	a.t.Cleanup(server.Close)
	return server.URL
}

func answerNotFound(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound,
		Details: &metav1.StatusDetails{Name: "x", Kind: path.Base(path.Dir(r.URL.Path))},
	})
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// answerForever sends as long as somebody reads.
func answerForever(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for chunk := bytes.Repeat([]byte(" "), 1<<20); ; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// TestGet_transport: what goes wrong before an API server has answered, with real TLS and TCP.
func TestGet_transport(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t), newAuthority(t)
	plain := func(handler http.HandlerFunc) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	good, soon := ours.serve("", time.Now().Add(time.Hour)), 300*time.Millisecond
	hang := make(chan struct{})
	hanging := plain(func(http.ResponseWriter, *http.Request) { <-hang })
	// The server waits for its handlers, so they end before it is closed.
	t.Cleanup(func() { close(hang) })
	script := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(command string) *Exec {
		return &Exec{
			APIVersion: "client.authentication.k8s.io/v1",
			Command:    command,
			Env:        map[string]string{"MARK": secret},
		}
	}
	// Nobody listens there: a port that a test had and gave back may be somebody else's by now.
	const closed = "127.0.0.1:1"
	credential := `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",` +
		`"status":{"token":"'$MARK'"}}'`
	tests := map[string]struct {
		config  Config
		want    Reason
		say     string
		timeout time.Duration
	}{
		"trusted":                    {Config{Host: good, ClusterCACertificate: ours.pem}, NotFound, "", 0},
		"one of several authorities": {Config{Host: good, ClusterCACertificate: other.pem + ours.pem}, NotFound, "", 0},
		"not verified":               {Config{Host: good, Insecure: true}, NotFound, "", 0},
		"unknown authority":          {Config{Host: good}, Untrusted, "unknown authority", 0},
		"wrong authority": {
			Config{Host: good, ClusterCACertificate: other.pem}, Untrusted, "unknown authority", 0,
		},
		"another name": {
			Config{Host: ours.serve("api.example", time.Now().Add(time.Hour)), ClusterCACertificate: ours.pem},
			Untrusted, "127.0.0.1", 0,
		},
		"the name that was asked for": {
			Config{
				Host:                 ours.serve("api.example", time.Now().Add(time.Hour)),
				ClusterCACertificate: ours.pem,
				TLSServerName:        "api.example",
			}, NotFound, "", 0,
		},
		"not the name that was asked for": {
			Config{Host: good, ClusterCACertificate: ours.pem, TLSServerName: "api.example"}, Untrusted, "api.example",
			0,
		},
		"expired": {
			Config{Host: ours.serve("", time.Now().Add(-time.Hour)), ClusterCACertificate: ours.pem}, Untrusted,
			"expired", 0,
		},
		"HTTPS to an HTTP port": {
			Config{Host: strings.Replace(plain(answerNotFound), "http:", "https:", 1)},
			NotAPIServer,
			"HTTP response to HTTPS client",
			0,
		},
		"HTTP to an HTTPS port": {
			Config{Host: strings.Replace(good, "https:", "http:", 1)}, NotAPIServer, "", 0,
		},
		"refused": {Config{Host: closed}, Unreachable, "connection refused", 0},
		"proxy refused": {
			Config{Host: good, ProxyURL: "http://user:" + secret + "@" + closed}, Unreachable, "connection refused", 0,
		},
		"proxy wants a login": {Config{Host: good, ProxyURL: strings.Replace(plain(answer(http.StatusProxyAuthRequired,
			"text/plain", "")), "//", "//user:"+secret+"@", 1)}, Unreachable, "Proxy Authentication Required", 0},
		"refused, with a password in the host": {
			Config{Host: "https://user:" + secret + "@" + closed}, Unreachable, "connection refused", 0,
		},
		"hanging": {Config{Host: hanging}, TimedOut, "deadline exceeded", soon},
		"a web page": {
			Config{Host: plain(answer(http.StatusOK, "text/html", "<html>login</html>"))}, Unknown, "text/html", 0,
		},
		"a web page that forbids": {
			Config{Host: plain(answer(http.StatusForbidden, "text/html", "<html>no</html>"))}, NotAPIServer, "", 0,
		},
		"an answer without end": {Config{Host: plain(answerForever)}, NotAPIServer, "more than 64 MiB", 0},
		"nothing at that path":  {Config{Host: plain(http.NotFound)}, CRDMissing, "", 0},
		"unauthorized": {Config{Host: plain(answer(
			http.StatusUnauthorized,
			"application/json",
			`{"kind":"Status","apiVersion":"v1","reason":"Unauthorized","code":401}`,
		)), Token: secret}, Unauthorized, "", 0},
		"exec prints a token": {
			Config{Host: good, ClusterCACertificate: ours.pem, Exec: run(script("ok", credential))}, NotFound, "", 0,
		},
		"exec fails": {
			Config{Host: good, ClusterCACertificate: ours.pem, Exec: run(script("fails", credential+"; exit 3"))},
			NoCredentials, "exit code 3", 0,
		},
		"exec is missing": {
			Config{Host: good, ClusterCACertificate: ours.pem, Exec: run("/nonexistent/print-token")}, NoCredentials,
			"no such file", 0,
		},
		"exec prints something else": {
			Config{Host: good, ClusterCACertificate: ours.pem, Exec: run(script("text", `echo "users: *$MARK"`))},
			NoCredentials, "no ExecCredential", 0,
		},
		"exec prints another kind": {Config{
			Host:                 good,
			ClusterCACertificate: ours.pem,
			Exec:                 run(script("kind", `echo '{"kind":"'$MARK'","apiVersion":"v1"}'`)),
		}, NoCredentials, "no ExecCredential", 0},
		"exec prints nothing": {
			Config{Host: good, ClusterCACertificate: ours.pem, Exec: run(script("nothing", ""))}, NoCredentials,
			"exec plugin", 0,
		},
		"exec prints no token": {Config{Host: good, ClusterCACertificate: ours.pem, Exec: run(script(
			"empty", `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'`,
		))}, NoCredentials, "didn't return a token", 0},
		"exec works, server is down": {
			Config{Host: closed, Exec: run(script("down", credential))}, Unreachable, "connection refused", 0,
		},
		"exec works, wrong authority": {
			Config{Host: good, Exec: run(script("authority", credential))}, Untrusted, "unknown authority", 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Connect(test.config)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			if test.timeout > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), test.timeout)
			}
			defer cancel()
			live, err := c.get(ctx, address)
			if test.want == NotFound {
				if live != nil || err != nil {
					t.Fatalf("Get = %v, %v; want nothing, as the object does not exist", live, err)
				}
				return
			}
			var failure *Error
			if !errors.As(err, &failure) {
				t.Fatalf("error %T %v, want *Error", err, err)
			}
			if failure.Reason != test.want {
				t.Errorf("reason %d of %q, want %d", failure.Reason, err, test.want)
			}
			if !strings.Contains(err.Error(), test.say) ||
				!strings.HasPrefix(err.Error(), `read VirtualService "shop/reviews": `) {
				t.Errorf("error %q does not begin with what was tried, or does not say %q", err, test.say)
			}
			if text := err.Error() + failure.Host; strings.Contains(text, secret) {
				t.Errorf("%q contains a secret", text)
			}
		})
	}
}

// TestCreate_connectionLost: a write whose answer is lost is tried again, because it bears being done twice; not so
// when the user has had enough, or when there is an answer.
func TestCreate_connectionLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lost   int32
		cancel bool
		want   int32
		reason Reason
	}{
		"the third try is answered": {lost: 2, want: 3, reason: NotFound},
		"interrupted":               {lost: 9, cancel: true, want: 1, reason: Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) <= test.lost {
					panic(http.ErrAbortHandler)
				}
				answerNotFound(w, r)
			}))
			t.Cleanup(server.Close)
			c, err := Connect(Config{Host: server.URL, FieldManager: "test"})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if test.cancel {
				cancel()
			}
			pair := shape{host: reviews, virtualService: "reviews", weights: map[string]int32{"v1": 100}}.pair()
			if _, err := c.create(ctx, pair.Routing()); !IsReason(err, test.reason) {
				t.Errorf("error %v, want reason %d", err, test.reason)
			}
			if n := requests.Load(); n != test.want {
				t.Errorf("%d requests, want %d", n, test.want)
			}
		})
	}
}

func TestGet_interrupted(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(answerNotFound))
	t.Cleanup(server.Close)
	c, err := Connect(Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, address); !IsReason(err, Interrupted) {
		t.Errorf("error %v, want an interruption", err)
	}
}
