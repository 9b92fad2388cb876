// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command runner is the pod of a workspace with an embedded event log: it takes events in over HTTP, keeps the log, folds it, and answers
// the operator on the control port.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	config, err := parseFlags(os.Args[1:], os.Getenv("POD_NAME"))
	if err == flag.ErrHelp { //nolint:errorlint // the flag package returns it bare
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "runner:", err)
		os.Exit(2)
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: config.logLevel})).With("workspace", config.workspace)
	slog.SetDefault(logger)
	limitMemory(logger)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, config, logger); err != nil {
		logger.Error("stopped", "error", err.Error())
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}
