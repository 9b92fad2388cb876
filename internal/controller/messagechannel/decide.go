// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package messagechannel

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/deliveryset"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/report"
)

// observation is all that a decision on a MessageChannel depends on.
type observation struct {
	channel       *v1alpha1.MessageChannel
	workspaceName types.NamespacedName
	workspace     *v1alpha1.Workspace // nil when there is none
	resolution    deliveryset.Resolution
	delivered     definition.Delivery // what the pods are given
	view          plane.View
}

func (o *observation) key() string { return plane.ChannelKey(client.ObjectKeyFromObject(o.channel)) }

// decision is what is to be done about a MessageChannel.
type decision struct {
	// offer is the definition for the runners; nil leaves them what they have.
	offer *control.Definition
	// verdict is nil while there is nothing new to say, as in the seconds after the operator started.
	verdict *status.Verdict
	// reachable is nil while nothing is known.
	reachable *metav1.Condition
	// numbers are to be written; nil leaves those that are there.
	numbers *v1alpha1.MessageChannelStatus
}

// decide says what is to be done about a MessageChannel. It is pure.
func decide(o observation) decision {
	var d decision
	if d.verdict = status.Unadmitted(o.channel, o.workspaceName, o.workspace); d.verdict != nil {
		return d
	}
	d.numbers, d.reachable = numbers(o), reachable(o)
	if d.verdict = status.Invalid(o.resolution.Errors, goesOn(o)); d.verdict != nil {
		return d
	}
	d.offer = offer(o)
	if o.resolution.SecretReason != "" {
		d.verdict = new(status.Waiting(o.resolution.SecretReason, o.resolution.SecretMessage+goesOn(o)))
		return d
	}
	d.verdict = sending(o, d.offer)
	return d
}

// goesOn ends a message about settings that do not come into force.
func goesOn(o observation) string {
	if _, handed := deliveryset.Find(o.delivered, o.channel.Namespace, o.channel.Name); handed {
		return "; messages go on leaving as before"
	}
	return ""
}

// offer is what the fold needs to know of the channel, which is no secret.
func offer(o observation) *control.Definition {
	form, version, err := o.resolution.Channel.Canonical()
	if err != nil {
		return nil // settings are texts and numbers, which always encode
	}
	return &control.Definition{
		Key: o.key(), Version: version, UID: string(o.channel.UID), Generation: o.channel.Generation, Meaning: form,
	}
}

// sending says whether the pods send by the channel as its spec says. Nil keeps what was said about this generation before.
func sending(o observation, offered *control.Definition) *status.Verdict {
	if unheard, heard := status.Unheard(o.view, o.workspaceName, o.channel, "the runner does not answer"); !heard {
		return unheard
	}
	if offered != nil {
		if rejected := status.Rejected(o.view, o.key(), offered.Version); rejected != nil {
			return rejected
		}
	}
	handed, _ := deliveryset.Find(o.delivered, o.channel.Namespace, o.channel.Name)
	sender, known := o.view.Channel(o.key())
	switch {
	case !equality.Semantic.DeepEqual(handed, o.resolution.Channel), !o.view.HasDelivery(o.delivered.Version), !known:
		return new(status.Waiting(v1alpha1.ReasonProgressing, "the runner has not taken over these settings yet"))
	case !sender.Accepted:
		return new(status.Waiting(v1alpha1.ReasonRunnerRejected, "the runner cannot use these settings: "+sender.Message))
	case !sender.Probed:
		return new(status.Waiting(v1alpha1.ReasonProgressing, "the other side has not been tried yet"))
	}
	return new(status.Succeeded(leaves(o.workspace)))
}

// leaves says what becomes of messages.
func leaves(workspace *v1alpha1.Workspace) string {
	if d := workspace.Spec.Delivery; d != nil {
		switch d.Mode {
		case v1alpha1.DeliveryModeDryRun:
			return "nothing leaves: the workspace's delivery.mode is DryRun"
		case v1alpha1.DeliveryModeRedirect:
			return "all messages go to one address: the workspace's delivery.mode is Redirect"
		}
	}
	return "messages leave"
}

// reachable says how the other side answers.
func reachable(o observation) *metav1.Condition {
	sender, known := o.view.Channel(o.key())
	if o.view.State != plane.Connected || !known || !sender.Probed {
		return nil
	}
	condition := &metav1.Condition{
		Type: v1alpha1.ConditionReachable, Status: metav1.ConditionTrue,
		Reason: v1alpha1.ReasonProbeSucceeded, Message: "the other side answered last",
	}
	if until, reason := pause(o); until != nil {
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonPaused
		condition.Message = fmt.Sprintf("messages wait until %s: %s", until.UTC().Format(time.RFC3339), cmp.Or(reason, "too much went wrong"))
	}
	if !sender.Reachable {
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonProbeFailed
		condition.Message = cmp.Or(sender.Message, "the other side does not answer")
	}
	return condition
}

func pause(o observation) (until *metav1.Time, reason string) {
	if n := numbers(o); n != nil {
		return n.PausedUntil, n.PauseReason
	}
	return nil, ""
}

// numbers gives what the runners count, once every partition has reported; else nil, and the last ones stay.
func numbers(o observation) *v1alpha1.MessageChannelStatus {
	if o.view.State != plane.Connected {
		return nil
	}
	sum, err := report.MergeChannel(o.key(), o.view.PartitionCount, o.view.Partitions)
	if err != nil {
		return nil
	}
	written := report.ChannelStatus(&sum, o.view.AsOf)
	return &written
}

// write puts a decision into the channel's status; before is the channel as it was read.
func write(o observation, before *v1alpha1.MessageChannel, d decision, now time.Time) {
	channel := o.channel
	if d.numbers != nil {
		was := channel.Status
		channel.Status = *d.numbers
		channel.Status.Conditions, channel.Status.ObservedGeneration = was.Conditions, was.ObservedGeneration
		channel.Status.LastProbe, channel.Status.ActiveVersion = was.LastProbe, was.ActiveVersion
	}
	channel.Status.Medium = string(deliveryset.MediumOf(channel))
	if d.reachable != nil {
		status.Set(channel, now, *d.reachable)
		if sender, _ := o.view.Channel(o.key()); sender.Since != 0 {
			channel.Status.LastProbe = &metav1.Time{Time: event.Time(sender.Since).UTC().Truncate(time.Second)}
		}
	}
	if d.verdict != nil {
		d.verdict.Apply(channel, now)
		channel.Status.ObservedGeneration = channel.Generation
		if d.verdict.Ready == metav1.ConditionTrue && d.offer != nil {
			channel.Status.ActiveVersion = d.offer.Version
		}
	}
	if report.ChannelVisibleEqual(&before.Status, &channel.Status) {
		channel.Status = *before.Status.DeepCopy()
	}
}
