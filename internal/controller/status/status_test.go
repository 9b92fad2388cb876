// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/status"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func shop() *v1alpha1.Funnel {
	return &v1alpha1.Funnel{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop", Generation: 3}}
}

func TestVerdictsInConditions(t *testing.T) {
	tests := map[string]struct {
		verdict status.Verdict
		want    map[string]metav1.ConditionStatus
	}{
		"succeeded": {
			verdict: status.Succeeded("all is well"),
			want:    map[string]metav1.ConditionStatus{"Ready": metav1.ConditionTrue},
		},
		"waiting": {
			verdict: status.Waiting(v1alpha1.ReasonWorkspaceNotFound, "no workspace"),
			want:    map[string]metav1.ConditionStatus{"Ready": metav1.ConditionFalse, "Reconciling": metav1.ConditionTrue},
		},
		"refused": {
			verdict: status.Refused(v1alpha1.ReasonInvalidSpec, "two stages"),
			want:    map[string]metav1.ConditionStatus{"Ready": metav1.ConditionFalse, "Stalled": metav1.ConditionTrue},
		},
	}
	for before := range tests {
		for name, tc := range tests {
			t.Run(name+" after "+before, func(t *testing.T) {
				funnel := shop()
				tests[before].verdict.Apply(funnel, start)
				tc.verdict.Apply(funnel, start)
				got := map[string]metav1.ConditionStatus{}
				for _, condition := range funnel.Status.Conditions {
					got[condition.Type] = condition.Status
					if condition.ObservedGeneration != 3 || condition.Reason != tc.verdict.Reason {
						t.Errorf("condition %+v, want generation 3 and reason %s", condition, tc.verdict.Reason)
					}
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("conditions (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestTransitionTimeMovesWithTheStatusAlone(t *testing.T) {
	funnel := shop()
	status.Waiting(v1alpha1.ReasonProgressing, "one").Apply(funnel, start)
	status.Waiting(v1alpha1.ReasonAwaitingPartitions, "two").Apply(funnel, start.Add(time.Hour))
	ready := status.Condition(funnel, v1alpha1.ConditionReady)
	if !ready.LastTransitionTime.Time.Equal(start) || ready.Message != "two" {
		t.Errorf("after a change of the message: %+v", ready)
	}
	status.Succeeded("three").Apply(funnel, start.Add(2*time.Hour))
	if got := status.Condition(funnel, v1alpha1.ConditionReady).LastTransitionTime.Time; !got.Equal(start.Add(2 * time.Hour)) {
		t.Errorf("after a change of the status the transition is at %s", got)
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	funnel := shop()
	status.Refused(v1alpha1.ReasonInvalidSpec, strings.Repeat("щ", 600)).Apply(funnel, start)
	message := []rune(status.Condition(funnel, v1alpha1.ConditionReady).Message)
	if len(message) != v1alpha1.MaxConditionMessageLength || string(message[len(message)-1]) != "…" {
		t.Errorf("the message has %d characters and ends in %q", len(message), string(message[len(message)-1]))
	}
}

func TestPace(t *testing.T) {
	name := types.NamespacedName{Namespace: "sales", Name: "shop"}
	pace := status.NewPace(30 * time.Second)
	if wait := pace.Wait(name, start); wait != 0 {
		t.Errorf("before the first write: wait %s, want none", wait)
	}
	pace.Wrote(name, start)
	if wait := pace.Wait(name, start); wait < 30*time.Second || wait > 33*time.Second {
		t.Errorf("after a write: wait %s, want 30 s and up to a tenth more", wait)
	}
	if wait := pace.Wait(name, start.Add(33*time.Second)); wait != 0 {
		t.Errorf("after the interval: wait %s, want none", wait)
	}
	pace.Forget(name)
	if wait := pace.Wait(name, start); wait != 0 {
		t.Errorf("after Forget: wait %s, want none", wait)
	}
}

func TestPaceGrowsWithTheNumberOfObjects(t *testing.T) {
	pace := status.NewPace(30 * time.Second)
	waits := map[time.Duration]bool{}
	for i := range 2000 {
		pace.Wrote(types.NamespacedName{Name: string(rune('a'+i%26)) + time.Duration(i).String()}, start)
	}
	for i := range 100 {
		wait := pace.Wait(types.NamespacedName{Name: string(rune('a'+i%26)) + time.Duration(i).String()}, start)
		if wait < 100*time.Second || wait > 110*time.Second {
			t.Fatalf("with 2000 objects: wait %s, want 2000/20 s and up to a tenth more", wait)
		}
		waits[wait] = true
	}
	if len(waits) < 50 {
		t.Errorf("100 objects share %d different waits; they would be written at once", len(waits))
	}
}

// publishing is a Publisher over a store in memory that counts what is sent.
type publishing struct {
	*status.Publisher
	events  *events.FakeRecorder
	patches int
	stored  *v1alpha1.Funnel
}

func newPublishing(t *testing.T) *publishing {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	p := &publishing{events: events.NewFakeRecorder(100), stored: shop()}
	store := fake.NewClientBuilder().WithScheme(scheme).WithObjects(p.stored).WithStatusSubresource(p.stored).
		WithInterceptorFuncs(interceptor.Funcs{
			SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
				p.patches++
				return c.SubResource(sub).Patch(ctx, o, patch, opts...)
			},
		}).Build()
	p.Publisher = &status.Publisher{Kind: "Funnel", Client: store, Recorder: p.events, Pace: status.NewPace(30 * time.Second)}
	return p
}

// publish reads the Funnel, lets change decide, and publishes.
func (p *publishing) publish(t *testing.T, now time.Time, change func(*v1alpha1.Funnel)) (wait time.Duration) {
	t.Helper()
	before := &v1alpha1.Funnel{}
	if err := p.Client.Get(t.Context(), client.ObjectKeyFromObject(p.stored), before); err != nil {
		t.Fatal(err)
	}
	after := before.DeepCopy()
	change(after)
	wait, err := p.Publish(t.Context(), before, after, now)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

func TestPublish(t *testing.T) {
	p := newPublishing(t)
	entered := func(n int64) func(*v1alpha1.Funnel) {
		return func(f *v1alpha1.Funnel) {
			status.Succeeded("counts").Apply(f, start)
			f.Status.Summary = &v1alpha1.FunnelSummary{Entered: &n}
		}
	}
	if wait := p.publish(t, start, entered(1)); wait != 0 || p.patches != 1 {
		t.Fatalf("a new condition: wait %s, %d patches; want it written at once", wait, p.patches)
	}
	if wait := p.publish(t, start.Add(time.Second), entered(1)); wait != 0 || p.patches != 1 {
		t.Errorf("no change: wait %s, %d patches; want nothing", wait, p.patches)
	}
	wait := p.publish(t, start.Add(2*time.Second), entered(2))
	if wait < 28*time.Second || wait > 31*time.Second || p.patches != 1 {
		t.Errorf("another number after 2 s: wait %s, %d patches; want it to wait for the rest of the interval", wait, p.patches)
	}
	if wait := p.publish(t, start.Add(2*time.Second+wait), entered(3)); wait != 0 || p.patches != 2 {
		t.Errorf("another number after the interval: wait %s, %d patches; want it written", wait, p.patches)
	}
	broken := func(f *v1alpha1.Funnel) { status.Refused(v1alpha1.ReasonInvalidSpec, "two stages").Apply(f, start) }
	if wait := p.publish(t, start.Add(40*time.Second), broken); wait != 0 || p.patches != 3 {
		t.Errorf("another condition: wait %s, %d patches; want it written at once", wait, p.patches)
	}
	another := func(f *v1alpha1.Funnel) { status.Refused(v1alpha1.ReasonInvalidSpec, "three stages").Apply(f, start) }
	if wait := p.publish(t, start.Add(41*time.Second), another); wait == 0 || p.patches != 3 {
		t.Errorf("another message: wait %s, %d patches; want it to wait like a number", wait, p.patches)
	}
	if got := drained(p.events); len(got) != 2 {
		t.Errorf("events %q, want one per transition of Ready: 2", got)
	}
}

func TestACacheThatIsBehindBringsNoSecondWrite(t *testing.T) {
	p := newPublishing(t)
	before := &v1alpha1.Funnel{}
	if err := p.Client.Get(t.Context(), client.ObjectKeyFromObject(p.stored), before); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		after := before.DeepCopy()
		status.Succeeded("counts").Apply(after, start)
		if _, err := p.Publish(t.Context(), before, after, start); err != nil {
			t.Fatal(err)
		}
	}
	if got := drained(p.events); p.patches != 1 || len(got) != 1 {
		t.Errorf("%d writes and events %q, want one of each", p.patches, got)
	}
}

func TestPublishToAResourceThatIsGone(t *testing.T) {
	p := newPublishing(t)
	gone := shop()
	gone.Name = "gone"
	after := gone.DeepCopy()
	status.Succeeded("counts").Apply(after, start)
	if _, err := p.Publish(t.Context(), gone, after, start); err != nil {
		t.Errorf("Publish() error %v, want none", err)
	}
}

func drained(recorder *events.FakeRecorder) []string {
	var all []string
	for {
		select {
		case event := <-recorder.Events:
			all = append(all, event)
		default:
			return all
		}
	}
}
