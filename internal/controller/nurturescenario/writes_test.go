// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
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
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/controller/texts"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/plane"
)

// counter is a runner of one partition that counts entries and nothing else, some of which are overdue. Its clock runs with the test's.
type counter struct {
	clock    *clocktesting.FakeClock
	versions map[string]string
	entered  int64
	oldest   event.Time
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
	partition := aggregate.Partition{Clock: now}
	if version := c.versions[key]; version != "" {
		s := aggregate.Scenario{Key: key, Version: version, Entered: c.entered}
		if c.oldest != 0 {
			s.Overdue, s.Oldest = 1, c.oldest
		}
		partition.Scenarios = []aggregate.Scenario{s}
	}
	return control.Report{Ingest: control.Ingest{Ready: true}, AsOf: int64(now), Partitions: []aggregate.Partition{partition}}, nil
}

func (c *counter) Close() {}

// operated is the controller with one scenario, over a store in memory, in a time of its own.
type operated struct {
	t          *testing.T
	reconciler *Reconciler
	runner     *counter
	clock      *clocktesting.FakeClock
	patches    int
}

var (
	shop     = &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop", UID: "w", Generation: 1}}
	reminder = &v1alpha1.NurtureScenario{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "cart", UID: "s", Generation: 1},
		Spec: v1alpha1.NurtureScenarioSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "shop"},
			Trigger:      v1alpha1.ScenarioTrigger{Event: &v1alpha1.EventTrigger{Type: "cart.saved"}},
			Steps:        []v1alpha1.ScenarioStep{{Name: "day", Wait: &v1alpha1.WaitStep{For: "1d"}}},
		},
	}
)

func newOperated(t *testing.T) *operated {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	o := &operated{t: t, clock: clocktesting.NewFakeClock(noon)}
	o.runner = &counter{clock: o.clock, versions: map[string]string{}}
	builder := fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(shop.DeepCopy(), reminder.DeepCopy()).WithStatusSubresource(&v1alpha1.NurtureScenario{}).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: o.patch})
	for _, kind := range []client.Object{&v1alpha1.Funnel{}, &v1alpha1.EventFeed{}, &v1alpha1.NurtureScenario{}, &v1alpha1.MessageChannel{}, &v1alpha1.Segment{}, &v1alpha1.Journey{}} {
		builder.WithIndex(kind, roster.WorkspaceIndex, func(client.Object) []string { return []string{"sales/shop"} })
	}
	store := builder.Build()
	directory := roster.Roster{Reader: store}
	runners := plane.New(plane.Options{
		Dial:   func(plane.Endpoint) (plane.Runner, error) { return o.runner, nil },
		Roster: directory, Clock: o.clock, Interval: time.Second,
	})
	if err := runners.Connect(client.ObjectKeyFromObject(shop), 1, []plane.Endpoint{{Name: "shop-runner-0"}}); err != nil {
		t.Fatal(err)
	}
	o.reconciler = &Reconciler{
		Client: store, Roster: directory, Plane: runners, Clock: o.clock, Texts: &texts.Reader{Cached: store, Live: store},
		Publisher: &status.Publisher{
			Kind: "NurtureScenario", Client: store, Recorder: events.NewFakeRecorder(100), Pace: status.NewPace(30 * time.Second), Urgent: enters,
		},
	}
	return o
}

func (o *operated) patch(ctx context.Context, c client.Client, sub string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	o.patches++
	return c.SubResource(sub).Patch(ctx, object, patch, options...)
}

// pass lets a second go by: the runner is asked, and the controller looks, which is more often than it would.
func (o *operated) pass() *v1alpha1.NurtureScenario {
	o.t.Helper()
	o.clock.Step(time.Second)
	o.reconciler.Plane.Poll(o.t.Context(), client.ObjectKeyFromObject(shop))
	if _, err := o.reconciler.Reconcile(o.t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(reminder)}); err != nil {
		o.t.Fatal(err)
	}
	stored := &v1alpha1.NurtureScenario{}
	if err := o.reconciler.Client.Get(o.t.Context(), client.ObjectKeyFromObject(reminder), stored); err != nil {
		o.t.Fatal(err)
	}
	return stored
}

// settle lets the scenario become ready and its first numbers be written.
func (o *operated) settle() {
	o.t.Helper()
	var stored *v1alpha1.NurtureScenario
	for range 90 {
		stored = o.pass()
	}
	if ready := status.Condition(stored, v1alpha1.ConditionReady); ready == nil || ready.Status != metav1.ConditionTrue {
		o.t.Fatalf("after a while the condition Ready is %+v", ready)
	}
	o.patches = 0
}

func TestAnIdleScenarioIsNeverWritten(t *testing.T) {
	o := newOperated(t)
	o.runner.entered = 5
	o.settle()
	for range 600 {
		o.pass()
	}
	if o.patches > 0 {
		t.Errorf("ten minutes in which nothing happened brought %d writes, want none", o.patches)
	}
}

func TestABusyScenarioIsWrittenOncePerInterval(t *testing.T) {
	o := newOperated(t)
	o.settle()
	for range 600 {
		o.runner.entered++
		o.pass()
	}
	// The interval is 30 s and up to a tenth more, and the first entry is written at once.
	if o.patches < 18 || o.patches > 22 {
		t.Errorf("ten minutes with an entry each second brought %d writes, want about 20", o.patches)
	}
}

func TestThatSomethingIsOverdueIsWrittenOnce(t *testing.T) {
	o := newOperated(t)
	o.runner.entered = 5
	o.settle()
	o.runner.oldest = event.At(o.clock.Now())
	for range 600 {
		o.pass()
	}
	stored := o.pass()
	if o.patches != 1 || stored.Status.Service == nil || stored.Status.Service.Overdue != 1 {
		t.Errorf("ten minutes of delay brought %d writes and %+v, want one that tells of it", o.patches, stored.Status.Service)
	}
}

func TestNumbersOfTheLastValidSpecGoOnWhileALaterOneIsWrong(t *testing.T) {
	o := newOperated(t)
	o.runner.entered = 5
	o.settle()
	wrong := o.pass()
	wrong.Generation++
	wrong.Spec.Steps[0].Then = "nowhere"
	if err := o.reconciler.Client.Update(t.Context(), wrong); err != nil {
		t.Fatal(err)
	}
	o.runner.entered = 6
	var stored *v1alpha1.NurtureScenario
	for range 90 {
		stored = o.pass()
	}
	if ready := status.Condition(stored, v1alpha1.ConditionReady); ready.Status != metav1.ConditionFalse {
		t.Errorf("the condition Ready of a wrong spec is %+v", ready)
	}
	if *stored.Status.Entered != 6 || len(stored.Status.Steps) != 1 || stored.Status.Steps[0].Name != "day" {
		t.Errorf("%d have entered and the steps are %+v, want 6 and the step day of the version that goes on", *stored.Status.Entered, stored.Status.Steps)
	}
}
