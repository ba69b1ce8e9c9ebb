package ask_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/ask"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// words divides a command as a shell does that knows single quotes only.
var words = regexp.MustCompile(`'[^']*'|\S+`)

// The guide's commands run on its file, and say what the guide says. Of a cluster they are read as far as to the
// connection.
func TestRun_guide(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../templates/guides/ask-where-a-request-goes.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(raw)
	block := func(text, language string) string {
		_, rest, _ := strings.Cut(text, "```"+language+"\n")
		inside, _, _ := strings.Cut(rest, "```")
		return inside
	}
	routes := block(guide, "yaml")
	dir := folder(t, map[string]string{"routes/greeter.yaml": routes})
	asked := 0
	for i, rest := range strings.Split(guide, "```shell\n")[1:] {
		commands, behind, _ := strings.Cut(rest, "```")
		for command := range strings.Lines(commands) {
			command, _, _ = strings.Cut(strings.TrimSpace(command), " | jq")
			_, arguments, ok := strings.Cut(command, "terraform-provider-mesh ask ")
			if !ok {
				t.Errorf("block %d does not ask: %s", i, command)
			}
			var args []string
			for _, arg := range words.FindAllString(arguments, -1) {
				arg = strings.Trim(arg, "'")
				args = append(args, strings.ReplaceAll(arg, "routes/", dir+"/routes/"))
			}
			connected := false
			connect := func(string, string) (*cluster.Cluster, string) {
				connected = true
				return nil, "No cluster is here."
			}
			var stdout, stderr strings.Builder
			code := ask.Run(args, connect, strings.NewReader(routes), &stdout, &stderr)
			switch asked++; {
			case strings.Contains(command, "--live"):
				if !connected || code != 2 {
					t.Errorf("%s: %d %s", command, code, &stderr)
				}
			case code != 0 || stderr.Len() > 0:
				t.Errorf("%s: %d %s", command, code, &stderr)
			case strings.HasPrefix(behind, "\n\n```text\n"):
				check(t, answer{Stdout: stdout.String()}, answer{Stdout: block(behind, "text")})
			}
		}
	}
	if asked < 9 {
		t.Errorf("%d commands", asked)
	}
}
