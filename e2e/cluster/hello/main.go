// A server for tests of the cluster itself: it tells who it is and who asked, and looks around in the cluster on request.
package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("content-type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// Answers each datagram with who answers and what was asked.
func answerDatagrams(pod string) error {
	socket, err := net.ListenPacket("udp", ":8080")
	if err != nil {
		return err
	}
	asked := make([]byte, 1<<16)
	for {
		n, from, err := socket.ReadFrom(asked)
		if err != nil {
			return err
		}
		told, err := json.Marshal(map[string]string{"pod": pod, "asked": string(asked[:n])})
		if err == nil {
			_, _ = socket.WriteTo(told, from)
		}
	}
}

func end(err error) {
	os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(1)
}

func main() {
	client := &http.Client{Timeout: 5 * time.Second}
	pod, _ := os.Hostname()
	// Who answers, and the address the request came from.
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		from, _, err := net.SplitHostPort(r.RemoteAddr)
		answer(w, map[string]string{"pod": pod, "client": from}, err)
	})
	// The addresses that ?name= has for this pod.
	http.HandleFunc("/lookup", func(w http.ResponseWriter, r *http.Request) {
		addresses, err := net.LookupHost(r.URL.Query().Get("name"))
		answer(w, addresses, err)
	})
	// What ?url= answers this pod.
	http.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
		response, err := client.Get(r.URL.Query().Get("url"))
		if err != nil {
			answer(w, nil, err)
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		answer(w, map[string]any{"status": response.StatusCode, "body": string(body)}, err)
	})
	go func() { end(answerDatagrams(pod)) }()
	end(http.ListenAndServe(":8080", nil))
}
