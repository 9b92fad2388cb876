// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command pause holds a pod's namespaces open. It does nothing until it is asked
// to stop, except that it collects the exit of processes that the pod's
// containers leave behind when they share its process namespace.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		collectExits()
	}
}

func collectExits() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if pid <= 0 || err != nil {
			return
		}
	}
}
