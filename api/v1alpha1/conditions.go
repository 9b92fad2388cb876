// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Bounds of conditions. They keep a status small enough for etcd; controllers shorten messages to fit.
const (
	// MaxConditions is the largest number of conditions of one resource.
	MaxConditions = 7
	// MaxConditionMessageLength is the largest number of characters in the message of a condition.
	MaxConditionMessageLength = 512
	// MaxJourneyMessageLength is the same for a Journey, whose status has more to say elsewhere.
	MaxJourneyMessageLength = 192
)

// Types of conditions.
//
// Ready is always present once a controller has looked at the resource. Reconciling and Stalled are present only while
// they are True, as kstatus expects.
const (
	// ConditionReady says whether the resource does what its spec says. On a Funnel it means that every partition of
	// its workspace runs this version of the definition. Business results never change it.
	ConditionReady = "Ready"

	// ConditionReconciling is True while the controller works towards the spec or waits for something that may still
	// come: a workspace, a secret, a pod. It is absent otherwise.
	ConditionReconciling = "Reconciling"

	// ConditionStalled is True while only an edit of the resource itself can help, such as an expression that does not
	// compile. It is absent otherwise. A missing reference never stalls: the other object may be applied next.
	ConditionStalled = "Stalled"

	// ConditionOnTarget says whether a Funnel reaches every one of its targets. It is absent on a Funnel without targets
	// and never influences Ready.
	ConditionOnTarget = "OnTarget"

	// ConditionDataComplete is False while a definition is still computed from the retained history of events, and while
	// the log no longer holds all the history that its period and window ask for.
	ConditionDataComplete = "DataComplete"

	// ConditionDataSuspect is True while the events of a stage have stopped across all contacts and sources: tracking
	// has probably broken, and people have probably not left. It is absent otherwise.
	ConditionDataSuspect = "DataSuspect"

	// ConditionEvidenceReady says whether enough is known of a Journey's weakest stage to tell which of its barriers people
	// leave because of. It never influences Ready.
	ConditionEvidenceReady = "EvidenceReady"

	// ConditionHeld is True while a version of a NurtureScenario waits for approval, as it would reach more people at once
	// than the workspace's policy lets it. It is absent otherwise.
	ConditionHeld = "Held"

	// ConditionSuspended is True while spec.suspend keeps a NurtureScenario where it is. It is absent otherwise.
	ConditionSuspended = "Suspended"

	// ConditionReachable says whether the other side of a MessageChannel answers. Outages move it and never Ready.
	ConditionReachable = "Reachable"

	// ConditionStorageAvailable says whether the event log of a Workspace takes new events. False means that senders
	// are told to try again later; nothing that was acknowledged is lost.
	ConditionStorageAvailable = "StorageAvailable"
)

// Reasons of conditions. A reason is stable: alerts and scripts may rely on it. The message beside it is for people.
const (
	// ReasonSucceeded stands with Ready=True.
	ReasonSucceeded = "Succeeded"

	// ReasonProgressing stands with Ready=False or Unknown and Reconciling=True while children are made or pods start.
	ReasonProgressing = "Progressing"

	// ReasonSuspended stands with Ready=True while spec.suspend keeps the last numbers in place.
	ReasonSuspended = "Suspended"

	// ReasonDeleting stands with Ready=False while what was made outside of the cluster is undone.
	ReasonDeleting = "Deleting"

	// ReasonWorkspaceNotFound stands with Ready=False and Reconciling=True: the workspaceRef names nothing yet.
	ReasonWorkspaceNotFound = "WorkspaceNotFound"

	// ReasonWorkspaceNotReady stands with Ready=False and Reconciling=True: the workspace exists but does not run yet.
	ReasonWorkspaceNotReady = "WorkspaceNotReady"

	// ReasonNamespaceNotAllowed stands with Ready=False and Reconciling=True: the workspace in another namespace does
	// not list this one in spec.allowedNamespaces.
	ReasonNamespaceNotAllowed = "NamespaceNotAllowed"

	// ReasonSecretNotFound stands with Ready=False and Reconciling=True: a referenced Secret, or the key in it, is
	// missing.
	ReasonSecretNotFound = "SecretNotFound"

	// ReasonInvalidSecret stands with Ready=False and Reconciling=True: a referenced Secret holds something unusable,
	// such as an empty write key or one that another feed has.
	ReasonInvalidSecret = "InvalidSecret"

	// ReasonInvalidSpec stands with Ready=False and Stalled=True: fields contradict each other in a way that the API
	// server cannot see. The message names the field, the value and what to write instead.
	ReasonInvalidSpec = "InvalidSpec"

	// ReasonInvalidExpression stands with Ready=False and Stalled=True: a CEL expression does not compile or costs too
	// much. The message names the field, the position and the offending text.
	ReasonInvalidExpression = "InvalidExpression"

	// ReasonNotSupported stands with Ready=False and Stalled=True: the field is part of the API but this version of
	// Waymark does not act on it. The message names the field.
	ReasonNotSupported = "NotSupported"

	// ReasonRunnerUnreachable stands with Ready=False and Reconciling=True: the manager cannot talk to the runner. The
	// last numbers stay.
	ReasonRunnerUnreachable = "RunnerUnreachable"

	// ReasonRunnerRejected stands with Ready=False and Reconciling=True: the runner answered but refused the definition,
	// for instance because it is of another version of Waymark and about to be replaced.
	ReasonRunnerRejected = "RunnerRejected"

	// ReasonAwaitingPartitions stands with Ready=False and Reconciling=True: some partitions do not run this version
	// of the definition yet.
	ReasonAwaitingPartitions = "AwaitingPartitions"

	// ReasonBackfillRunning stands with DataComplete=False while retained history is read.
	ReasonBackfillRunning = "BackfillRunning"

	// ReasonBackfillFinished stands with DataComplete=True.
	ReasonBackfillFinished = "BackfillFinished"

	// ReasonHistoryMissing stands with DataComplete=False: the log no longer holds all the events that the period and
	// window need. status.exactSince says from when on the numbers are exact.
	ReasonHistoryMissing = "HistoryMissing"

	// ReasonStorageFull stands with StorageAvailable=False: free space is under the reserve. Ingest resumes by itself
	// when there is space again.
	ReasonStorageFull = "StorageFull"

	// ReasonStorageResizing stands with Ready=True or False and Reconciling=True while a volume grows.
	ReasonStorageResizing = "StorageResizing"

	// ReasonStorageNotExpandable stands with Ready=False and Stalled=True: spec.eventLog.embedded.storage has grown, but
	// the storage class does not let volumes grow.
	ReasonStorageNotExpandable = "StorageNotExpandable"

	// ReasonStorageHealthy stands with StorageAvailable=True.
	ReasonStorageHealthy = "StorageHealthy"

	// ReasonLogDiverged stands with Ready=False: the state does not belong to the log, as after restoring only one of
	// them from a backup. Nothing is sent until that is resolved.
	ReasonLogDiverged = "LogDiverged"

	// ReasonClockSuspect stands with Ready=False: the clock of the runner's node jumped. Timers rest until it is steady.
	ReasonClockSuspect = "ClockSuspect"

	// ReasonTargetsMet stands with OnTarget=True.
	ReasonTargetsMet = "TargetsMet"

	// ReasonTargetsMissed stands with OnTarget=False.
	ReasonTargetsMissed = "TargetsMissed"

	// ReasonUndecided stands with OnTarget=Unknown while too few have entered the stage before that of a target, or as many
	// reach it as chance explains on either side of the target.
	ReasonUndecided = "Undecided"

	// ReasonNoData stands with OnTarget=Unknown while nobody has entered the stage that a target is about.
	ReasonNoData = "NoData"

	// ReasonInvalidTemplate stands with Ready=False and Stalled=True: a text of a message does not parse or names
	// something unknown. The message names the field, the line and the offending text.
	ReasonInvalidTemplate = "InvalidTemplate"

	// ReasonReferenceNotFound stands with Ready=False and Reconciling=True: a channel, a funnel, a scenario or a ConfigMap
	// that the spec names is missing.
	ReasonReferenceNotFound = "ReferenceNotFound"

	// ReasonAwaitingApproval stands with Held=True: the message says how many people the version would reach.
	ReasonAwaitingApproval = "AwaitingApproval"

	// ReasonCountingReach stands with Held=True while it is counted whom a version would reach.
	ReasonCountingReach = "CountingReach"

	// ReasonProbeSucceeded stands with Reachable=True.
	ReasonProbeSucceeded = "ProbeSucceeded"

	// ReasonProbeFailed stands with Reachable=False: the message says what the other side answered, or that it did not.
	ReasonProbeFailed = "ProbeFailed"

	// ReasonPaused stands with Reachable=False while the breaker or the other side has stopped a channel.
	ReasonPaused = "Paused"

	// ReasonStageSilent stands with DataSuspect=True.
	ReasonStageSilent = "StageSilent"

	// ReasonEnoughData stands with EvidenceReady=True.
	ReasonEnoughData = "EnoughData"

	// ReasonNotEnoughData stands with EvidenceReady=False: the message says how much there is of how much is needed.
	ReasonNotEnoughData = "NotEnoughData"

	// ReasonNoSignals stands with EvidenceReady=False: no barrier at the weakest stage has a signal that can be counted.
	ReasonNoSignals = "NoSignals"

	// ReasonNoBottleneck stands with EvidenceReady=Unknown while nobody drops off, so that no stage is the weakest.
	ReasonNoBottleneck = "NoBottleneck"

	// ReasonHandingOn stands with DataComplete=False while events are handed on to the units that a Funnel counts.
	ReasonHandingOn = "HandingOn"
)

// GetConditions gives the conditions of the workspace.
func (w *Workspace) GetConditions() []metav1.Condition { return w.Status.Conditions }

// SetConditions replaces the conditions of the workspace.
func (w *Workspace) SetConditions(conditions []metav1.Condition) { w.Status.Conditions = conditions }

// GetConditions gives the conditions of the feed.
func (f *EventFeed) GetConditions() []metav1.Condition { return f.Status.Conditions }

// SetConditions replaces the conditions of the feed.
func (f *EventFeed) SetConditions(conditions []metav1.Condition) { f.Status.Conditions = conditions }

// GetConditions gives the conditions of the funnel.
func (f *Funnel) GetConditions() []metav1.Condition { return f.Status.Conditions }

// SetConditions replaces the conditions of the funnel.
func (f *Funnel) SetConditions(conditions []metav1.Condition) { f.Status.Conditions = conditions }

// GetConditions gives the conditions of the scenario.
func (s *NurtureScenario) GetConditions() []metav1.Condition { return s.Status.Conditions }

// SetConditions replaces the conditions of the scenario.
func (s *NurtureScenario) SetConditions(conditions []metav1.Condition) {
	s.Status.Conditions = conditions
}

// GetConditions gives the conditions of the channel.
func (c *MessageChannel) GetConditions() []metav1.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions of the channel.
func (c *MessageChannel) SetConditions(conditions []metav1.Condition) {
	c.Status.Conditions = conditions
}

// GetConditions gives the conditions of the segment.
func (s *Segment) GetConditions() []metav1.Condition { return s.Status.Conditions }

// SetConditions replaces the conditions of the segment.
func (s *Segment) SetConditions(conditions []metav1.Condition) { s.Status.Conditions = conditions }

// GetConditions gives the conditions of the journey.
func (j *Journey) GetConditions() []metav1.Condition { return j.Status.Conditions }

// SetConditions replaces the conditions of the journey.
func (j *Journey) SetConditions(conditions []metav1.Condition) { j.Status.Conditions = conditions }
