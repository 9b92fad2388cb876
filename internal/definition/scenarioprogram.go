// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "time"

// ScenarioProgram is a compiled Scenario. It is not safe for concurrent use: a partition compiles its own.
type ScenarioProgram struct {
	// Meaning is what was compiled, in its normal form.
	Meaning Scenario
	// Zone is that of Meaning.TimeZone.
	Zone *time.Location
	// Trigger, Audience and Key say who enters; Key gives none where Meaning.Entry.Key is empty.
	Trigger  TriggerProgram
	Audience Predicate
	Key      Text
	// Goal is nil without one.
	Goal *GoalProgram
	// Exits are the conditions of Meaning.Exits.
	Exits []Predicate
	// Steps are those of Meaning.Steps.
	Steps []StepProgram
	// Types are those of the events that may matter: the trigger's, goal's, exits', awaited ones and what says that tasks are done; sorted,
	// each once.
	Types []string
	// ReadsTrigger is set when an expression or a text looks at the event that let the contact in, so that its data must be kept.
	ReadsTrigger bool
}

// TriggerProgram says who enters.
type TriggerProgram struct {
	// Where is the condition of an event, or of a segment; the latter looks at the contact alone.
	Where Predicate
	// Attribute gives the date around which a contact enters.
	Attribute Text
	// Cron is the schedule; nil is none, or one instant.
	Cron *Cron
}

// GoalProgram is what a scenario is for.
type GoalProgram struct {
	// Where is asked on events of the type Meaning.Goal.Event.
	Where Predicate
	// Value is what such an event brings.
	Value AmountOf
}

// StepProgram is a compiled Step. Steps that follow are indices in ScenarioProgram.Steps, where len(Steps) is the end.
type StepProgram struct {
	// Step is the meaning.
	Step
	// Next is the step that follows unless something leads elsewhere.
	Next int
	// Await are those of WaitFor.AnyOf, and OnTimeout follows when none came in time.
	Await     []AwaitProgram
	OnTimeout int
	// Cases are those of Branch.Cases, and Else follows when none holds.
	Cases []CaseProgram
	Else  int
	// Ways are what follows by the ways of Split.Ways.
	Ways []int
	// Attributes are those of Set.Attributes, by their names.
	Attributes []AttributeProgram
	// Date is Wait.Date, To and Language are those of Send.
	Date, To, Language Text
	// Done is the condition of Task.Done, OnOverdue follows a task that was not done in time, and OnFailure a webhook that failed for good.
	Done                 Predicate
	OnOverdue, OnFailure int
}

// AwaitProgram is something that a step waits for.
type AwaitProgram struct {
	// Where is asked on events, Condition on the contact; the one that Awaited has not is always true.
	Where, Condition Predicate
	Then             int
}

// CaseProgram is one way of a branch.
type CaseProgram struct {
	When Predicate
	Then int
}

// AttributeProgram is an attribute that a step writes.
type AttributeProgram struct {
	Name  string
	Value JSONValue
}

// PolicyProgram is a compiled Policy. It is not safe for concurrent use.
type PolicyProgram struct {
	// Meaning is what was compiled, in its normal form.
	Meaning Policy
	// Location is that of Meaning.TimeZone.
	Location *time.Location
	// Zone and Language give a contact's.
	Zone, Language Text
	// Holidays are those of Meaning.Holidays.
	Holidays map[string]bool
}

// ChannelProgram is a compiled Channel. It is not safe for concurrent use.
type ChannelProgram struct {
	// Meaning is what was compiled, in its normal form.
	Meaning Channel
	// Address gives where a contact is reached.
	Address Text
	// Feedback are those of Meaning.Feedback.
	Feedback []FeedbackProgram
}

// FeedbackProgram says what an event tells of a message.
type FeedbackProgram struct {
	// Where is asked on events of the type in Meaning.Feedback.
	Where Predicate
	// Message gives the message's id.
	Message Text
}
