// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"bytes"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/simulate/eventfile"
	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

const manifests = `apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: web}
spec:
  workspaceRef: {name: default}
  http: {protocols: [Webhook]}
  mapping: {contact: body.user, type: body.what, time: body.at}
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: Funnel
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  stages: [{name: visit, event: page.viewed}, {name: purchase, event: order.completed}]
`

func planOf(t testing.TB) *plan { return planFrom(t, manifests) }

func planFrom(t testing.TB, manifests string) *plan {
	t.Helper()
	reader := manifest.Reader{Namespace: "default", Stdin: strings.NewReader(manifests)}
	resources, err := reader.Read(t.Context(), []string{"-"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(resources)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// kept gives all events on the timelines of 4 partitions, in the order of the partitions.
func kept(t testing.TB, in *intake) []event.Event {
	t.Helper()
	var all []event.Event
	for _, l := range in.timelines[4] {
		err := l.chunks(func(chunk []byte, n int) error {
			for rest := bytes.Clone(chunk); len(rest) > 0; n-- {
				var e event.Event
				var err error
				if rest, err = event.Next(rest, &e); err != nil {
					return err
				}
				all = append(all, e)
			}
			if n != 0 {
				t.Errorf("a chunk tells of %d events more than it holds", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestTimelineIsInOrderOfTimeThenOfArrival(t *testing.T) {
	t.Parallel()
	var l timeline
	large := bytes.Repeat([]byte(" "), blockBytes) // does not fit beside anything else
	for i, at := range []event.Time{30, 10, 20, 10, 30} {
		e := event.Event{Time: at, Received: at, ID: string(rune('a' + i))}
		if i == 2 {
			e.Data = large
		}
		l.add(&e)
	}
	in := &intake{timelines: map[int][]*timeline{4: {&l}}}
	var order strings.Builder
	for _, e := range kept(t, in) {
		order.WriteString(e.ID)
	}
	if got := order.String(); got != "bdcae" {
		t.Errorf("order is %s, want bdcae", got)
	}
}

func TestRowsAreKnownByFileAndLine(t *testing.T) {
	t.Parallel()
	p := planOf(t)
	in := newIntake(p, p.feeds[0], 0)
	table := "user,what,at\nann,page.viewed,2026-11-02T10:00:00Z\nann,page.viewed,2026-11-02T10:00:00Z\nann,cart.opened,2026-11-02T11:00:00Z\n"
	err := eventfile.Read("t.csv", strings.NewReader(table), func(line int, m *definition.Message) error { return in.take("t.csv", line, m) })
	if err != nil {
		t.Fatal(err)
	}
	const at = event.Time(1793613600_000_000)
	data := []byte(`{"at":"2026-11-02T10:00:00Z","user":"ann","what":"page.viewed"}`)
	want := []event.Event{
		{Contact: "ann", Type: "page.viewed", Source: "default/web", ID: "t.csv:0000000002", Time: at, Received: at, Data: data},
		{Contact: "ann", Type: "page.viewed", Source: "default/web", ID: "t.csv:0000000003", Time: at, Received: at, Data: data},
		// No funnel asks for this type: its data is not kept.
		{Contact: "ann", Type: "cart.opened", Source: "default/web", ID: "t.csv:0000000004", Time: at + 3600_000_000, Received: at + 3600_000_000},
	}
	if diff := gocmp.Diff(want, kept(t, in), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
}

func TestDataIsKeptWhereSomeFunnelAsksForIt(t *testing.T) {
	t.Parallel()
	const shop = "stages: [{name: visit, event: page.viewed}, {name: purchase, event: order.completed}]"
	tests := map[string]struct {
		spec string
		want map[string]bool // by event type
	}{
		"stages": {spec: shop, want: map[string]bool{"page.viewed": true, "order.completed": true, "order.refunded": false, "chat.opened": false}},
		"refunds, exclusions and aggregate stages": {
			spec: `exclusions: [{event: order.cancelled}], stages: [
				{name: seen, aggregate: {event: ad.shown, sum: event.data.n}}, {name: visit, event: page.viewed}, {name: purchase, event: order.completed,
				value: event.data.total, refund: {event: order.refunded, amount: event.data.total, matchBy: event.data.id}}]`,
			want: map[string]bool{"ad.shown": true, "order.refunded": true, "order.cancelled": true, "chat.opened": false},
		},
		"every act, by what belongs together": {
			spec: "order: Strict, correlateBy: event.data.cart, " + shop, want: map[string]bool{"page.viewed": true, "chat.opened": true},
		},
		"every act, by the contact alone": {
			spec: "order: Strict, " + shop, want: map[string]bool{"page.viewed": true, "chat.opened": false},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planFrom(t, `{apiVersion: marketing.waymark.dev/v1alpha1, kind: Funnel, metadata: {name: shop},
				spec: {workspaceRef: {name: default}, `+tt.spec+`}}`)
			in := newIntake(p, nil, 0)
			for kind, want := range tt.want {
				e := event.Event{Contact: "ann", Source: "web", ID: kind, Type: kind, Time: 1793613600_000_000, Data: []byte("{}")}
				in.keep(&e)
				if got := e.Data != nil; got != want {
					t.Errorf("data of %s is kept: %t, want %t", kind, got, want)
				}
			}
		})
	}
}

func FuzzIntake(f *testing.F) {
	p := planOf(f)
	for _, seed := range []string{
		`{"id":"1","source":"web","type":"page.viewed","subject":"ann","time":"2026-11-02T10:00:00Z","data":{"a":1}}`,
		"user,what,at\nann,page.viewed,2026-11-02 12:00\n", "user;what;at\n\"a\nb\";x;5\n", "{}", "user\nann", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		in := newIntake(p, p.feeds[0], 0)
		_ = eventfile.Read("f", bytes.NewReader(content), func(line int, m *definition.Message) error { return in.take("f", line, m) })
		events := kept(t, in)
		if int64(len(events)) != in.events {
			t.Errorf("%d events are kept of %d", len(events), in.events)
		}
		for _, e := range events {
			if err := check(&e, false, isRecorded(e.Type)); err != nil {
				t.Errorf("an event was kept that breaks a rule: %v", err)
			}
		}
	})
}
