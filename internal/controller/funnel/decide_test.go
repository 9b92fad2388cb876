// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/plane"
)

var (
	noon   = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	moscow = time.FixedZone("MSK", 3*60*60)
)

func workspace() *v1alpha1.Workspace {
	return &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "default", UID: "w", Generation: 1},
		Spec: v1alpha1.WorkspaceSpec{
			TimeZone: "Europe/Moscow",
			Currency: "RUB",
			EventLog: v1alpha1.EventLogSpec{Partitions: 2, Embedded: &v1alpha1.EmbeddedLogSpec{}},
		},
	}
}

func funnel() *v1alpha1.Funnel {
	return &v1alpha1.Funnel{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop", UID: "f", Generation: 1},
		Spec: v1alpha1.FunnelSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			Stages:       []v1alpha1.FunnelStage{{Name: "visit", Event: "page.viewed"}, {Name: "purchase", Event: "order.completed"}},
		},
	}
}

// observed is a Funnel that every partition of its workspace counts by.
func observed(change ...func(*observation)) observation {
	o := observation{
		funnel: funnel(), workspace: workspace(), now: noon,
		workspaceName: types.NamespacedName{Namespace: "sales", Name: "default"},
	}
	o.meaning = compile(o.funnel, o.workspace, segments.Named{})
	o.view = plane.View{State: plane.Connected, PartitionCount: 2, AsOf: event.At(noon)}
	for number := range 2 {
		o.view.Partitions = append(o.view.Partitions, aggregate.Partition{
			Partition: number, Clock: event.At(noon),
			Funnels: map[string]aggregate.Definition{o.key(): counting(o.meaning.version)},
		})
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func counting(version string) aggregate.Definition {
	return aggregate.Definition{
		Active: version,
		Funnel: aggregate.Funnel{Stages: []aggregate.Stage{{Entered: 10, Converted: 4, Dropped: 6}, {Entered: 4, Converted: 4}}},
	}
}

// in changes what a partition reports.
func in(number int, definition aggregate.Definition) func(*observation) {
	return func(o *observation) { o.view.Partitions[number].Funnels[o.key()] = definition }
}

func broken(o *observation) {
	o.funnel.Spec.Stages[0].Where = "evnt.data.price > 0"
	o.meaning = compile(o.funnel, o.workspace, segments.Named{})
}

func TestVerdict(t *testing.T) {
	tests := map[string]struct {
		observed observation
		want     string // "Status Reason", and the progress where there is one
		says     string // part of the message
		offers   bool
	}{
		"every partition counts": {
			observed: observed(), want: "True Succeeded", says: "all 2 partitions", offers: true,
		},
		"no workspace": {
			observed: observed(func(o *observation) { o.workspace, o.meaning = nil, meaning{} }),
			want:     "False WorkspaceNotFound Reconciling", says: "Workspace sales/default does not exist yet",
		},
		"a workspace that does not admit its namespace": {
			observed: observed(func(o *observation) { o.funnel.Namespace = "guest" }),
			want:     "False NamespaceNotAllowed Reconciling", says: "spec.allowedNamespaces",
		},
		"an expression that does not compile": {
			observed: observed(broken), want: "False InvalidExpression Stalled", says: "spec.stages[0].where",
		},
		"the same after a version that was valid": {
			observed: observed(broken, func(o *observation) { o.funnel.Status.ActiveVersion = "1" }),
			want:     "False InvalidExpression Stalled", says: "the last valid version goes on counting",
		},
		"a field that makes no sense": {
			observed: observed(func(o *observation) {
				o.funnel.Spec.Exclusions = []v1alpha1.FunnelExclusion{{Event: "order.cancelled", Before: o.funnel.Spec.Stages[0].Name}}
				o.meaning = compile(o.funnel, o.workspace, segments.Named{})
			}),
			want: "False InvalidSpec Stalled", says: "spec.exclusions[0].before",
		},
		"a workspace with an impossible zone": {
			observed: observed(func(o *observation) {
				o.workspace.Spec.TimeZone = "Europe/Moskau"
				o.meaning = compile(o.funnel, o.workspace, segments.Named{})
			}),
			want: "False WorkspaceNotReady Reconciling", says: "Europe/Moskau",
		},
		"a workspace without a pod": {
			observed: observed(func(o *observation) { o.view = plane.View{} }),
			want:     "False WorkspaceNotReady Reconciling", says: "no running pod", offers: true,
		},
		"a runner that has not answered yet": {
			observed: observed(func(o *observation) { o.view = plane.View{State: plane.Connecting, PartitionCount: 2} }),
			want:     "False Progressing Reconciling", says: "first report", offers: true,
		},
		"a runner that has not answered since the operator started": {
			observed: observed(func(o *observation) {
				status.Succeeded("counts").Apply(o.funnel, noon)
				o.view = plane.View{State: plane.Connecting, PartitionCount: 2}
			}),
			want: "as before", offers: true,
		},
		"a runner that does not answer": {
			observed: observed(func(o *observation) { o.view.State, o.view.Problem = plane.Unreachable, "connection refused" }),
			want:     "False RunnerUnreachable Reconciling", says: "connection refused", offers: true,
		},
		"a runner that refuses this version": {
			observed: observed(func(o *observation) {
				o.view.Refused = map[string]control.Refusal{o.key(): {Version: o.meaning.version, Message: "unknown field"}}
			}),
			want: "False RunnerRejected Reconciling", says: "unknown field", offers: true,
		},
		"a runner that refused another version": {
			observed: observed(func(o *observation) {
				o.view.Refused = map[string]control.Refusal{o.key(): {Version: "0", Message: "unknown field"}}
			}),
			want: "True Succeeded", offers: true,
		},
		"a partition that still computes it": {
			observed: observed(in(1, aggregate.Definition{Active: "0", Pending: "1", Done: 1, Target: 2})),
			want:     "False AwaitingPartitions Reconciling", says: "1 of 2 partitions", offers: true,
		},
		"a partition that has not reported": {
			observed: observed(func(o *observation) { o.view.Partitions = o.view.Partitions[:1] }),
			want:     "False AwaitingPartitions Reconciling", says: "1 of 2 partitions", offers: true,
		},
		"suspended": {
			observed: observed(func(o *observation) { o.funnel.Spec.Suspend = true }),
			want:     "True Suspended", offers: true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.observed)
			if diff := cmp.Diff(tc.want, described(d.verdict)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if d.verdict != nil && !strings.Contains(d.verdict.Message, tc.says) {
				t.Errorf("message %q, want %q in it", d.verdict.Message, tc.says)
			}
			if offers := d.offer != nil; offers != tc.offers {
				t.Errorf("offers a definition: %t, want %t", offers, tc.offers)
			}
		})
	}
}

func described(v *status.Verdict) string {
	if v == nil {
		return "as before"
	}
	progress := map[status.Progress]string{status.Reconciling: " Reconciling", status.Stalled: " Stalled"}[v.Progress]
	return string(v.Ready) + " " + v.Reason + progress
}

func TestCompleteness(t *testing.T) {
	tests := map[string]struct {
		observed observation
		want     string
		says     string
	}{
		"all history is in":          {observed: observed(), want: "True BackfillFinished"},
		"history is read":            {observed: observed(in(1, aggregate.Definition{Pending: "1", Done: 1, Target: 2})), want: "False BackfillRunning", says: "75%"},
		"history is gone":            {observed: observed(in(1, exactSince(noon))), want: "False HistoryMissing", says: "2026-11-21T12:00:00Z"},
		"it is gone from before":     {observed: observed(in(1, exactSince(noon.AddDate(0, 0, -31)))), want: "True BackfillFinished"},
		"the spec is wrong":          {observed: observed(broken), want: "as before"},
		"the runner does not answer": {observed: observed(func(o *observation) { o.view.State = plane.Unreachable }), want: "as before"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, message := "as before", ""
			if c := decide(tc.observed).complete; c != nil {
				got, message = string(c.Status)+" "+c.Reason, c.Message
			}
			if got != tc.want || !strings.Contains(message, tc.says) {
				t.Errorf("DataComplete is %q with %q, want %q with %q", got, message, tc.want, tc.says)
			}
		})
	}
}

func exactSince(t time.Time) aggregate.Definition {
	o := observed()
	d := counting(o.meaning.version)
	d.ExactSince = event.At(t)
	return d
}

func TestNumbersAreWritten(t *testing.T) {
	old := counting("0")
	before := &accepted{version: "0", spec: funnel().Spec, zone: moscow}
	before.spec.Stages[0].Title = "As it was called"
	tests := map[string]struct {
		observed observation
		entered  int64 // -1 leaves the numbers as they are
		title    string
		shown    bool
	}{
		"of the spec as it is": {observed: observed(), entered: 20, shown: true},
		"of an earlier spec that is known, while history is read": {
			observed: observed(in(0, old), in(1, old), func(o *observation) { o.accepted = before }), entered: 20, title: "As it was called",
		},
		"of the last valid spec, while the spec is wrong": {
			observed: observed(broken, in(0, old), in(1, old), func(o *observation) { o.accepted = before }), entered: 20, title: "As it was called",
		},
		"not of an earlier spec that is not known any more": {observed: observed(in(0, old), in(1, old)), entered: -1},
		"not of two versions":                               {observed: observed(in(1, old)), entered: -1},
		"not of some partitions": {
			observed: observed(func(o *observation) { o.view.Partitions = o.view.Partitions[:1] }), entered: -1,
		},
		"not of a runner that does not answer": {
			observed: observed(func(o *observation) { o.view.State = plane.Unreachable }), entered: -1,
		},
		"not while suspended": {observed: observed(func(o *observation) { o.funnel.Spec.Suspend = true }), entered: -1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.observed)
			entered, title := int64(-1), ""
			if d.numbers != nil {
				entered, title = d.numbers.Stages[0].Entered, d.numbers.Stages[0].Title
			}
			if entered != tc.entered || title != tc.title || d.shown != tc.shown {
				t.Errorf("entered %d, title %q, shown %t; want %d, %q, %t", entered, title, d.shown, tc.entered, tc.title, tc.shown)
			}
		})
	}
}

func TestWriteKeepsWhatIsNotDecided(t *testing.T) {
	stored := funnel()
	o := observed(func(o *observation) { o.funnel = stored })
	write(stored, funnel(), decide(o), noon)
	first := stored.DeepCopy()

	unreachable := observed(func(o *observation) { o.funnel, o.view.State = stored, plane.Unreachable })
	write(stored, first, decide(unreachable), noon.Add(time.Minute))
	if diff := cmp.Diff(first.Status.Stages, stored.Status.Stages); diff != "" {
		t.Errorf("stages while the runner does not answer (-before +after):\n%s", diff)
	}
	if stored.Status.Summary.Data != v1alpha1.DataStale {
		t.Errorf("data %q, want %q", stored.Status.Summary.Data, v1alpha1.DataStale)
	}
}

func TestEvaluationTimeAloneIsNoChange(t *testing.T) {
	stored := funnel()
	write(stored, funnel(), decide(observed(func(o *observation) { o.funnel = stored })), noon)
	first := stored.DeepCopy()
	later := observed(func(o *observation) { o.funnel, o.view.AsOf = stored, event.At(noon.Add(time.Hour)) })
	write(stored, first, decide(later), noon.Add(time.Hour))
	if diff := cmp.Diff(first, stored); diff != "" {
		t.Errorf("an hour without an event (-before +after):\n%s", diff)
	}
}
