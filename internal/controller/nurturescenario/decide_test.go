// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/report"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const key = "NurtureScenario/sales/cart"

// outline has a letter in two forms of which the better one is to win.
func outline() report.Outline {
	return report.Outline{Steps: []report.OutlineStep{
		{Name: "remind", Variants: []string{"plain", "warm"}, Winner: &definition.Winner{By: definition.ByClicks, Sample: 100}},
		{Name: "day"},
	}}
}

// running is what two partitions report that run a version.
func running(version string, change ...func(*aggregate.Scenario)) []aggregate.Partition {
	partitions := make([]aggregate.Partition, 2)
	for i := range partitions {
		s := aggregate.Scenario{Key: key, Version: version, Entered: 5, Active: 2}
		for _, c := range change {
			c(&s)
		}
		partitions[i] = aggregate.Partition{Partition: i, Scenarios: []aggregate.Scenario{s}}
	}
	return partitions
}

// observed is a scenario of which all is well.
func observed(change ...func(*observation)) observation {
	shape := outline()
	o := observation{
		now:           noon,
		workspaceName: types.NamespacedName{Namespace: "sales", Name: "shop"},
		workspace:     &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop"}},
		scenario: &v1alpha1.NurtureScenario{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "cart", UID: "s", Generation: 3},
		},
		meaning: meaning{form: []byte(`{}`), version: "aa", outline: shape},
		outline: &shape,
		view:    plane.View{State: plane.Connected, PartitionCount: 2, Partitions: running("aa")},
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func guarded(above int64) func(*observation) {
	return func(o *observation) {
		o.workspace.Spec.Policy = &v1alpha1.MessagingPolicy{Approval: &v1alpha1.ApprovalPolicy{Above: above}}
	}
}

// pending makes the version one that is held in both partitions, after another; each would let in so many.
func pending(reach *int64) func(*observation) {
	return func(o *observation) {
		o.view.Partitions = running("old", func(s *aggregate.Scenario) { s.Pending, s.Reach = "aa", reach })
	}
}

func TestVerdict(t *testing.T) {
	six := int64(6)
	tests := map[string]struct {
		observed observation
		want     string // verdict, and what is offered
		says     string
	}{
		"all is well": {observed(), "True Succeeded; aa", "all 2 partitions run this version"},
		"no workspace": {
			observed(func(o *observation) { o.workspace = nil }), "False WorkspaceNotFound Reconciling; nothing", "Workspace sales/shop does not exist yet",
		},
		"another namespace": {
			observed(func(o *observation) { o.scenario.Namespace = "web" }), "False NamespaceNotAllowed Reconciling; nothing", "spec.allowedNamespaces",
		},
		"a wrong edit": {
			observed(func(o *observation) {
				o.meaning = meaning{errors: field.ErrorList{field.Invalid(field.NewPath("spec", "steps").Index(0), "x", "wrong")}}
				o.scenario.Status.ActiveVersion = "aa"
			}), "False InvalidSpec Stalled; nothing", "the last valid version goes on",
		},
		"a wrong workspace": {
			observed(func(o *observation) {
				o.meaning = meaning{errors: field.ErrorList{field.Invalid(field.NewPath("workspace", "spec", "timeZone"), "x", "wrong")}}
			}), "False WorkspaceNotReady Reconciling; nothing", "workspace.spec.timeZone",
		},
		"a channel that is not there": {
			observed(func(o *observation) {
				o.meaning = meaning{missing: []definition.Missing{{Kind: "MessageChannel", Name: "mail", Field: "spec.steps[0].send.channelRef"}}}
			}), "False ReferenceNotFound Reconciling; nothing", `spec.steps[0].send.channelRef: there is no MessageChannel "mail" yet`,
		},
		"a version that is on its way": {
			observed(func(o *observation) { o.view.Partitions[1].Scenarios[0].Version = "old" }), "False AwaitingPartitions Reconciling; aa", "1 of 2",
		},
		"no answer since the start": {
			observed(func(o *observation) { o.view = plane.View{State: plane.Connecting} }), "False Progressing Reconciling; aa", "first report",
		},
		"no answer any more": {
			observed(func(o *observation) { o.view = plane.View{State: plane.Unreachable, Problem: "refused"} }), "False RunnerUnreachable Reconciling; aa", "refused",
		},
		"a version that the runner cannot run": {
			observed(func(o *observation) {
				o.view.Refused = map[string]control.Refusal{key: {Key: key, Version: "aa", Message: "too new"}}
			}),
			"False RunnerRejected Reconciling; aa", "too new",
		},
		"suspended": {observed(func(o *observation) { o.scenario.Spec.Suspend = true }), "True Suspended; aa suspended", "nothing is sent"},
		"nobody has been counted yet": {
			observed(guarded(10), pending(nil)), "False CountingReach Reconciling; aa held", "being counted",
		},
		"too many at once": {
			observed(guarded(10), pending(&six)), "False AwaitingApproval Reconciling; aa held", "12 people at once, and the workspace's policy wants an approval above 10: write spec.approvedVersion: aa",
		},
		"few enough":            {observed(guarded(12), pending(&six)), "False AwaitingPartitions Reconciling; aa", "0 of 2"},
		"approved":              {observed(guarded(10), pending(&six), func(o *observation) { o.scenario.Spec.ApprovedVersion = "aa" }), "False AwaitingPartitions Reconciling; aa", "0 of 2"},
		"another was approved":  {observed(guarded(10), pending(&six), func(o *observation) { o.scenario.Spec.ApprovedVersion = "old" }), "False AwaitingApproval Reconciling; aa held", "12 people"},
		"what runs is not held": {observed(guarded(0)), "True Succeeded; aa", ""},
		"a partition lets go late": {
			observed(guarded(10), pending(&six), func(o *observation) { o.view.Partitions[0].Scenarios[0] = aggregate.Scenario{Key: key, Version: "aa"} }),
			"False AwaitingPartitions Reconciling; aa", "1 of 2",
		},
		"a new operator holds nothing": {
			observed(guarded(0), func(o *observation) { o.view = plane.View{State: plane.Connecting} }), "False Progressing Reconciling; nothing", "first report",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := decide(tt.observed)
			if got := described(t, d); got != tt.want {
				t.Errorf("decided %q, want %q", got, tt.want)
			}
			if d.verdict != nil && !strings.Contains(d.verdict.Message, tt.says) {
				t.Errorf("message %q, want %q in it", d.verdict.Message, tt.says)
			}
		})
	}
}

func described(t *testing.T, d decision) string {
	t.Helper()
	text := "as before"
	if v := d.verdict; v != nil {
		progress := map[status.Progress]string{status.Reconciling: " Reconciling", status.Stalled: " Stalled"}[v.Progress]
		text = string(v.Ready) + " " + v.Reason + progress
	}
	if d.offer == nil {
		return text + "; nothing"
	}
	text += "; " + d.offer.Version
	told := standingOf(t, d.offer)
	if told.Suspended {
		text += " suspended"
	}
	if told.Held {
		text += " held"
	}
	return text
}

func standingOf(t *testing.T, d *control.Definition) (standing definition.Standing) {
	t.Helper()
	if err := json.Unmarshal(d.Standing, &standing); err != nil {
		t.Fatal(err)
	}
	return standing
}

// better makes the warm letter the better one.
func better(s *aggregate.Scenario) {
	s.Steps = map[string]aggregate.Step{"remind": {Variants: map[string]aggregate.Share{
		"plain": {Sent: 400, Clicked: 10}, "warm": {Sent: 400, Clicked: 80},
	}}}
}

func TestAWinnerIsToldAndStays(t *testing.T) {
	o := observed(func(o *observation) { o.view.Partitions = running("aa", better) })
	d := decide(o)
	want := map[string]string{"remind": "warm"}
	if diff := cmp.Diff(want, standingOf(t, d.offer).Winners); diff != "" {
		t.Fatalf("winners (-want +got):\n%s", diff)
	}
	before := o.scenario.DeepCopy()
	write(o.scenario, before, d, noon)
	o.view = plane.View{State: plane.Connecting} // the operator has restarted and knows only the status
	if diff := cmp.Diff(want, standingOf(t, decide(o).offer).Winners); diff != "" {
		t.Errorf("winners after a restart (-want +got):\n%s", diff)
	}
}

func TestWrite(t *testing.T) {
	six := int64(6)
	o := observed(guarded(10), pending(&six), func(o *observation) { o.scenario.Spec.Suspend = true })
	before := o.scenario.DeepCopy()
	write(o.scenario, before, decide(o), noon)
	got := o.scenario.Status
	var types []string
	for _, c := range got.Conditions {
		types = append(types, c.Type+"="+string(c.Status)+" "+c.Reason)
	}
	want := []string{"Held=True AwaitingApproval", "Suspended=True Suspended", "Ready=False AwaitingApproval", "Reconciling=True AwaitingApproval"}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
	twelve := int64(12)
	if diff := cmp.Diff(&v1alpha1.ScenarioApproval{Version: "aa", Reach: &twelve, Above: 10}, got.Approval); diff != "" {
		t.Errorf("approval (-want +got):\n%s", diff)
	}
	if got.ObservedGeneration != 3 || *got.Entered != 10 || got.ActiveVersion != "old" || len(got.Steps) != 2 {
		t.Errorf("status %+v", got)
	}

	again := o.scenario.DeepCopy()
	o.view.AsOf, o.now = 60_000_000, noon.Add(time.Minute)
	write(o.scenario, again, decide(o), o.now)
	if diff := cmp.Diff(again.Status, o.scenario.Status); diff != "" {
		t.Errorf("a minute alone changed the status (-was +is):\n%s", diff)
	}

	o.scenario.Spec.Suspend, o.scenario.Spec.ApprovedVersion = false, "aa"
	o.view.Partitions = running("aa")
	write(o.scenario, o.scenario.DeepCopy(), decide(o), noon)
	if got := o.scenario.Status; len(got.Conditions) != 1 || got.Approval != nil || got.ActiveVersion != "aa" {
		t.Errorf("once approved and resumed the status is %+v, want Ready alone", got)
	}
}

func TestNumbersOfAnEarlierSpecAreWrittenByItsOutline(t *testing.T) {
	source := sourceOf(&report.Outline{Steps: []report.OutlineStep{{Name: "remind"}}})
	o := observed(func(o *observation) {
		o.meaning = meaning{errors: field.ErrorList{field.Invalid(field.NewPath("spec"), "x", "wrong")}}
		o.outline = outlineFrom(source)
	})
	d := decide(o)
	if d.numbers == nil || len(d.numbers.Steps) != 1 || *d.numbers.Entered != 10 {
		t.Errorf("numbers are %+v, want those of the version that goes on", d.numbers)
	}
	if outlineFrom([]byte("?")) != nil || outlineFrom(nil) != nil {
		t.Error("an outline is read from nothing")
	}
}

func TestReferences(t *testing.T) {
	send := func(channel string, templates ...string) *v1alpha1.SendStep {
		s := &v1alpha1.SendStep{ChannelRef: v1alpha1.MessageChannelReference{Name: channel}}
		for _, name := range templates {
			s.Variants = append(s.Variants, v1alpha1.MessageVariant{TemplateRef: &v1alpha1.TemplateReference{Name: name, Key: "a.html"}})
		}
		return s
	}
	scenario := &v1alpha1.NurtureScenario{Spec: v1alpha1.NurtureScenarioSpec{
		Trigger: v1alpha1.ScenarioTrigger{FunnelDrop: &v1alpha1.FunnelDropTrigger{FunnelRef: v1alpha1.FunnelReference{Name: "shop"}}},
		Steps: []v1alpha1.ScenarioStep{
			{Send: send("mail", "letters", "more", "letters")},
			{Task: &v1alpha1.TaskStep{ChannelRef: v1alpha1.MessageChannelReference{Name: "crm"}}},
			{Webhook: &v1alpha1.WebhookStep{ChannelRef: v1alpha1.MessageChannelReference{Name: "crm"}}},
			{Enter: &v1alpha1.EnterStep{ScenarioRef: v1alpha1.NurtureScenarioReference{Name: "thanks"}}},
		},
	}}
	scenario.Spec.Steps[0].Send.Survey = &v1alpha1.MessageSurvey{JourneyRef: v1alpha1.JourneyReference{Name: "first"}}
	want := []string{"ConfigMap/letters", "ConfigMap/more", "Funnel/shop", "Journey/first", "MessageChannel/crm", "MessageChannel/mail", "NurtureScenario/thanks"}
	if diff := cmp.Diff(want, References(scenario)); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}
