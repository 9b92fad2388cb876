// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// observed is a workspace of which all is well.
func observed(change ...func(*observation)) observation {
	gibibyte := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	o := observation{
		now: noon,
		workspace: &v1alpha1.Workspace{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop", UID: "w", Generation: 1},
			Spec: v1alpha1.WorkspaceSpec{EventLog: v1alpha1.EventLogSpec{
				Partitions: 2, Embedded: &v1alpha1.EmbeddedLogSpec{Storage: resource.MustParse("1Gi")},
			}},
		},
		statefulSet: &appsv1.StatefulSet{},
		pods: []corev1.Pod{{
			ObjectMeta: metav1.ObjectMeta{Name: "shop-runner-0"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Image: "ghcr.io/waymark-dev/waymark:v0.1.0"}}},
			Status:     corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.7"},
		}},
		claims: []corev1.PersistentVolumeClaim{{
			ObjectMeta: metav1.ObjectMeta{Name: "data-shop-runner-0"},
			Spec:       corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{Requests: gibibyte}},
			Status:     corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound, Capacity: gibibyte},
		}},
		view: plane.View{
			State: plane.Connected, PartitionCount: 2, Partitions: make([]aggregate.Partition, 2),
			Reports: []control.Report{{Ingest: control.Ingest{Ready: true}, Storage: control.Storage{Capacity: 1000, Free: 577}}},
		},
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func ingest(reason string) func(*observation) {
	return func(o *observation) {
		o.view.Reports[0].Ingest = control.Ingest{Reason: reason, Message: "because of " + reason}
	}
}

func TestVerdict(t *testing.T) {
	tests := map[string]struct {
		observed observation
		applyErr error
		want     string
		says     string
	}{
		"all is well": {observed: observed(), want: "True Succeeded"},
		"an unknown zone": {
			observed: observed(func(o *observation) { o.workspace.Spec.TimeZone = "Europe/Moskau" }),
			want:     "False InvalidSpec Stalled", says: "spec.timeZone",
		},
		"a log elsewhere": {
			observed: observed(func(o *observation) {
				o.workspace.Spec.EventLog.Embedded, o.workspace.Spec.EventLog.NATS = nil, &v1alpha1.NATSLogSpec{}
			}),
			want: "False NotSupported Stalled", says: "spec.eventLog.nats",
		},
		"a volume that cannot grow": {
			observed: observed(), applyErr: fmt.Errorf("apply: %w", &NotExpandableError{Claim: "data", Cause: errors.New("forbidden")}),
			want: "False StorageNotExpandable Stalled", says: "allowVolumeExpansion",
		},
		"a child that cannot be made": {observed: observed(), applyErr: errors.New("quota exceeded"), want: "False Progressing Reconciling", says: "quota"},
		"no pod yet": {
			observed: observed(func(o *observation) { o.view, o.pods = plane.View{}, nil }),
			want:     "False Progressing Reconciling", says: "pod to be made",
		},
		"a pod without its image": {
			observed: observed(func(o *observation) {
				o.view = plane.View{}
				o.pods[0].Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{
					Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "not found"},
				}}}
			}),
			want: "False Progressing Reconciling", says: "ImagePullBackOff: not found",
		},
		"a pod without a node": {
			observed: observed(func(o *observation) {
				o.view = plane.View{}
				o.pods[0].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/3 nodes are available"}}
			}),
			want: "False Progressing Reconciling", says: "0/3 nodes",
		},
		"an operator that has just started": {
			observed: observed(func(o *observation) {
				status.Succeeded("runs").Apply(o.workspace, noon)
				o.view = plane.View{State: plane.Connecting}
			}),
			want: "as before",
		},
		"a runner that does not answer": {
			observed: observed(func(o *observation) { o.view.State, o.view.Problem = plane.Unreachable, "connection refused" }),
			want:     "False RunnerUnreachable Reconciling", says: "connection refused",
		},
		"a full volume":                  {observed: observed(ingest("StorageFull")), want: "False StorageFull Reconciling", says: "because of"},
		"a clock that jumps":             {observed: observed(ingest("ClockSuspect")), want: "False ClockSuspect Reconciling"},
		"a log that is not the state's":  {observed: observed(ingest("LogDiverged")), want: "False LogDiverged Reconciling"},
		"a reason that is not the API's": {observed: observed(ingest("Starting")), want: "False Progressing Reconciling"},
		"a partition that does not run": {
			observed: observed(func(o *observation) { o.view.Partitions = o.view.Partitions[:1] }),
			want:     "False AwaitingPartitions Reconciling", says: "1 of 2",
		},
		"a partition that says why it does not run": {
			observed: observed(func(o *observation) {
				o.view.Partitions = o.view.Partitions[:1]
				o.view.Reports[0].Faults = []control.Fault{{Partition: 1, Reason: "CatchingUp", Message: "partition 1: 40% read"}}
			}),
			want: "False AwaitingPartitions Reconciling", says: "CatchingUp: partition 1: 40% read",
		},
		"a partition whose state is not the log's": {
			observed: observed(func(o *observation) {
				o.view.Reports[0].Faults = []control.Fault{{Partition: 1, Reason: "LogDiverged", Message: "another log"}}
			}),
			want: "False LogDiverged Reconciling", says: "another log",
		},
		"a pod that is replaced": {
			observed: observed(func(o *observation) { o.statefulSet.Status.UpdateRevision = "2" }),
			want:     "True Progressing Reconciling",
		},
		"a volume that grows": {
			observed: observed(func(o *observation) {
				o.claims[0].Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("512Mi")}
			}),
			want: "True StorageResizing Reconciling",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			verdict := decide(tc.observed, steps{refusal: refusal(tc.observed.workspace)}, tc.applyErr)
			if diff := cmp.Diff(tc.want, described(verdict)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if verdict != nil && !strings.Contains(verdict.Message, tc.says) {
				t.Errorf("message %q, want %q in it", verdict.Message, tc.says)
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

func TestStatus(t *testing.T) {
	o := observed()
	write(o, steps{deploy: true}, nil)
	got := o.workspace.Status
	none := int32(0)
	want := v1alpha1.WorkspaceStatus{
		ObservedGeneration: 1,
		Log:                "Embedded",
		IngestURL:          "http://shop-ingest.sales.svc/",
		Partitions:         "2/2",
		Storage:            "42% of 1Gi",
		Feeds:              &none,
		Funnels:            &none,
		Scenarios:          &none,
		Segments:           &none,
		Journeys:           &none,
		Channels:           &none,
		Runner:             &v1alpha1.RunnerStatus{Replicas: 1, Version: "v0.1.0"},
		Conditions:         got.Conditions,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestAFullVolumeIsACondition(t *testing.T) {
	o := observed(ingest("StorageFull"))
	write(o, steps{deploy: true}, nil)
	c := status.Condition(o.workspace, v1alpha1.ConditionStorageAvailable)
	if c == nil || c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonStorageFull {
		t.Errorf("StorageAvailable is %+v", c)
	}
}

func TestImageVersion(t *testing.T) {
	tests := map[string]string{
		"waymark:v1":                      "v1",
		"localhost:5000/waymark":          "",
		"localhost:5000/waymark:v1":       "v1",
		"ghcr.io/w/waymark:v1@sha256:abc": "v1",
		"waymark@sha256:abc":              "",
	}
	for image, want := range tests {
		if got := imageVersion(image); got != want {
			t.Errorf("imageVersion(%q) = %q, want %q", image, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	o := observed()
	first, err := plan(o, resources.Deployment{})
	if err != nil {
		t.Fatal(err)
	}
	if len(first.endpoints) != 1 || first.endpoints[0].Address != "10.0.0.7:8443" || first.endpoints[0].ServerName != "shop-runner.sales.svc" {
		t.Errorf("endpoints %v", first.endpoints)
	}
	if len(first.grow) > 0 || first.dropBudget {
		t.Errorf("nothing changed, but the plan is %+v", first)
	}
}

func TestConnectionsStayWhileAPodIsReplaced(t *testing.T) {
	o := observed(func(o *observation) { o.pods[0].Status.PodIP = "" })
	planned, err := plan(o, resources.Deployment{})
	if err != nil {
		t.Fatal(err)
	}
	if planned.endpoints != nil {
		t.Errorf("endpoints %v, want the connections to stay as they are", planned.endpoints)
	}
}

func TestVolumesThatGrow(t *testing.T) {
	wanted := resource.MustParse("2Gi")
	tests := map[string]struct {
		observed observation
		want     []string
	}{
		"a bound claim": {observed: observed(), want: []string{"data-shop-runner-0"}},
		"a claim that has no volume yet": {
			observed: observed(func(o *observation) { o.claims[0].Status.Phase = corev1.ClaimPending }),
		},
		"a claim that asks for more already": {
			observed: observed(func(o *observation) {
				o.claims[0].Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("3Gi")}
			}),
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tc.observed.workspace.Spec.EventLog.Embedded.Storage = wanted
			if diff := cmp.Diff(tc.want, tooSmall(tc.observed)); diff != "" {
				t.Errorf("claims to grow (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNudge(t *testing.T) {
	at := noon.Unix()
	tests := map[string]struct {
		current string
		late    bool
		want    string
		due     bool
	}{
		"a pod that was never told":       {current: "", want: fmt.Sprintf("v2@%d", at), due: true},
		"a pod that was told of another":  {current: "v1@5", want: fmt.Sprintf("v2@%d", at), due: true},
		"a pod that serves it":            {current: "v2@5", want: "v2@5"},
		"a pod that is late, told now":    {current: fmt.Sprintf("v2@%d", at-5), late: true, want: fmt.Sprintf("v2@%d", at-5)},
		"a pod that is late, told before": {current: fmt.Sprintf("v2@%d", at-15), late: true, want: fmt.Sprintf("v2@%d", at), due: true},
		"an annotation of somebody else":  {current: "v2@soon", late: true, want: fmt.Sprintf("v2@%d", at), due: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			value, due := nudge(tc.current, "v2", tc.late, noon)
			if value != tc.want || due != tc.due {
				t.Errorf("nudge() = %q, %t; want %q, %t", value, due, tc.want, tc.due)
			}
		})
	}
}
