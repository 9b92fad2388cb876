// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "github.com/waymark-dev/waymark/internal/event"

// Scenario is the numbers of one NurtureScenario, over all of its versions.
type Scenario struct {
	// Key is the scenario's, Version the one that new contacts enter.
	Key     string `json:"key"`
	Version string `json:"version"`
	// Pending is the version that is held; empty when none is.
	Pending string `json:"pending,omitempty"`
	// Entered counts enrolments, those held out too; HeldOut those alone.
	Entered int64 `json:"entered"`
	HeldOut int64 `json:"heldOut"`
	// Active counts those inside, without those held out.
	Active int64 `json:"active"`
	// Refused counts triggers that let nobody in, by reason: see package nurture.
	Refused map[string]int64 `json:"refused,omitempty"`
	// Exited counts those who left, by reason.
	Exited map[string]int64 `json:"exited,omitempty"`
	// Message is what became of all messages.
	Message Message `json:"message"`
	// Converted counts enrolments with a goal after a message, and Value what those goals brought.
	Converted int64  `json:"converted"`
	Value     Micros `json:"value"`
	// Steps are by name, Versions by version: of those, only what was entered, sent and converted.
	Steps    map[string]Step  `json:"steps,omitempty"`
	Versions map[string]Share `json:"versions,omitempty"`
	// Treated and Held are the two arms whose time for the goal has passed.
	Treated Arm `json:"treated,omitzero"`
	Held    Arm `json:"held,omitzero"`
	// Reach is how many contacts the version that is being held would let in or move at once; nil when nothing is held or it is not yet
	// known.
	Reach *int64 `json:"reach,omitempty"`
	// Overdue counts enrolments whose time came before the partition's clock, and Oldest is the earliest such time; 0 is none. Only the
	// thousand contacts of the partition that have waited longest are looked at.
	Overdue int64      `json:"overdue"`
	Oldest  event.Time `json:"oldest,omitempty"`
	// Faults count expressions and templates that failed on data, by field; LastFault says where one lies.
	Faults map[string]int64 `json:"faults,omitempty"`
}

// Message counts what became of messages.
type Message struct {
	// Claimed were granted; each ends in one of Sent, Failed and InDoubt, or is on its way. Deferred counts tries.
	Claimed  int64 `json:"claimed"`
	Sent     int64 `json:"sent"`
	Failed   int64 `json:"failed"`
	Deferred int64 `json:"deferred"`
	// InDoubt counts messages of which at some time it was not known whether they had left, whatever became of them.
	InDoubt int64 `json:"inDoubt"`
	// Skipped counts those that the policy, the holdout or the data kept back, by reason: see package nurture.
	Skipped map[string]int64 `json:"skipped,omitempty"`
	// Delivered, Bounced and Complained are what receivers told.
	Delivered  int64 `json:"delivered"`
	Bounced    int64 `json:"bounced"`
	Complained int64 `json:"complained"`
	// Opened and Clicked count messages that a person opened or clicked in, each once; MachineOpened and MachineClicked what programs did.
	Opened         int64 `json:"opened"`
	Clicked        int64 `json:"clicked"`
	MachineOpened  int64 `json:"machineOpened"`
	MachineClicked int64 `json:"machineClicked"`
	// Replied and Unsubscribed count messages after which the person answered, or withdrew consent by their link.
	Replied      int64 `json:"replied"`
	Unsubscribed int64 `json:"unsubscribed"`
}

// Step is the numbers of one step.
type Step struct {
	// Arrived counts visits, those of people held out too, and Active who is there now, without them.
	Arrived int64 `json:"arrived"`
	Active  int64 `json:"active"`
	// Message is what became of its messages; Converted and Value are of goals credited to them.
	Message   Message `json:"message,omitzero"`
	Converted int64   `json:"converted"`
	Value     Micros  `json:"value"`
	// Ways counts who went on where, by the name of the step that followed; "" is the end.
	Ways map[string]int64 `json:"ways,omitempty"`
	// Variants are by name, for a message with several.
	Variants map[string]Share `json:"variants,omitempty"`
}

// Share is the numbers of a part: a variant or a version.
type Share struct {
	Entered   int64  `json:"entered,omitempty"`
	Sent      int64  `json:"sent"`
	Clicked   int64  `json:"clicked"`
	Converted int64  `json:"converted"`
	Value     Micros `json:"value"`
}

// Arm is one side of the comparison of those treated and those held out: sums over contacts, of whom each has n mature enrolments with x that
// reached the goal. They are what a ratio's cluster-robust variance needs.
type Arm struct {
	Contacts int64 `json:"contacts"`
	// N and X are the sums of n and x, NN, NX and XX those of their products.
	N  int64 `json:"n"`
	X  int64 `json:"x"`
	NN int64 `json:"nn"`
	NX int64 `json:"nx"`
	XX int64 `json:"xx"`
	// Value is what the goals brought.
	Value Micros `json:"value"`
}

// Channel is what one MessageChannel did.
type Channel struct {
	// Key is the channel's.
	Key string `json:"key"`
	// Message counts its messages; Suppressed those skipped because of the address.
	Message    Message `json:"message"`
	Suppressed int64   `json:"suppressed"`
	// Waiting counts messages that are due and not yet sent, and Oldest since when the first is; 0 is none.
	Waiting int64      `json:"waiting"`
	Oldest  event.Time `json:"oldest,omitempty"`
	// PausedUntil and PauseReason are set while the channel is stopped.
	PausedUntil event.Time `json:"pausedUntil,omitempty"`
	PauseReason string     `json:"pauseReason,omitempty"`
}
