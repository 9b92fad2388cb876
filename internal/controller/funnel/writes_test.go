// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/plane"
)

// counter is a runner of two partitions that counts visits and nothing else. Its clock runs with the test's.
type counter struct {
	clock    *clocktesting.FakeClock
	versions map[string]string
	visits   int64
	rates    map[int64][]int64
}

func (c *counter) Apply(_ context.Context, set control.Definitions) (control.Applied, error) {
	for _, d := range set.Definitions {
		if !d.Keep() {
			c.versions[d.Key] = d.Version
		}
	}
	return control.Applied{}, nil
}

func (c *counter) Report(context.Context) (control.Report, error) {
	now := event.At(c.clock.Now())
	report := control.Report{Ingest: control.Ingest{Ready: true}, AsOf: int64(now)}
	for number := range 2 {
		partition := aggregate.Partition{Partition: number, Clock: now, Funnels: map[string]aggregate.Definition{}}
		for key, version := range c.versions {
			stages := make([]aggregate.Stage, 2)
			if number == 0 {
				stages[0] = aggregate.Stage{Entered: c.visits, InProgress: c.visits}
			}
			numbers := aggregate.Funnel{Stages: stages}
			if number == 0 {
				numbers.Rates = c.rates
			}
			partition.Funnels[key] = aggregate.Definition{Active: version, Funnel: numbers}
		}
		report.Partitions = append(report.Partitions, partition)
	}
	return report, nil
}

func (c *counter) Close() {}

// operated is the controller of Funnels with one Funnel, over a store in memory, in a time of its own.
type operated struct {
	t          *testing.T
	reconciler *Reconciler
	runner     *counter
	clock      *clocktesting.FakeClock
	patches    []time.Time
	due        time.Time // when the controller asked to look again; zero is never
}

func ofDefault(client.Object) []string { return []string{"sales/default"} }

func newOperated(t *testing.T) *operated {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	o := &operated{t: t, clock: clocktesting.NewFakeClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))}
	o.runner = &counter{clock: o.clock, versions: map[string]string{}}
	store := fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(workspace(), funnel()).WithStatusSubresource(&v1alpha1.Funnel{}).
		WithIndex(&v1alpha1.Funnel{}, roster.WorkspaceIndex, ofDefault).
		WithIndex(&v1alpha1.NurtureScenario{}, roster.WorkspaceIndex, ofDefault).
		WithIndex(&v1alpha1.MessageChannel{}, roster.WorkspaceIndex, ofDefault).
		WithIndex(&v1alpha1.Segment{}, roster.WorkspaceIndex, ofDefault).
		WithIndex(&v1alpha1.Journey{}, roster.WorkspaceIndex, ofDefault).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: o.patch}).
		Build()
	directory := roster.Roster{Reader: store}
	runners := plane.New(plane.Options{
		Dial:   func(plane.Endpoint) (plane.Runner, error) { return o.runner, nil },
		Roster: directory, Clock: o.clock, Interval: time.Second,
	})
	if err := runners.Connect(client.ObjectKeyFromObject(workspace()), 2, []plane.Endpoint{{Name: "default-runner-0"}}); err != nil {
		t.Fatal(err)
	}
	o.reconciler = &Reconciler{
		Client: store, Roster: directory, Plane: runners, Clock: o.clock,
		Segments: segments.Reader{Client: store},
		Publisher: &status.Publisher{
			Kind: "Funnel", Client: store, Recorder: events.NewFakeRecorder(100), Pace: status.NewPace(30 * time.Second), Urgent: dataBegins,
		},
	}
	return o
}

func (o *operated) patch(ctx context.Context, c client.Client, sub string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	o.patches = append(o.patches, o.clock.Now())
	return c.SubResource(sub).Patch(ctx, object, patch, options...)
}

// pass lets a second go by: the runner is asked, and the controller looks, which is more often than it would.
func (o *operated) pass() *v1alpha1.Funnel {
	o.t.Helper()
	o.clock.Step(time.Second)
	o.reconciler.Plane.Poll(o.t.Context(), client.ObjectKeyFromObject(workspace()))
	result, err := o.reconciler.Reconcile(o.t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(funnel())})
	if err != nil {
		o.t.Fatal(err)
	}
	o.due = time.Time{}
	if result.RequeueAfter > 0 {
		o.due = o.clock.Now().Add(result.RequeueAfter)
	}
	stored := &v1alpha1.Funnel{}
	if err := o.reconciler.Client.Get(o.t.Context(), client.ObjectKeyFromObject(funnel()), stored); err != nil {
		o.t.Fatal(err)
	}
	return stored
}

// settle lets the Funnel become ready and its first numbers be written.
func (o *operated) settle() {
	o.t.Helper()
	var stored *v1alpha1.Funnel
	for range 60 {
		stored = o.pass()
	}
	if ready := status.Condition(stored, v1alpha1.ConditionReady); ready == nil || ready.Status != metav1.ConditionTrue {
		o.t.Fatalf("after a minute the condition Ready is %+v", ready)
	}
	o.patches = nil
}

func TestAnIdleFunnelIsNeverWritten(t *testing.T) {
	o := newOperated(t)
	o.runner.visits = 5
	o.settle()
	for range 600 {
		o.pass()
	}
	if len(o.patches) > 0 {
		t.Errorf("10 minutes without an event brought %d status writes, want none", len(o.patches))
	}
}

func TestABusyFunnelIsWrittenOncePerInterval(t *testing.T) {
	o := newOperated(t)
	o.settle()
	var stored *v1alpha1.Funnel
	for range 600 {
		o.runner.visits++
		stored = o.pass()
	}
	if n := len(o.patches); n < 15 || n > 20 {
		t.Errorf("10 minutes of an event per second brought %d status writes, want one per 30 to 33 s", n)
	}
	for i := 1; i < len(o.patches); i++ {
		if gap := o.patches[i].Sub(o.patches[i-1]); gap < 30*time.Second {
			t.Errorf("writes %d and %d are %s apart, want at least 30 s", i-1, i, gap)
		}
	}
	if behind := o.runner.visits - *stored.Status.Summary.Entered; behind > 33 {
		t.Errorf("the status is %d events behind, want at most 33", behind)
	}
}

func TestTheLastNumbersOfABurstAreWritten(t *testing.T) {
	o := newOperated(t)
	o.settle()
	o.runner.visits = 1
	o.pass()
	o.runner.visits = 2
	o.pass()
	if o.due.IsZero() || o.due.Sub(o.clock.Now()) > 33*time.Second {
		t.Fatalf("the controller looks again at %s, want within the interval", o.due)
	}
	for o.clock.Now().Before(o.due) {
		o.clock.Step(time.Second)
	}
	if stored := o.pass(); *stored.Status.Summary.Entered != 2 {
		t.Errorf("entered %d, want 2", *stored.Status.Summary.Entered)
	}
}

func TestTheDayMovesThePeriodOnce(t *testing.T) {
	o := newOperated(t)
	o.settle()
	midnight := time.Date(2026, 11, 22, 0, 0, 0, 0, moscow)
	for o.due.Before(midnight) {
		if o.due.Sub(o.clock.Now()) > time.Hour+time.Minute || o.due.IsZero() {
			t.Fatalf("at %s the controller looks again at %s, want after the hour", o.clock.Now(), o.due)
		}
		o.clock.SetTime(o.due)
		o.pass()
	}
	if late := o.due.Sub(midnight); late > time.Minute || len(o.patches) > 0 {
		t.Fatalf("the controller looks again at %s after %d writes, want just after midnight in Moscow and none", o.due, len(o.patches))
	}
	o.clock.SetTime(o.due)
	for range 120 {
		o.pass()
	}
	stored := o.pass()
	if stored.Status.Period.To != "2026-11-22" || len(o.patches) != 1 {
		t.Errorf("the period ends on %s after %d writes, want 2026-11-22 after one", stored.Status.Period.To, len(o.patches))
	}
}

func TestTheFirstNumbersAreWrittenAtOnce(t *testing.T) {
	o := newOperated(t)
	var ready bool
	for range 5 {
		condition := status.Condition(o.pass(), v1alpha1.ConditionReady)
		ready = condition != nil && condition.Status == metav1.ConditionTrue
	}
	before := len(o.patches)
	o.runner.visits = 1
	stored := o.pass()
	if !ready || len(o.patches) != before+1 || *stored.Status.Summary.Entered != 1 {
		t.Fatalf("a second after the first event, seconds after the Funnel was applied: ready %t, %d more writes, entered %d; want one write of it",
			ready, len(o.patches)-before, *stored.Status.Summary.Entered)
	}
	for range 60 {
		o.runner.visits++
		o.pass()
	}
	if n := len(o.patches) - before - 1; n < 1 || n > 2 {
		t.Errorf("the minute after it brought %d writes, want one per interval", n)
	}
}

func TestASilentStageIsSuspectUntilAnEventComes(t *testing.T) {
	o := newOperated(t)
	o.runner.visits = 5
	hour := o.clock.Now().Unix() / 3600
	o.runner.rates = map[int64][]int64{}
	for back := int64(6); back < 8*24; back++ {
		o.runner.rates[hour-back] = []int64{100, 10}
	}
	o.settle()
	suspect := status.Condition(o.pass(), v1alpha1.ConditionDataSuspect)
	if suspect == nil || suspect.Status != metav1.ConditionTrue || suspect.Reason != v1alpha1.ReasonStageSilent {
		t.Fatalf("after five silent hours DataSuspect is %+v, want it True", suspect)
	}
	o.runner.rates[hour] = []int64{1, 0}
	if suspect := status.Condition(o.pass(), v1alpha1.ConditionDataSuspect); suspect != nil || len(o.patches) != 1 {
		t.Errorf("after the next event DataSuspect is %+v and there were %d writes, want it gone with one", suspect, len(o.patches))
	}
}

func TestANewOperatorWritesNothingOfItsOwn(t *testing.T) {
	o := newOperated(t)
	o.runner.visits = 5
	o.settle()
	before := o.pass()

	again := newOperated(t) // another operator, which has to learn everything, over the same store and runner
	again.clock, again.runner = o.clock, o.runner
	again.reconciler.Client, again.reconciler.Clock = o.reconciler.Client, o.clock
	again.reconciler.Roster = o.reconciler.Roster
	again.reconciler.Publisher.Client = o.reconciler.Client
	runners := plane.New(plane.Options{
		Dial:   func(plane.Endpoint) (plane.Runner, error) { return o.runner, nil },
		Roster: o.reconciler.Roster, Clock: o.clock, Interval: time.Second,
	})
	again.reconciler.Plane = runners
	request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(funnel())}
	if err := runners.Connect(client.ObjectKeyFromObject(workspace()), 2, []plane.Endpoint{{Name: "default-runner-0"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := again.reconciler.Reconcile(t.Context(), request); err != nil { // before the first report
		t.Fatal(err)
	}
	for range 120 {
		again.pass()
	}
	if after := again.pass(); len(o.patches) > 0 || after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the new operator wrote %d times, want never: nothing has changed", len(o.patches))
	}
}
