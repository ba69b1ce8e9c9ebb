package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"k8s.io/client-go/rest"
)

// credentialsError says that an exec command did not print credentials, so that no request was sent. client-go
// reports it as it reports a failed connection.
type credentialsError struct{ err error }

// Error implements error. What the command printed is left out: it may be the credentials.
func (e *credentialsError) Error() string {
	text := strings.TrimPrefix(e.err.Error(), "getting credentials: ")
	if before, _, found := strings.Cut(text, "decoding stdout:"); found {
		return before + "the command of exec printed no ExecCredential"
	}
	return text
}

type sentKey struct{}

// roundTripper is a function that sends a request.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// longestAnswer is more than an API server sends at once: a page of a list has 500 objects.
const longestAnswer = 64 << 20

// errTooLong says that an answer has no end, or none within reason.
var errTooLong = fmt.Errorf("the answer has more than %d MiB", longestAnswer>>20)

// boundedBody is a body of an answer, decompressed, of which so many bytes are still taken.
type boundedBody struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLong
	}
	if err != nil && !errors.Is(err, io.EOF) {
		// Half an answer is a broken connection, whatever HTTP/2 calls it.
		err = &net.OpError{Op: "read", Net: "tcp", Err: err}
	}
	return n, err
}

// httpClient returns a client whose errors tell credentials that could not be had from a connection that failed. It
// watches both ends of client-go's transport: what never comes out of it was stopped inside. It notes in answered
// that the server has answered, and for [Cluster.persist] when to come back, and takes no answer without end.
func httpClient(config *rest.Config, answered *atomic.Bool) (*http.Client, error) {
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if sent, ok := r.Context().Value(sentKey{}).(*bool); ok {
				*sent = true
			}
			response, err := next.RoundTrip(r)
			if err == nil {
				answered.Store(true)
				if a, ok := r.Context().Value(askedKey{}).(*asked); ok {
					a.note(response)
				}
			}
			// The body of a connection that was switched to another protocol is the connection.
			if err == nil && response.StatusCode != http.StatusSwitchingProtocols {
				response.Body = &boundedBody{response.Body, longestAnswer}
			}
			return response, err
		})
	})
	client, err := rest.HTTPClientFor(config)
	if err != nil || config.ExecProvider == nil {
		return client, err
	}
	inner := client.Transport
	client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		sent := new(bool)
		response, err := inner.RoundTrip(r.WithContext(context.WithValue(r.Context(), sentKey{}, sent)))
		if err != nil && !*sent {
			err = &credentialsError{err}
		}
		return response, err
	})
	return client, nil
}
