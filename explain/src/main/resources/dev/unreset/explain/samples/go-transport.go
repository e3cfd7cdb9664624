package main

import (
	"net/http"
	"time"
)

var client = &http.Client{ // one for all requests; repeat what may be repeated after 1 s, 2 s, 4 s
	Transport: &http.Transport{
		IdleConnTimeout:       4 * time.Second, // below the server's idle limit
		MaxConnsPerHost:       16,
		ResponseHeaderTimeout: 60 * time.Second,
	},
}

func main() {
	response, err := client.Get("https://example.com/file")
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
}
