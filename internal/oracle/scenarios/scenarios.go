// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package scenarios tells what scenarios do to the contacts of one partition, from its log, in the plainest way that the rules can be
// written down. It is slow, keeps everything in memory and for ever, looks at everybody whenever time goes by, and counts nothing while it
// goes: it notes what happened, and the numbers are counted from the notes. It exists to be obviously right: the engine must do the same.
//
// It shares the compiled expressions (package definition) and the shapes of the log and of the results with the engine, and nothing
// else. The rules are docs/semantics.md; the files follow them: log.go reads the records, person.go says who is who, entry.go who
// enters, steps.go, waits.go and await.go how they go on, claims.go what may be sent and results.go what became of it, goals.go what it
// was for, consent.go what people agreed to, edits.go what becomes of those inside when a scenario changes, and count.go the numbers.
//
// The engine acts on a bounded number of contacts per record when very many are due at one instant; here all act at once. The two are
// equal while fewer are due.
package scenarios

import (
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Interpreter follows one partition's log. Make one by New.
type Interpreter struct {
	compiler  definition.Compiler
	clock     event.Time
	term      uint64
	scenarios map[string]*scenario
	channels  map[string]*channel
	policies  map[string]*definition.PolicyProgram
	standings map[string]definition.Standing
	// suppressed are the addresses, by hash, that nothing is sent to.
	suppressed map[string]bool
	contacts   map[string]*contact
	// facts are all that happened, in its order.
	facts []Fact
}

// New gives an interpreter before the first record.
func New() *Interpreter {
	return &Interpreter{
		scenarios: map[string]*scenario{}, channels: map[string]*channel{}, policies: map[string]*definition.PolicyProgram{},
		standings: map[string]definition.Standing{}, suppressed: map[string]bool{}, contacts: map[string]*contact{},
	}
}

// version is one form of a scenario.
type version struct {
	id      string
	program *definition.ScenarioProgram
}

// scenario is what the log says of one, by its key.
type scenario struct {
	key, uid   string
	generation int64
	// since is the clock when it was first applied.
	since event.Time
	// from is how many facts there were before.
	from int
	// active is the version that people enter, pending the one that is held; either may be nil.
	active, pending *version
	suspendedAt     event.Time
	removed         bool
	removedAt       event.Time
}

// channel is what the log says of one, by its key. Program is nil while it is not defined.
type channel struct {
	program   *definition.ChannelProgram
	removedAt event.Time
	paused    event.Time
	reason    string
	// from is how many facts there were before.
	from int
}

// contact is all that is known of one.
type contact struct {
	name       string
	person     person
	seen       map[identity]bool
	writes     []write
	statements []statement
	// enrolments are all that there ever were, in their order.
	enrolments []*enrolment
	// hopeful are triggers that wait for the audience's condition to hold.
	hopeful []hopeful
	// sent are the effects that were sent, here or where the contact was before it was known.
	sent     map[string]bool
	messages []*message
	caps     map[string]event.Time // when marketing messages were claimed
	dates    map[string]event.Time // when the contact next enters by a date, by scenario
}

// enrolment is one contact in one scenario for one cause. It is kept when it is over.
type enrolment struct {
	scenario *scenario
	version  *version
	id, key  string
	identity string // of the trigger
	// trigger is the event that let the contact in, if it is kept.
	keeps   bool
	trigger *event.Event
	vars    map[string]string // JSON, by name
	entered event.Time
	// window is until when a goal counts; 0: none does.
	window event.Time
	// held: it is held out. What it is not owed it does not get.
	held bool
	// still is set when one that is held out takes no steps, or no more: it is over when the time for its goal is.
	still bool
	// over is set when it has left; then endedAt says when.
	over    bool
	endedAt event.Time

	step    int
	arrival event.Time
	visits  map[string]int
	// due is when the wait ends, or the time for an awaited event or a task; 0 is never.
	due    event.Time
	effect *effect
	// skipping is set when messages are left out up to the next wait, because they were due while all was frozen.
	skipping bool

	// reached is set by the first goal and worth is what it brought; credited by the first after a message; mature once its time is over.
	reached, credited, mature bool
	worth                     amount
}

// effect is what a step wants to be done outside.
type effect struct {
	id   string
	kind string
	step *definition.StepProgram
	// arrival is when the contact came to the step.
	arrival event.Time
	// attempt is the last that was granted; claimed: it has no result yet.
	attempt   int
	claimed   bool
	notBefore event.Time
	doubted   bool
	// finished: there will be no other result.
	finished bool
	// version, variant, channel and address (its hash) are those of the first grant.
	version          *version
	variant, channel string
	address          string
}

// inside says whether the enrolment takes steps.
func (n *enrolment) inside() bool { return !n.over && !n.still }

func (n *enrolment) at() *definition.StepProgram { return &n.version.program.Steps[n.step] }

func (n *enrolment) meaning() *definition.Scenario { return &n.version.program.Meaning }

// frozen says whether neither time nor a message moves anybody in the scenario.
func (i *Interpreter) frozen(s *scenario) bool { return s.removed || i.standings[s.key].Suspended }

func (i *Interpreter) contact(name string) *contact {
	c := i.contacts[name]
	if c == nil {
		c = &contact{
			name: name, person: newPerson(), seen: map[identity]bool{}, sent: map[string]bool{},
			caps: map[string]event.Time{}, dates: map[string]event.Time{},
		}
		i.contacts[name] = c
	}
	return c
}

// everybody gives all contacts in the order of their names.
func (i *Interpreter) everybody() (all []*contact) {
	for _, name := range slices.Sorted(maps.Keys(i.contacts)) {
		all = append(all, i.contacts[name])
	}
	return all
}

// inOrder gives the scenarios in the order of their keys.
func (i *Interpreter) inOrder() (all []*scenario) {
	for _, key := range slices.Sorted(maps.Keys(i.scenarios)) {
		all = append(all, i.scenarios[key])
	}
	return all
}

// policy is the workspace's, or one that asks for nothing.
func (i *Interpreter) policy() *definition.PolicyProgram {
	for _, key := range slices.Sorted(maps.Keys(i.policies)) {
		return i.policies[key]
	}
	return noPolicy
}
