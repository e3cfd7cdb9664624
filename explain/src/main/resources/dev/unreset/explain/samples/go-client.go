package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

var client = &http.Client{ // one for all requests
	Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		IdleConnTimeout:       4 * time.Second, // below the server's idle limit
		MaxConnsPerHost:       16,
		ResponseHeaderTimeout: 60 * time.Second,
	},
}

func get(ctx context.Context, url string) ([]byte, error) {
	var last error
	for attempt := 0; attempt < 4; attempt++ {
		if attempt > 0 {
			time.Sleep(time.Second << (attempt - 1))
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		response, err := client.Do(request)
		if err != nil {
			last = err
			continue
		}
		body, err := io.ReadAll(response.Body) // io.ErrUnexpectedEOF: the body was cut
		response.Body.Close()
		if err == nil {
			return body, nil
		}
		last = err
	}
	return nil, fmt.Errorf("gave up after 4 attempts: %w", last)
}

func main() {
	body, err := get(context.Background(), "https://example.com/file")
	if err != nil {
		panic(err)
	}
	fmt.Println(len(body))
}
