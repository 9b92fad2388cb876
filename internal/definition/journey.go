// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "time"

const (
	// MaxProbes bounds the probes of a journey, so that a set of them fits one word.
	MaxProbes = 64
	// MaxBeyond bounds the stages of a journey after those of its funnel.
	MaxBeyond = 8
)

// Journey is the meaning of a Journey: the numbers of its funnel for its segment, and what is found out about why people leave. Whatever is
// only written on the map is no part of it.
type Journey struct {
	// Funnel is the meaning of the Funnel with the journey's Segment. It gives no signals of its own.
	Funnel Funnel `json:"funnel"`
	// Probes ask what happened to units while they were at a stage.
	Probes []Probe `json:"probes,omitempty"`
	// Suggest counts every type of event that comes while units are at a stage, but for those in SuggestIgnore.
	Suggest       bool     `json:"suggest,omitempty"`
	SuggestIgnore []string `json:"suggestIgnore,omitempty"`
	// Beyond are the stages after the funnel's last, in order.
	Beyond []BeyondStage `json:"beyond,omitempty"`
	// Survey is what people are asked after they left; nil asks nothing.
	Survey *Survey `json:"survey,omitempty"`
	// Purchase is what loyalty is counted by; nil is nothing.
	Purchase *Purchase `json:"purchase,omitempty"`
	// Satisfaction is how content people say they are; nil is not known.
	Satisfaction *Satisfaction `json:"satisfaction,omitempty"`
}

// ProbeKind says what a probe is for.
type ProbeKind string

const (
	// ProbeBarrier is for a sign of a barrier.
	ProbeBarrier ProbeKind = "Barrier"
	// ProbeTouchpoint is for a touchpoint that was met.
	ProbeTouchpoint ProbeKind = "Touchpoint"
	// ProbeBehaviour is for something that people do.
	ProbeBehaviour ProbeKind = "Behaviour"
)

// Probe asks whether something happened to a unit while it was at a stage: from the stage's event on, before the next stage or the
// drop-off.
type Probe struct {
	// Kind and Name identify it within its stage, and Stage is the index in Funnel.Stages; never the last.
	Kind  ProbeKind `json:"kind"`
	Name  string    `json:"name"`
	Stage int       `json:"stage"`
	// Field is the path of the barrier, touchpoint or behaviour in the resource, for errors.
	Field string `json:"field"`
	// Signs are what may happen; the first that does counts.
	Signs []Sign `json:"signs"`
}

// Sign is an event, or that it does not come.
type Sign struct {
	// Event is the type, and Where a CEL condition on the event; empty is always true.
	Event string `json:"event"`
	Where string `json:"where,omitempty"`
	// AbsentFor, if not 0, turns it round: no such event came for so long, counted from the stage's event, that instant included. The sign
	// is then seen at that instant, by units that are still there.
	AbsentFor time.Duration `json:"absentFor,omitempty"`
	// Field is the path of the sign in the resource below its probe's, for errors; empty is the probe's own.
	Field string `json:"field,omitempty"`
}

// BeyondStage is a stage after the purchase, such as a review.
type BeyondStage struct {
	// Name identifies the stage within its journey; Matches say which events fill it, any of them does.
	Name    string       `json:"name"`
	Matches []EventMatch `json:"matches"`
	// Within is how long after the stage before a unit has for it, inclusive.
	Within time.Duration `json:"within"`
	// Field is the stage's path in the resource.
	Field string `json:"field"`
}

// Survey is the question why somebody left. An answer is an event waymark.survey.answered (package event) whose data names the journey.
type Survey struct {
	// Journey is the journey's key, which answers name.
	Journey string `json:"journey"`
	// Answers are the names of the barriers that may be answered, sorted; an answer that is not among them counts as other.
	Answers []string `json:"answers"`
	// By is a CEL expression on the event of the stage where the unit stopped, for a property in which those who answer may differ from those
	// who do not; empty is none.
	By string `json:"by,omitempty"`
	// Within is how long after the drop-off an answer counts, inclusive.
	Within time.Duration `json:"within"`
}

// Purchase is what loyalty is counted by.
type Purchase struct {
	Event string `json:"event"`
	Where string `json:"where,omitempty"`
	// Value is a CEL expression for the amount; empty is none.
	Value string `json:"value,omitempty"`
	// ChurnAfter is after how long without a purchase a buyer counts as lost.
	ChurnAfter time.Duration `json:"churnAfter"`
}

// Satisfaction is a score that people give.
type Satisfaction struct {
	Event string `json:"event"`
	Where string `json:"where,omitempty"`
	// Score is a CEL expression for it.
	Score string `json:"score"`
}
