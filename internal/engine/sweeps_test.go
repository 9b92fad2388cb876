// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

const crowd = 1500

func visitor(i int) string { return fmt.Sprintf("visitor-%04d", i) }

// told makes an event that tells of a contact's attributes.
func told(contact, plan string, at event.Time) event.Event {
	return event.Event{
		Contact: contact, Type: event.Identify, Source: "crm", ID: contact + plan, Time: at, Received: at,
		Data: fmt.Appendf(nil, `{"traits":{"email":"%s@example.com","plan":%q}}`, contact, plan),
	}
}

// sweepingLog lets a crowd in that is there already. That takes several records, in which some of the crowd change so that they would not
// match any more, others come, and the scenario is edited.
func sweepingLog(t testing.TB, edits definition.InFlight) []record.Record {
	channel, scenario := mail(), remind()
	scenario.Trigger = definition.Trigger{Segment: &definition.SegmentTrigger{Where: "contact.attributes.plan == 'pro'"}, MaxAge: day}
	scenario.Entry.Existing = true
	var known, changed []event.Event
	for i := range crowd {
		known = append(known, told(visitor(i), "pro", noon))
	}
	for i := 0; i < crowd; i += 7 {
		changed = append(changed, told(visitor(i), "free", noon), told(fmt.Sprint(visitor(i), "-new"), "free", noon))
	}
	log := []record.Record{ticking(noon), hosting(t, mailKey, &channel)}
	for from := 0; from < crowd; from += crowd / 6 {
		log = append(log, chunk(known[from:from+crowd/6]...))
	}
	log = append(log, hosting(t, remindKey, &scenario), chunk(changed[:300]...), chunk(changed[300:]...))
	edited := scenario
	edited.InFlight = edits
	edited.Steps = append([]definition.Step{waiting("hour", time.Minute)}, scenario.Steps[1:]...)
	log = append(log, ticking(noon.Add(time.Minute)), hosting(t, remindKey, &edited))
	for i := range 16 {
		log = append(log, ticking(noon.Add(time.Duration(i+2)*time.Minute)))
	}
	return log
}

// A sweep lets in who matched when it began, whatever becomes known of them while it goes on, and nobody else.
func TestASweepActsAsOfItsBeginning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edits definition.InFlight
		wants int64 // who waits for a message: those whose wait became shorter
	}{
		"those inside stay on their version": {definition.Pin, 0},
		"those inside are moved":             {definition.Migrate, crowd},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{t: t, fold: open(t)}
			d.step(sweepingLog(t, test.edits)...)
			if n := d.numbers(); n.Entered != crowd || n.Refused["Audience"] != 0 {
				t.Errorf("entered %d, refused %v, want %d and none", n.Entered, n.Refused, crowd)
			}
			if n := d.report().Channels[0].Waiting; n != test.wants {
				t.Errorf("%d messages are wanted, want %d", n, test.wants)
			}
			if due := d.report().NextDue; due <= d.fold.Clock() && due != 0 {
				t.Errorf("something is due at %v, at the clock %v", due, d.fold.Clock())
			}
		})
	}
}

func TestSweepsGiveEqualStateWhereverTheyAreInterrupted(t *testing.T) {
	t.Parallel()
	log := sweepingLog(t, definition.Migrate)
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; runs > 12 { // each takes long
			return
		}
		once, often := state.NewMemory(), state.NewMemory()
		whole := player{t: t, log: log, open: opener(t, once, 1<<30), interrupt: func(*player) {}}
		whole.play()
		broken := player{t: t, log: log, open: opener(t, often, 1), interrupt: func(p *player) {
			switch rapid.IntRange(0, 3).Draw(t, "interruption") {
			case 0:
				if err := p.fold.Commit(false); err != nil {
					t.Fatal(err)
				}
			case 1:
				mustReport(t, p.fold)
			case 2:
				p.fold = p.open()
			}
		}}
		broken.play()
		if diff := cmp.Diff(contents(t, once), contents(t, often)); diff != "" {
			t.Fatalf("stores differ (-one pass +interrupted):\n%s", diff)
		}
	})
}
