// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-waymark is Waymark's plugin for kubectl; "kubectl waymark" runs it when it lies on the PATH.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command := newCommand()
	switch err := command.ExecuteContext(ctx); {
	case err == nil:
	case errors.Is(err, errDifferent):
		stop()
		os.Exit(exitDifferent)
	default:
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}
