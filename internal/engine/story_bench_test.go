// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// brisk waits an hour, branches, and sends one message.
func brisk() definition.Scenario {
	s := remind()
	s.Goal = nil
	s.Steps = []definition.Step{
		waiting("hour", time.Hour),
		{Name: "who", Branch: &definition.Branch{Cases: []definition.Case{{When: "contact.attributes.plan == 'pro'", Then: "first"}}, Else: "last"}},
		message("first"),
		{Name: "last", Exit: &definition.ExitStep{}},
	}
	return s
}

// benchDesk opens a fold with a scenario.
func benchDesk(b *testing.B, store engine.Store, scenario definition.Scenario) *desk {
	f, err := engine.Open(engine.Options{Compile: compiled(), Store: store, CacheBytes: 64 << 20, Retention: 90 * day})
	if err != nil {
		b.Fatal(err)
	}
	d := &desk{t: b, fold: f, clock: noon, forgets: true}
	channel := mail()
	d.step(ticking(noon), hosting(b, mailKey, &channel), hosting(b, remindKey, &scenario))
	return d
}

// happening makes a chunk in which the same happens to contacts from one number on.
func (d *desk) happening(kind string, from, n int, data string) (r record.Record) {
	r.Kind = record.Events
	for i := from; i < from+n; i++ {
		d.sent++
		e := event.Event{
			Contact: fmt.Sprintf("contact-%07d", i), Type: kind, Source: "https://shop.example.com", ID: fmt.Sprintf("01HF7YAT-%012d", d.sent),
			Time: d.clock, Received: d.clock, Data: []byte(data),
		}
		r.Chunk = event.Append(r.Chunk, &e)
	}
	return r
}

const proTraits = `{"traits":{"email":"somebody@example.com","plan":"pro","name":"Anna"}}`

// BenchmarkScenario takes contacts through a scenario: the event that lets them in, a wait, a branch and a message with its claim and its
// result.
func BenchmarkScenario(b *testing.B) {
	const size = 1000
	for name, makeStore := range map[string]func(*testing.B) engine.Store{
		"memory": func(*testing.B) engine.Store { return nil }, "pebble": benchStore,
	} {
		b.Run(name, func(b *testing.B) {
			d := benchDesk(b, makeStore(b), brisk())
			b.ReportAllocs()
			from := 0
			for b.Loop() {
				b.StopTimer()
				d.step(d.happening(event.Identify, from, size, proTraits))
				enter := d.happening("cart", from, size, `{"sku":"coat-42","price":129.5}`)
				b.StartTimer()
				d.step(enter)
				d.clock = d.clock.Add(time.Hour)
				for due := event.Time(1); due != 0 && due <= d.clock; { // a tick rings for some of them
					d.step(ticking(d.clock))
					var err error
					if due, err = d.fold.NextDue(); err != nil {
						b.Fatal(err)
					}
				}
				if sent := d.sends(); len(sent) != size {
					b.Fatalf("%d of %d contacts are sent something", len(sent), size)
				}
				if err := d.fold.Commit(false); err != nil {
					b.Fatal(err)
				}
				from += size
			}
			b.ReportMetric(float64(b.N)*size/b.Elapsed().Seconds(), "enrolments/s")
		})
	}
}

// populate lets so many contacts wait for the same instant.
func (d *desk) populate(b *testing.B, contacts int) {
	const size = 1000
	for from := 0; from < contacts; from += size {
		d.step(d.happening(event.Identify, from, size, proTraits), d.happening("cart", from, size, `{"sku":"coat-42","price":129.5}`))
		if from/size%16 == 15 {
			if err := d.fold.Commit(false); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := d.fold.Commit(true); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMillionTimers lets a million timers be due at one instant, and tells how long the longest tick took while they ring.
func BenchmarkMillionTimers(b *testing.B) {
	const contacts = 1_000_000
	for name, makeStore := range map[string]func(*testing.B) engine.Store{
		"memory": func(*testing.B) engine.Store { return nil }, "pebble": benchStore,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				d := benchDesk(b, makeStore(b), brisk())
				d.populate(b, contacts)
				runtime.GC()
				b.StartTimer()
				d.clock = d.clock.Add(time.Hour)
				longest, ticks := time.Duration(0), 0
				for due := event.Time(1); due != 0 && due <= d.clock; ticks++ {
					began := time.Now()
					d.step(ticking(d.clock))
					var err error
					if due, err = d.fold.NextDue(); err != nil {
						b.Fatal(err)
					}
					longest = max(longest, time.Since(began))
					if ticks%16 == 15 {
						if err := d.fold.Commit(false); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
				b.ReportMetric(float64(ticks), "ticks")
				if n := d.numbers().Steps["first"].Arrived; n != contacts {
					b.Fatalf("%d contacts arrived, want %d", n, contacts)
				}
			}
			b.ReportMetric(contacts*float64(b.N)/b.Elapsed().Seconds(), "timers/s")
		})
	}
}

// BenchmarkMillionWaiting says what a contact that waits takes up on disk, with the attributes and without, and what the process holds in
// memory while all lie there.
func BenchmarkMillionWaiting(b *testing.B) {
	const contacts = 1_000_000
	for b.Loop() {
		dir := b.TempDir()
		store, err := state.OpenPebble(dir, state.PebbleOptions{CacheBytes: 64 << 20})
		if err != nil {
			b.Fatal(err)
		}
		before := heap()
		d := benchDesk(b, store, brisk())
		d.populate(b, contacts)
		b.ReportMetric(float64(heap()-before)/(1<<20), "heap-MiB")
		attributes := 0
		err = store.Scan([]byte{'w'}, []byte{'x'}, func(key, value []byte) (bool, error) {
			attributes += len(key) + len(value)
			return true, nil
		})
		if err != nil {
			b.Fatal(err)
		}
		runtime.KeepAlive(d)
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size(b, dir))/contacts, "disk-B/contact")
		b.ReportMetric(float64(attributes)/contacts, "attributes-B/contact")
	}
}

// BenchmarkFoldBesideScenario folds the traffic of a shop for a funnel while there is a scenario that none of it concerns.
func BenchmarkFoldBesideScenario(b *testing.B) {
	f := benchFold(b, nil, webShop(false, 14*day))
	scenario, channel := brisk(), mail()
	scenario.Trigger.Event.Event = "subscription.ended"
	steps(b, f, hosting(b, mailKey, &channel), hosting(b, remindKey, &scenario))
	run(b, f, 1_000_000, false)
}
