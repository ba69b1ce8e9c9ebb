// Package greeter is the gRPC service whose traffic the lab routes: helloworld.Greeter, which answers with its
// version.
package greeter

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
)

// Port is where the lab's greeters listen.
const Port = 50051

// SayHello is the method that is called when nothing else is said.
const SayHello = "/helloworld.Greeter/SayHello"

// What a request can ask for by its headers.
const (
	SleepHeader     = "x-sleep"      // a duration to wait before answering, such as 300ms
	FailFirstHeader = "x-fail-first" // how many attempts with the same call id fail with UNAVAILABLE
	CallIDHeader    = "x-call-id"    // what attempts are counted by
)

// What the answer says in its headers.
const (
	VersionHeader  = "x-version"
	AddressHeader  = "x-address"
	AttemptsHeader = "x-attempts" // attempts seen with the request's call id
)

// Message is helloworld.HelloRequest and helloworld.HelloReply: on the wire both are one string in field 1, as a
// StringValue is.
type Message = wrapperspb.StringValue

// Attempts counts attempts by call id. All greeters of a lab share one, so that a retry which lands on another
// endpoint counts as an attempt.
type Attempts struct {
	mu   sync.Mutex
	seen map[string]int
}

// NewAttempts returns an empty count.
func NewAttempts() *Attempts { return &Attempts{seen: map[string]int{}} }

// Add counts one more attempt and returns how many there are.
func (a *Attempts) Add(id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[id]++
	return a.seen[id]
}

// previousAttempts is where a gRPC client that tries again says how often it has tried.
// Source: gRPC proposal A6, client retries.
const previousAttempts = "grpc-previous-rpc-attempts"

// Server is a greeter that serves.
type Server struct {
	grpc     *grpc.Server
	version  string
	address  string
	attempts *Attempts
	reporter telemetry.Reporter
	done     chan error
}

// Serve answers requests on listener until Stop. It answers SayHello and SayHelloAgain of helloworld.Greeter, and
// every other method in the same way, so that a route can match on paths that no service declares. The reporter
// counts the answers.
func Serve(listener net.Listener, version string, attempts *Attempts, reporter telemetry.Reporter) *Server {
	s := &Server{
		version: version, address: listener.Addr().String(), attempts: attempts, reporter: reporter,
		done: make(chan error, 1),
	}
	s.grpc = grpc.NewServer(grpc.UnknownServiceHandler(s.answerAny))
	s.grpc.RegisterService(&grpc.ServiceDesc{
		ServiceName: "helloworld.Greeter",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{method("SayHello"), method("SayHelloAgain")},
	}, s)
	go func() { s.done <- s.grpc.Serve(listener) }()
	return s
}

// Wait returns when the server has stopped serving, and why.
func (s *Server) Wait() error { return <-s.done }

// Stop ends the server and every call in progress.
func (s *Server) Stop() { s.grpc.Stop() }

func method(name string) grpc.MethodDesc {
	return grpc.MethodDesc{
		MethodName: name,
		Handler: func(
			server any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor,
		) (any, error) {
			request := &Message{}
			if err := decode(request); err != nil {
				return nil, err
			}
			s, _ := server.(*Server) // gRPC hands back what was registered
			reply, header, err := s.answer(ctx, name, request)
			if err != nil {
				return nil, err
			}
			return reply, grpc.SetHeader(ctx, header)
		},
	}
}

func (s *Server) answerAny(_ any, stream grpc.ServerStream) error {
	request := &Message{}
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	path, _ := grpc.MethodFromServerStream(stream)
	reply, header, err := s.answer(stream.Context(), path[strings.LastIndex(path, "/")+1:], request)
	if err != nil {
		return err
	}
	if err := stream.SetHeader(header); err != nil {
		return err
	}
	return stream.SendMsg(reply)
}

// answer fails without having sent a header: a client retries only what has not begun to answer.
func (s *Server) answer(ctx context.Context, method string, message *Message) (*Message, metadata.MD, error) {
	asked, _ := metadata.FromIncomingContext(ctx)
	header := func(name string) string { return first(asked, name) }
	request := s.reporter.Begin(telemetry.GRPC, header(":authority"), header)
	reply, answered, err := s.greet(ctx, request, asked, method, message)
	if ctx.Err() != nil {
		request.End(telemetry.Answer{})
		return nil, nil, status.FromContextError(ctx.Err()).Err()
	}
	// The status of an answer of gRPC is not that of HTTP, which is fine in any case.
	request.End(telemetry.Answer{Code: http.StatusOK, GRPCStatus: strconv.Itoa(int(status.Code(err)))})
	return reply, answered, err
}

func (s *Server) greet(
	ctx context.Context, request telemetry.Request, asked metadata.MD, method string, message *Message,
) (*Message, metadata.MD, error) {
	if request.Fault(ctx) {
		return nil, nil, status.Error(codes.Unavailable, telemetry.Failed)
	}
	address := s.address
	if p, ok := peer.FromContext(ctx); ok && p.LocalAddr != nil {
		address = p.LocalAddr.String() // a listener of every address does not say which one answers
	}
	header := metadata.Pairs(VersionHeader, s.version, AddressHeader, address)
	if sleep := first(asked, SleepHeader); sleep != "" {
		duration, err := time.ParseDuration(sleep)
		if err != nil {
			return nil, nil, status.Errorf(codes.InvalidArgument, "header %s: %v", SleepHeader, err)
		}
		select {
		case <-time.After(duration):
		case <-ctx.Done():
			return nil, nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	if id := first(asked, CallIDHeader); id != "" {
		attempt := s.attempts.Add(id)
		if previous := first(asked, previousAttempts); previous != "" {
			before, err := number(previous)
			if err != nil {
				return nil, nil, status.Errorf(codes.InvalidArgument, "header %s: %v", previousAttempts, err)
			}
			attempt = before + 1 // also where another process has seen those before
		}
		failing, err := number(first(asked, FailFirstHeader))
		if err != nil {
			return nil, nil, status.Errorf(codes.InvalidArgument, "header %s: %v", FailFirstHeader, err)
		}
		if attempt <= failing {
			return nil, nil, status.Error(codes.Unavailable, "failed as the request asked for")
		}
		header.Set(AttemptsHeader, strconv.Itoa(attempt))
	}
	text := fmt.Sprintf("%s %s, from %s at %s", method, message.GetValue(), s.version, address)
	return wrapperspb.String(text), header, nil
}

func first(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

func number(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.Atoi(text)
}
