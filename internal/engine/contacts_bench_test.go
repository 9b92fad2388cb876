// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// BenchmarkContacts folds a million contacts of three events each into Pebble, and says what one takes up on disk, and what the process
// holds in memory when all lie there. Few of them come again.
func BenchmarkContacts(b *testing.B) {
	const contacts = 1_000_000
	detailed := webShop(false, 14*24*time.Hour)
	detailed.Breakdowns = []definition.Breakdown{{Name: "source", By: "event.data.utm_source", Stage: 0}}
	detailed.Stages[1].DropAfter, detailed.Stages[1].DropAfterIdle = 0, time.Hour
	for name, funnel := range map[string]definition.Funnel{"plain": webShop(false, 14*24*time.Hour), "detailed": detailed} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				dir := b.TempDir()
				store, err := state.OpenPebble(dir, state.PebbleOptions{CacheBytes: 64 << 20})
				if err != nil {
					b.Fatal(err)
				}
				before := heap()
				f, err := engine.Open(engine.Options{Compile: compiled(), Store: store, CacheBytes: 64 << 20})
				if err != nil {
					b.Fatal(err)
				}
				apply, activate := applying(b, funnel)
				steps(b, f, ticking(noon), apply, activate)
				visitAll(b, f, contacts)
				b.ReportMetric(float64(heap()-before)/(1<<20), "heap-MiB")
				runtime.KeepAlive(f)
				if err := store.Close(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(size(b, dir))/contacts, "disk-B/contact")
			}
			b.ReportMetric(3*contacts*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// visitAll lets each contact look at a page, come back to it, and put something in the cart.
func visitAll(b *testing.B, f *engine.Fold, contacts int) {
	const size = 1000
	clock := noon
	for from := 0; from < contacts; from += size {
		r := record.Record{Kind: record.Events}
		for i := from; i < from+size; i++ {
			e := event.Event{Contact: fmt.Sprintf("contact-%07d", i), Source: "https://shop.example.com", Received: clock}
			for n, eventType := range []string{"page.viewed", "page.viewed", "product.added"} {
				clock += 1000
				e.Type, e.Time, e.ID = eventType, clock, fmt.Sprintf("01HF7YAT-%012d", 3*i+n)
				e.Data = []byte(`{"utm_source":"ads"}`)
				r.Chunk = event.Append(r.Chunk, &e)
			}
		}
		steps(b, f, r, ticking(clock))
		if from/size%16 == 15 {
			if err := f.Commit(false); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := f.Commit(true); err != nil {
		b.Fatal(err)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func size(b *testing.B, dir string) (bytes int64) {
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
