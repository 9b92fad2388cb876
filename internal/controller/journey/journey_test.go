// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"strings"
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

// explorer is a runner of one partition where most leave the first stage, and those above all who saw an error. Its clock runs with the test's.
type explorer struct {
	clock    *clocktesting.FakeClock
	versions map[string]string
	entered  int64
}

func (e *explorer) Apply(_ context.Context, set control.Definitions) (control.Applied, error) {
	for _, d := range set.Definitions {
		if !d.Keep() {
			e.versions[d.Key] = d.Version
		}
	}
	return control.Applied{}, nil
}

func (e *explorer) Report(context.Context) (control.Report, error) {
	now, n := event.At(e.clock.Now()), e.entered
	all, seen := aggregate.Split{Dropped: n / 2, Converted: n / 2}, aggregate.Split{Dropped: n / 3, Converted: n / 10}
	partition := aggregate.Partition{Clock: now, Funnels: map[string]aggregate.Definition{}}
	for key, version := range e.versions {
		partition.Funnels[key] = aggregate.Definition{
			Active: version,
			Funnel: aggregate.Funnel{Completed: n / 2, Stages: []aggregate.Stage{
				{Entered: n, Converted: n / 2, Dropped: n - n/2}, {Entered: n / 2, Converted: n / 2},
			}},
			Journey: &aggregate.Journey{Stages: []aggregate.StageEvidence{{
				All: all, There: aggregate.Landmarks{0: all},
				Probes: []aggregate.Sight{{Seen: seen, Now: aggregate.Landmarks{0: seen}, Before: aggregate.Landmarks{0: seen}}},
			}}},
		}
	}
	return control.Report{Ingest: control.Ingest{Ready: true}, AsOf: int64(now), Partitions: []aggregate.Partition{partition}}, nil
}

func (e *explorer) Close() {}

// operated is the controller with one Journey, over a store in memory, in a time of its own.
type operated struct {
	t          *testing.T
	store      client.Client
	reconciler *Reconciler
	recorder   *events.FakeRecorder
	runner     *explorer
	clock      *clocktesting.FakeClock
	patches    int
}

var (
	inSales = func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: "sales", Name: name, UID: "u", Generation: 1}
	}
	ofDefault = v1alpha1.WorkspaceReference{Name: "default"}
)

func theFunnel() *v1alpha1.Funnel {
	return &v1alpha1.Funnel{ObjectMeta: inSales("shop"), Spec: v1alpha1.FunnelSpec{WorkspaceRef: ofDefault, Stages: []v1alpha1.FunnelStage{
		{Name: "visit", Event: "page.viewed"}, {Name: "purchase", Event: "order.completed"},
	}}}
}

func theSegment() *v1alpha1.Segment {
	return &v1alpha1.Segment{ObjectMeta: inSales("new"), Spec: v1alpha1.SegmentSpec{WorkspaceRef: ofDefault, Where: "contact.attributes.orders < 1"}}
}

func newOperated(t *testing.T, objects ...client.Object) *operated {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	o := &operated{t: t, clock: clocktesting.NewFakeClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)), recorder: events.NewFakeRecorder(100)}
	o.runner = &explorer{clock: o.clock, versions: map[string]string{}, entered: 600}
	workspace := &v1alpha1.Workspace{ObjectMeta: inSales("default"), Spec: v1alpha1.WorkspaceSpec{TimeZone: "Europe/Moscow", Currency: "RUB"}}
	journey := &v1alpha1.Journey{ObjectMeta: inSales("first"), Spec: v1alpha1.JourneySpec{
		WorkspaceRef: ofDefault, FunnelRef: v1alpha1.FunnelReference{Name: "shop"}, SegmentRef: &v1alpha1.SegmentReference{Name: "new"},
		Stages: []v1alpha1.JourneyStage{{
			Name:     "visit",
			Barriers: []v1alpha1.Barrier{{Name: "broken", Category: "Usability", Signals: []v1alpha1.BarrierSignal{{Event: "page.failed"}}}},
		}},
	}}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(append(objects, workspace, journey)...).
		WithStatusSubresource(&v1alpha1.Journey{}).WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: o.patch})
	kinds := []client.Object{
		&v1alpha1.EventFeed{}, &v1alpha1.Funnel{}, &v1alpha1.NurtureScenario{}, &v1alpha1.MessageChannel{}, &v1alpha1.Segment{}, &v1alpha1.Journey{},
	}
	for _, kind := range kinds {
		builder.WithIndex(kind, roster.WorkspaceIndex, func(client.Object) []string { return []string{"sales/default"} })
	}
	o.store = builder.Build()
	directory := roster.Roster{Reader: o.store}
	runners := plane.New(plane.Options{
		Dial:   func(plane.Endpoint) (plane.Runner, error) { return o.runner, nil },
		Roster: directory, Clock: o.clock, Interval: time.Second,
	})
	if err := runners.Connect(client.ObjectKeyFromObject(workspace), 1, []plane.Endpoint{{Name: "default-runner-0"}}); err != nil {
		t.Fatal(err)
	}
	o.reconciler = &Reconciler{
		Client: o.store, Roster: directory, Segments: segments.Reader{Client: o.store}, Plane: runners, Clock: o.clock,
		Publisher: &status.Publisher{Kind: "Journey", Client: o.store, Recorder: o.recorder, Pace: status.NewPace(30 * time.Second), Urgent: dataBegins},
	}
	return o
}

func (o *operated) patch(ctx context.Context, c client.Client, sub string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	o.patches++
	return c.SubResource(sub).Patch(ctx, object, patch, options...)
}

// pass lets some time go by, in which the runner is asked and the controller looks every second at first.
func (o *operated) pass(seconds int) *v1alpha1.Journey {
	o.t.Helper()
	ctx := context.Background()
	name := client.ObjectKey{Namespace: "sales", Name: "first"}
	for range seconds {
		o.clock.Step(time.Second)
		o.reconciler.Plane.Poll(ctx, client.ObjectKey{Namespace: "sales", Name: "default"})
		if _, err := o.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: name}); err != nil {
			o.t.Fatal(err)
		}
	}
	journey := &v1alpha1.Journey{}
	if err := o.store.Get(ctx, name, journey); err != nil {
		o.t.Fatal(err)
	}
	return journey
}

func (o *operated) told() []string {
	var all []string
	for {
		select {
		case e := <-o.recorder.Events:
			all = append(all, e)
		default:
			return all
		}
	}
}

func TestReferences(t *testing.T) {
	elsewhere := theSegment()
	elsewhere.Spec.WorkspaceRef.Name = "other"
	broken := theSegment()
	broken.Spec.Where = "contact.traits.unknown > 1"
	tests := map[string]struct {
		objects []client.Object
		reason  string
		says    string
		stalled bool
	}{
		"no funnel":                      {[]client.Object{theSegment()}, v1alpha1.ReasonReferenceNotFound, `there is no Funnel "shop" yet`, false},
		"no segment":                     {[]client.Object{theFunnel()}, v1alpha1.ReasonReferenceNotFound, `there is no Segment "new" yet`, false},
		"a segment that means nothing":   {[]client.Object{theFunnel(), broken}, v1alpha1.ReasonReferenceNotFound, `the Segment "new" cannot be used yet`, false},
		"a segment of another workspace": {[]client.Object{theFunnel(), elsewhere}, v1alpha1.ReasonInvalidSpec, "spec.segmentRef.name", true},
		"all are there":                  {[]client.Object{theFunnel(), theSegment()}, v1alpha1.ReasonSucceeded, "all 1 partitions count by this version", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			journey := newOperated(t, tt.objects...).pass(5)
			ready := status.Condition(journey, v1alpha1.ConditionReady)
			if ready == nil || ready.Reason != tt.reason || !strings.Contains(ready.Message, tt.says) ||
				(status.Condition(journey, v1alpha1.ConditionStalled) != nil) != tt.stalled {
				t.Errorf("conditions are %+v", journey.Status.Conditions)
			}
		})
	}
}

// The numbers are written with what they say, seldom, and what is significant is told once for good.
func TestAJourneyIsWrittenAndTold(t *testing.T) {
	o := newOperated(t, theFunnel(), theSegment())
	journey := o.pass(5)
	s := journey.Status
	if s.Summary == nil || s.Summary.Why != "broken (67%)" || s.Summary.Weakest != "visit→purchase" || s.Summary.Data != v1alpha1.DataLive ||
		status.Condition(journey, v1alpha1.ConditionEvidenceReady).Reason != v1alpha1.ReasonEnoughData ||
		status.Condition(journey, v1alpha1.ConditionDataComplete).Status != metav1.ConditionTrue ||
		status.Condition(journey, v1alpha1.ConditionOnTarget).Status != metav1.ConditionUnknown {
		t.Fatalf("summary is %+v, conditions are %+v", s.Summary, s.Conditions)
	}
	if told := strings.Join(o.told(), "\n"); strings.Count(told, "LeadingReasonChanged") != 1 || s.Told.Reason != "visit/broken" {
		t.Errorf("told %q, and %+v", told, s.Told)
	}
	before := o.patches
	o.pass(60)
	if o.patches != before {
		t.Errorf("%d writes in a minute in which nothing changed", o.patches-before)
	}
	// A new operator knows from the status what was told.
	o.reconciler.memory.Forget(client.ObjectKeyFromObject(journey))
	o.clock.Step(24 * time.Hour)
	journey = o.pass(40)
	if told := o.told(); len(told) > 0 || journey.Status.Told.Looked != "2026-11-22" {
		t.Errorf("a day later told %q, and %+v", told, journey.Status.Told)
	}
	before = o.patches
	o.runner.entered = 660
	if o.pass(60); o.patches-before < 1 || o.patches-before > 2 {
		t.Errorf("%d writes in a minute in which the numbers changed once", o.patches-before)
	}
}

// A map that is wrong leaves the last valid one running, also for an operator that has just started.
func TestAnInvalidMapKeepsTheLast(t *testing.T) {
	o := newOperated(t, theFunnel(), theSegment())
	journey := o.pass(5)
	version := journey.Status.ActiveVersion
	journey.Spec.Stages[0].Barriers[0].Signals[0].Where = "evnt.data.x"
	journey.Generation = 2
	if err := o.store.Update(context.Background(), journey); err != nil {
		t.Fatal(err)
	}
	o.runner.entered = 900
	journey = o.pass(60)
	stalled := status.Condition(journey, v1alpha1.ConditionStalled)
	if stalled == nil || !strings.Contains(stalled.Message, "spec.stages[0].barriers[0].signals[0].where") ||
		journey.Status.ActiveVersion != version || *journey.Status.Summary.Entered != 900 {
		t.Errorf("stalled is %+v, status %+v", stalled, journey.Status.Summary)
	}
	if offered := o.runner.versions["Journey/sales/first"]; offered != version {
		t.Errorf("the runner has version %s, want %s", offered, version)
	}
}
