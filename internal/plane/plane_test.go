// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
)

var shop = types.NamespacedName{Namespace: "sales", Name: "shop"}

// scripted is a runner that keeps what it is handed and runs it at once, in two partitions.
type scripted struct {
	sets    []control.Definitions // all that it was handed
	running map[string]string     // versions by key
	entered int64
	refuses map[string]string // messages by key
	err     error             // of every call
	feeds   string

	delivery string
	channels []control.Channel
}

func (r *scripted) Apply(_ context.Context, set control.Definitions) (control.Applied, error) {
	if r.err != nil {
		return control.Applied{}, r.err
	}
	r.sets = append(r.sets, set)
	next, applied := map[string]string{}, control.Applied{}
	for _, d := range set.Definitions {
		message, refused := r.refuses[d.Key]
		switch {
		case refused && !d.Keep():
			applied.Refused = append(applied.Refused, control.Refusal{Key: d.Key, Version: d.Version, Message: message})
		case !d.Keep():
			next[d.Key] = d.Version
		case r.running[d.Key] != "":
			next[d.Key] = r.running[d.Key]
		}
	}
	r.running = next
	return applied, nil
}

func (r *scripted) Report(context.Context) (control.Report, error) {
	if r.err != nil {
		return control.Report{}, r.err
	}
	report := control.Report{Ingest: control.Ingest{Ready: true}, FeedsVersion: r.feeds, DeliveryVersion: r.delivery, Channels: r.channels, AsOf: 1}
	for number := range 2 {
		partition := aggregate.Partition{Partition: number, Funnels: map[string]aggregate.Definition{}}
		for key, version := range r.running {
			if strings.HasPrefix(key, "NurtureScenario/") {
				partition.Scenarios = append(partition.Scenarios, aggregate.Scenario{Key: key, Version: version, Entered: r.entered})
				continue
			}
			partition.Funnels[key] = aggregate.Definition{
				Active: version,
				Funnel: aggregate.Funnel{Stages: []aggregate.Stage{{Entered: r.entered}}},
			}
		}
		report.Partitions = append(report.Partitions, partition)
	}
	return report, nil
}

func (r *scripted) Close() {}

// listed is a roster that can be edited.
type listed struct {
	funnels, feeds, scenarios, channels []types.NamespacedName
	err                                 error
}

func (l *listed) Funnels(context.Context, types.NamespacedName) ([]types.NamespacedName, error) {
	return l.funnels, l.err
}

func (l *listed) Feeds(context.Context, types.NamespacedName) ([]types.NamespacedName, error) {
	return l.feeds, l.err
}

func (l *listed) Scenarios(context.Context, types.NamespacedName) ([]types.NamespacedName, error) {
	return l.scenarios, l.err
}

func (l *listed) Segments(context.Context, types.NamespacedName) ([]types.NamespacedName, error) {
	return nil, nil
}

func (l *listed) Journeys(context.Context, types.NamespacedName) ([]types.NamespacedName, error) {
	return nil, nil
}

func (l *listed) Channels(context.Context, types.NamespacedName) ([]types.NamespacedName, error) {
	return l.channels, l.err
}

// bench is a plane with one workspace and one runner.
type bench struct {
	*Plane
	t      *testing.T
	runner *scripted
	roster *listed
	clock  *clocktesting.FakeClock
	told   map[string]workqueue.TypedRateLimitingInterface[reconcile.Request]
}

func newBench(t *testing.T, funnels ...string) *bench {
	t.Helper()
	b := &bench{
		t: t, runner: &scripted{running: map[string]string{}}, roster: &listed{},
		clock: clocktesting.NewFakeClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)),
		told:  map[string]workqueue.TypedRateLimitingInterface[reconcile.Request]{},
	}
	b.exist(funnels...)
	b.Plane = New(Options{
		Dial:   func(Endpoint) (Runner, error) { return b.runner, nil },
		Roster: b.roster, Clock: b.clock, Interval: time.Second,
		Term: func(context.Context) (uint64, error) { return 7, nil },
	})
	for kind, from := range map[string]source.Source{
		"workspaces": b.Workspaces(), "feeds": b.Feeds(), "funnels": b.Funnels(), "scenarios": b.Scenarios(), "channels": b.Channels(),
	} {
		b.told[kind] = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		if err := from.Start(t.Context(), b.told[kind]); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Connect(shop, 2, []Endpoint{{Name: "shop-runner-0", Address: "10.0.0.1:8443"}}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) exist(funnels ...string) {
	b.roster.funnels = nil
	for _, name := range funnels {
		b.roster.funnels = append(b.roster.funnels, types.NamespacedName{Namespace: "sales", Name: name})
	}
}

func (b *bench) offer(funnel, version string) {
	b.Offer(shop, control.Definition{Key: "Funnel/sales/" + funnel, Version: version, UID: funnel, Generation: 1, Meaning: []byte(`{}`)})
}

func (b *bench) poll(after time.Duration) {
	b.clock.Step(after)
	b.Poll(b.t.Context(), shop)
}

// heard gives what a controller was told of since it was last asked.
func (b *bench) heard(kind string) []string {
	names := []string{}
	for q := b.told[kind]; q.Len() > 0; {
		request, _ := q.Get()
		q.Done(request)
		names = append(names, request.Name)
	}
	return names
}

func (b *bench) runs(want map[string]string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.runner.running); diff != "" {
		b.t.Errorf("what runs (-want +got):\n%s", diff)
	}
}

func TestAFunnelThatWasNotOfferedYetIsKept(t *testing.T) {
	b := newBench(t, "cart", "leads")
	b.runner.running = map[string]string{"Funnel/sales/cart": "1", "Funnel/sales/leads": "1", "Funnel/sales/gone": "1"}
	b.offer("leads", "2")
	b.poll(0)
	// The operator has just started: it knows the new version of one, no version of the other, and that the third is gone.
	b.runs(map[string]string{"Funnel/sales/cart": "1", "Funnel/sales/leads": "2"})
}

func TestNothingIsWithdrawnWhileTheRosterIsNotKnown(t *testing.T) {
	b := newBench(t, "cart")
	b.runner.running = map[string]string{"Funnel/sales/cart": "1"}
	b.roster.err = errors.New("cache has not synced")
	b.poll(0)
	if len(b.runner.sets) > 0 {
		t.Errorf("handed over %v, want nothing", b.runner.sets)
	}
	if b.View(shop).State != Connected {
		t.Errorf("state %v, want reports to go on", b.View(shop).State)
	}
}

func TestASetIsHandedOverOnce(t *testing.T) {
	b := newBench(t, "cart")
	b.offer("cart", "1")
	for range 100 {
		b.poll(time.Second)
	}
	if len(b.runner.sets) != 1 {
		t.Errorf("the set was handed over %d times, want once", len(b.runner.sets))
	}
	b.offer("cart", "2")
	b.poll(time.Second)
	b.runs(map[string]string{"Funnel/sales/cart": "2"})
}

func TestARunnerThatLostItsSetGetsItAgain(t *testing.T) {
	b := newBench(t, "cart")
	b.offer("cart", "1")
	b.poll(0)
	b.runner.running = map[string]string{}
	for range 30 {
		b.poll(time.Second)
	}
	b.runs(map[string]string{"Funnel/sales/cart": "1"})
	if len(b.runner.sets) != 2 {
		t.Errorf("the set was handed over %d times, want twice", len(b.runner.sets))
	}
}

func TestARunnerThatIgnoresASetIsNotFlooded(t *testing.T) {
	b := newBench(t, "cart")
	b.offer("cart", "1")
	for range 120 {
		b.poll(time.Second)
		b.runner.running = map[string]string{}
	}
	if n := len(b.runner.sets); n < 4 || n > 10 {
		t.Errorf("the set was handed over %d times in 2 minutes, want every %s or so", n, repush)
	}
}

func TestARefusedDefinitionIsToldAndNotRepeated(t *testing.T) {
	b := newBench(t, "cart", "leads")
	b.runner.refuses = map[string]string{"Funnel/sales/cart": "unknown field"}
	b.offer("cart", "1")
	b.offer("leads", "1")
	for range 60 {
		b.poll(time.Second)
	}
	view := b.View(shop)
	if got := view.Refused["Funnel/sales/cart"].Message; got != "unknown field" {
		t.Errorf("refusal %q, want the runner's words", got)
	}
	if len(b.runner.sets) != 1 {
		t.Errorf("the set was handed over %d times, want once", len(b.runner.sets))
	}
}

func TestStates(t *testing.T) {
	b := newBench(t, "cart")
	if state := b.View(shop).State; state != Connecting {
		t.Errorf("before the first report: state %d, want Connecting", state)
	}
	if state := b.View(types.NamespacedName{Name: "another"}).State; state != Absent {
		t.Errorf("without a runner: state %d, want Absent", state)
	}
	b.poll(0)
	if state := b.View(shop).State; state != Connected {
		t.Errorf("after a report: state %d, want Connected", state)
	}
	b.runner.err = fmt.Errorf("%w: connection refused", control.ErrUnavailable)
	b.poll(time.Second)
	if view := b.View(shop); view.State != Connected || view.Problem == "" || len(view.Partitions) != 2 {
		t.Errorf("in the first seconds of silence: state %d, problem %q, %d partitions; want the last report to stand", view.State, view.Problem, len(view.Partitions))
	}
	b.heard("funnels")
	for range 30 {
		b.poll(time.Second)
	}
	if view := b.View(shop); view.State != Unreachable || len(view.Partitions) != 2 {
		t.Errorf("after %s of silence: state %d and %d partitions, want Unreachable and the last report", Grace, view.State, len(view.Partitions))
	}
	if diff := cmp.Diff([]string{"cart"}, b.heard("funnels")); diff != "" {
		t.Errorf("funnels told of it (-want +got):\n%s", diff)
	}
	b.runner.err = nil
	b.poll(time.Second)
	if state := b.View(shop).State; state != Connected {
		t.Errorf("after the next report: state %d, want Connected", state)
	}
	if diff := cmp.Diff([]string{"cart"}, b.heard("funnels")); diff != "" {
		t.Errorf("funnels told of it (-want +got):\n%s", diff)
	}
}

func TestAMovedPodKeepsItsReport(t *testing.T) {
	b := newBench(t, "cart")
	b.offer("cart", "1")
	b.poll(0)
	if err := b.Connect(shop, 2, []Endpoint{{Name: "shop-runner-0", Address: "10.0.0.2:8443"}}); err != nil {
		t.Fatal(err)
	}
	if view := b.View(shop); view.State != Connected || len(view.Partitions) != 2 {
		t.Errorf("state %d and %d partitions, want the last report to stand", view.State, len(view.Partitions))
	}
	b.poll(time.Second)
	if len(b.runner.sets) != 2 {
		t.Errorf("the set was handed over %d times, want again after the move", len(b.runner.sets))
	}
}

func TestControllersAreToldOfWhatChanged(t *testing.T) {
	b := newBench(t, "cart")
	b.roster.feeds = []types.NamespacedName{{Namespace: "sales", Name: "site"}}
	b.offer("cart", "1")
	b.poll(0)
	if diff := cmp.Diff([]string{"shop"}, b.heard("workspaces")); diff != "" {
		t.Errorf("workspaces told of the first report (-want +got):\n%s", diff)
	}
	b.heard("funnels")
	b.heard("feeds")

	b.poll(time.Second)
	for _, kind := range []string{"workspaces", "feeds", "funnels"} {
		if got := b.heard(kind); len(got) > 0 {
			t.Errorf("nothing changed, but %s %v were told", kind, got)
		}
	}
	b.runner.entered++
	b.poll(time.Second)
	if diff := cmp.Diff([]string{"cart"}, b.heard("funnels")); diff != "" {
		t.Errorf("funnels told of another number (-want +got):\n%s", diff)
	}
	b.runner.feeds = "another"
	b.poll(time.Second)
	if diff := cmp.Diff([]string{"site"}, b.heard("feeds")); diff != "" {
		t.Errorf("feeds told of another version (-want +got):\n%s", diff)
	}
	b.exist()
	b.poll(time.Second)
	if diff := cmp.Diff([]string{"cart"}, b.heard("funnels")); diff != "" {
		t.Errorf("funnels told of the withdrawal (-want +got):\n%s", diff)
	}
}

func TestStartCallsRunnersWithItsTerm(t *testing.T) {
	b := newBench(t, "cart")
	b.offer("cart", "1")
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- b.Start(ctx) }()
	for range 5000 {
		if b.View(shop).State == Connected {
			break
		}
		b.clock.Step(settle)
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if len(b.runner.sets) == 0 || b.runner.sets[0].Leader != 7 {
		t.Errorf("handed over %v, want a set of term 7", b.runner.sets)
	}
}

func TestADisconnectedWorkspaceIsForgotten(t *testing.T) {
	b := newBench(t, "cart")
	b.poll(0)
	b.Disconnect(shop)
	if view := b.View(shop); view.State != Absent || len(view.Partitions) > 0 {
		t.Errorf("view %+v, want nothing", view)
	}
}

func TestKeysStayOutOfText(t *testing.T) {
	endpoint := Endpoint{Name: "shop-runner-0", Credentials: Credentials{Key: "-----BEGIN PRIVATE KEY-----"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, endpoint); strings.Contains(text, "PRIVATE") {
			t.Errorf("%s prints the key: %s", verb, text)
		}
	}
}

func TestDialTLSNamesWhatItCannotUse(t *testing.T) {
	if _, err := DialTLS(Endpoint{Name: "shop-runner-0"}); err == nil || !strings.Contains(err.Error(), "shop-runner-0") {
		t.Errorf("DialTLS() error %v, want one that names the runner", err)
	}
}
