package acceptance_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// A plugin whose log nobody asked for writes none while it validates and plans, whether a call is answered at the
// protocol or by the framework.
func TestQuietUnlessAsked_served(t *testing.T) {
	t.Parallel()
	for asked, quiet := range map[string]bool{"": true, "TF_LOG=trace": false} {
		t.Run(asked, func(t *testing.T) {
			t.Parallel()
			written := servePlan(t, asked)
			if (written == "") != quiet {
				t.Errorf("%d bytes are written to stderr, want none: %t:\n%.2000s", len(written), quiet, written)
			}
		})
	}
}

// servePlan serves the provider in a process of its own, with a variable in its environment, lets it validate and
// plan, and returns what that process wrote to its stderr.
func servePlan(t *testing.T, variable string) string {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	plugin := exec.CommandContext(ctx, executable)
	// The handshake of every provider. Source: github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server,
	// server.go.
	plugin.Env = []string{
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		"PLUGIN_PROTOCOL_VERSIONS=6",
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(), variable,
	}
	var stderr bytes.Buffer
	plugin.Stderr = &stderr
	stdout, err := plugin.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := plugin.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	fields := strings.Split(line, "|")
	if err != nil || len(fields) < 5 || fields[2] != "unix" {
		t.Fatalf("handshake %q: %v", line, err)
	}
	callPlan(t, fields[3])
	cancel()
	// It was killed, which is an error and none of the test's.
	_ = plugin.Wait()
	// go-plugin says where it listens before the handshake, in one line that every plugin writes.
	var written strings.Builder
	for line := range strings.Lines(stderr.String()) {
		if !strings.Contains(line, `"@message":"plugin address"`) {
			written.WriteString(line)
		}
	}
	return written.String()
}

// callPlan validates and plans a route, validates one that the framework answers for, and upgrades a state, which
// says something.
func callPlan(t *testing.T, socket string) {
	t.Helper()
	s := newServer(t)
	const name = "mesh_canary_route"
	schema := s.schemas.ResourceSchemas[name]
	encoded := func(v tftypes.Value) map[string]any {
		raw, err := tfprotov6.NewDynamicValue(v.Type(), v)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"msgpack": raw.MsgPack}
	}
	config, none := parseHCL(t, schema.ValueType(), validRoute), tftypes.NewValue(schema.ValueType(), nil)
	refused := parseHCL(t, schema.ValueType(), validRoute+"deletion = \"drop\"\n")
	for _, c := range []struct {
		method string
		fields map[string]any
	}{
		{"ValidateResourceConfig", map[string]any{"type_name": name, "config": encoded(config)}},
		{"ValidateResourceConfig", map[string]any{"type_name": name, "config": encoded(refused)}},
		{"UpgradeResourceState", map[string]any{"type_name": name, "raw_state": map[string]any{
			"json": []byte(`{"service":"greeter"}`),
		}}},
		{"PlanResourceChange", map[string]any{
			"type_name":          name,
			"config":             encoded(config),
			"prior_state":        encoded(none),
			"proposed_new_state": encoded(proposedOf(schema, config, none)),
		}},
	} {
		if answered := callServed(t, socket, c.method, c.fields); answered == 0 {
			t.Errorf("%s: no answer", c.method)
		}
	}
}

// callServed makes one gRPC call of a plugin, and returns how many bytes the answer has.
func callServed(t *testing.T, socket, method string, fields map[string]any) int {
	t.Helper()
	request, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("tfplugin6." + method +
		".Request"))
	if err != nil {
		t.Fatal(err)
	}
	message, err := proto.Marshal(filled(request.(protoreflect.MessageDescriptor), fields))
	if err != nil {
		t.Fatal(err)
	}
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: &protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}
	defer transport.CloseIdleConnections()
	frame := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://plugin/tfplugin6.Provider/"+method,
		bytes.NewReader(frame))
	if err != nil {
		t.Fatal(err)
	}
	post.Header.Set("Content-Type", "application/grpc")
	post.Header.Set("Te", "trailers")
	answer, err := transport.RoundTrip(post)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if status := answer.Trailer.Get("Grpc-Status"); err != nil || status != "0" {
		t.Fatalf("%s: status %q: %s %v", method, status, answer.Trailer.Get("Grpc-Message"), err)
	}
	return len(body)
}

// filled returns a message with some fields: texts, bytes and messages.
func filled(of protoreflect.MessageDescriptor, fields map[string]any) *dynamicpb.Message {
	message := dynamicpb.NewMessage(of)
	for name, value := range fields {
		fd := of.Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			panic(fmt.Sprintf("%s has no field %q", of.FullName(), name))
		}
		if inner, ok := value.(map[string]any); ok {
			value = filled(fd.Message(), inner).ProtoReflect()
		}
		message.Set(fd, protoreflect.ValueOf(value))
	}
	return message
}
