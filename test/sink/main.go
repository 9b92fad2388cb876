// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command sink stands in for those whom messages go to, in tests on a cluster: a mail server on :2525, and on :8025 a webhook receiver, the Bot
// API, and an HTTP API that tells what arrived. The inbox package says more.
//
//	sink -behaviour '{"reject": "^gone@", "dropEvery": 100}' -signing-key "$KEY"
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/waymark-dev/waymark/test/sink/inbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("sink", flag.ContinueOnError)
	mailAddress := flags.String("smtp", ":2525", "address of the mail server")
	httpAddress := flags.String("http", ":8025", "address of everything else")
	signingKey := flags.String("signing-key", os.Getenv("SIGNING_KEY"), "key that webhooks must be signed with, by default $SIGNING_KEY; empty takes all")
	certificates := flags.String("tls", "", "folder with tls.crt and tls.key, with which the mail server offers TLS and to log in; it may be empty")
	behaviour := flags.String("behaviour", "{}", "how to treat what arrives, as JSON: reject, delayMillis, dropEvery, loseEvery, deferEvery, password")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	box := inbox.New(*signingKey)
	var b inbox.Behaviour
	if err := json.Unmarshal([]byte(*behaviour), &b); err != nil {
		return fmt.Errorf("-behaviour: %w", err)
	}
	if err := box.Behave(b); err != nil {
		return fmt.Errorf("-behaviour: %w", err)
	}
	mailListener, err := net.Listen("tcp", *mailAddress)
	if err != nil {
		return err
	}
	httpListener, err := net.Listen("tcp", *httpAddress)
	if err != nil {
		return errors.Join(err, mailListener.Close())
	}
	offered, err := certificatesIn(*certificates)
	if err != nil {
		return errors.Join(err, mailListener.Close(), httpListener.Close())
	}
	mail := box.MailServer(os.Stderr, offered...)
	web := &http.Server{Handler: box.Handler(), ReadHeaderTimeout: 10 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return mail.Serve(mailListener) })
	group.Go(func() error { return web.Serve(httpListener) })
	group.Go(func() error {
		<-ctx.Done()
		return errors.Join(mail.Close(), web.Close())
	})
	if err := group.Wait(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// certificatesIn reads the certificate in a folder, if there is one.
func certificatesIn(folder string) ([]tls.Certificate, error) {
	if folder == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("-tls: %w", err)
	}
	return []tls.Certificate{certificate}, nil
}
