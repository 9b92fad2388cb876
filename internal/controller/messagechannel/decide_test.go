// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package messagechannel

import (
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
	"github.com/waymark-dev/waymark/internal/controller/deliveryset"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/plane"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const key = "MessageChannel/sales/mail"

// observed is a channel of which all is well.
func observed(change ...func(*observation)) observation {
	settings := definition.DeliveryChannel{
		Channel: definition.Channel{Namespace: "sales", Name: "mail", Medium: definition.SMTP, SMTP: &definition.SMTPSettings{Host: "smtp.example.com"}},
		Secrets: definition.ChannelSecrets{Password: "p"},
	}
	o := observation{
		workspaceName: types.NamespacedName{Namespace: "sales", Name: "shop"},
		workspace:     &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop"}},
		channel: &v1alpha1.MessageChannel{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "mail", UID: "c", Generation: 2},
			Spec:       v1alpha1.MessageChannelSpec{SMTP: &v1alpha1.SMTPChannel{Host: "smtp.example.com"}},
		},
		resolution: deliveryset.Resolution{Channel: settings},
		delivered:  definition.Delivery{Version: "d1", Channels: []definition.DeliveryChannel{settings}},
		view: plane.View{
			State: plane.Connected, PartitionCount: 1, AsOf: event.At(noon),
			Partitions: []aggregate.Partition{{Channels: []aggregate.Channel{{Key: key, Message: aggregate.Message{Sent: 7}}}}},
			Reports: []control.Report{{
				DeliveryVersion: "d1",
				Channels:        []control.Channel{{Key: key, Accepted: true, Probed: true, Reachable: true, Since: int64(event.At(noon))}},
			}},
		},
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func sender(change func(*control.Channel)) func(*observation) {
	return func(o *observation) { change(&o.view.Reports[0].Channels[0]) }
}

func TestVerdict(t *testing.T) {
	wrong := field.ErrorList{field.Invalid(field.NewPath("spec", "smtp", "host"), "x", "wrong")}
	tests := map[string]struct {
		observed observation
		want     string // verdict, how the other side is, and whether the channel is offered
		says     string
	}{
		"all is well":  {observed(), "True Succeeded; True ProbeSucceeded; offered", "messages leave"},
		"no workspace": {observed(func(o *observation) { o.workspace = nil }), "False WorkspaceNotFound Reconciling; unknown; not offered", "sales/shop"},
		"another namespace": {
			observed(func(o *observation) { o.channel.Namespace = "web" }), "False NamespaceNotAllowed Reconciling; unknown; not offered", "spec.allowedNamespaces",
		},
		"a wrong edit": {
			observed(func(o *observation) { o.resolution.Errors = wrong }),
			"False InvalidSpec Stalled; True ProbeSucceeded; not offered", "messages go on leaving as before",
		},
		"a lost secret": {
			observed(func(o *observation) {
				o.resolution.SecretReason, o.resolution.SecretMessage = v1alpha1.ReasonSecretNotFound, "Secret smtp does not exist yet"
			}), "False SecretNotFound Reconciling; True ProbeSucceeded; offered", "messages go on leaving as before",
		},
		"settings that the pods are not given yet": {
			observed(func(o *observation) { o.resolution.Channel.Secrets.Password = "other" }), "False Progressing Reconciling; True ProbeSucceeded; offered", "not taken over",
		},
		"settings that the runner has not read yet": {
			observed(func(o *observation) { o.view.Reports[0].DeliveryVersion = "d0" }), "False Progressing Reconciling; True ProbeSucceeded; offered", "not taken over",
		},
		"settings that cannot be used": {
			observed(sender(func(c *control.Channel) { *c = control.Channel{Key: key, Message: "no such algorithm"} })),
			"False RunnerRejected Reconciling; unknown; offered", "no such algorithm",
		},
		"never tried": {observed(sender(func(c *control.Channel) { c.Probed = false })), "False Progressing Reconciling; unknown; offered", "not been tried"},
		"an outage is no edit's fault": {
			observed(sender(func(c *control.Channel) { c.Reachable, c.Message = false, "connection refused" })), "True Succeeded; False ProbeFailed; offered", "messages leave",
		},
		"the breaker has stopped it": {
			observed(func(o *observation) {
				o.view.Partitions[0].Channels[0].PausedUntil, o.view.Partitions[0].Channels[0].PauseReason = event.At(noon.Add(time.Hour)), "Bounces"
			}), "True Succeeded; False Paused; offered", "messages leave",
		},
		"a runner that does not know the kind": {
			observed(func(o *observation) {
				o.view.Refused = map[string]control.Refusal{key: {Key: key, Version: offer(*o).Version, Message: "unknown"}}
			}), "False RunnerRejected Reconciling; True ProbeSucceeded; offered", "unknown",
		},
		"no answer any more": {
			observed(func(o *observation) { o.view.State, o.view.Problem = plane.Unreachable, "refused" }), "False RunnerUnreachable Reconciling; unknown; offered", "refused",
		},
		"nothing really leaves": {
			observed(func(o *observation) {
				o.workspace.Spec.Delivery = &v1alpha1.DeliverySpec{Mode: v1alpha1.DeliveryModeDryRun}
			}),
			"True Succeeded; True ProbeSucceeded; offered", "DryRun",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := decide(tt.observed)
			if got := described(d); got != tt.want {
				t.Errorf("decided %q, want %q", got, tt.want)
			}
			if !strings.Contains(d.verdict.Message, tt.says) {
				t.Errorf("message %q, want %q in it", d.verdict.Message, tt.says)
			}
		})
	}
}

func described(d decision) string {
	v := d.verdict
	text := string(v.Ready) + " " + v.Reason + map[status.Progress]string{status.Reconciling: " Reconciling", status.Stalled: " Stalled"}[v.Progress]
	if d.reachable == nil {
		text += "; unknown"
	} else {
		text += "; " + string(d.reachable.Status) + " " + d.reachable.Reason
	}
	if d.offer == nil {
		return text + "; not offered"
	}
	return text + "; offered"
}

func TestWhatIsOfferedHoldsNoSecret(t *testing.T) {
	o := observed(func(o *observation) {
		o.resolution.Channel.Secrets = definition.ChannelSecrets{Password: "hunter2", Token: "hunter2"}
	})
	if d := decide(o); strings.Contains(string(d.offer.Meaning), "hunter2") {
		t.Errorf("the definition is %s", d.offer.Meaning)
	}
}

func TestWrite(t *testing.T) {
	o := observed()
	before := o.channel.DeepCopy()
	write(o, before, decide(o), noon)
	got := o.channel.Status
	if got.Medium != "SMTP" || *got.Sent != 7 || got.ObservedGeneration != 2 || got.ActiveVersion != offer(o).Version || !got.LastProbe.Time.Equal(noon) {
		t.Errorf("status is %+v", got)
	}
	again := o.channel.DeepCopy()
	o.view.AsOf += event.Time(time.Minute / time.Microsecond)
	write(o, again, decide(o), noon.Add(time.Minute))
	if diff := cmp.Diff(again.Status, o.channel.Status); diff != "" {
		t.Errorf("a minute alone changed the status (-was +is):\n%s", diff)
	}
}
