// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of the waits between attempts of one batch.
const (
	firstWait = 100 * time.Millisecond
	longWait  = 5 * time.Second
)

// Sender sends events to an EventFeed in batches of CloudEvents.
type Sender struct {
	// URL is the feed's address.
	URL string
	// Key is the feed's write key; empty where none is asked for.
	Key string
	// Client defaults to one that keeps a connection for each of Parallel.
	Client *http.Client
	// Batch is how many events go into one request; Parallel how many requests are under way. Both at least 1.
	Batch, Parallel int
	// Patience bounds how long one batch waits in all while the feed cannot be reached or asks to come back later.
	Patience time.Duration
	// Sent is told how many more events the feed has taken. It is called from several goroutines.
	Sent func(events int)
}

// Send sends all events. After an error, part of them may have been taken; sending them again does no harm.
func (s *Sender) Send(ctx context.Context, events []Event) error {
	client := s.Client
	if client == nil {
		transport := &http.Transport{MaxIdleConnsPerHost: s.Parallel}
		defer transport.CloseIdleConnections()
		client = &http.Client{Transport: transport, Timeout: time.Minute}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	batches := make(chan []Event)
	var senders sync.WaitGroup
	for range s.Parallel {
		senders.Go(func() {
			for batch := range batches {
				if err := s.sendBatch(ctx, client, batch); err != nil {
					stop(err) // the first one counts
				}
			}
		})
	}
	for batch := range slices.Chunk(events, s.Batch) {
		select {
		case batches <- batch:
		case <-ctx.Done():
		}
	}
	close(batches)
	senders.Wait()
	return context.Cause(ctx)
}

// sendBatch sends one batch until the feed takes it, refuses it, or patience ends.
func (s *Sender) sendBatch(ctx context.Context, client *http.Client, batch []Event) error {
	body, err := json.Marshal(batch)
	if err != nil {
		return fmt.Errorf("encode events: %w", err)
	}
	var waited time.Duration
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := s.post(ctx, client, body)
		if err == nil {
			s.Sent(len(batch))
			return nil
		}
		later, again := errors.AsType[*laterError](err)
		if !again {
			return err
		}
		pause := max(wait, later.after)
		if waited += pause; waited > s.Patience {
			return fmt.Errorf("gave up after %s: %w", s.Patience, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// laterError says that sending again may help, after at least some time.
type laterError struct {
	err   error
	after time.Duration
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// post makes one attempt.
func (s *Sender) post(ctx context.Context, client *http.Client, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send events: %w", err)
	}
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	if s.Key != "" {
		request.Header.Set("Authorization", "Bearer "+s.Key)
	}
	response, err := client.Do(request)
	if err != nil {
		return &laterError{err: fmt.Errorf("send events: %w", err)}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 2048))
	if err != nil {
		return &laterError{err: fmt.Errorf("read the answer: %w", err)}
	}
	switch code := response.StatusCode; {
	case code/100 == 2:
		return nil
	case code == http.StatusTooManyRequests || code >= 500:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // without one: 0
		return &laterError{err: refusedError(response, answer), after: time.Duration(seconds) * time.Second}
	default:
		return refusedError(response, answer)
	}
}

func refusedError(response *http.Response, answer []byte) error {
	return fmt.Errorf("send events: the feed answered %s: %s", response.Status, strings.TrimSpace(string(answer)))
}
