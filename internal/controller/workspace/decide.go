// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// decide gives the verdict on a Workspace; nil keeps the one of before, as in the seconds after the operator started. It is pure.
func decide(o observation, planned steps, applyErr error) *status.Verdict {
	verdict := func(v status.Verdict) *status.Verdict { return &v }
	var notExpandable *NotExpandableError
	switch {
	case planned.refusal != nil:
		return verdict(status.Refused(definition.Reason(field.ErrorList{planned.refusal}), planned.refusal.Error()))
	case errors.As(applyErr, &notExpandable):
		return verdict(status.Refused(v1alpha1.ReasonStorageNotExpandable, "spec.eventLog.embedded.storage: "+notExpandable.Error()))
	case applyErr != nil:
		return verdict(status.Waiting(v1alpha1.ReasonProgressing, applyErr.Error()))
	}
	return running(o)
}

// running says how the pods fare.
func running(o observation) *status.Verdict {
	verdict := func(v status.Verdict) *status.Verdict { return &v }
	switch o.view.State {
	case plane.Absent:
		return verdict(status.Waiting(v1alpha1.ReasonProgressing, podTrouble(o)))
	case plane.Connecting:
		ready := status.Condition(o.workspace, v1alpha1.ConditionReady)
		if ready != nil && ready.ObservedGeneration == o.workspace.Generation && ready.Status == metav1.ConditionTrue {
			return nil
		}
		return verdict(status.Waiting(v1alpha1.ReasonProgressing, podTrouble(o)))
	case plane.Unreachable:
		return verdict(status.Waiting(v1alpha1.ReasonRunnerUnreachable, podTrouble(o)+": "+o.view.Problem))
	}
	if ingest := o.view.Ingest(); !ingest.Ready {
		return verdict(trouble(v1alpha1.ReasonProgressing, ingest.Reason, ingest.Message))
	}
	if fault := o.view.Fault(); fault != nil {
		return verdict(trouble(v1alpha1.ReasonAwaitingPartitions, fault.Reason, fault.Message))
	}
	switch {
	case len(o.view.Partitions) < o.view.PartitionCount:
		return verdict(status.Waiting(v1alpha1.ReasonAwaitingPartitions, fmt.Sprintf(
			"%d of %d partitions run", len(o.view.Partitions), o.view.PartitionCount)))
	case o.view.Rejected != "":
		return verdict(status.Waiting(v1alpha1.ReasonRunnerRejected, "the runner takes no definitions: "+o.view.Rejected))
	case !rolledOut(o):
		return verdict(status.Verdict{
			Ready: metav1.ConditionTrue, Progress: status.Reconciling, Reason: v1alpha1.ReasonProgressing,
			Message: "events are taken in while the pods are replaced",
		})
	case isResizing(o):
		return verdict(status.Verdict{
			Ready: metav1.ConditionTrue, Progress: status.Reconciling, Reason: v1alpha1.ReasonStorageResizing,
			Message: "events are taken in while the volume grows",
		})
	}
	return verdict(status.Succeeded(fmt.Sprintf("events are taken in, and all %d partitions run", o.view.PartitionCount)))
}

// runnerReasons are the reasons of the API that a runner gives too.
var runnerReasons = []string{v1alpha1.ReasonStorageFull, v1alpha1.ReasonClockSuspect, v1alpha1.ReasonLogDiverged}

// trouble passes on what a runner says about itself. A reason that is not one of the API goes into the message.
func trouble(otherwise, reason, message string) status.Verdict {
	if slices.Contains(runnerReasons, reason) {
		return status.Waiting(reason, message)
	}
	return status.Waiting(otherwise, joined(reason, message))
}

// rolledOut says whether the pods are those of the StatefulSet as it is now.
func rolledOut(o observation) bool {
	set := o.statefulSet
	return set != nil && set.Status.ObservedGeneration >= set.Generation && set.Status.CurrentRevision == set.Status.UpdateRevision
}

// podTrouble says what keeps the first pod that is not ready, in the words of Kubernetes where it has any.
func podTrouble(o observation) string {
	if len(o.pods) == 0 {
		return "waiting for the pod to be made"
	}
	for i := range o.pods {
		pod := &o.pods[i]
		for _, container := range pod.Status.ContainerStatuses {
			if waiting := container.State.Waiting; waiting != nil && waiting.Reason != "" && waiting.Reason != "ContainerCreating" {
				return fmt.Sprintf("pod %s waits: %s", pod.Name, joined(waiting.Reason, waiting.Message))
			}
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
				return fmt.Sprintf("pod %s has no node: %s", pod.Name, condition.Message)
			}
		}
	}
	return "waiting for the pod to answer"
}

func joined(reason, message string) string {
	if reason == "" || message == "" {
		return reason + message
	}
	return reason + ": " + message
}

// write puts all that is known about a Workspace into its status.
func write(o observation, planned steps, applyErr error) {
	workspace := o.workspace
	if verdict := decide(o, planned, applyErr); verdict != nil {
		verdict.Apply(workspace, o.now)
		workspace.Status.ObservedGeneration = workspace.Generation
	}
	workspace.Status.Log = "Embedded"
	if workspace.Spec.EventLog.NATS != nil {
		workspace.Status.Log = "NATS"
	}
	feeds, funnels := int32(len(o.feeds)), int32(o.funnels)
	workspace.Status.Feeds, workspace.Status.Funnels = &feeds, &funnels
	scenarios, channels := int32(o.scenarios), int32(len(o.channels))
	workspace.Status.Scenarios, workspace.Status.Channels = &scenarios, &channels
	segments, journeys := int32(o.segments), int32(o.journeys)
	workspace.Status.Segments, workspace.Status.Journeys = &segments, &journeys
	if !planned.deploy {
		return
	}
	workspace.Status.IngestURL = resources.IngestURL(workspace)
	workspace.Status.Runner = runnerStatus(o)
	if o.view.State != plane.Connected {
		return // the last numbers stay
	}
	workspace.Status.Partitions = fmt.Sprintf("%d/%d", len(o.view.Partitions), o.view.PartitionCount)
	workspace.Status.Storage = storageText(o)
	writeStorage(o)
}

func runnerStatus(o observation) *v1alpha1.RunnerStatus {
	s := &v1alpha1.RunnerStatus{Replicas: resources.Replicas(o.workspace)}
	if o.statefulSet != nil {
		s.ReadyReplicas = o.statefulSet.Status.ReadyReplicas
	}
	for i := range o.pods {
		if containers := o.pods[i].Spec.Containers; len(containers) > 0 {
			s.Version = imageVersion(containers[0].Image)
		}
	}
	return s
}

// imageVersion is the tag of an image; empty when it has none.
func imageVersion(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	const maxVersion = 64
	return tag[:min(len(tag), maxVersion)]
}

// storageText reads "42% of 10Gi".
func storageText(o observation) string {
	storage := o.view.Storage()
	if storage.Capacity == 0 {
		return ""
	}
	used := (storage.Capacity - min(storage.Free, storage.Capacity)) / max(1, storage.Capacity/100)
	size := o.workspace.Spec.EventLog.Embedded.Storage
	for i := range o.claims {
		if has, known := o.claims[i].Status.Capacity[corev1.ResourceStorage]; known {
			size = has
		}
	}
	return fmt.Sprintf("%d%% of %s", min(used, 100), size.String())
}

// writeStorage says whether the volume takes events.
func writeStorage(o observation) {
	condition := metav1.Condition{
		Type: v1alpha1.ConditionStorageAvailable, Status: metav1.ConditionTrue,
		Reason: v1alpha1.ReasonStorageHealthy, Message: "there is room for events",
	}
	if ingest := o.view.Ingest(); ingest.Reason == v1alpha1.ReasonStorageFull {
		condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, v1alpha1.ReasonStorageFull, ingest.Message
	}
	status.Set(o.workspace, o.now, condition)
}
