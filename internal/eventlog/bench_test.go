// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

// benchEvents are about 300 bytes each, of contacts that spread over the partitions.
func benchEvents(n int) []event.Event {
	events := someEvents(n, func(i int) string { return fmt.Sprintf("user_%06d", i%5000) })
	for i := range events {
		events[i].Data = []byte(`{"price":1990,"currency":"RUB","note":"` + strings.Repeat("x", 180) + `"}`)
	}
	return events
}

func reportEvents(b *testing.B, perOp int) {
	b.ReportMetric(float64(perOp)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAppend is the log alone: one synced append after the other, by the events in a chunk.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			log := openJetStream(b, b.TempDir())
			defer log.Close()
			r := record.Record{Kind: record.Events}
			for _, e := range benchEvents(n) {
				r.Chunk = event.Append(r.Chunk, &e)
			}
			stored, err := r.Encode()
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				mustAppend(b, log, 0, stored)
			}
			reportEvents(b, n)
		})
	}
}

// BenchmarkAppender is the group commit under 64 senders, by the events in a call.
func BenchmarkAppender(b *testing.B) {
	for _, n := range []int{1, 100, 500} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			log := openJetStream(b, b.TempDir())
			defer log.Close()
			appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
			defer appender.Close()
			events := benchEvents(n)
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := appender.Append(context.Background(), events); err != nil {
						b.Error(err)
					}
				}
			})
			reportEvents(b, n)
		})
	}
}

// BenchmarkRead is a reader that catches up, with chunks of 100 events.
func BenchmarkRead(b *testing.B) {
	const events, records = 100, 2000
	log := openJetStream(b, b.TempDir())
	defer log.Close()
	appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
	for range records {
		if err := appender.Append(b.Context(), benchEvents(events)[:events/2]); err != nil {
			b.Fatal(err)
		}
	}
	appender.Close()
	last := int(bounds(b, log, 0).Last)
	for b.Loop() {
		mustRead(b, log, 0, 1, last)
	}
	b.ReportMetric(float64(last)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
