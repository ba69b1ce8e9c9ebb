package call

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/echo"
)

// A mirrored request may arrive after the answer to the one that it copies.
const (
	seenPatience = 2 * time.Second
	seenQuiet    = 200 * time.Millisecond
)

// seen asks one of the servers that answered which versions received requests of a name, until nothing more arrives.
func seen(ctx context.Context, r Report, name string) map[string]int {
	var last map[string]int
	for endpoint := range r.Endpoints {
		for deadline := time.Now().Add(seenPatience); time.Now().Before(deadline); time.Sleep(seenQuiet) {
			now := seenBy(ctx, endpoint, name)
			if last != nil && maps.Equal(last, now) {
				break
			}
			last = now
		}
		return last
	}
	return last
}

func seenBy(ctx context.Context, endpoint, name string) map[string]int {
	ctx, cancel := context.WithTimeout(ctx, seenPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+endpoint+echo.SeenPath+name, nil)
	if err != nil {
		return nil
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	var counts map[string]int
	if err := json.NewDecoder(response.Body).Decode(&counts); err != nil {
		return nil
	}
	return counts
}
