// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/state"
)

// between gives counts at the landmarks from one time after the stage to another.
func between(t *testing.T, from, to time.Duration, n aggregate.Split) aggregate.Landmarks {
	t.Helper()
	first, last := slices.Index(aggregate.LandmarkTimes[:], from), slices.Index(aggregate.LandmarkTimes[:], to)
	if first < 0 || last < 0 {
		t.Fatalf("%v or %v is no landmark", from, to)
	}
	l := aggregate.Landmarks{}
	for k := first; k <= last; k++ {
		l[k] = n
	}
	return l
}

func TestEvidenceAtLandmarks(t *testing.T) {
	t.Parallel()
	const second, minute, hour, us = time.Second, time.Minute, time.Hour, time.Microsecond
	droppedOne, convertedOne := aggregate.Split{Dropped: 1}, aggregate.Split{Converted: 1}
	atCart := func(more ...happens) []happens {
		return append([]happens{{0, "visit", "", ""}, {minute, "cart", "", ""}, {minute, "reply", "", ""}}, more...)
	}
	tests := map[string]struct {
		events []happens
		there  aggregate.Landmarks
		cost   aggregate.Sight
	}{
		"who drops off is still there at the deadline": {
			atCart(happens{minute + 2*second, "shrug", "", ""}),
			between(t, 0, hour, droppedOne),
			aggregate.Sight{
				Seen: droppedOne, Now: between(t, 2*second, 2*second, droppedOne), Before: between(t, 2*second, hour, droppedOne),
			},
		},
		"seen just after a landmark it is seen by the next": {
			atCart(happens{minute + 2*second + us, "shrug", "", ""}),
			between(t, 0, hour, droppedOne),
			aggregate.Sight{
				Seen: droppedOne, Now: between(t, 5*second, 5*second, droppedOne), Before: between(t, 5*second, hour, droppedOne),
			},
		},
		"at once is seen at the first, the stage's own instant": {
			atCart(happens{minute, "shrug", "", ""}),
			between(t, 0, hour, droppedOne),
			aggregate.Sight{
				Seen: droppedOne, Now: between(t, 0, 0, droppedOne), Before: between(t, 0, hour, droppedOne),
			},
		},
		"who goes on at a landmark is not there any more": {
			atCart(happens{minute + 7*second, "shrug", "", ""}, happens{minute + 30*second, "order", "", ""}),
			between(t, 0, 20*second, convertedOne),
			aggregate.Sight{
				Seen: convertedOne, Now: between(t, 10*second, 10*second, convertedOne), Before: between(t, 10*second, 20*second, convertedOne),
			},
		},
		"who goes on at once was there at the first": {
			atCart(happens{minute, "shrug", "", ""}, happens{minute, "order", "", ""}),
			between(t, 0, 0, convertedOne),
			aggregate.Sight{Seen: convertedOne, Now: between(t, 0, 0, convertedOne), Before: between(t, 0, 0, convertedOne)},
		},
		"what is seen after the last landmark that they were there at is at none": {
			atCart(happens{minute + 25*second, "shrug", "", ""}, happens{minute + 30*second, "order", "", ""}),
			between(t, 0, 20*second, convertedOne),
			aggregate.Sight{Seen: convertedOne},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cart := played(t, shopping(), tt.events, 2*hour).Stages[1]
			if diff := cmp.Diff(tt.there, cart.There); diff != "" {
				t.Errorf("who was there differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.cost, cart.Probes[0]); diff != "" {
				t.Errorf("who saw it differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyTheMostFrequentTypesAreReported(t *testing.T) {
	t.Parallel()
	j := shopping()
	j.Suggest = true
	events := []happens{{0, "visit", "", ""}, {0, "visit", "", "bob"}, {1, "zebra", "", "bob"}}
	for i := range aggregate.MaxTypes + 5 {
		events = append(events, happens{time.Minute, fmt.Sprintf("type%04d", i), "", ""})
	}
	events = append(events, happens{time.Minute, "zebra", "", ""})
	types := played(t, j, events, 25*time.Hour).Stages[0].Types
	if len(types) != aggregate.MaxTypes {
		t.Errorf("%d types, want %d", len(types), aggregate.MaxTypes)
	}
	if seen := types["zebra"].Seen; seen.Dropped != 2 {
		t.Errorf("the most frequent was seen by %+v, want by 2", seen)
	}
	if _, last := types[fmt.Sprintf("type%04d", aggregate.MaxTypes-1)]; last {
		t.Error("of equally frequent ones not the first are told")
	}
}

// What was evidence is forgotten when no number needs it any more, and its contact with it.
func TestEvidenceThatMattersNoMoreIsForgotten(t *testing.T) {
	t.Parallel()
	store := state.NewMemory()
	f, err := engine.Open(engine.Options{Compile: compiled(), Store: store, Retention: 20 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	j := shopping()
	j.Suggest = true
	apply, activate := applyingJourney(t, j)
	steps(t, f, ticking(noon), apply, activate)
	keys := func() (n int) {
		if err := f.Commit(true); err != nil {
			t.Fatal(err)
		}
		err := store.Scan([]byte{'a'}, []byte{'z'}, func(key, _ []byte) (bool, error) {
			if key[0] != 'y' { // types have their numbers for good
				n++
			}
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := keys()
	for _, e := range eventsOf([]happens{
		{0, "visit", "", ""}, {time.Minute, "shrug", "", ""}, {time.Minute, "cart", "", ""}, {time.Minute, "shrug", "", "bob"}, {time.Hour, "order", "", "cy"},
	}) {
		steps(t, f, chunk(e))
	}
	if keys() < before+3 {
		t.Fatal("nothing was kept")
	}
	for visits := 0; ; visits++ {
		due := report(t, f).NextDue
		if due == 0 {
			break
		}
		if visits > 50 {
			t.Fatal("the timers never end")
		}
		steps(t, f, ticking(due))
	}
	if after := keys(); after != before {
		t.Errorf("%d keys are left, before there were %d", after, before)
	}
}

func TestDamagedEvidenceGivesAnErrorNotAPanic(t *testing.T) {
	t.Parallel()
	healthy := state.NewMemory()
	f, err := engine.Open(engine.Options{Compile: compiled(), Store: healthy})
	if err != nil {
		t.Fatal(err)
	}
	j := shopping()
	j.Suggest = true
	apply, activate := applyingJourney(t, j)
	steps(t, f, ticking(noon), apply, activate)
	for _, e := range eventsOf([]happens{{0, "visit", "", ""}, {time.Minute, "read", "", ""}, {time.Hour, "cart", "", ""}}) {
		steps(t, f, chunk(e))
	}
	if err := f.Commit(true); err != nil {
		t.Fatal(err)
	}
	cuts := map[string]func([]byte) []byte{
		"cut short": func(v []byte) []byte { return v[:len(v)*2/3] },
		"longer":    func(v []byte) []byte { return append(slices.Clip(v), 0) },
		"of ones":   func(v []byte) []byte { return slices.Repeat([]byte{0xff}, len(v)) },
	}
	for _, prefix := range []byte("cvy") {
		for name, change := range cuts {
			t.Run(fmt.Sprintf("%c %s", prefix, name), func(t *testing.T) {
				t.Parallel()
				f, err := engine.Open(engine.Options{Compile: compiled(), Store: damage{healthy, prefix, change}})
				if err == nil {
					more := chunk(eventsOf([]happens{{2 * time.Hour, "order", "", ""}})...)
					err = f.Step(f.Offset()+1, &more)
				}
				if err == nil {
					t.Error("damaged evidence was taken as it was")
				}
			})
		}
	}
}

// Too much evidence crowds out the oldest of it, and nothing of the funnel.
func TestEvidenceNeverCrowdsOutTheFunnel(t *testing.T) {
	t.Parallel()
	j := shopping()
	j.Suggest = true
	f, err := engine.Open(engine.Options{Compile: compiled()})
	if err != nil {
		t.Fatal(err)
	}
	apply, activate := applyingJourney(t, j)
	steps(t, f, ticking(noon), apply, activate)
	events := []happens{{0, "visit", "", ""}, {time.Second, "first", "", ""}, {2 * time.Second, "read", "", ""}}
	for i := range engine.MaxMatches {
		events = append(events, happens{time.Minute + time.Duration(i)*time.Millisecond, "read", "", ""})
	}
	steps(t, f, chunk(eventsOf(append(events, happens{time.Hour, "cart", "", ""}))...))
	got := report(t, f).Funnels[journeyKey]
	if entered := got.Funnel.Stages[1].Entered; entered != 1 || got.Funnel.Saturated != 0 {
		t.Errorf("%d reached the cart, %d saturated, want 1 and 0", entered, got.Funnel.Saturated)
	}
	if _, known := got.Journey.Stages[0].Types["first"]; known || got.Journey.Saturated != 1 {
		t.Errorf("the oldest is known: %v; saturated %d, want 1", known, got.Journey.Saturated)
	}
}
