// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/state"
)

// byType is a program that fills stages by event type alone.
type byType struct {
	funnel definition.Funnel
	zone   *time.Location
}

func (p *byType) Funnel() definition.Funnel { return p.funnel }
func (p *byType) Location() *time.Location  { return p.zone }
func (p *byType) Match(e *event.Event) *definition.Match {
	m := &definition.Match{}
	for i, stage := range p.funnel.Stages {
		for _, candidate := range stage.Matches {
			if candidate.Event == e.Type {
				m.Stages |= 1 << i
			}
		}
	}
	return m
}

func compile(_ string, meaning json.RawMessage) (engine.Program, error) {
	var f definition.Funnel
	if err := json.Unmarshal(meaning, &f); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(f.TimeZone)
	return &byType{f, zone}, err
}

// failer is a test, or one case of a property.
type failer interface {
	Helper()
	Fatal(args ...any)
}

// funnel gives a definition of stages that events of their own names fill.
func funnel(t failer, key string, stages ...string) control.Definition {
	t.Helper()
	f := definition.Funnel{
		Window: time.Hour, Period: definition.Period{RollingDays: 7}, TimeZone: "UTC",
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 30 * 24 * time.Hour,
	}
	for _, name := range stages {
		f.Stages = append(f.Stages, definition.Stage{Name: name, Matches: []definition.EventMatch{{Event: name}}})
	}
	form, version, err := f.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return control.Definition{Key: key, Version: version, UID: "uid-" + key, Generation: 1, Meaning: form}
}

// memoryState is a store that survives its fold.
type memoryState struct{ *state.Memory }

func (memoryState) Close() error { return nil }

// plane is a runner over a log and state in memory, which outlive it.
type plane struct {
	t      *testing.T
	log    eventlog.Log
	states []*state.Memory
	clock  *shiftedClock
	opts   func(*runner.Options)

	*runner.Runner
	cancel context.CancelFunc
	done   chan struct{}
	sent   int
}

func newPlane(t *testing.T, partitions int) *plane {
	p := &plane{t: t, log: eventlog.NewMemory(partitions, time.Now), clock: &shiftedClock{}}
	for range partitions {
		p.states = append(p.states, state.NewMemory())
	}
	return p
}

// shiftedClock is the bubble's clock with a wall clock that can be set.
type shiftedClock struct {
	mu  sync.Mutex
	set time.Duration
}

var zero = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (c *shiftedClock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.set)
}
func (c *shiftedClock) Monotonic() time.Duration { return time.Since(zero) }

func (c *shiftedClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set += d
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// start runs a runner on what the plane has.
func (p *plane) start() {
	p.t.Helper()
	opts := runner.Options{
		Log: p.log, NewCompiler: func() engine.Compiler { return compile }, Clock: p.clock, Logger: quiet, TimeZoneData: "2025c",
		OpenState: func(partition int) (runner.State, error) { return memoryState{p.states[partition]}, nil },
	}
	if p.opts != nil {
		p.opts(&opts)
	}
	r, err := runner.New(opts)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.Runner, p.cancel, p.done = r, cancel, make(chan struct{})
	go func() {
		defer close(p.done)
		r.Run(ctx)
	}()
	synctest.Wait()
}

// stop ends the runner that was started last.
func (p *plane) stop() {
	p.cancel()
	<-p.done
}

// send appends one event of a type now for each contact.
func (p *plane) send(kind string, contacts ...string) {
	p.t.Helper()
	events := make([]event.Event, len(contacts))
	now := event.At(p.clock.Wall())
	for i, contact := range contacts {
		p.sent++
		events[i] = event.Event{Contact: contact, Type: kind, Source: "test", ID: strconv.Itoa(p.sent), Time: now, Received: now}
	}
	appender := eventlog.NewAppender(p.log, eventlog.AppenderOptions{})
	defer appender.Close()
	if err := appender.Append(p.t.Context(), events); err != nil {
		p.t.Fatal(err)
	}
}

func (p *plane) apply(leader uint64, definitions ...control.Definition) control.Applied {
	p.t.Helper()
	applied, err := p.Apply(p.t.Context(), control.Definitions{Leader: leader, Definitions: definitions})
	if err != nil {
		p.t.Fatal(err)
	}
	return applied
}

func (p *plane) report() control.Report {
	p.t.Helper()
	report, err := p.Report(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return report
}

// entered sums a funnel's stages over the partitions; nil when some partition has no active version.
func entered(report control.Report, key string) (sums []int64) {
	for _, part := range report.Partitions {
		d, found := part.Funnels[key]
		if !found || d.Active == "" {
			return nil
		}
		for i, stage := range d.Funnel.Stages {
			if i == len(sums) {
				sums = append(sums, 0)
			}
			sums[i] += stage.Entered
		}
	}
	return sums
}

func (p *plane) wantEntered(key string, want ...int64) {
	p.t.Helper()
	if diff := cmp.Diff(want, entered(p.report(), key)); diff != "" {
		p.t.Errorf("entered of %s differs (-want +got):\n%s", key, diff)
	}
}

// records gives what a partition's log holds.
func (p *plane) records(partition int) (all []record.Record) {
	p.t.Helper()
	b, err := p.log.Bounds(p.t.Context(), partition)
	if err != nil {
		p.t.Fatal(err)
	}
	for offset := b.First; offset <= b.Last; offset++ {
		entry, err := p.log.Get(p.t.Context(), partition, offset)
		if err != nil {
			p.t.Fatal(err)
		}
		r, err := record.Decode(entry.Stored)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// kinds gives the kinds of a partition's records.
func (p *plane) kinds(partition int) (kinds []record.Kind) {
	p.t.Helper()
	for _, r := range p.records(partition) {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}

func (p *plane) count(partition int, kind record.Kind) (n int) {
	for _, r := range p.records(partition) {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

const shop = "Funnel/shop/sales"

func contacts(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("user_%d", i))
	}
	return names
}

func TestEventsAreInTheReportWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 4)
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		time.Sleep(time.Second)
		p.send("visit", contacts(10)...)
		p.send("order", contacts(3)...)
		time.Sleep(time.Second)
		p.wantEntered(shop, 10, 3)
	})
}

func TestAFunnelAppliedLaterIsComputedFromTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 2)
		p.start()
		defer p.stop()
		for range 50 {
			p.send("visit", contacts(20)...)
		}
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("order", contacts(5)...)
		time.Sleep(time.Second)
		p.wantEntered(shop, 20, 5)

		edited := funnel(t, shop, "visit", "cart", "order")
		p.send("cart", contacts(2)...)
		p.apply(1, edited)
		time.Sleep(time.Second)
		p.wantEntered(shop, 20, 2, 0)
		for _, part := range p.report().Partitions {
			if d := part.Funnels[shop]; d.Active != edited.Version || d.Pending != "" {
				t.Errorf("partition %d runs version %q with %q pending, want %q", part.Partition, d.Active, d.Pending, edited.Version)
			}
		}
	})
}

func TestApplyingTheSameDefinitionsAppendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		want := []record.Kind{record.Epoch, record.Term, record.Apply, record.Activate}
		for range 3 {
			p.apply(1, funnel(t, shop, "visit", "order"))
			time.Sleep(time.Second)
		}
		if diff := cmp.Diff(want, p.kinds(0)); diff != "" {
			t.Errorf("the log differs (-want +got):\n%s", diff)
		}
		p.stop()
		p.start()
		p.apply(1, funnel(t, shop, "visit", "order"))
		time.Sleep(time.Second)
		if diff := cmp.Diff(append(want, record.Epoch), p.kinds(0)); diff != "" {
			t.Errorf("the log differs after a restart (-want +got):\n%s", diff)
		}
		p.apply(1)
		p.apply(1)
		time.Sleep(time.Second)
		if diff := cmp.Diff(append(want, record.Epoch, record.Remove), p.kinds(0)); diff != "" {
			t.Errorf("the log differs after the withdrawal (-want +got):\n%s", diff)
		}
		p.stop()
	})
}

func TestWhatCannotRunIsRefusedAndWhatRanGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.apply(3, funnel(t, shop, "visit", "order"))
		bad := control.Definition{Key: shop, Version: "bad", Meaning: json.RawMessage(`{"stages":7}`)}
		other := funnel(t, "Funnel/shop/other", "visit", "order")
		applied := p.apply(3, bad, other)
		if len(applied.Refused) != 1 || applied.Refused[0].Key != shop || applied.Refused[0].Message == "" {
			t.Errorf("refused %+v, want %s with a message", applied.Refused, shop)
		}
		p.apply(3, control.Definition{Key: shop}, other) // keep
		p.send("visit", "ann")
		time.Sleep(time.Second)
		p.wantEntered(shop, 1, 0)
		p.wantEntered(other.Key, 1, 0)
		_, err := p.Apply(t.Context(), control.Definitions{Leader: 2})
		if !errors.Is(err, control.ErrOlderLeader) {
			t.Errorf("an older leader got error %v, want ErrOlderLeader", err)
		}
		p.wantEntered(shop, 1, 0)
	})
}

func TestTicksComeWhenTimeChangesANumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		time.Sleep(time.Second)
		p.send("visit", "ann")
		time.Sleep(30 * time.Second)
		if n := p.count(0, record.Tick); n != 1 {
			t.Errorf("%d ticks in 30 s after one event, want 1 so that a late one is known", n)
		}
		time.Sleep(20 * time.Minute)
		if n := p.count(0, record.Tick); n != 1 {
			t.Errorf("%d ticks while nothing happened, want none more", n-1)
		}
		time.Sleep(41 * time.Minute)
		stage := p.report().Partitions[0].Funnels[shop].Funnel.Stages[0]
		if stage.Dropped != 1 || stage.InProgress != 0 {
			t.Errorf("an hour later the visitor is %+v, want dropped", stage)
		}
		if n := p.count(0, record.Tick); n < 2 || n > 3 {
			t.Errorf("%d ticks, want one at the end of the window and one at most for the report", n)
		}
	})
}

func TestTicksComeEveryTenSecondsWhileEventsDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		for range 60 {
			p.send("visit", "ann")
			time.Sleep(time.Second)
		}
		if n := p.count(0, record.Tick); n < 5 || n > 7 {
			t.Errorf("%d ticks in a minute of events, want about 6", n)
		}
	})
}

func TestAllPartitionsReportForOneInstant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 4)
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		time.Sleep(time.Second)
		for i, contact := range contacts(40) {
			p.send("visit", contact)
			time.Sleep(time.Duration(i) * time.Millisecond)
		}
		for range 200 { // around and past the ends of all windows
			time.Sleep(20 * time.Second)
			report := p.report()
			if len(report.Partitions) != 4 {
				t.Fatalf("%d partitions reported, faults %+v", len(report.Partitions), report.Faults)
			}
			for _, part := range report.Partitions {
				if asOf := event.Time(report.AsOf); asOf < part.Clock || part.NextDue != 0 && asOf >= part.NextDue {
					t.Fatalf("partition %d speaks for [%d, %d), the report for %d", part.Partition, part.Clock, part.NextDue, asOf)
				}
			}
		}
	})
}

func TestAClockThatJumpsStopsTicksAndIngest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		time.Sleep(time.Second)
		p.send("visit", "ann")
		p.clock.jump(2 * time.Hour)
		time.Sleep(2 * time.Second)
		report := p.report()
		if report.Ingest.Ready || report.Ingest.Reason != runner.ReasonClockSuspect {
			t.Errorf("ingest is %+v, want ClockSuspect", report.Ingest)
		}
		var again interface{ RetryAfter() time.Duration }
		if err := p.Admit(); !errors.As(err, &again) || !strings.Contains(err.Error(), "2h0m") {
			t.Errorf("got error %v, want one that says how far the clock jumped and when to try again", err)
		}
		if stage := report.Partitions[0].Funnels[shop].Funnel.Stages[0]; stage.InProgress != 1 {
			t.Errorf("the visitor is %+v after a clock jumped, want in progress", stage)
		}
		if n := p.count(0, record.Tick); n != 0 {
			t.Errorf("%d ticks by a clock that is not believed", n)
		}
		p.clock.jump(-2 * time.Hour)
		time.Sleep(2 * time.Second)
		if ingest := p.report().Ingest; !ingest.Ready {
			t.Errorf("after the clock was put right ingest is %+v", ingest)
		}
	})
}
