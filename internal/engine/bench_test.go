// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// compiled gives the compiler that runners use: expressions of CEL, one parse of an event's data for all definitions.
func compiled() engine.Compiler { return engine.CompileWith(new(definition.Compiler)) }

// webShop is a funnel of four stages, one with a value and, when asked for, with predicates on two.
func webShop(predicates bool, window time.Duration) definition.Funnel {
	f := definition.Funnel{
		Stages: []definition.Stage{
			{Name: "visit", Matches: []definition.EventMatch{{Event: "page.viewed"}}},
			{Name: "cart", Matches: []definition.EventMatch{{Event: "product.added"}}, DropAfter: time.Hour},
			{Name: "checkout", Matches: []definition.EventMatch{{Event: "checkout.started"}}},
			{Name: "purchase", Matches: []definition.EventMatch{{Event: "order.completed"}}, Value: "event.data.total"},
		},
		Window: window, Period: definition.Period{RollingDays: 30}, TimeZone: "Europe/Moscow",
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 90 * 24 * time.Hour,
	}
	if predicates {
		f.Stages[0].Matches[0].Where = "event.data.utm_source == 'ads'"
		f.Stages[1].Matches[0].Where = "event.data.price > 0"
	}
	return f
}

// traffic makes chunks of a shop's events: contacts, most of them seen before, come for a session of ten events on average, three
// hundred at a time, and all together send a thousand events a second.
type traffic struct {
	random   *rand.Rand
	contacts int
	present  []string
	clock    event.Time
	sent     int
}

func newTraffic(contacts int) *traffic {
	return &traffic{random: rand.New(rand.NewPCG(1, 2)), contacts: contacts, present: make([]string, 300), clock: noon}
}

func (t *traffic) chunk(n int) record.Record {
	r := record.Record{Kind: record.Events}
	for range n {
		t.sent++
		t.clock += 1000
		i := t.random.IntN(len(t.present))
		if t.present[i] == "" || t.random.IntN(10) == 0 {
			t.present[i] = fmt.Sprintf("contact-%07d", t.random.IntN(t.contacts))
		}
		e := event.Event{
			Contact: t.present[i],
			Source:  "https://shop.example.com", ID: fmt.Sprintf("01HF7YAT-%012d", t.sent),
			Time: t.clock, Received: t.clock,
		}
		e.Type, e.Data = "order.completed", []byte(`{"total":"259.00","currency":"EUR","items":2}`)
		switch p := t.random.IntN(100); {
		case p < 60:
			e.Type, e.Data = "page.viewed", []byte(`{"path":"/products/coat","utm_source":"ads","referrer":"https://search.example"}`)
		case p < 80:
			e.Type, e.Data = "product.added", []byte(`{"sku":"coat-42","price":129.5,"quantity":1}`)
		case p < 90:
			e.Type, e.Data = "checkout.started", []byte(`{"items":2}`)
		}
		r.Chunk = event.Append(r.Chunk, &e)
	}
	return r
}

func benchFold(b *testing.B, store engine.Store, funnels ...definition.Funnel) *engine.Fold {
	f, err := engine.Open(engine.Options{Compile: compiled(), Store: store, CacheBytes: 256 << 20})
	if err != nil {
		b.Fatal(err)
	}
	steps(b, f, ticking(noon))
	for i, funnel := range funnels {
		apply, activate := applying(b, funnel)
		apply.Apply.Key = fmt.Sprint("Funnel/shop/", i)
		activate.Activate.Key = apply.Apply.Key
		steps(b, f, apply, activate)
	}
	return f
}

func tenFunnels() (funnels []definition.Funnel) {
	for i := range 10 {
		funnels = append(funnels, webShop(i%2 == 0, time.Duration(i+1)*24*time.Hour))
	}
	return funnels
}

// run folds b.N rounds of chunks, with a tick every ten seconds of the events' time. With a store it commits every 50,000 events.
func run(b *testing.B, f *engine.Fold, contacts int, commit bool) {
	const (
		chunks      = 200
		chunkEvents = 1000
	)
	t := newTraffic(contacts)
	b.ReportAllocs()
	b.ResetTimer()
	b.StopTimer()
	for range b.N {
		var batch []record.Record
		for i := range chunks {
			if batch = append(batch, t.chunk(chunkEvents)); i%10 == 9 {
				batch = append(batch, ticking(t.clock))
			}
		}
		b.StartTimer()
		for i := range batch {
			steps(b, f, batch[i])
			if commit && i%55 == 54 {
				if err := f.Commit(false); err != nil {
					b.Fatal(err)
				}
			}
		}
		if _, err := f.Report(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
	}
	b.ReportMetric(float64(b.N)*chunks*chunkEvents/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkFoldMemoryOneFunnel(b *testing.B) {
	for _, contacts := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint("contacts=", contacts), func(b *testing.B) {
			run(b, benchFold(b, nil, webShop(false, 14*24*time.Hour)), contacts, false)
		})
	}
}

func BenchmarkFoldMemoryTenFunnels(b *testing.B) {
	run(b, benchFold(b, nil, tenFunnels()...), 100_000, false)
}

func BenchmarkFoldPebbleOneFunnel(b *testing.B) {
	run(b, benchFold(b, benchStore(b), webShop(false, 14*24*time.Hour)), 1_000_000, true)
}

func BenchmarkFoldPebbleTenFunnels(b *testing.B) {
	run(b, benchFold(b, benchStore(b), tenFunnels()...), 1_000_000, true)
}

func benchStore(b *testing.B) engine.Store {
	s, err := state.OpenPebble(b.TempDir(), state.PebbleOptions{CacheBytes: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// BenchmarkFoldHotContact folds 100,000 events of one contact, and evaluates after each chunk of a thousand.
func BenchmarkFoldHotContact(b *testing.B) {
	const events, size = 100_000, 1000
	for name, reverse := range map[string]bool{"inOrder": false, "inReverse": true} {
		b.Run(name, func(b *testing.B) {
			var chunks []record.Record
			for from := 0; from < events; from += size {
				r := record.Record{Kind: record.Events}
				for i := from; i < from+size; i++ {
					e := event.Event{Contact: "bot", Source: "crawler", ID: fmt.Sprintf("%08d", i), Type: "page.viewed"}
					if i%10 == 9 {
						e.Type, e.Data = "product.added", []byte(`{"price":1}`)
					}
					e.Time = noon + event.Time(i)*1000
					if reverse {
						e.Time = noon - event.Time(i)*1000
					}
					r.Chunk = event.Append(r.Chunk, &e)
				}
				chunks = append(chunks, r)
			}
			b.ReportAllocs()
			for b.Loop() {
				f := benchFold(b, nil, webShop(false, 14*24*time.Hour))
				for i := range chunks {
					steps(b, f, chunks[i])
					if _, err := f.NextDue(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkReport gives the numbers of ten funnels over 100,000 contacts.
func BenchmarkReport(b *testing.B) {
	f := benchFold(b, nil, tenFunnels()...)
	t := newTraffic(100_000)
	for range 200 {
		steps(b, f, t.chunk(1000))
	}
	if _, err := f.NextDue(); err != nil { // what is stale is another benchmark's
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Report(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBackfill computes a funnel from a log of 200,000 events that were folded before.
func BenchmarkBackfill(b *testing.B) {
	t := newTraffic(100_000)
	f := benchFold(b, nil)
	var log []record.Record
	for i := range 200 {
		log = append(log, t.chunk(1000))
		if i%10 == 9 {
			log = append(log, ticking(t.clock))
		}
	}
	steps(b, f, log...)
	apply, _ := applying(b, webShop(true, 14*24*time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		steps(b, f, apply)
		for i := range log { // record 1 was the tick of benchFold
			if err := f.StepBackfill(key, apply.Apply.Version, uint64(i)+2, &log[i]); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		steps(b, f, record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: key}})
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*200_000/b.Elapsed().Seconds(), "events/s")
}
