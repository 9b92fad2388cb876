// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/report"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/state"
)

const dealsKey = "Funnel/shop/deals"

// deals is a funnel of deals, whoever's events tell of them.
func deals() definition.Funnel {
	f := definition.Funnel{
		UnitBy: "event.data.deal",
		Window: time.Hour, Period: definition.Period{RollingDays: 7}, TimeZone: "UTC",
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 30 * 24 * time.Hour,
	}
	for _, name := range []string{"lead", "offer", "order"} {
		f.Stages = append(f.Stages, definition.Stage{Name: name, Matches: []definition.EventMatch{{Event: name}}})
	}
	return f
}

func dealsDefinition(t *testing.T) control.Definition {
	t.Helper()
	f := deals()
	form, version, err := f.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return control.Definition{Key: dealsKey, Version: version, UID: "uid", Generation: 1, Meaning: form}
}

// newOffice is a plane whose definitions are compiled from expressions.
func newOffice(t *testing.T, partitions int) *plane {
	p := newPlane(t, partitions)
	p.opts = expressive
	return p
}

func expressive(o *runner.Options) {
	o.TimeZoneData = definition.TimeZoneData
	o.NewCompiler = func() engine.Compiler { return engine.CompileWith(new(definition.Compiler)) }
}

// tell appends that something happened to a contact that tells of a deal.
func (p *plane) tell(contact, kind, deal string) event.Event {
	p.t.Helper()
	p.sent++
	now := event.At(p.clock.Wall())
	e := event.Event{Contact: contact, Type: kind, Source: "crm", ID: fmt.Sprint(p.sent), Time: now, Received: now, Data: fmt.Appendf(nil, `{"deal": %q}`, deal)}
	appender := eventlog.NewAppender(p.log, eventlog.AppenderOptions{})
	defer appender.Close()
	if err := appender.Append(p.t.Context(), []event.Event{e}); err != nil {
		p.t.Fatal(err)
	}
	return e
}

// tellMany has so many things happen, in a few minutes, and gives them.
func (p *plane) tellMany(random *rand.Rand, events int) (all []event.Event) {
	p.t.Helper()
	for range events {
		contact := fmt.Sprint("user_", random.IntN(20))
		if random.IntN(4) == 0 {
			contact = event.Anonymous(contact)
		}
		kind := []string{"lead", "offer", "order", "call"}[random.IntN(4)]
		deal := []string{"", fmt.Sprint("deal ", random.IntN(events/4))}[min(1, random.IntN(8))]
		all = append(all, p.tell(contact, kind, deal))
		time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
	}
	return all
}

// wantDeals checks that the numbers are those of one pass over the events that were told, by deal.
func (p *plane) wantDeals(told []event.Event) {
	p.t.Helper()
	found := p.report()
	if len(found.Faults) > 0 {
		p.t.Fatalf("faults: %+v", found.Faults)
	}
	for _, part := range found.Partitions {
		if part.Funnels[dealsKey].Handing {
			p.t.Errorf("partition %d says that it has not handed on all", part.Partition)
		}
	}
	sum, err := report.MergeFunnel(dealsKey, len(found.Partitions), found.Partitions)
	if err != nil {
		p.t.Fatal(err)
	}
	var log []oracle.Record
	for _, e := range told {
		var data struct{ Deal string }
		if err := json.Unmarshal(e.Data, &data); err != nil {
			p.t.Fatal(err)
		}
		if data.Deal != "" {
			e.ID += " of " + e.Contact
			e.Contact = data.Deal
			log = append(log, oracle.Record{Offset: 1, Event: &e})
		}
	}
	f := deals()
	f.UnitBy = ""
	truth, err := oracle.New(f)
	if err != nil {
		p.t.Fatal(err)
	}
	if sum.Funnel.Stages[0].Entered == 0 {
		p.t.Error("no deal was counted")
	}
	if diff := cmp.Diff(truth.Evaluate(log, event.Time(found.AsOf)), sum.Funnel, cmpopts.EquateEmpty()); diff != "" {
		p.t.Errorf("the numbers differ (-one pass +runner):\n%s", diff)
	}
}

func TestDealsAreCountedAcrossPartitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newOffice(t, 3)
		p.start()
		random := rand.New(rand.NewPCG(1, 2))
		told := p.tellMany(random, 300)
		if got := p.forwarded(); got != 0 {
			t.Fatalf("%d events were handed on, though no funnel counts deals", got)
		}
		p.apply(1, dealsDefinition(t))
		time.Sleep(2 * time.Second)
		p.wantDeals(told)

		told = append(told, p.tellMany(random, 50)...) // as they happen
		time.Sleep(time.Second)
		p.wantDeals(told)
		copies := p.forwarded()

		p.stop()
		told = append(told, p.tellMany(random, 20)...)
		p.start()
		time.Sleep(2 * time.Second)
		p.wantDeals(told)
		if more := p.forwarded() - copies; more > 20 {
			t.Errorf("%d events were handed on after a restart, at most 20 are new", more)
		}

		p.stop() // and all state is lost
		for i := range p.states {
			p.states[i] = state.NewMemory()
		}
		p.start()
		defer p.stop()
		time.Sleep(2 * time.Second)
		p.wantDeals(told)
	})
}

func TestADealsEventIsCountedWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newOffice(t, 3)
		p.start()
		defer p.stop()
		p.apply(1, dealsDefinition(t))
		time.Sleep(time.Second)
		for i := range 20 {
			p.tell(fmt.Sprint("user_", i), "lead", fmt.Sprint("deal ", i))
			time.Sleep(time.Second)
			p.wantEntered(dealsKey, int64(i+1), 0, 0)
		}
	})
}

func TestNothingIsHandedOnThatNobodyCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newOffice(t, 2)
		p.start()
		defer p.stop()
		first := p.tell("ann", "lead", "1")
		p.apply(1, dealsDefinition(t))
		time.Sleep(time.Second)
		p.apply(1) // withdrawn
		second := p.tell("bob", "offer", "1")
		time.Sleep(time.Minute)
		if got, want := p.forwarded(), 1; got != want {
			t.Errorf("%d events were handed on, want %d", got, want)
		}
		p.apply(1, dealsDefinition(t)) // it goes on where it was
		time.Sleep(time.Second)
		p.wantDeals([]event.Event{first, second})
		if got, want := p.forwarded(), 2; got != want {
			t.Errorf("%d events were handed on in the end, want %d", got, want)
		}
	})
}

// forgetfulLog loses the answer to some of the owner's notes of what was handed on, so that it is handed on again.
type forgetfulLog struct {
	eventlog.Log
	left atomic.Int64
}

func (l *forgetfulLog) TakeOver(ctx context.Context, partition int, opening record.EpochRecord) (eventlog.Owner, error) {
	owner, err := l.Log.TakeOver(ctx, partition, opening)
	return &forgetfulOwner{owner, l}, err
}

type forgetfulOwner struct {
	eventlog.Owner
	log *forgetfulLog
}

func (o *forgetfulOwner) Append(ctx context.Context, r *record.Record) (uint64, error) {
	if r.Kind == record.Handed && o.log.left.Add(-1) >= 0 {
		return 0, eventlog.ErrUnavailable
	}
	return o.Owner.Append(ctx, r)
}

func TestWhatWasHandedOnAndNotNotedCountsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newOffice(t, 3)
		log := &forgetfulLog{Log: p.log}
		p.log = log
		log.left.Store(1000)
		p.start()
		told := p.tellMany(rand.New(rand.NewPCG(3, 4)), 100)
		p.apply(1, dealsDefinition(t))
		time.Sleep(10 * time.Second)
		copies := p.forwarded()
		for _, part := range p.report().Partitions {
			if !part.Funnels[dealsKey].Handing {
				t.Errorf("partition %d says that all was handed on", part.Partition)
			}
		}
		p.stop() // dies between the copies and the note
		log.left.Store(0)
		p.start()
		defer p.stop()
		time.Sleep(5 * time.Second)
		if p.forwarded() == copies {
			t.Error("nothing was handed on again")
		}
		p.wantDeals(told)
	})
}

func TestRetentionWaitsForWhatIsToBeHandedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newOffice(t, 2)
		log := &refusingLog{Log: p.log}
		p.log = log
		p.opts = func(o *runner.Options) {
			expressive(o)
			o.Retention.Age = time.Hour
		}
		p.start()
		defer p.stop()
		p.apply(1, dealsDefinition(t))
		log.refuses.Store(true)
		told := []event.Event{p.tell("ann", "lead", "1"), p.tell("bob", "offer", "1")}
		time.Sleep(3 * time.Hour)
		if got := p.forwarded(); got != 0 {
			t.Fatalf("%d events were handed on although they were refused", got)
		}
		log.refuses.Store(false)
		time.Sleep(30 * time.Second)
		if got, want := p.forwarded(), 2; got != want {
			t.Errorf("%d events were handed on, want %d", got, want)
		}
		p.wantDeals(told)
	})
}

// What lies before the log's beginning when a unit is first counted cannot be handed on; the rest is.
func TestHandingOnBeginsWithWhatTheLogHas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newOffice(t, 1)
		p.opts = func(o *runner.Options) {
			expressive(o)
			o.Retention.Age = time.Hour
		}
		p.start()
		defer p.stop()
		p.tell("ann", "lead", "1")
		time.Sleep(3 * time.Hour)
		lead := p.tell("ann", "lead", "2")
		time.Sleep(10 * time.Minute)
		offer := p.tell("bob", "offer", "2")
		p.apply(1, dealsDefinition(t))
		time.Sleep(2 * time.Second)
		if kinds := p.kinds(0); slices.Contains(kinds[:1], record.Epoch) {
			t.Fatal("the log was not purged")
		}
		p.wantEntered(dealsKey, 1, 1, 0)
		if got, want := p.forwarded(), len([]event.Event{lead, offer}); got != want {
			t.Errorf("%d events were handed on, want %d", got, want)
		}
	})
}
