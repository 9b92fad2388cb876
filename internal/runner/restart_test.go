// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/state"
)

func TestARestartGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 2)
		p.start()
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("visit", contacts(10)...)
		time.Sleep(time.Second)
		p.stop()
		p.send("order", contacts(4)...)
		p.start()
		defer p.stop()
		time.Sleep(time.Second)
		p.wantEntered(shop, 10, 4)
		if epoch := p.report().Partitions[0].Epoch; epoch != 2 {
			t.Errorf("the second owner's epoch is %d, want 2", epoch)
		}
	})
}

func TestLostStateIsComputedFromTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		p.send("visit", contacts(3)...)
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("visit", contacts(6)...)
		time.Sleep(time.Second)
		before := p.report().Partitions[0]
		p.stop()
		p.states[0] = state.NewMemory()
		p.start()
		defer p.stop()
		time.Sleep(time.Second)
		after := p.report().Partitions[0]
		if diff := cmp.Diff(before.Funnels, after.Funnels); diff != "" {
			t.Errorf("numbers differ after the state was lost (-before +after):\n%s", diff)
		}
	})
}

func TestALogThatIsNotTheStatesIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil  func(t *testing.T, p *plane)
		reason string
		says   string
	}{
		"another log": {reason: runner.ReasonLogDiverged, says: "this is log", spoil: func(_ *testing.T, p *plane) {
			p.log = &otherNonce{Log: p.log}
		}},
		"a log that lost its end": {reason: runner.ReasonLogDiverged, says: "records, the log has 1", spoil: func(_ *testing.T, p *plane) {
			p.log = eventlog.NewMemory(1, time.Now)
			p.send("visit", "ann")
		}},
		"a log with other records": {reason: runner.ReasonLogDiverged, says: "is not the one that the state was computed from",
			spoil: func(_ *testing.T, p *plane) {
				p.log = eventlog.NewMemory(1, time.Now)
				for range 20 {
					p.send("visit", "bob")
				}
			}},
		"a log that forgot too much": {reason: runner.ReasonLogGap, says: "what lies between is lost", spoil: func(t *testing.T, p *plane) {
			for range 20 {
				p.send("visit", "bob")
			}
			if _, err := p.log.TakeOver(t.Context(), 0, record.EpochRecord{}); err != nil {
				t.Fatal(err)
			}
			if err := p.log.Purge(t.Context(), 0, 15); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlane(t, 1)
				p.start()
				p.send("visit", "ann")
				time.Sleep(2 * time.Second)
				p.stop()
				tt.spoil(t, p)
				before := p.kinds(0)
				p.start()
				defer p.stop()
				time.Sleep(time.Minute)
				p.wantFault(tt.reason, tt.says)
				if diff := cmp.Diff(before, p.kinds(0)); diff != "" {
					t.Errorf("something was written to the log (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// wantFault checks that the only partition has no numbers and takes no events, and says why.
func (p *plane) wantFault(reason, says string) {
	p.t.Helper()
	report := p.report()
	if len(report.Partitions) != 0 || len(report.Faults) != 1 {
		p.t.Fatalf("got %d partitions and faults %+v", len(report.Partitions), report.Faults)
	}
	if f := report.Faults[0]; f.Reason != reason || !strings.Contains(f.Message, says) {
		p.t.Errorf("fault is %+v, want %s that says %q", f, reason, says)
	}
	if report.Ingest.Ready || report.Ingest.Reason != reason {
		p.t.Errorf("ingest is %+v, want %s", report.Ingest, reason)
	}
	if _, err := p.Apply(p.t.Context(), control.Definitions{}); !errors.Is(err, control.ErrUnavailable) {
		p.t.Errorf("applying gave error %v, want ErrUnavailable", err)
	}
}

// otherNonce is a log under another nonce.
type otherNonce struct{ eventlog.Log }

func (l *otherNonce) Bounds(ctx context.Context, partition int) (eventlog.Bounds, error) {
	b, err := l.Log.Bounds(ctx, partition)
	b.Nonce = "another"
	return b, err
}

func TestAnotherOwnerFencesTheRunner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		time.Sleep(time.Second)
		other, err := p.log.TakeOver(t.Context(), 0, record.EpochRecord{Engine: engine.Version, TimeZoneData: "2025c", Time: event.At(time.Now())})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Apply(t.Context(), control.Definitions{Leader: 1})
		if !errors.Is(err, control.ErrUnavailable) {
			t.Errorf("a fenced runner's apply gave error %v, want ErrUnavailable", err)
		}
		if n := p.count(0, record.Remove); n != 0 {
			t.Error("a fenced runner appended a record")
		}
		if _, err := other.Append(t.Context(), &record.Record{Kind: record.Tick, Tick: event.At(time.Now())}); err != nil {
			t.Errorf("the new owner cannot append: %v", err)
		}
	})
}

func TestOldEntriesAreForgottenButNotWhatIsNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.opts = func(o *runner.Options) { o.Retention = runner.Retention{Age: time.Hour} }
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("visit", contacts(5)...)
		for range 6 {
			time.Sleep(30 * time.Minute)
			p.send("visit", "ann")
		}
		time.Sleep(2 * time.Minute)
		b, err := p.log.Bounds(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		first, err := p.log.Get(t.Context(), 0, b.First)
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(first.Appended); b.First == 1 || age > 62*time.Minute {
			t.Errorf("the log begins at %d, %v ago; want an hour", b.First, age)
		}
		p.wantEntered(shop, 6, 0)

		p.stop()
		p.start() // the state goes on from the purged log
		time.Sleep(time.Second)
		p.wantEntered(shop, 6, 0)
		late := funnel(t, "Funnel/shop/late", "visit", "order")
		p.apply(1, funnel(t, shop, "visit", "order"), late)
		time.Sleep(time.Second)
		p.wantEntered(late.Key, 1, 0)
		if since := p.report().Partitions[0].Funnels[late.Key].ExactSince; since == 0 {
			t.Error("a funnel that is computed from a purged log does not say since when it is exact")
		}
	})
}

func TestALogOverItsSizeShrinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		const size = 20 << 10
		p.opts = func(o *runner.Options) { o.Retention = runner.Retention{MaxBytes: size} }
		p.start()
		defer p.stop()
		for i := range 100 {
			p.send("visit", contacts(10+i%5)...)
			time.Sleep(time.Second)
		}
		time.Sleep(3 * time.Minute)
		b, err := p.log.Bounds(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if b.Bytes > size || b.Bytes < size/2 {
			t.Errorf("the log has %d bytes, want at most %d and not much less", b.Bytes, size)
		}
	})
}

func TestNothingIsWrittenWhileSpaceIsScarce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		volume := &smallVolume{}
		volume.free.Store(60 << 20)
		p.opts = func(o *runner.Options) { o.Reserve = eventlog.NewReserve(volume, 0) }
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("visit", "ann")
		time.Sleep(time.Second)
		volume.free.Store(1 << 20)
		before := p.kinds(0)
		time.Sleep(2 * time.Hour) // a window ends meanwhile
		report := p.report()
		if report.Ingest.Reason != runner.ReasonStorageFull {
			t.Errorf("ingest is %+v, want StorageFull", report.Ingest)
		}
		if diff := cmp.Diff(before, p.kinds(0)); diff != "" {
			t.Errorf("the owner wrote to a full log (-before +after):\n%s", diff)
		}
		volume.free.Store(60 << 20)
		time.Sleep(time.Second)
		if stage := p.report().Partitions[0].Funnels[shop].Funnel.Stages[0]; stage.Dropped != 1 {
			t.Errorf("after space is back the visitor is %+v, want dropped", stage)
		}
		if kinds := p.kinds(0); !slices.Contains(kinds[len(before):], record.Tick) {
			t.Errorf("after space is back the log went on with %v, want a tick", kinds[len(before):])
		}
	})
}

// smallVolume has 64 MiB, of which some are free.
type smallVolume struct{ free atomic.Uint64 }

func (v *smallVolume) Space() (eventlog.Space, error) {
	return eventlog.Space{Capacity: 64 << 20, Free: v.free.Load()}, nil
}
