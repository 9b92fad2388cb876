// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/plane"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// observed is a Segment that every partition of its workspace counts by.
func observed(change ...func(*observation)) observation {
	o := observation{
		segment: &v1alpha1.Segment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "loyal", UID: "s", Generation: 1},
			Spec: v1alpha1.SegmentSpec{
				WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
				Where:        "contact.traits.m == 2",
				Traits: []v1alpha1.SegmentTrait{
					{Name: "spent", Function: v1alpha1.TraitSum, Event: "order.completed", Of: "event.data.total"},
					{Name: "m", Function: v1alpha1.TraitRank, Of: "spent", Ranks: 2},
				},
			},
		},
		workspace: &v1alpha1.Workspace{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "default", UID: "w", Generation: 1},
			Spec:       v1alpha1.WorkspaceSpec{TimeZone: "Europe/Moscow"},
		},
		workspaceName: types.NamespacedName{Namespace: "sales", Name: "default"},
		now:           noon,
	}
	o.meaning = compile(o.segment, o.workspace)
	o.view = plane.View{State: plane.Connected, PartitionCount: 2, AsOf: event.At(noon)}
	for number := range 2 {
		o.view.Partitions = append(o.view.Partitions, aggregate.Partition{
			Partition: number, Clock: event.At(noon), Funnels: map[string]aggregate.Definition{o.key(): counting(o.meaning.version)},
		})
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

// counting is a partition of five contacts, two of which are members.
func counting(version string) aggregate.Definition {
	return aggregate.Definition{Active: version, Segment: &aggregate.Segment{
		Size: 2, Entered: 3, Left: 1,
		Values: map[string]map[int]int64{"spent": {aggregate.ValueBucket(1_000_000): 2, aggregate.ValueBucket(64_000_000): 3}},
	}}
}

func TestVerdict(t *testing.T) {
	broken := func(o *observation) {
		o.segment.Spec.Where = "contact.traits.n == 2"
		o.meaning = compile(o.segment, o.workspace)
	}
	tests := map[string]struct {
		observed observation
		want     string // "Status Reason", and the progress where there is one
		says     string // part of the message
		offers   bool
	}{
		"every partition counts": {observed(), "True Succeeded", "all 2 partitions count by this version", true},
		"no workspace": {
			observed(func(o *observation) { o.workspace, o.meaning = nil, meaning{} }), "False WorkspaceNotFound Reconciling", "sales/default", false,
		},
		"an expression that does not compile": {observed(broken), "False InvalidExpression Stalled", "spec.where", false},
		"the same after a version that was valid": {
			observed(broken, func(o *observation) { o.segment.Status.ActiveVersion = "1" }),
			"False InvalidExpression Stalled", "the last valid version goes on counting", false,
		},
		"a partition that is behind": {
			observed(func(o *observation) { o.view.Partitions[1].Funnels = nil }), "False AwaitingPartitions Reconciling", "1 of 2", true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := decide(tt.observed)
			got := string(d.verdict.Ready) + " " + d.verdict.Reason
			switch d.verdict.Progress {
			case status.Reconciling:
				got += " Reconciling"
			case status.Stalled:
				got += " Stalled"
			}
			if got != tt.want || !strings.Contains(d.verdict.Message, tt.says) || (d.offer != nil) != tt.offers {
				t.Errorf("got %q, which says %q, offering: %t", got, d.verdict.Message, d.offer != nil)
			}
		})
	}
}

// Cuts are decided from the numbers of all partitions, become part of the meaning, and then stay for the day.
func TestCutsBecomePartOfTheMeaning(t *testing.T) {
	o := observed()
	before := o.segment.DeepCopy()
	d := decide(o)
	write(o.segment, before, d, o.now)
	want := []v1alpha1.SegmentCuts{{Trait: "m", Values: []v1alpha1.Decimal{"63.963136"}, Decided: "2026-11-21"}}
	if diff := cmp.Diff(want, o.segment.Status.Cuts); diff != "" || *o.segment.Status.Summary.Size != 4 || o.segment.Status.Summary.Data != v1alpha1.DataLive {
		t.Fatalf("status is %+v, cuts (-want +got):\n%s", o.segment.Status.Summary, diff)
	}
	next := compile(o.segment, o.workspace)
	if len(next.errors) > 0 || next.version == o.meaning.version {
		t.Fatalf("the version with cuts is %q as without (%v)", next.version, next.errors)
	}
	// While the next version is computed, the numbers that still come are of the last one and decide nothing.
	shown := accepted{version: o.meaning.version, spec: o.segment.Spec, zone: o.meaning.zone}
	old := o.meaning.version
	o.meaning, o.accepted = next, &shown
	for i := range o.view.Partitions {
		numbers := counting(old)
		numbers.Segment.Values = map[string]map[int]int64{"spent": {aggregate.ValueBucket(5): 5}}
		o.view.Partitions[i].Funnels[o.key()] = numbers
	}
	o.segment.Status.Cuts[0].Decided = "2026-11-20"
	if d = decide(o); d.shown || d.numbers == nil || d.numbers.Cuts[0].Values[0] != "63.963136" || d.offer.Version != next.version ||
		d.complete.Reason != v1alpha1.ReasonBackfillRunning {
		t.Errorf("decided %+v with %+v", d, d.numbers)
	}
}

// Whatever the runners keep beside a version says how its numbers are written down.
func TestSourceOfAVersion(t *testing.T) {
	o := observed()
	offered := definitionOf(o)
	read := acceptedFrom(*offered)
	if read == nil || read.version != o.meaning.version || read.zone.String() != "Europe/Moscow" {
		t.Fatalf("read %+v", read)
	}
	if diff := cmp.Diff(o.segment.Spec, read.spec); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
}
