// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// JourneyOnTarget is the verdict on the targets of a journey's funnel in its segment, as a condition without a transition time: True when all that are
// decided are met, False when any is missed, and Unknown while none is decided.
func JourneyOnTarget(status *v1alpha1.JourneyStatus) *metav1.Condition {
	var met, missed []string
	for i := range status.Stages {
		switch s := &status.Stages[i]; {
		case s.OnTarget == nil:
		case *s.OnTarget:
			met = append(met, s.Name)
		default:
			missed = append(missed, s.Name)
		}
	}
	c := &metav1.Condition{Type: v1alpha1.ConditionOnTarget, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonUndecided,
		Message: "the funnel has no target that is decided in this segment"}
	switch {
	case len(missed) > 0:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonTargetsMissed, "fewer than the funnel's target reach "+strings.Join(missed, ", ")
	case len(met) > 0:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonTargetsMet, "the funnel's targets are met at "+strings.Join(met, ", ")
	}
	c.Message = bounded(c.Message, v1alpha1.MaxJourneyMessageLength)
	return c
}

// JourneySuspect is the condition on a status some stage of which is silent, as DataSuspect is on a Funnel's. Nil while none is.
func JourneySuspect(status *v1alpha1.JourneyStatus) *metav1.Condition {
	funnel := &v1alpha1.FunnelStatus{}
	for i := range status.Stages {
		funnel.Stages = append(funnel.Stages, v1alpha1.StageStatus{Name: status.Stages[i].Name, Silent: status.Stages[i].Silent})
	}
	c := DataSuspect(funnel)
	if c != nil {
		c.Message = bounded(c.Message, v1alpha1.MaxJourneyMessageLength)
	}
	return c
}
