// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Demo plays some weeks of a clothing shop: it sends what the visitors did to an EventFeed, or writes it to a file that
// kubectl-waymark simulate reads.
//
//	WAYMARK_WRITE_KEY=... go run ./hack/demo --url http://127.0.0.1:8080/default/shop
//	go run ./hack/demo --write events.jsonl
//
// The write key comes from the environment, as arguments can be seen by everybody on the machine.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/waymark-dev/waymark/internal/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	url := flags.String("url", "", "address of the EventFeed, such as http://127.0.0.1:8080/default/shop; the write key is read from WAYMARK_WRITE_KEY")
	write := flags.String("write", "", "file to write the events to as JSON Lines instead of sending them")
	visitors := flags.Int("visitors", 12_500, "how many people come to the shop")
	days := flags.Int("days", 30, "how many days are played, today included")
	seed := flags.Uint64("seed", 1, "which of the possible shops is played")
	until := flags.String("until", "", "when the play ends, in the form of RFC 3339 (default now)")
	batch := flags.Int("batch", 300, "events in a request")
	parallel := flags.Int("parallel", 4, "requests under way at once")
	patience := flags.Duration("patience", time.Minute, "how long to try again while the feed cannot take events")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	end := time.Now()
	if *until != "" {
		var err error
		if end, err = time.Parse(time.RFC3339, *until); err != nil {
			return fmt.Errorf("--until: %w", err)
		}
	}
	switch {
	case (*url == "") == (*write == ""):
		return errors.New("give either --url or --write")
	case *visitors < 1 || *days < 1 || *batch < 1 || *parallel < 1:
		return errors.New("--visitors, --days, --batch and --parallel must be at least 1")
	}
	events := demo.Shop{Seed: *seed, Visitors: *visitors, Days: *days, Now: end}.Deliver()
	if *write != "" {
		return writeLines(*write, events)
	}
	sender := &demo.Sender{URL: *url, Key: os.Getenv("WAYMARK_WRITE_KEY"), Batch: *batch, Parallel: *parallel, Patience: *patience}
	return send(ctx, sender, events, fmt.Sprintf("Playing %d days of a shop", *days))
}

// send sends the events and shows how far it is: with a bar on a terminal, else with lines.
func send(ctx context.Context, sender *demo.Sender, events []demo.Event, what string) error {
	started := time.Now()
	if term.IsTerminal(int(os.Stderr.Fd())) {
		bar := progressbar.NewOptions(len(events), progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("events"),
			progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionSetWidth(30), progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }))
		sender.Sent = func(n int) { _ = bar.Add(n) } // only the terminal can fail
	} else {
		fmt.Fprintf(os.Stderr, "%s: %d events\n", what, len(events))
		sender.Sent = lines(len(events))
	}
	if err := sender.Send(ctx, events); err != nil {
		return err
	}
	took := time.Since(started)
	fmt.Fprintf(os.Stderr, "Sent %d events in %.1f s, %.0f a second\n", len(events), took.Seconds(), float64(len(events))/took.Seconds())
	return nil
}

// lines prints a line for each quarter of the events.
func lines(total int) func(int) {
	var sent atomic.Int64
	return func(n int) {
		now := sent.Add(int64(n))
		if quarter := 4 * now / int64(total); quarter > 4*(now-int64(n))/int64(total) && quarter < 4 {
			fmt.Fprintf(os.Stderr, "  %d %%\n", 25*quarter)
		}
	}
}

// writeLines writes one event a line.
func writeLines(path string, events []demo.Event) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	buffered := bufio.NewWriter(file)
	encoder := json.NewEncoder(buffered)
	for i := range events {
		if err := encoder.Encode(&events[i]); err != nil {
			return errors.Join(fmt.Errorf("write events: %w", err), file.Close())
		}
	}
	if err := errors.Join(buffered.Flush(), file.Close()); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	fmt.Fprintf(os.Stderr, "Wrote %d events to %s\n", len(events), path)
	return nil
}
