package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type askedKey struct{}

// asked is what the API server asked for in its last answer: to come back later. The zero value is nothing.
type asked struct {
	wait time.Duration
	// status is that of the answer, such as `429 Too Many Requests`.
	status string
}

// mostAsked is a day, in seconds: nobody waits for more.
const mostAsked = 24 * 60 * 60

// note takes from an answer when to come back: client-go would do so by itself, and then neither say what it waits
// for nor, when the time is up, what the last answer was.
func (a *asked) note(response *http.Response) {
	*a = asked{}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil ||
		response.StatusCode != http.StatusTooManyRequests && response.StatusCode < http.StatusInternalServerError {
		return
	}
	response.Header.Del("Retry-After")
	a.wait = time.Duration(min(max(seconds, 0), mostAsked)) * time.Second
	a.status = strings.TrimSpace(fmt.Sprintf("%d %s", response.StatusCode, http.StatusText(response.StatusCode)))
}

// explain adds to an error why it was not waited for.
func (a *asked) explain(err error) error {
	var e *Error
	if a.status != "" && errors.As(err, &e) {
		e.Err = fmt.Errorf("%w (it answers %s, and asks to wait %s, for which there is no time left)", e.Err, a.status,
			a.wait)
	}
	return err
}
