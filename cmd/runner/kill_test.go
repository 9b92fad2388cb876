// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

const shop = "Funnel/sales/shop"

// retention is that of a runner's flags by default.
const retention = 90 * 24 * time.Hour

// senders post as customers' systems do: each batch again and again until it is acknowledged.
type senders struct {
	pod     *pod
	running sync.WaitGroup
	stop    context.CancelFunc

	mu    sync.Mutex
	acked map[string]bool // identities
	tries int
}

func startSenders(p *pod, n int) *senders {
	ctx, stop := context.WithCancel(context.Background())
	s := &senders{pod: p, stop: stop, acked: map[string]bool{}}
	for number := range n {
		s.running.Go(func() { s.run(ctx, number) })
	}
	return s
}

func (s *senders) run(ctx context.Context, number int) {
	for batch := 0; ctx.Err() == nil; batch++ {
		events := make([]cloudEvent, 1+batch%20)
		for i := range events {
			kind := "visit"
			if i%3 == 2 {
				kind = "order"
			}
			events[i] = cloudEvent{
				SpecVersion: "1.0", ID: fmt.Sprintf("%d-%d-%d", number, batch, i), Source: "test", Type: kind,
				Subject: fmt.Sprintf("user_%d", (number*7919+batch*31+i/3)%500), Time: time.Now().UTC(),
			}
		}
		for s.pod.post(ctx, events) != nil { // the same ids again: nothing may count twice
			s.note(nil)
			select {
			case <-ctx.Done():
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
		s.note(events)
	}
}

func (s *senders) note(acked []cloudEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	for _, e := range acked {
		s.acked[e.ID] = true
	}
}

func (s *senders) finish() {
	s.stop()
	s.running.Wait()
}

// TestKills is the promise of the whole: what was acknowledged is counted exactly once, whenever the process dies.
func TestKills(t *testing.T) {
	t.Parallel()
	const kills = 200
	p := newPod(t)
	p.start()
	p.apply(shop, "visit", "order")
	s := startSenders(p, 4)
	for kill := range kills {
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		p.kill()
		p.startUnready() // the next kill may come while it starts
		switch {
		case kill == kills/2:
			p.apply(shop, "visit", "cart", "order") // computed from the log while the kills go on
		case kill%2 == 0:
			p.awaitReady()
		}
	}
	time.Sleep(500 * time.Millisecond)
	s.finish()

	report := p.report()
	waitForFold(p, &report.Partitions)
	p.terminate()
	log, err := eventlog.OpenJetStream(t.Context(), eventlog.JetStreamOptions{
		Dir: filepath.Join(p.dir, "data", "log"), Partitions: 2, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	held := map[string]bool{}
	var counted int64
	for _, part := range report.Partitions {
		counted += part.Events
		clean := foldOnce(t, log, part, held)
		if diff := cmp.Diff(clean, part, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("partition %d differs from one clean fold of its log (-clean +lived):\n%s", part.Partition, diff)
		}
	}
	for id := range s.acked {
		if !held[id] {
			t.Errorf("event %s was acknowledged and is lost", id)
		}
	}
	if counted != int64(len(held)) {
		t.Errorf("%d events are counted, the log holds %d different ones", counted, len(held))
	}
	t.Logf("%d kills, %d posts, %d events acknowledged, %d in the log", kills, s.tries, len(s.acked), len(held))
	if len(s.acked) < 1000 {
		t.Errorf("only %d events were acknowledged: the test hardly tests", len(s.acked))
	}
}

// waitForFold waits until the newest version is in force and all events are folded.
func waitForFold(p *pod, parts *[]aggregate.Partition) {
	p.t.Helper()
	var last uint64
	p.eventually("folded", func() error {
		*parts = p.report().Partitions
		var offsets uint64
		for _, part := range *parts {
			if d := part.Funnels[shop]; d.Pending != "" || len(d.Funnel.Stages) != 3 {
				return fmt.Errorf("partition %d: %q runs, %q is computed, %d of %d", part.Partition, d.Active, d.Pending, d.Done, d.Target)
			}
			offsets += part.Offset
		}
		if offsets != last {
			last = offsets
			time.Sleep(200 * time.Millisecond)
			return errors.New("still folding")
		}
		return nil
	})
}

// foldOnce folds a partition's log up to the report's offset in one pass, in memory, and notes the ids of its events.
func foldOnce(t *testing.T, log eventlog.Log, lived aggregate.Partition, ids map[string]bool) aggregate.Partition {
	t.Helper()
	fold, err := engine.Open(engine.Options{
		Partition: lived.Partition, Compile: newCompiler(), TimeZoneData: definition.TimeZoneData, Retention: retention,
	})
	if err != nil {
		t.Fatal(err)
	}
	records := make([]record.Record, lived.Offset+1)
	for offset := uint64(1); offset <= lived.Offset; offset++ {
		entry, err := log.Get(t.Context(), lived.Partition, offset)
		if err != nil {
			t.Fatal(err)
		}
		if records[offset], err = record.Decode(entry.Stored); err != nil {
			t.Fatal(err)
		}
		noteIDs(t, records[offset].Chunk, ids)
		backfillAll(t, fold, records)
		if err := fold.Step(offset, &records[offset]); err != nil {
			t.Fatal(err)
		}
	}
	report, err := fold.Report()
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// backfillAll brings every version that is being computed up to the fold.
func backfillAll(t *testing.T, fold *engine.Fold, records []record.Record) {
	t.Helper()
	for _, b := range fold.Backfills() {
		for offset := b.Cursor; offset <= fold.Offset(); offset++ {
			if err := fold.StepBackfill(b.Key, b.Version, offset, &records[offset]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func noteIDs(t *testing.T, chunk []byte, ids map[string]bool) {
	t.Helper()
	for len(chunk) > 0 {
		var e event.Event
		var err error
		if chunk, err = event.Next(chunk, &e); err != nil {
			t.Fatal(err)
		}
		ids[e.ID] = true
	}
}
