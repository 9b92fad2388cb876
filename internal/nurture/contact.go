// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"cmp"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// What is kept of one contact is bounded.
const (
	// messageMemory is how long a message is remembered, so that what people do with it is counted and nobody gets it twice.
	messageMemory = event.Time(30 * 24 * time.Hour / time.Microsecond)
	maxMessages   = 512
	// capMemory is how long claims are remembered for frequency caps.
	capMemory = event.Time(31 * 24 * time.Hour / time.Microsecond)
	maxClaims = 64
	// audienceMemory is how long a trigger waits for attributes that the audience asks for.
	audienceMemory = event.Time(30 * time.Minute / time.Microsecond)
	maxRetries     = 32
	maxPast        = 4096
	maxConsents    = 256
	maxVars        = 64 << 10
	maxAnswer      = 16 << 10
)

// Contact is all that scenarios remember of one contact. The zero Contact remembers nothing.
type Contact struct {
	// enrolments are those inside, held out, or waiting for their time for the goal to pass, by scenario and id.
	enrolments []*enrolment
	// past are those that have ended, in the order in which they did: nobody enters by the same trigger twice.
	past []past
	// flights are messages that were granted to enrolments that ended before it was known what became of them.
	flights  []flight
	messages []message
	consents []consent
	// claims are when marketing messages were granted, the latest last.
	claims  []event.Time
	retries []retry
	armed   []armed
	arms    []arm
}

type status uint8

const (
	inside status = iota
	// held was held out and takes no steps, or no more of them: it stays until the time for its goal has passed.
	held
	// left has left; it is kept until the time for its goal has passed.
	left
	// gone is about to be forgotten.
	gone
)

type phase uint8

const (
	// resting waits for time or events.
	resting phase = iota
	// ready wants its message sent: since due.
	ready
	// later wants it sent at due.
	later
	// claimed was granted, and it is not known what became of it.
	claimed
	// asked is a task that a person was given.
	asked
)

// enrolment is one way of a contact through a scenario.
type enrolment struct {
	id       id
	scenario uint64
	version  uint32
	// key is what it is about, as far as entering again goes.
	key string
	// signal is a hash of the drop-off that let it in; 0 is none.
	signal  uint64
	status  status
	entered event.Time

	// window is when the time for the goal ends; 0 is none. It is mature when that was counted.
	window event.Time
	mature bool
	// reached is set when a goal came before that, which brought value; credited, when one came after a message.
	reached, credited bool
	value             aggregate.Micros
	// control is set when it was held out: of what it comes to, nothing is done or counted that is not owed to the person.
	control bool

	// step is where it is, since arrived; visits count those of all steps, by index.
	step    int
	arrived event.Time
	visits  []uint16
	phase   phase
	// due is when time takes it on; 0 is never.
	due event.Time
	// frozen is set while time passes it by, skipping while what it would send before the next wait is left out.
	frozen, skipping bool
	// attempt counts the claims that were granted, the first of them at spent, the last at claimedAt and for address. Doubted: it was not
	// known what became of one.
	attempt          int
	spent, claimedAt event.Time
	address          id
	doubted          bool
	vars             []byte
	trigger          *event.Event

	// effect is the step's, zero until it was asked for; fresh is set when this record brought it to the step; hops counts the scenarios that
	// led here in this record. None of them is stored.
	effect id
	fresh  bool
	hops   int
}

// past is an enrolment that has ended.
type past struct {
	id            id
	scenario, key uint64
	exited        event.Time
}

// flight is a message whose enrolment has ended.
type flight struct {
	message
	claimedAt event.Time
	attempt   int
	doubted   bool
	kind      Kind
}

// message is one that was sent.
type message struct {
	effect, enrolment id
	scenario          uint64
	version           uint32
	step, variant     string
	channel           uint32 // hash of its key
	time              event.Time
	address           id
	marks             mark
}

// mark says what became of a message after it was sent.
type mark uint16

const (
	opened mark = 1 << iota
	clicked
	machineOpened
	machineClicked
	delivered
	bounced
	complained
	replied
	unsubscribed
	// foreign was sent to a visitor who turned out to be this contact: it is counted there.
	foreign
)

// retry is a trigger whose audience may still hold.
type retry struct {
	scenario uint64
	until    event.Time
	entry    entry
}

// armed is when a date lets a contact in; frozen while time passes the scenario by.
type armed struct {
	scenario uint64
	at       event.Time
	frozen   bool
}

// arm is what a contact adds to one side of a comparison.
type arm struct {
	scenario uint64
	held     bool
	n, x     int64
}

// Empty says whether nothing is remembered.
func (c *Contact) Empty() bool {
	return len(c.enrolments) == 0 && len(c.past) == 0 && len(c.flights) == 0 && len(c.messages) == 0 &&
		len(c.consents) == 0 && len(c.claims) == 0 && len(c.retries) == 0 && len(c.armed) == 0 && len(c.arms) == 0
}

// Due is when time alone next changes it; 0 is never.
func (c *Contact) Due() event.Time {
	due := event.Time(0)
	note := func(t event.Time) {
		if t != 0 && (due == 0 || t < due) {
			due = t
		}
	}
	for _, e := range c.enrolments {
		note(e.timer())
		note(e.maturity())
	}
	for i := range c.retries {
		note(c.retries[i].until)
	}
	for i := range c.armed {
		note(c.armed[i].timer())
	}
	return due
}

// timer is when time takes the enrolment on; 0 is never.
func (e *enrolment) timer() event.Time {
	if e.status != inside || e.frozen || e.phase == ready || e.phase == claimed {
		return 0
	}
	return e.due
}

// timer is when it lets the contact in; 0 is never.
func (a *armed) timer() event.Time {
	if a.frozen {
		return 0
	}
	return a.at
}

// maturity is when the time for its goal has passed; 0 is never, or that it has.
func (e *enrolment) maturity() event.Time {
	if e.mature || e.status == gone {
		return 0
	}
	return e.window
}

// compare orders enrolments by scenario and id; those of scenarios that nobody knows come last.
func (w *World) compare(a, b *enrolment) int {
	if a.scenario != b.scenario {
		return w.compareScenarios(a.scenario, b.scenario)
	}
	return slices.Compare(a.id[:], b.id[:])
}

func (w *World) compareScenarios(a, b uint64) int {
	x, y := w.byHash[a], w.byHash[b]
	switch {
	case x != nil && y != nil:
		return cmp.Compare(x.Key, y.Key)
	case x != nil:
		return -1
	case y != nil:
		return 1
	}
	return cmp.Compare(a, b)
}

// add puts an enrolment into its place.
func (w *World) add(c *Contact, e *enrolment) {
	at := len(c.enrolments)
	for at > 0 && w.compare(e, c.enrolments[at-1]) < 0 {
		at--
	}
	c.enrolments = slices.Insert(c.enrolments, at, e)
}

// tidy forgets what is gone.
func (c *Contact) tidy() {
	c.enrolments = slices.DeleteFunc(c.enrolments, func(e *enrolment) bool { return e.status == gone })
}

// knows says whether an enrolment of the id ever was.
func (c *Contact) knows(i id) bool {
	return slices.ContainsFunc(c.enrolments, func(e *enrolment) bool { return e.id == i }) ||
		slices.ContainsFunc(c.past, func(p past) bool { return p.id == i })
}

// ended notes in the ledger that an enrolment has ended.
func (c *Contact) ended(e *enrolment, now event.Time) {
	c.past = append(c.past, past{e.id, e.scenario, hash64(e.key), now})
	if len(c.past) > maxPast {
		c.past = slices.Delete(c.past, 0, len(c.past)-maxPast)
	}
}

// remember keeps a message that was sent, and forgets old ones that no goal can be owed to any more.
func (c *Contact) remember(m *message, now event.Time) {
	c.messages = slices.DeleteFunc(c.messages, func(o message) bool {
		return o.time+messageMemory < now && !slices.ContainsFunc(c.enrolments, func(e *enrolment) bool { return e.id == o.enrolment })
	})
	c.messages = append(c.messages, *m)
	if len(c.messages) > maxMessages {
		c.messages = slices.Delete(c.messages, 0, len(c.messages)-maxMessages)
	}
}

func (c *Contact) messageOf(effect id) *message {
	for i := range c.messages {
		if c.messages[i].effect == effect {
			return &c.messages[i]
		}
	}
	return nil
}

// present says whether it is inside, or held out and would be.
func (e *enrolment) present() bool { return e.status == inside || e.status == held }
