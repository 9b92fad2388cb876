// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// aFunnel draws a funnel of a few stages over the types a, b and c, with short times so that all of them pass within a test.
func aFunnel(t *rapid.T) definition.Funnel {
	f := definition.Funnel{
		Window: hours(t, 1, 30, "window"),
		Period: rapid.SampledFrom([]definition.Period{
			{RollingDays: 1}, {RollingDays: 3}, {From: "2026-11-02", To: "2026-11-03"}, {Calendar: definition.Week}, {Calendar: definition.Month},
		}).Draw(t, "period"),
		TimeZone:    rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Havana"}).Draw(t, "zone"),
		Order:       rapid.SampledFrom([]definition.Order{definition.Ordered, definition.Strict, definition.Any}).Draw(t, "order"),
		EntryPolicy: rapid.SampledFrom([]definition.EntryPolicy{definition.LatestStart, definition.FirstStart}).Draw(t, "entry"),
		Count:       rapid.SampledFrom([]definition.Count{"", definition.Contacts, definition.Entries}).Draw(t, "count"),
		CorrelateBy: rapid.SampledFrom([]string{"", "event.data.n"}).Draw(t, "correlate by"),
		Lateness:    hours(t, 1, 60, "lateness"),

		SignalMaxAge: rapid.SampledFrom([]time.Duration{0, 2 * time.Hour, 60 * time.Hour}).Draw(t, "signals"),
	}
	if f.Order == definition.Strict {
		f.Ignore = rapid.SampledFrom([][]string{nil, {"other"}}).Draw(t, "ignore")
	}
	stages := rapid.IntRange(2, 4).Draw(t, "stages")
	for i := range stages {
		f.Stages = append(f.Stages, aStage(t, i, f.Order != definition.Any && i > 0))
		if rapid.Bool().Draw(t, "breaks down") && len(f.Breakdowns) < definition.MaxBreakdowns {
			f.Breakdowns = append(f.Breakdowns, definition.Breakdown{Name: fmt.Sprint("b", i), By: "event.data.n", Stage: i})
		}
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "exclusions") {
		x := definition.Exclusion{
			Event: rapid.SampledFrom([]string{"c", "x"}).Draw(t, "excludes"), Before: stages - 1,
			Action: rapid.SampledFrom([]definition.ExclusionAction{definition.Discard, definition.End}).Draw(t, "action"),
		}
		if f.Order != definition.Any {
			x.After = rapid.IntRange(0, stages-2).Draw(t, "after")
			x.Before = rapid.IntRange(x.After+1, stages-1).Draw(t, "before")
		}
		f.Exclusions = append(f.Exclusions, x)
	}
	for i := range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "aggregates") {
		f.Aggregates = append(f.Aggregates, definition.Aggregate{
			Name: fmt.Sprint("g", i), Event: rapid.SampledFrom([]string{"a", "seen"}).Draw(t, "adds up"), Sum: "event.data.n",
		})
	}
	return f
}

func aStage(t *rapid.T, i int, mayBeOptional bool) definition.Stage {
	stage := definition.Stage{Name: fmt.Sprint("s", i), Value: rapid.SampledFrom([]string{"", "event.data.n"}).Draw(t, "value")}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 2, rapid.ID[string]).Draw(t, "types") {
		where := rapid.SampledFrom([]string{"", "", "", "contact.attributes.plan == 'pro'"}).Draw(t, "where")
		stage.Matches = append(stage.Matches, definition.EventMatch{Event: name, Where: where})
	}
	switch rapid.SampledFrom([]string{"window", "after", "idle"}).Draw(t, "drops") {
	case "after":
		stage.DropAfter = hours(t, 1, 12, "dropAfter")
	case "idle":
		stage.DropAfterIdle = hours(t, 1, 12, "dropAfterIdle")
	}
	stage.Optional = mayBeOptional && rapid.IntRange(0, 3).Draw(t, "optional") == 0
	if stage.Value != "" && rapid.Bool().Draw(t, "refunds") {
		stage.Refund = &definition.Refund{Event: rapid.SampledFrom([]string{"b", "back"}).Draw(t, "refund"), Amount: "event.data.n", MatchBy: "event.data.n"}
	}
	return stage
}

func hours(t *rapid.T, low, high int, label string) time.Duration {
	return time.Duration(rapid.IntRange(low, high).Draw(t, label)) * time.Hour
}

// aLog draws records: chunks of events of few contacts at few times, ticks, and definitions that come, are activated and go.
func aLog(t *rapid.T) []record.Record {
	clock := noon
	log := []record.Record{{Kind: record.Epoch, Epoch: record.EpochRecord{Epoch: 1, Engine: engine.Version, Time: clock}}}
	applied := map[string]string{}
	for range rapid.IntRange(1, 40).Draw(t, "records") {
		switch rapid.IntRange(0, 10).Draw(t, "kind") {
		case 10:
			log = append(log, aDelivery(t, len(log)))
		case 0, 1:
			clock = clock.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "hours later")) * time.Hour)
			log = append(log, ticking(clock))
		case 2:
			name := rapid.SampledFrom([]string{"x", "y", surveyed, "Segment/z"}).Draw(t, "definition")
			form, version := aMeaning(t, name)
			applied[name] = version
			log = append(log, record.Record{Kind: record.Apply, Apply: record.ApplyRecord{
				Key: name, Version: version, Definition: form,
				Leader: aTerm(t), UID: rapid.SampledFrom([]string{"u1", "u2"}).Draw(t, "uid"), Generation: int64(rapid.IntRange(1, 3).Draw(t, "generation")),
			}})
		case 3, 4:
			for _, name := range []string{"x", "y", surveyed, "Segment/z"} {
				if version := applied[name]; version != "" {
					log = append(log, record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: name, Version: version}})
				}
			}
		case 5:
			name := rapid.SampledFrom([]string{"x", "y", surveyed, "Segment/z", "z", "z", "z"}).Draw(t, "removed")
			delete(applied, name)
			log = append(log, record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: name, Leader: aTerm(t)}})
		default:
			log = append(log, aChunk(t, clock))
		}
	}
	return append(log, delivery(t, log, clock)...)
}

// delivery draws what an owner appends behind a log: some of the signals that the fold derived from it.
func delivery(t *rapid.T, log []record.Record, clock event.Time) []record.Record {
	p := player{t: t, log: log, open: opener(t, nil, 0), interrupt: func(*player) {}}
	p.play()
	signals := p.fold.Signals()
	some := record.Record{Kind: record.Signals, Signals: signals[:rapid.IntRange(0, len(signals)).Draw(t, "delivered")]}
	return []record.Record{some, ticking(clock.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours after")) * time.Hour))}
}

// aMeaning draws the meaning of what is called so.
func aMeaning(t *rapid.T, name string) (form json.RawMessage, version string) {
	var err error
	switch name {
	case surveyed:
		j := aJourney(t)
		form, version, err = j.Canonical()
	case "Segment/z":
		s := aSegment(t)
		form, version, err = s.Canonical()
	default:
		f := aFunnel(t)
		maybeOfMembers(t, &f)
		form, version, err = f.Canonical()
	}
	if err != nil {
		t.Fatal(err)
	}
	return form, version
}

// maybeOfMembers lets some funnels of contacts count members of a segment alone.
func maybeOfMembers(t *rapid.T, f *definition.Funnel) {
	if f.UnitBy == "" && rapid.IntRange(0, 2).Draw(t, "of a segment") == 0 {
		s := aSegment(t)
		s.Days, s.SignalMaxAge = 0, 0
		f.Segment = &s
	}
}

// aTerm draws an operator's term: mostly the latest.
func aTerm(t *rapid.T) uint64 { return rapid.SampledFrom([]uint64{3, 3, 3, 2}).Draw(t, "term") }

func aChunk(t *rapid.T, clock event.Time) record.Record {
	var r record.Record
	r.Kind = record.Events
	for range rapid.IntRange(1, rapid.SampledFrom([]int{5, 5, 5, 200}).Draw(t, "most")).Draw(t, "events") {
		e := event.Event{
			Contact: rapid.SampledFrom([]string{"ann", "bob", "cy", event.Anonymous("v")}).Draw(t, "contact"),
			Type:    rapid.SampledFrom([]string{"a", "b", "c", "x", "back", "seen", "other", "waymark.own"}).Draw(t, "type"),
			Source:  rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "source"),
			ID:      fmt.Sprint(rapid.IntRange(0, 500).Draw(t, "id")),
			Time:    clock.Add(time.Duration(rapid.IntRange(-80, 20).Draw(t, "hours from now")) * time.Hour),
			Data:    fmt.Appendf(nil, `{"n":%d}`, rapid.IntRange(-3, 3).Draw(t, "amount")),
		}
		e.Received = clock
		e = aboutPersons(t, e)
		r.Chunk = event.Append(r.Chunk, &e)
	}
	return r
}

// aboutPersons makes some events such as say who is who, tell attributes, or came from another partition.
func aboutPersons(t *rapid.T, e event.Event) event.Event {
	other := rapid.SampledFrom([]string{"ann", "bob", "cy", "dan"}).Draw(t, "other")
	switch rapid.IntRange(0, 40).Draw(t, "about persons") {
	case 0:
		e.Contact = other
		return event.Link(&e, "v")
	case 1:
		return event.Alias(&e, other)[rapid.IntRange(0, 1).Draw(t, "who is told")]
	case 2:
		return event.AliasOf("ann", "bob", "bob", other)
	case 3, 4:
		event.Forward(&e, other)
	case 5:
		e.Contact = other
		e = event.Link(&e, "v")
		event.Forward(&e, "bob")
	case 8, 9:
		e.Type = event.SurveyAnswered
		e.Data = fmt.Appendf(nil, `{"journey":%q,"answer":%q}`, surveyed, rapid.SampledFrom([]string{"dear", "slow", "other"}).Draw(t, "answer"))
	case 6, 7:
		e.Type = event.Identify
		e.Data = fmt.Appendf(nil, `{"traits":{"plan":%q}}`, rapid.SampledFrom([]string{"pro", "free"}).Draw(t, "plan"))
	}
	return e
}

// aDelivery draws that something was forwarded, whether it was to be or not.
func aDelivery(t *rapid.T, offset int) record.Record {
	return record.Record{Kind: record.Delivered, Delivered: []record.Delivery{{
		From:    rapid.SampledFrom([]string{"ann", "bob", event.Anonymous("v")}).Draw(t, "from"),
		To:      rapid.SampledFrom([]string{"ann", "bob", "cy", "dan"}).Draw(t, "to"),
		Through: uint64(rapid.IntRange(0, offset).Draw(t, "through")) << 20, Aliases: rapid.IntRange(0, 3).Draw(t, "aliases"),
	}}}
}

// contents gives all that a store holds.
func contents(t *rapid.T, s engine.Store) map[string]string {
	all := map[string]string{}
	err := s.Scan([]byte{0}, []byte{0xff}, func(key, value []byte) (bool, error) {
		all[string(key)] = string(value)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// player folds a log, and catches backfills up when they are to be activated. It is interrupted after each step.
type player struct {
	t         *rapid.T
	log       []record.Record
	open      func() *engine.Fold
	fold      *engine.Fold
	interrupt func(*player)
}

func (p *player) play() {
	p.fold = p.open()
	for {
		next := p.fold.Offset() + 1
		ended := next > uint64(len(p.log))
		switch b, behind := p.behind(); {
		case behind && (ended || p.log[next-1].Kind == record.Activate):
			if err := p.fold.StepBackfill(b.Key, b.Version, b.Cursor, &p.log[b.Cursor-1]); err != nil {
				p.t.Fatalf("backfill: %v", err)
			}
		case ended:
			if err := p.fold.Commit(true); err != nil {
				p.t.Fatal(err)
			}
			return
		default:
			if err := p.fold.Step(next, &p.log[next-1]); err != nil {
				p.t.Fatalf("step: %v", err)
			}
		}
		p.interrupt(p)
	}
}

func (p *player) behind() (engine.Backfill, bool) {
	for _, b := range p.fold.Backfills() {
		if b.Cursor <= p.fold.Offset() {
			return b, true
		}
	}
	return engine.Backfill{}, false
}

func opener(t *rapid.T, store engine.Store, cache int, retention ...time.Duration) func() *engine.Fold {
	return func() *engine.Fold {
		options := engine.Options{Compile: compiled(), Store: store, CacheBytes: cache}
		if len(retention) > 0 {
			options.Retention = retention[0]
		}
		f, err := engine.Open(options)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

func TestEqualLogsGiveEqualStateWhereverTheFoldIsInterrupted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.SampledFrom([]func(*rapid.T) []record.Record{aLog, aJourneyLog}).Draw(t, "log")(t)
		retention := rapid.SampledFrom([]time.Duration{0, 24 * time.Hour, 90 * 24 * time.Hour}).Draw(t, "retention")
		once := state.NewMemory()
		whole := player{t: t, log: log, open: opener(t, once, 1<<30, retention), interrupt: func(*player) {}}
		whole.play()

		often := state.NewMemory()
		interruptions := 100
		broken := player{t: t, log: log, open: opener(t, often, 1, retention), interrupt: func(p *player) {
			if interruptions--; interruptions < 0 {
				return
			}
			switch rapid.IntRange(0, 3).Draw(t, "interruption") {
			case 0:
				if err := p.fold.Commit(false); err != nil {
					t.Fatal(err)
				}
			case 1:
				mustReport(t, p.fold)
			case 2: // what was not committed is lost, and folded again
				p.fold = p.open()
			}
		}}
		broken.play()

		inMemory := player{t: t, log: log, open: opener(t, nil, 0, retention), interrupt: func(*player) {}}
		inMemory.play()

		if diff := cmp.Diff(contents(t, once), contents(t, often)); diff != "" {
			t.Fatalf("stores differ (-one pass +interrupted):\n%s", diff)
		}
		want := mustReport(t, whole.fold)
		for name, f := range map[string]*engine.Fold{
			"interrupted": broken.fold, "in memory": inMemory.fold, "opened again": opener(t, often, 1, retention)(),
		} {
			if diff := cmp.Diff(want, mustReport(t, f)); diff != "" {
				t.Fatalf("reports differ (-one pass +%s):\n%s", name, diff)
			}
		}
	})
}

func mustReport(t *rapid.T, f *engine.Fold) aggregate.Partition {
	p, err := f.Report()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
