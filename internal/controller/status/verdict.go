// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package status decides what the conditions of a resource say and when its status is written: at once when a condition or the
// generation changes, at most once per interval when only numbers do, and never when nothing does.
package status

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Resource is a custom resource with conditions.
type Resource interface {
	client.Object
	GetConditions() []metav1.Condition
	SetConditions([]metav1.Condition)
}

// Progress is what a resource waits for.
type Progress int

const (
	// Settled means that nothing is awaited: the resource is as its spec says.
	Settled Progress = iota
	// Reconciling means that the controller works on it, or that something else may still come.
	Reconciling
	// Stalled means that only an edit of the resource itself can help.
	Stalled
)

// Verdict is what a controller found out about a resource, in terms of its conditions Ready, Reconciling and Stalled.
type Verdict struct {
	// Ready is the status of the condition Ready.
	Ready metav1.ConditionStatus
	// Progress says which of Reconciling and Stalled is True, if any.
	Progress Progress
	// Reason is one of the reasons documented beside the API types.
	Reason string
	// Message is for people: what is so, why, and what to do.
	Message string
}

// Succeeded is the verdict on a resource that is as its spec says.
func Succeeded(message string) Verdict {
	return Verdict{Ready: metav1.ConditionTrue, Progress: Settled, Reason: v1alpha1.ReasonSucceeded, Message: message}
}

// Waiting is the verdict on a resource that is not ready and needs no edit to become it.
func Waiting(reason, message string) Verdict {
	return Verdict{Ready: metav1.ConditionFalse, Progress: Reconciling, Reason: reason, Message: message}
}

// Refused is the verdict on a resource whose own spec stands in its way.
func Refused(reason, message string) Verdict {
	return Verdict{Ready: metav1.ConditionFalse, Progress: Stalled, Reason: reason, Message: message}
}

// Apply writes the verdict into the resource's conditions. Reconciling and Stalled stand there only while they are True.
func (v Verdict) Apply(resource Resource, now time.Time) {
	Set(resource, now, metav1.Condition{Type: v1alpha1.ConditionReady, Status: v.Ready, Reason: v.Reason, Message: v.Message})
	setWhile(resource, now, v.Progress == Reconciling, v1alpha1.ConditionReconciling, v)
	setWhile(resource, now, v.Progress == Stalled, v1alpha1.ConditionStalled, v)
}

func setWhile(resource Resource, now time.Time, present bool, kind string, v Verdict) {
	var condition *metav1.Condition
	if present {
		condition = &metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: v.Reason, Message: v.Message}
	}
	SetOrRemove(resource, now, kind, condition)
}

// SetOrRemove writes a condition of a kind that stands only while there is something to say: nil takes it away.
func SetOrRemove(resource Resource, now time.Time, kind string, condition *metav1.Condition) {
	if condition == nil {
		Remove(resource, kind)
		return
	}
	Set(resource, now, *condition)
}

// Set writes one condition, of the generation at hand. The time of transition moves only with the condition's status. A message
// that is too long for the API is cut.
func Set(resource Resource, now time.Time, condition metav1.Condition) {
	condition.ObservedGeneration = resource.GetGeneration()
	condition.Message = shortened(condition.Message)
	condition.LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
	conditions := resource.GetConditions()
	meta.SetStatusCondition(&conditions, condition)
	resource.SetConditions(conditions)
}

// Remove takes a condition away.
func Remove(resource Resource, kind string) {
	conditions := resource.GetConditions()
	if meta.RemoveStatusCondition(&conditions, kind) {
		resource.SetConditions(conditions)
	}
}

// Condition finds a condition; nil when there is none.
func Condition(resource Resource, kind string) *metav1.Condition {
	return meta.FindStatusCondition(resource.GetConditions(), kind)
}

func shortened(message string) string {
	characters := []rune(message)
	if len(characters) <= v1alpha1.MaxConditionMessageLength {
		return message
	}
	return string(characters[:v1alpha1.MaxConditionMessageLength-1]) + "…"
}
