// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/state"
)

const benchPartitions = 4

// diskPlane is a runner over a log and state on disk, with the real compiler.
type diskPlane struct {
	*runner.Runner
	appender *eventlog.Appender
}

func startDiskPlane(b *testing.B, change ...func(*runner.Options, eventlog.Log)) *diskPlane {
	b.Helper()
	dir := b.TempDir()
	log, err := eventlog.OpenJetStream(b.Context(), eventlog.JetStreamOptions{Dir: filepath.Join(dir, "log"), Partitions: benchPartitions, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	opts := runner.Options{
		Log: log, TimeZoneData: definition.TimeZoneData, Logger: quiet,
		NewCompiler: func() engine.Compiler { return engine.CompileWith(new(definition.Compiler)) },
		OpenState: func(partition int) (runner.State, error) {
			return state.OpenPebble(filepath.Join(dir, strconv.Itoa(partition)), state.PebbleOptions{})
		},
	}
	for _, f := range change {
		f(&opts, log)
	}
	r, err := runner.New(opts)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	p := &diskPlane{Runner: r, appender: eventlog.NewAppender(log, eventlog.AppenderOptions{})}
	b.Cleanup(func() {
		p.appender.Close()
		cancel()
		running.Wait()
		_ = log.Close()
	})
	return p
}

// shopFunnels are n funnels of four stages with conditions and a value, each other than the rest.
func shopFunnels(b *testing.B, n int) (all []control.Definition) {
	b.Helper()
	for i := range n {
		f := definition.Funnel{
			Stages: []definition.Stage{
				{Name: "visit", Matches: []definition.EventMatch{{Event: "page.viewed", Where: fmt.Sprintf("event.data.price >= %d", i)}}},
				{Name: "cart", Matches: []definition.EventMatch{{Event: "product.added", Where: "event.data.currency == 'RUB'"}}, DropAfter: time.Hour},
				{Name: "checkout", Matches: []definition.EventMatch{{Event: "checkout.started"}}},
				{Name: "purchase", Matches: []definition.EventMatch{{Event: "order.completed"}}, Value: "event.data.price"},
			},
			Window: 14 * 24 * time.Hour, Period: definition.Period{RollingDays: 30}, TimeZone: "Europe/Moscow",
			Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 90 * 24 * time.Hour,
		}
		form, version, err := f.Canonical()
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, control.Definition{Key: fmt.Sprintf("Funnel/sales/f%d", i), Version: version, UID: "u", Generation: 1, Meaning: form})
	}
	return all
}

// shopEvents are about 300 bytes each, of many contacts, as a shop has them: most are views.
func shopEvents(random *rand.Rand, from, n int) []event.Event {
	types := []string{"page.viewed", "page.viewed", "page.viewed", "page.viewed", "product.added", "product.added", "checkout.started", "order.completed"}
	events := make([]event.Event, n)
	for i := range events {
		now := event.At(time.Now())
		events[i] = event.Event{
			Contact: fmt.Sprintf("user_%06d", random.IntN(10_000)), Type: types[random.IntN(len(types))], Source: "sales/shop",
			ID: strconv.Itoa(from + i), Time: now, Received: now,
			Data: fmt.Appendf(nil, `{"price":%d,"currency":"RUB","product":"sku-%d","title":"A coat for the autumn, wool, size M","page":"https://shop.example.com/catalogue/coats/%d","device":"mobile","utm_source":"search"}`,
				random.IntN(10_000), random.IntN(1000), random.IntN(1000)),
		}
	}
	return events
}

func (p *diskPlane) mustApply(b *testing.B, definitions []control.Definition) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		applied, err := p.Apply(b.Context(), control.Definitions{Leader: 1, Definitions: definitions})
		if err == nil && len(applied.Refused) == 0 {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("not applied: %v, %+v", err, applied.Refused)
		}
	}
}

// awaitFolded waits until the report counts n events and nothing is being computed.
func (p *diskPlane) awaitFolded(b *testing.B, n int) {
	b.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		report, err := p.Report(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		var folded int64
		pending := len(report.Partitions) < benchPartitions
		for _, part := range report.Partitions {
			folded += part.Events
			for _, d := range part.Funnels {
				pending = pending || d.Pending != ""
			}
		}
		if folded == int64(n) && !pending {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d events folded, computing: %v", folded, n, pending)
		}
	}
}

// BenchmarkDurable is the way of events from the call of ingest to the numbers and the state on disk, with ten definitions.
func BenchmarkDurable(b *testing.B) {
	const batch, senders = 100, 16
	p := startDiskPlane(b)
	p.mustApply(b, shopFunnels(b, 10))
	p.awaitFolded(b, 0)
	random := rand.New(rand.NewPCG(1, 2))
	batches := make([][]event.Event, b.N)
	for i := range batches {
		batches[i] = shopEvents(random, i*batch, batch)
	}
	b.ResetTimer()
	var sending sync.WaitGroup
	for sender := range senders {
		sending.Go(func() {
			for i := sender; i < len(batches); i += senders {
				if err := p.appender.Append(b.Context(), batches[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	sending.Wait()
	acked := b.Elapsed()
	p.awaitFolded(b, b.N*batch)
	b.ReportMetric(float64(batch*b.N)/acked.Seconds(), "acked-events/s")
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkBackfill computes a definition from a log of b.N batches.
func BenchmarkBackfill(b *testing.B) {
	const batch = 1000
	p := startDiskPlane(b)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range b.N {
		if err := p.appender.Append(b.Context(), shopEvents(random, i*batch, batch)); err != nil {
			b.Fatal(err)
		}
	}
	p.awaitFolded(b, b.N*batch)
	b.ResetTimer()
	p.mustApply(b, shopFunnels(b, 1))
	p.awaitFolded(b, b.N*batch)
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "events/s")
}
