// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/state"
)

// heldLog is a log that begins to be read only when it is let go, once it is held.
type heldLog struct {
	eventlog.Log
	held chan struct{} // nil does not hold
}

func (l *heldLog) Read(ctx context.Context, partition int, from uint64) (eventlog.Reader, error) {
	if l.held != nil {
		select {
		case <-l.held:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return l.Log.Read(ctx, partition, from)
}

func TestRetentionWaitsForAVersionThatIsBeingComputed(t *testing.T) {
	t.Parallel()
	limits := map[string]runner.Retention{
		"by age":  {Age: time.Hour},
		"by size": {MaxBytes: 16 << 10},
	}
	for name, retention := range limits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlane(t, 1)
				slow := &heldLog{Log: p.log}
				p.log = slow
				p.opts = func(o *runner.Options) { o.Retention = retention }
				p.start()
				defer p.stop()
				p.apply(1, funnel(t, shop, "visit", "order"))
				for range 10 {
					p.send("visit", contacts(20)...)
					time.Sleep(2 * time.Second)
				}
				slow.held = make(chan struct{})
				edited := funnel(t, shop, "visit", "cart", "order")
				p.apply(1, edited)
				for range 50 {
					p.send("visit", contacts(20)...)
					time.Sleep(5 * time.Minute)
				}
				if b, err := p.log.Bounds(t.Context(), 0); err != nil || b.First != 1 {
					t.Errorf("the log begins at %d while a version is being computed, error %v", b.First, err)
				}
				d := p.report().Partitions[0].Funnels[shop]
				if d.Pending != edited.Version || d.Done != 0 || d.Target == 0 {
					t.Errorf("%d of %d are done of version %q", d.Done, d.Target, d.Pending)
				}
				p.wantEntered(shop, 20, 0) // by the version before

				close(slow.held)
				time.Sleep(2 * time.Minute)
				p.wantEntered(shop, 20, 0, 0)
				d = p.report().Partitions[0].Funnels[shop]
				if d.Active != edited.Version || d.ExactSince != 0 {
					t.Errorf("version %q counts, exact since %d", d.Active, d.ExactSince)
				}
				if b, err := p.log.Bounds(t.Context(), 0); err != nil || b.First == 1 {
					t.Errorf("afterwards the log still begins at %d, error %v", b.First, err)
				}
			})
		})
	}
}

func TestAStateThatIsLostIsExactSinceTheLogBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.opts = func(o *runner.Options) { o.Retention = runner.Retention{Age: time.Hour} }
		p.start()
		defer func() { p.stop() }()
		p.send("visit", contacts(20)...)
		time.Sleep(30 * time.Minute)
		p.apply(1, funnel(t, shop, "visit", "order")) // this record stays in the log
		time.Sleep(45 * time.Minute)
		p.send("visit", contacts(5)...)
		time.Sleep(time.Minute)
		if b, err := p.log.Bounds(t.Context(), 0); err != nil || b.First == 1 {
			t.Fatalf("the log begins at %d, error %v", b.First, err)
		}
		p.wantEntered(shop, 20, 0)
		if since := p.report().Partitions[0].Funnels[shop].ExactSince; since != 0 {
			t.Errorf("numbers that know all are exact since %v", since.UTC())
		}
		p.stop()
		p.states[0] = state.NewMemory()
		p.start()
		time.Sleep(time.Second)
		if faults := p.report().Faults; len(faults) > 0 {
			t.Fatal(faults)
		}
		p.wantEntered(shop, 5, 0)
		d := p.report().Partitions[0].Funnels[shop]
		if d.Active == "" || d.ExactSince == 0 {
			t.Errorf("numbers that were made anew from a log that begins later are exact since %d", d.ExactSince)
		}
	})
}
