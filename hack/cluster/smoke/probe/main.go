// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command probe is what the test of the development cluster runs in its pods.
//
//	probe serve           # count starts in /data, answer on port 8080
//	probe get URL         # print what a server answers
//	probe write FILE      # write a mebibyte and make sure that it is on the disk
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "serve":
		return serve("/data/starts")
	case len(arguments) == 2 && arguments[0] == "get":
		return get(arguments[1])
	case len(arguments) == 2 && arguments[0] == "write":
		return write(arguments[1])
	default:
		return errors.New("usage: probe serve|get URL|write FILE")
	}
}

func serve(journal string) error {
	file, err := os.OpenFile(journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.WriteString("."); err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	starts, err := os.ReadFile(journal)
	if err != nil {
		return err
	}
	fmt.Printf("serving, start %d\n", len(starts))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "start %d\n", len(starts))
	})
	server := http.Server{Addr: ":8080", ReadHeaderTimeout: time.Second}
	return server.ListenAndServe()
}

func get(url string) error {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

func write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(make([]byte, 1<<20)); err != nil {
		return err
	}
	return file.Sync()
}
