// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// edition is the shop's funnel with another dropAfter, so that it is another version.
func edition(t testing.TB, number int, uid string, generation int64, leader uint64) (apply, activate record.Record) {
	t.Helper()
	f := shop()
	f.Stages[1].DropAfter = time.Duration(number) * time.Hour
	apply, activate = applying(t, f)
	apply.Apply.UID, apply.Apply.Generation, apply.Apply.Leader = uid, generation, leader
	return apply, activate
}

func withdrawing(uid string, generation int64, leader uint64) record.Record {
	return record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: key, UID: uid, Generation: generation, Leader: leader}}
}

// Leader term, UID and generation decide what is heeded.
func TestOutdatedRecordsChangeNothing(t *testing.T) {
	t.Parallel()
	first, activate := edition(t, 1, "u", 5, 7)
	version := first.Apply.Version
	applied := func(number int, uid string, generation int64, leader uint64) record.Record {
		r, _ := edition(t, number, uid, generation, leader)
		return r
	}
	another := applied(2, "u", 6, 7).Apply.Version
	tests := map[string]struct {
		then []record.Record
		want []engine.Defined
	}{
		"a later generation":                 {[]record.Record{applied(2, "u", 6, 7)}, []engine.Defined{{Key: key, Version: another, UID: "u", Generation: 6}}},
		"an earlier generation":              {[]record.Record{applied(2, "u", 4, 8)}, []engine.Defined{{Key: key, Version: version, UID: "u", Generation: 5}}},
		"one created anew":                   {[]record.Record{applied(2, "v", 1, 7)}, []engine.Defined{{Key: key, Version: another, UID: "v", Generation: 1}}},
		"an earlier term":                    {[]record.Record{applied(2, "u", 6, 6)}, []engine.Defined{{Key: key, Version: version, UID: "u", Generation: 5}}},
		"a removal":                          {[]record.Record{withdrawing("u", 5, 7)}, nil},
		"a removal of an earlier term":       {[]record.Record{withdrawing("u", 5, 6)}, []engine.Defined{{Key: key, Version: version, UID: "u", Generation: 5}}},
		"a removal of an earlier generation": {[]record.Record{withdrawing("u", 4, 7)}, []engine.Defined{{Key: key, Version: version, UID: "u", Generation: 5}}},
		"a removal of what was created anew": {[]record.Record{withdrawing("t", 9, 7)}, []engine.Defined{{Key: key, Version: version, UID: "u", Generation: 5}}},
		"an operator that only spoke": {
			[]record.Record{{Kind: record.Term, Term: record.TermRecord{Leader: 9}}, withdrawing("u", 5, 8)},
			[]engine.Defined{{Key: key, Version: version, UID: "u", Generation: 5}},
		},
		"an earlier generation of what was withdrawn": {[]record.Record{withdrawing("u", 5, 7), applied(2, "u", 4, 7)}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t)
			steps(t, f, ticking(noon), first, activate)
			steps(t, f, tt.then...)
			if diff := cmp.Diff(tt.want, f.Definitions(), cmpopts.IgnoreFields(engine.Defined{}, "Active")); diff != "" {
				t.Errorf("definitions differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWithdrawnDefinitionIsKeptForADay(t *testing.T) {
	t.Parallel()
	apply, activate := edition(t, 1, "u", 1, 1)
	edited, activateEdited := edition(t, 2, "v", 1, 1)
	visits := func(at event.Time, contacts ...string) record.Record {
		var events []event.Event
		for _, name := range contacts {
			events = append(events, event.Event{Contact: name, Type: "visit", Time: at})
		}
		return chunk(events...)
	}
	tests := map[string]struct {
		after time.Duration
		then  []record.Record
		want  map[string]int64 // visits by version in force
	}{
		"withdrawn":                        {time.Hour, nil, nil},
		"the same again":                   {24*time.Hour - time.Microsecond, []record.Record{apply}, map[string]int64{apply.Apply.Version: 3}},
		"the same a day later":             {24 * time.Hour, []record.Record{apply}, map[string]int64{"": 0}},
		"another":                          {time.Hour, []record.Record{edited}, map[string]int64{apply.Apply.Version: 3}},
		"another, computed":                {time.Hour, []record.Record{edited, activateEdited}, map[string]int64{edited.Apply.Version: 3}},
		"the same after a second deletion": {time.Hour, []record.Record{apply, withdrawing("u", 1, 1), apply}, map[string]int64{apply.Apply.Version: 3}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t)
			log := []record.Record{
				ticking(noon), apply, activate, visits(noon, "ann"), withdrawing("u", 1, 1),
				visits(noon.Add(time.Minute), "bob", "cy"), // counted unseen
				ticking(noon.Add(tt.after)),
			}
			log = append(log, tt.then...)
			for i := range log {
				if log[i].Kind == record.Activate {
					backfill(t, f, log)
				}
				steps(t, f, log[i])
			}
			got := map[string]int64{}
			for _, d := range report(t, f).Funnels {
				got[d.Active] = 0
				if d.Active != "" {
					got[d.Active] = d.Funnel.Stages[0].Entered
				}
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("numbers by version differ (-want +got):\n%s", diff)
			}
		})
	}
}

// backfill lets all versions that are being computed catch up.
func backfill(t testing.TB, f *engine.Fold, log []record.Record) {
	t.Helper()
	for _, b := range f.Backfills() {
		for offset := b.Cursor; offset <= f.Offset(); offset++ {
			if err := f.StepBackfill(b.Key, b.Version, offset, &log[offset-1]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTimeEndsATombstone(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := edition(t, 1, "u", 1, 1)
	steps(t, f, ticking(noon), apply, activate, withdrawing("u", 1, 1))
	due, err := f.NextDue()
	if err != nil {
		t.Fatal(err)
	}
	if want := noon.Add(24 * time.Hour); due != want {
		t.Errorf("next due %v, want %v", due.UTC(), want.UTC())
	}
	steps(t, f, ticking(due))
	if due, err = f.NextDue(); err != nil || due != 0 {
		t.Errorf("after the tombstone's end something is due at %v, error %v", due.UTC(), err)
	}
}

// What the log had forgotten before a definition came matters for as long as its numbers are about those days.
func TestMissingHistoryMattersAsLongAsTheNumbersAreAboutIt(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, shop()) // the last seven days, compared with those before
	log := []record.Record{
		ticking(noon), chunk(event.Event{Contact: "ann", Type: "visit", Time: noon, Received: noon}), apply, activate,
	}
	const first = 10 // of the records that the log still has
	for i := range log {
		if log[i].Kind == record.Activate {
			for _, b := range f.Backfills() {
				for offset := b.Cursor; offset <= f.Offset(); offset++ {
					if err := f.StepBackfill(b.Key, b.Version, offset, &log[offset-first]); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := f.Step(first+uint64(i), &log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if since := report(t, f).Funnels[key].ExactSince; since != noon {
		t.Errorf("exact since %v, want %v", since.UTC(), noon.UTC())
	}
	steps(t, f, ticking(noon.Add(7*24*time.Hour)))
	if since := report(t, f).Funnels[key].ExactSince; since != noon {
		t.Errorf("after a week exact since %v, want %v still", since.UTC(), noon.UTC())
	}
	steps(t, f, ticking(noon.Add(20*24*time.Hour)))
	if since := report(t, f).Funnels[key].ExactSince; since != 0 {
		t.Errorf("after three weeks exact since %v, want all to be known", since.UTC())
	}
}

// A log or a state that was folded by rules which this program lacks is refused.
func TestRulesThatAreNotThereAreRefused(t *testing.T) {
	t.Parallel()
	epoch := record.EpochRecord{Epoch: 1, Engine: engine.Version, TimeZoneData: "2025c", Time: noon}
	other := func(change func(*record.EpochRecord)) record.Record {
		e := epoch
		change(&e)
		return record.Record{Kind: record.Epoch, Epoch: e}
	}
	records := map[string]record.Record{
		"a later engine":   other(func(e *record.EpochRecord) { e.Engine++ }),
		"an earlier one":   other(func(e *record.EpochRecord) { e.Engine-- }),
		"other time zones": other(func(e *record.EpochRecord) { e.TimeZoneData = "2026a" }),
	}
	for name, r := range records {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := engine.Open(engine.Options{Compile: compile, TimeZoneData: "2025c"})
			if err != nil {
				t.Fatal(err)
			}
			steps(t, f, record.Record{Kind: record.Epoch, Epoch: epoch})
			if err := f.Step(2, &r); !errors.Is(err, engine.ErrIncompatible) {
				t.Errorf("got error %v, want ErrIncompatible", err)
			}
			if f.Offset() != 1 {
				t.Errorf("the fold went on to record %d", f.Offset())
			}
		})
	}
	t.Run("a state of other time zones", func(t *testing.T) {
		t.Parallel()
		store := state.NewMemory()
		f, err := engine.Open(engine.Options{Compile: compile, TimeZoneData: "2025c", Store: store})
		if err != nil {
			t.Fatal(err)
		}
		steps(t, f, record.Record{Kind: record.Epoch, Epoch: epoch})
		if err := f.Commit(true); err != nil {
			t.Fatal(err)
		}
		if _, err = engine.Open(engine.Options{Compile: compile, TimeZoneData: "2026a", Store: store}); !errors.Is(err, engine.ErrIncompatible) {
			t.Errorf("got error %v, want ErrIncompatible", err)
		}
	})
}
