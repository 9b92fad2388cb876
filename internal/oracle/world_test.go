// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/report"
)

// world is a workspace with several partitions that forward to each other.
type world struct {
	t          failer
	partitions []*partition
}

func newWorldOf(t failer, s subject, partitions int) *world {
	w := &world{t: t}
	for range partitions {
		w.partitions = append(w.partitions, newPartitionOf(t, s))
	}
	return w
}

// take appends an event where it belongs.
func (w *world) take(e event.Event) {
	p := w.partitions[event.Partition(e.Contact, len(w.partitions))]
	p.add(record.Record{Kind: record.Events, Chunk: event.Append(nil, &e)})
}

// deliver forwards up to so many events of a partition; it gives whether there were any. Without confirm it dies before it has noted that.
func (w *world) deliver(p *partition, most int, confirm bool) bool {
	w.t.Helper()
	forwards, err := p.fold.Forwards(most)
	if err != nil {
		w.t.Fatalf("forwards: %v", err)
	}
	for _, forward := range forwards {
		for _, place := range forward.Copies {
			e := p.eventAt(place.Offset, place.Index)
			event.Forward(&e, forward.To)
			w.take(e)
		}
		for _, e := range forward.Told {
			w.take(e)
		}
		if confirm {
			p.add(record.Record{Kind: record.Delivered, Delivered: []record.Delivery{forward.Delivery}})
		}
	}
	return len(forwards) > 0
}

func (p *partition) eventAt(offset uint64, index int) (e event.Event) {
	p.t.Helper()
	rest := p.records[offset-1].Chunk
	for range index + 1 {
		var err error
		if rest, err = event.Next(rest, &e); err != nil {
			p.t.Fatalf("read a place: %v", err)
		}
	}
	return e
}

// settle delivers all.
func (w *world) settle() {
	w.t.Helper()
	for rounds := 0; ; rounds++ {
		more := false
		for _, p := range w.partitions {
			for w.deliver(p, 100, true) {
				if more = true; rounds > 1000 {
					w.t.Fatalf("the partitions forward to each other without end")
				}
			}
		}
		if !more {
			return
		}
	}
}

// check compares the sum of the partitions' numbers with the oracle's, once all is delivered.
func (w *world) check(at event.Time) {
	w.t.Helper()
	w.settle()
	var reports []aggregate.Partition
	var logs [][]oracle.Record
	for i, p := range w.partitions {
		p.backfill(len(p.records) + 1)
		for p.add(record.Record{Kind: record.Tick, Tick: at}); p.report().Clock < at; {
			p.add(record.Record{Kind: record.Tick, Tick: at})
		}
		r := p.report()
		r.Partition = i
		reports, logs = append(reports, r), append(logs, p.seen)
	}
	want := withoutExamples(w.partitions[0].truth(logs, at))
	if diff := differences(want, w.sum(reports)); diff != "" {
		w.t.Fatalf("the numbers differ (-oracle +engine):\n%s", diff)
	}
}

// sum adds up what the partitions report.
func (w *world) sum(reports []aggregate.Partition) numbers {
	w.t.Helper()
	key := w.partitions[0].key
	var all []numbers
	for _, r := range reports {
		all = append(all, withoutExamples(numbersOf(r.Funnels[key])))
	}
	total := added(w.t, all)
	if kind, _, _ := strings.Cut(key, "/"); kind == "Funnel" {
		merged, err := report.MergeFunnel(key, len(reports), reports)
		if err != nil {
			w.t.Fatalf("merge: %v", err)
		}
		total = withoutExamples(numbers{Funnel: merged.Funnel})
	}
	return total
}

var known = []string{"ann", "bob", "cid", "dora"}

// drawIdentities makes some of the events those of visitors, and adds links and aliases. An identity may happen to several contacts, unless
// they are to be apart.
func drawIdentities(t *rapid.T, s setting, events []event.Event, apart bool) []event.Event {
	visitors := rapid.IntRange(1, 3).Draw(t, "visitors")
	contacts := rapid.IntRange(1, len(known)).Draw(t, "known contacts")
	for i := range events {
		e := &events[i]
		e.Contact = rapid.SampledFrom(known[:contacts]).Draw(t, "contact")
		if rapid.Bool().Draw(t, "anonymous") {
			e.Contact = event.Anonymous(known[rapid.IntRange(0, visitors-1).Draw(t, "visitor")])
		}
		if apart {
			e.ID += " of " + e.Contact
		}
		e.Received = e.Time.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "on its way")) * s.step)
	}
	said := func(label string) event.Event {
		return event.Event{
			Contact: rapid.SampledFrom(known[:contacts]).Draw(t, label), Type: "identify",
			Source: rapid.SampledFrom([]string{"x", "y"}).Draw(t, label+" source"),
			ID:     rapid.SampledFrom([]string{"1", "2", "3", "4", "5"}).Draw(t, label+" id"),
			Time:   s.instant(t, 12, label+" time"),
		}
	}
	for range rapid.SampledFrom([]int{0, 2, 4}).Draw(t, "writes") {
		e := said("write")
		if rapid.Bool().Draw(t, "of a visitor") {
			e.Contact = event.Anonymous(known[rapid.IntRange(0, visitors-1).Draw(t, "written visitor")])
		}
		e.ID = fmt.Sprint("write ", len(events))
		e.Data = []byte(rapid.SampledFrom([]string{
			`{"traits": {"plan": "pro"}}`, `{"traits": {"plan": "free", "age": 30}}`, `{"traits": {"age": 17}}`, `{"traits": {"plan": null}}`, `{"traits": 5}`, `{}`,
		}).Draw(t, "traits"))
		events = append(events, e)
	}
	for range rapid.IntRange(1, 5).Draw(t, "links") {
		e := said("link")
		events = append(events, e, event.Link(&e, known[rapid.IntRange(0, visitors-1).Draw(t, "linked visitor")]))
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "aliases") {
		e := said("alias")
		if other := rapid.SampledFrom(known[:contacts]).Draw(t, "other"); other != e.Contact {
			both := event.Alias(&e, other)
			events = append(events, both[:]...)
		}
	}
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	shuffled := make([]event.Event, 0, len(events))
	for _, i := range rapid.Permutation(order).Draw(t, "order") {
		shuffled = append(shuffled, events[i])
	}
	return shuffled
}

// askForAttributes makes some conditions depend on the contact.
func askForAttributes(t *rapid.T, f *definition.Funnel) {
	conditions := []string{"contact.attributes.plan == 'pro'", "!has(contact.attributes.plan)", "contact.attributes.age < 18 || event.data.n > 1"}
	draw := func(where *string) {
		if rapid.IntRange(0, 2).Draw(t, "asks for attributes") == 0 {
			*where = rapid.SampledFrom(conditions).Draw(t, "what it asks")
		}
	}
	for i := range f.Stages {
		for j := range f.Stages[i].Matches {
			draw(&f.Stages[i].Matches[j].Where)
		}
	}
	for i := range f.Exclusions {
		draw(&f.Exclusions[i].Where)
	}
}

// TestJoinedContactsEqualOracle folds the events of visitors and known contacts over several partitions, in any order, with links and
// aliases that come whenever they come, events that come twice, deliveries that come late or twice, and crashes. Once all is delivered
// the numbers must be those of all logs at once.
func TestJoinedContactsEqualOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		f := drawFunnel(t, s)
		if f.EntryPolicy == definition.FirstStart {
			f.Lateness = 1000 * day // what was forgotten before a link came cannot be opened again
		}
		if rapid.Bool().Draw(t, "conditions on attributes") {
			askForAttributes(t, &f)
		}
		// Which of two events of one identity counts is known while both are kept.
		followJoined(t, s, funnelSubject(t, f), func() []event.Event {
			return drawIdentities(t, s, drawEvents(t, s), f.Lateness < 1000*day)
		})
	})
}

// followJoined folds events over several partitions that forward to each other, and checks the numbers once all is delivered.
func followJoined(t *rapid.T, s setting, of subject, draw func() []event.Event) {
	w := newWorldOf(t, of, rapid.IntRange(1, 3).Draw(t, "partitions"))
	for _, p := range w.partitions {
		if rapid.Bool().Draw(t, "keeps state in a store") {
			p.keep()
		}
		p.add(record.Record{Kind: record.Epoch, Epoch: record.EpochRecord{Epoch: 1, Engine: 1, TimeZoneData: definition.TimeZoneData, Time: s.base}})
	}
	events := draw()
	applyAt := rapid.IntRange(0, len(events)-1).Draw(t, "apply before")
	for i, e := range events {
		if i == applyAt {
			for _, p := range w.partitions {
				p.add(p.apply)
			}
		}
		w.take(e)
		p := w.partitions[rapid.IntRange(0, len(w.partitions)-1).Draw(t, "partition")]
		p.backfill(rapid.IntRange(0, 3).Draw(t, "backfill"))
		if rapid.IntRange(0, 3).Draw(t, "tick") == 0 {
			p.add(record.Record{Kind: record.Tick, Tick: s.instant(t, 16, "tick's time")})
		}
		if rapid.Bool().Draw(t, "deliver") {
			w.deliver(p, rapid.IntRange(1, 8).Draw(t, "most"), rapid.IntRange(0, 3).Draw(t, "dies") > 0)
		}
		interrupt(t, p)
	}
	w.check(s.instant(t, 20, "end").Add(20 * s.step))
}
