// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// signalling is a funnel whose drop-offs give signals while they are younger than an hour.
func signalling(t *testing.T) control.Definition {
	t.Helper()
	d := funnel(t, shop, "visit", "order")
	var f definition.Funnel
	if err := json.Unmarshal(d.Meaning, &f); err != nil {
		t.Fatal(err)
	}
	f.SignalMaxAge = time.Hour
	var err error
	if d.Meaning, d.Version, err = f.Canonical(); err != nil {
		t.Fatal(err)
	}
	return d
}

// signals gives all that the log holds, each as what happened, to whom and with what.
func (p *plane) signals() (all []string) {
	for _, s := range p.signalRecords() {
		what := "dropped"
		if s.Retracted {
			what = "had not dropped"
		}
		all = append(all, fmt.Sprintf("%s %s after %s %s", s.Contact, what, s.Type, s.Data))
	}
	return all
}

// signalRecords gives the signals of the first partition's log.
func (p *plane) signalRecords() (all []record.Signal) {
	p.t.Helper()
	for _, r := range p.records(0) {
		all = append(all, r.Signals...)
	}
	return all
}

// put appends one event of some age.
func (p *plane) put(contact, kind string, age time.Duration) {
	p.t.Helper()
	p.sent++
	now := event.At(p.clock.Wall())
	appender := eventlog.NewAppender(p.log, eventlog.AppenderOptions{})
	defer appender.Close()
	err := appender.Append(p.t.Context(), []event.Event{{
		Contact: contact, Type: kind, Source: "test", ID: fmt.Sprint(p.sent), Time: now.Add(-age), Received: now, Data: []byte(`{"page":"home"}`),
	}})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plane) wantSignals(want ...string) {
	p.t.Helper()
	if diff := cmp.Diff(want, p.signals()); diff != "" {
		p.t.Errorf("signals differ (-want +got):\n%s", diff)
	}
}

func TestDropOffsAreInTheLogAsSignals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		p.apply(1, signalling(t))
		time.Sleep(time.Second)
		p.put("ann", "visit", 0)
		p.put("bob", "visit", 0)
		time.Sleep(30 * time.Minute)
		p.put("bob", "order", 0)
		time.Sleep(31 * time.Minute)
		p.wantSignals(`ann dropped after visit {"page":"home"}`)

		for range 3 { // neither a restart nor a lost state repeats it
			p.stop()
			p.start()
			time.Sleep(time.Minute)
			p.stop()
			p.states[0] = state.NewMemory()
			p.start()
			time.Sleep(time.Minute)
		}
		p.wantSignals(`ann dropped after visit {"page":"home"}`)

		p.put("ann", "order", 30*time.Minute) // in time, but it comes late
		time.Sleep(time.Minute)
		p.wantSignals(`ann dropped after visit {"page":"home"}`, `ann had not dropped after visit {"page":"home"}`)
		want := map[string]int64{"given": 1, "retracted": 1}
		counts := p.report().Partitions[0].Funnels[shop].Funnel.Signals
		got := map[string]int64{"given": counts.Given, "retracted": counts.Retracted}
		if counts.Stale != 0 {
			got["stale"] = counts.Stale
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("counts differ (-want +got):\n%s", diff)
		}
		p.stop()
	})
}

func TestAVisitorsDropOffKeepsItsNameWhenItIsKnownWhose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.apply(1, signalling(t))
		time.Sleep(time.Second)
		p.put(event.Anonymous("v"), "visit", 0)
		time.Sleep(61 * time.Minute)
		p.identify("ann", "v")
		time.Sleep(10 * time.Minute)
		visit := ` dropped after visit {"page":"home"}`
		p.wantSignals(event.Anonymous("v")+visit, "ann"+visit)
		if s := p.signalRecords(); len(s) == 2 && s[0].ID != s[1].ID {
			t.Errorf("one drop-off is named %s and %s: whoever acts on it would act twice", s[0].ID, s[1].ID)
		}
	})
}

func TestManySignalsAtOnceAreAllAppended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.apply(1, signalling(t))
		time.Sleep(time.Second)
		const many = 1700
		p.send("visit", contacts(many)...)
		time.Sleep(62 * time.Minute)
		seen := map[string]bool{}
		for _, s := range p.signals() {
			if seen[s] {
				t.Errorf("twice: %s", s)
			}
			seen[s] = true
		}
		if len(seen) != many {
			t.Errorf("%d signals, want %d", len(seen), many)
		}
		if kinds := p.count(0, record.Signals); kinds < 4 {
			t.Errorf("%d records of signals for %d signals", kinds, many)
		}
	})
}

func TestWhatIsWrittenAfterwardsGivesNoSignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.put("history", "visit", 20*time.Minute)
		time.Sleep(50 * time.Minute)
		p.apply(1, signalling(t)) // its drop-off is ten minutes old
		p.put("import", "visit", 48*time.Hour)
		p.put("late", "visit", 90*time.Minute) // dropped half an hour ago
		time.Sleep(4 * time.Minute)
		p.wantSignals()
		time.Sleep(2 * time.Minute)
		p.wantSignals(`late dropped after visit {"page":"home"}`)
		if counts := p.report().Partitions[0].Funnels[shop].Funnel.Signals; counts.Stale != 1 || counts.Given != 1 {
			t.Errorf("counts are %+v, want one stale and one given", counts)
		}
	})
}
