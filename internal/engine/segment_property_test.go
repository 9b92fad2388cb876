// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// aSegment draws a segment over the same types as aFunnel, with traits of all kinds.
func aSegment(t *rapid.T) definition.Segment {
	within := func(name string) time.Duration {
		return time.Duration(rapid.SampledFrom([]int{0, 3, 30}).Draw(t, name)) * time.Hour
	}
	return definition.Segment{
		TimeZone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Havana"}).Draw(t, "segment's zone"),
		Where: rapid.SampledFrom([]string{
			"contact.traits.n >= 2", "contact.traits.n == 0", "contact.traits.s > 1 || contact.attributes.plan == 'pro'",
			"contact.traits.first < contact.traits.last", "contact.traits.d > 1", "contact.traits.r >= 2 && contact.attributes.plan != 'free'",
			"contact.traits.seen > timestamp('2026-11-03T00:00:00Z')", "contact.attributes.plan == 'pro'",
		}).Draw(t, "who"),
		Traits: []definition.Trait{
			{Name: "n", Function: definition.TraitCount, Event: "a", Within: within("n within")},
			{Name: "s", Function: definition.TraitSum, Event: "b", Of: "event.data.n", Within: within("s within")},
			{Name: "first", Function: definition.TraitFirst, Event: "a", Of: "event.data.n", Where: "event.data.n != 0", Within: within("first within")},
			{Name: "last", Function: definition.TraitLast, Event: "a", Of: "event.data.n", Within: within("last within")},
			{Name: "seen", Function: definition.TraitLast, Event: "c", Within: within("seen within")},
			{Name: "d", Function: definition.TraitDistinct, Event: "c", Of: "event.data.n", Within: within("d within")},
			{Name: "r", Function: definition.TraitRank, Of: "s", Ranks: 3, Cuts: []aggregate.Micros{0, 2_000_000}},
			{Name: "when", Function: definition.TraitRank, Of: "seen", Ranks: 2},
		},
		Days: rapid.IntRange(1, 3).Draw(t, "days"), Lateness: hours(t, 1, 60, "segment's lateness"),

		SignalMaxAge: rapid.SampledFrom([]time.Duration{0, 2 * time.Hour, 60 * time.Hour}).Draw(t, "segment's signals"),
	}
}

// instantsOf are all instants at which membership may change.
func instantsOf(s *definition.Segment, events, writes []event.Event) (all []event.Time) {
	for i := range events {
		all = append(all, events[i].Time)
		for j := range s.Traits {
			if s.Traits[j].Within > 0 {
				all = append(all, events[i].Time.Add(s.Traits[j].Within))
			}
		}
	}
	for i := range writes {
		all = append(all, writes[i].Time)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// memberAt says by the whole history of a contact whether it is a member at an instant, and what ranks look at: the traits
// for which any event counts.
func memberAt(p *definition.SegmentProgram, events, writes []event.Event, at event.Time) (member bool, ranked []expression.Scalar) {
	known := false
	attributes := map[string]json.RawMessage{}
	for i := range writes {
		var said struct{ Traits map[string]json.RawMessage }
		if w := &writes[i]; w.Time <= at && json.Unmarshal(w.Data, &said) == nil && said.Traits != nil {
			maps.Copy(attributes, said.Traits)
			known = true
		}
	}
	s := p.Segment()
	counts, sums := make([]int, len(s.Traits)), make([]aggregate.Micros, len(s.Traits))
	texts := map[string]bool{}
	values := make([]expression.Scalar, len(s.Traits))
	ranked = make([]expression.Scalar, len(s.Traits))
	for i := range events {
		if events[i].Time > at {
			continue
		}
		for _, m := range p.Match(&events[i]).Traits {
			known = true
			t := &s.Traits[m.Trait]
			if t.Within > 0 && events[i].Time <= at.Add(-t.Within) {
				continue
			}
			counts[m.Trait]++
			sums[m.Trait] += m.Amount
			switch {
			case t.Function == definition.TraitDistinct:
				texts[fmt.Sprint(m.Trait, m.Value.Text)] = true
			case t.Function == definition.TraitLast || t.Function == definition.TraitFirst && counts[m.Trait] == 1:
				values[m.Trait] = m.Value
			}
		}
	}
	for i := range s.Traits {
		switch t := &s.Traits[i]; t.Function {
		case definition.TraitCount:
			values[i] = expression.NumberOf(float64(counts[i]))
		case definition.TraitSum:
			values[i] = expression.AmountOf(sums[i])
		case definition.TraitDistinct:
			values[i] = expression.NumberOf(float64(len(texts))) // there is one such trait
		case definition.TraitRank:
			of := slices.IndexFunc(s.Traits, func(o definition.Trait) bool { return o.Name == t.Of })
			if rank, ok := t.Rank(ranked[of]); ok {
				values[i] = expression.NumberOf(float64(rank))
			}
		}
		if counts[i] > 0 {
			ranked[i] = values[i]
		}
	}
	if !known {
		return false, nil
	}
	encoded, _ := json.Marshal(attributes)
	member, _ = p.Holds(encoded, values)
	return member, ranked
}

// dayBegins finds the first minute of a day so many days ago. In some zones clocks jump over midnight, or strike it twice.
func dayBegins(now time.Time, ago int) event.Time {
	year, month, date := now.Date()
	wanted := time.Date(year, month, date-ago, 12, 0, 0, 0, now.Location())
	first := wanted
	for first.Add(-time.Minute).Day() == wanted.Day() {
		first = first.Add(-time.Minute)
	}
	return event.At(first)
}

// naive computes a segment's numbers at a clock from everything that ever happened to one contact.
func naive(p *definition.SegmentProgram, events, writes []event.Event, clock event.Time) aggregate.Segment {
	byTime := func(a, b event.Event) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(events, byTime)
	slices.SortFunc(writes, byTime)
	s := p.Segment()
	first := dayBegins(clock.UTC().In(p.Location()), s.Days-1)
	var r aggregate.Segment
	was := false
	for _, at := range instantsOf(&s, events, writes) {
		if at > clock {
			break
		}
		is, _ := memberAt(p, events, writes, at)
		if at >= first && is && !was {
			r.Entered++
		}
		if at >= first && !is && was {
			r.Left++
		}
		was = is
	}
	if was {
		r.Size = 1
	}
	_, ranked := memberAt(p, events, writes, clock)
	r.Values = map[string]map[int]int64{"s": {}, "seen": {}}
	for i := range ranked {
		micros, known := ranked[i].Micros()
		switch name := s.Traits[i].Name; {
		case name == "s" && known:
			r.Values[name][aggregate.ValueBucket(micros)]++
		case name == "seen" && ranked[i].Kind == expression.Instant:
			r.Values[name][aggregate.TimeBucket(ranked[i].Time)]++
		}
	}
	return r
}

// Whatever the order in which events arrive, late, twice, and over weeks in which the fold forgets: the numbers are those of the history.
func TestASegmentIsWhatItsHistorySays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := aSegment(t)
		s.Lateness = time.Duration(rapid.IntRange(1, 60).Draw(t, "late")) * time.Hour
		form, version, err := s.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		program, err := new(definition.Compiler).CompileSegment(form)
		if err != nil {
			t.Fatal(err)
		}
		var log []record.Record
		var events, writes []event.Event
		clock, seen := noon, map[string]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			clock = clock.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "hours later")) * time.Hour)
			log = append(log, ticking(clock))
			e := event.Event{
				Contact: "ann", Type: rapid.SampledFrom([]string{"a", "b", "c", "other", event.Identify}).Draw(t, "type"), Source: "s",
				ID: fmt.Sprint(rapid.IntRange(0, 200).Draw(t, "id")), Data: fmt.Appendf(nil, `{"n":%d}`, rapid.IntRange(-3, 3).Draw(t, "amount")),
				Time: clock.Add(-time.Duration(rapid.IntRange(0, 70).Draw(t, "hours old")) * time.Hour), Received: clock,
			}
			if e.Type == event.Identify {
				e.Data = fmt.Appendf(nil, `{"traits":{"plan":%q}}`, rapid.SampledFrom([]string{"pro", "free"}).Draw(t, "plan"))
			}
			log = append(log, chunk(e))
			switch {
			case seen[e.ID]:
			case e.Type == event.Identify:
				writes = append(writes, e)
			case e.Time >= clock.Add(-s.Lateness):
				events = append(events, e)
			}
			seen[e.ID] = true
		}
		clock = clock.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "hours after")) * time.Hour)
		log = append(log, ticking(clock))
		at := rapid.IntRange(0, len(log)).Draw(t, "applied before")
		log = slices.Insert(log, at, record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: segmentKey, Version: version, Definition: form}})
		at = rapid.IntRange(at+1, len(log)).Draw(t, "activated before")
		log = slices.Insert(log, at, record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: segmentKey, Version: version}})

		p := player{t: t, log: log, open: opener(t, state.NewMemory(), 1), interrupt: func(p *player) {
			if err := p.fold.Commit(false); err != nil {
				t.Fatal(err)
			}
		}}
		p.play()
		want := naive(program, events, writes, clock)
		got := mustReport(t, p.fold).Funnels[segmentKey].Segment
		uncounted := cmpopts.IgnoreFields(aggregate.Segment{}, "Signals", "TooLate", "Errors", "FirstError")
		if diff := gocmp.Diff(&want, got, uncounted, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("numbers differ (-history +fold):\n%s", diff)
		}
	})
}
