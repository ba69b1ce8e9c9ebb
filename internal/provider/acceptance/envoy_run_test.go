package acceptance_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
)

// askEnvoy sends a request word for word to an Envoy in front of the lab's HTTP service, and returns the path that
// the service was asked for, or what the Envoy answers by itself: the status with the Location, or a body.
func askEnvoy(t *testing.T, address, host, path string, headers map[string]string) string {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	text := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", path, host)
	for name, value := range headers {
		text += name + ": " + value + "\r\n"
	}
	if _, err = io.WriteString(connection, text+"\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	switch location := response.Header.Get("Location"); {
	case location != "":
		return fmt.Sprintf("%d %s", response.StatusCode, location)
	case response.StatusCode != http.StatusOK:
		return fmt.Sprint(response.StatusCode)
	case response.Header.Get("X-Version") == "":
		return string(body)
	}
	var received struct{ Path string }
	if err := json.Unmarshal(body, &received); err != nil {
		t.Fatal(err)
	}
	return received.Path
}
