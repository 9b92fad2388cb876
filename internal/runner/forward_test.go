// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/runner"
)

// identify appends that a contact is a visitor, as ingest does.
func (p *plane) identify(contact, visitor string) {
	p.t.Helper()
	p.sent++
	now := event.At(p.clock.Wall())
	e := event.Event{Contact: contact, Type: event.Identify, Source: "test", ID: fmt.Sprint(p.sent), Time: now, Received: now}
	told, _ := event.Relate(&e, event.Statement{Type: event.Identify, AnonymousID: visitor}, false)
	appender := eventlog.NewAppender(p.log, eventlog.AppenderOptions{})
	defer appender.Close()
	if err := appender.Append(p.t.Context(), append(told, e)); err != nil {
		p.t.Fatal(err)
	}
}

// forwarded counts the copies in all partitions.
func (p *plane) forwarded() (n int) {
	p.t.Helper()
	for partition := range p.log.Partitions() {
		for _, r := range p.records(partition) {
			var e event.Event
			var err error
			for rest := r.Chunk; len(rest) > 0; {
				if rest, err = event.Next(rest, &e); err != nil {
					p.t.Fatal(err)
				}
				if e.Origin != "" {
					n++
				}
			}
		}
	}
	return n
}

func TestVisitorsWhoIdentifyAreCountedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 4)
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		const people = 20
		for i := range people {
			p.send("visit", event.Anonymous(fmt.Sprint("visitor_", i)))
		}
		p.send("visit", event.Anonymous("nobody"))
		time.Sleep(time.Second)
		p.wantEntered(shop, people+1, 0)
		for i, contact := range contacts(people) {
			p.identify(contact, fmt.Sprint("visitor_", i))
			p.send("order", contact)
		}
		time.Sleep(2 * time.Second)
		p.wantEntered(shop, people+1, people)
		if got, want := p.forwarded(), 2*people; got != want { // each one's visit and link
			t.Errorf("%d events were forwarded, want %d", got, want)
		}
		p.stop()
		p.start() // nothing is forwarded again
		time.Sleep(2 * time.Second)
		p.wantEntered(shop, people+1, people)
		if got, want := p.forwarded(), 2*people; got != want {
			t.Errorf("%d events were forwarded after a restart, want %d", got, want)
		}
	})
}

// refusingLog takes no forwarded events while it refuses them.
type refusingLog struct {
	eventlog.Log
	refuses atomic.Bool
}

func (l *refusingLog) Append(ctx context.Context, partition int, stored []byte) (uint64, error) {
	r, err := record.Decode(stored)
	if err != nil {
		return 0, err
	}
	var e event.Event
	if _, err := event.Next(r.Chunk, &e); err != nil {
		return 0, err
	}
	if e.Origin != "" && l.refuses.Load() {
		return 0, eventlog.ErrUnavailable
	}
	return l.Log.Append(ctx, partition, stored)
}

func TestRetentionWaitsForWhatIsToBeForwarded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 2)
		log := &refusingLog{Log: p.log}
		p.log = log
		p.opts = func(o *runner.Options) { o.Retention.Age = time.Hour }
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("visit", event.Anonymous("v"))
		log.refuses.Store(true)
		p.identify("ann", "v")
		time.Sleep(3 * time.Hour)
		if got := p.forwarded(); got != 0 {
			t.Fatalf("%d events were forwarded although they were refused", got)
		}
		log.refuses.Store(false)
		time.Sleep(30 * time.Second)
		if got, want := p.forwarded(), 2; got != want { // the visit and the link
			t.Errorf("%d events were forwarded, want %d", got, want)
		}
		p.wantEntered(shop, 1, 0)
	})
}

func TestWhatWasPurgedIsNotForwarded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 2)
		p.opts = func(o *runner.Options) { o.Retention.Age = time.Hour }
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("visit", event.Anonymous("v"))
		time.Sleep(2 * time.Hour)
		p.send("visit", event.Anonymous("v"))
		time.Sleep(10 * time.Minute)
		p.identify("ann", "v")
		time.Sleep(2 * time.Second)
		if got, want := p.forwarded(), 2; got != want { // the second visit and the link
			t.Errorf("%d events were forwarded, want %d", got, want)
		}
		p.wantEntered(shop, 1, 0)
	})
}
