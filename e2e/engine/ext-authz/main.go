// An external authorization server as others write them: Envoy's published Go types over grpc-go. It listens on the
// address in its argument, else on a port of loopback, prints its port, and then each question as one line of JSON. What it answers is told by the header x-answer: the JSON of a CheckResponse.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

type server struct {
	auth.UnimplementedAuthorizationServer
}

func (server) Check(ctx context.Context, question *auth.CheckRequest) (*auth.CheckResponse, error) {
	line, err := protojson.Marshal(question.GetAttributes())
	if err != nil {
		return nil, err
	}
	_, hasDeadline := ctx.Deadline()
	fmt.Printf("{\"attributes\":%s,\"hasDeadline\":%t}\n", line, hasDeadline)
	headers := question.GetAttributes().GetRequest().GetHttp().GetHeaders()
	if code, err := strconv.Atoi(headers["x-grpc-code"]); err == nil {
		return nil, status.Error(codes.Code(code), "as told")
	}
	if headers["x-wait"] != "" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	answer := &auth.CheckResponse{}
	if err := protojson.Unmarshal([]byte(headers["x-answer"]), answer); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return answer, nil
}

func main() {
	address := "127.0.0.1:0"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	service := grpc.NewServer()
	auth.RegisterAuthorizationServer(service, server{})
	if err := service.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
