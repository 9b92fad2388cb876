// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import "github.com/waymark-dev/waymark/internal/event"

// What says what happened to a contact in a scenario.
type What string

const (
	// Enrolled entered.
	Enrolled What = "Entered"
	// WasHeldOut entered, and is sent nothing but what is owed.
	WasHeldOut What = "HeldOut"
	// Refused did not enter.
	Refused What = "Refused"
	// WaitedForAudience may yet enter, until Until.
	WaitedForAudience What = "AudienceWaits"
	// Arrived came to a step.
	Arrived What = "Arrived"
	// Waited stays there until Until, or for ever when that is 0.
	Waited What = "Waits"
	// PutOff keeps a message back until Until.
	PutOff What = "PutOff"
	// Skipped leaves a message out.
	Skipped What = "Skipped"
	// Sent left: a message, a call or a task.
	Sent What = "Sent"
	// Failed did not leave.
	Failed What = "Failed"
	// InDoubt may have left.
	InDoubt What = "InDoubt"
	// Converted reached the goal after a message of the step.
	Converted What = "Converted"
	// Exited left.
	Exited What = "Exited"
)

// Reasons for which a message is put off, besides QuietHours, FrequencyCap and ChannelMissing.
const (
	ChannelPaused = "ChannelPaused"
	OutsideWindow = "OutsideWindow"
)

// DropOff stands for the cause where that is no event but that one did not come.
const DropOff = "drop-off"

// cause names what lets a contact in.
func (n *entry) cause() string {
	if n.signal != 0 {
		return DropOff
	}
	return n.event.Type
}

var outcomes = map[string]What{event.MessageSent: Sent, event.MessageFailed: Failed, event.MessageInDoubt: InDoubt}

// Note is one thing that happened to a contact in a scenario.
type Note struct {
	At      event.Time
	Contact string
	What    What
	// Scenario is its key. Version and Enrolment are empty where nobody entered.
	Scenario, Version, Enrolment string
	// Step is where it happened; empty is on none.
	Step string
	// Reason is why, in one word; By the type of the event that was the cause, or DropOff, and empty where that was time.
	Reason, By string
	// Until is when what is waited for ends; 0 is never.
	Until event.Time
}

// tell completes a note and passes it on.
func (w *World) tell(s *Subject, sc *Scenario, n Note) {
	if w.Watch == nil {
		return
	}
	told := n // so that nothing is made for nobody
	told.At, told.Contact, told.Scenario = s.Now, s.Name, sc.Key
	w.Watch(&told)
}

func (p *place) tell(n Note) {
	if p.w.Watch == nil {
		return
	}
	n.Version, n.Enrolment = p.v.ID, p.e.id.String()
	if n.Step == "" && p.e.step != nowhere {
		n.Step = p.step().Name
	}
	p.w.tell(p.s, p.sc, n)
}

// refuse counts that a trigger lets nobody in.
func (w *World) refuse(s *Subject, sc *Scenario, reason string) {
	sc.Tally.refuse(reason)
	w.tell(s, sc, Note{What: Refused, Reason: reason, By: s.by})
}
