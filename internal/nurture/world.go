// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package nurture is the machine that runs scenarios: what one contact's events, the time and claims make of its enrolments. It is pure. It
// stores nothing, sends nothing and has no clock: a host (package engine) gives it contacts one at a time, each with the time that holds, and
// keeps what it makes of them. Everything that it decides follows from the log alone.
package nurture

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// World is what all contacts of a partition share. The host makes and keeps it; the machine reads it, and counts in its tallies. After any
// change but of standings, pauses and tallies, Index must be called.
type World struct {
	// Scenarios are in the order of their keys.
	Scenarios []*Scenario
	// Policy is never nil.
	Policy *definition.PolicyProgram
	// Channels are by their keys.
	Channels map[string]*Channel
	// Suppressed says whether nothing is sent to an address, by its hash (see AddressHash); nil is never.
	Suppressed func(address string) bool
	// Suppress is told of an address that nothing is sent to from now on; class is AddressInvalid, Blocked or Complaint. Nil: nobody is told.
	Suppress func(address, class string, at event.Time)
	// Member says whether a contact is a member of a segment, by its key, at an instant; nil: nobody is.
	Member func(contact, segment string, at event.Time) bool
	// Watch is told what happens to contacts, for people to read; nil: nobody. Nothing depends on it.
	Watch func(*Note)
	// PublicConsents counts statements of consent that were not heard because they came from a browser.
	PublicConsents int64

	byHash   map[uint64]*Scenario
	channels map[uint32]*Channel
	// triggers are scenarios by the type of event that lets in, signals by the funnel or segment that gives the signal.
	triggers, signals map[string][]*Scenario
	// attributed are scenarios that a change of attributes may let into, or arm.
	attributed []*Scenario
	types      map[string]bool
	feedback   map[string][]feedback
	policy     hours
}

// Scenario is one scenario in a partition.
type Scenario struct {
	// Number stands for it where the host needs a number; it is never used twice.
	Number uint32
	// Key is its resource's, such as NurtureScenario/shop/abandoned-cart.
	Key string
	// Since is when it was first applied: what was received before lets nobody in.
	Since event.Time
	// Active is the version that entries use; nil while its first one is held. Pending is the one that is held; nil is none.
	Active, Pending *Version
	// Versions are by number, those with somebody inside too.
	Versions map[uint32]*Version
	// Standing is what it was told besides its meaning.
	Standing definition.Standing
	// SuspendedAt is when it was suspended or removed; ResumedAt is set, during the sweep that calls Move, to when it went on.
	SuspendedAt, ResumedAt event.Time
	// Removed is set while it is withdrawn but not forgotten.
	Removed bool
	// Tally are its numbers.
	Tally *Tally

	hash uint64
}

// Version is one version of a scenario.
type Version struct {
	// Number is counted within the scenario, ID is the meaning's hash.
	Number  uint32
	ID      string
	Meaning json.RawMessage
	Program *definition.ScenarioProgram
	// Inside counts the enrolments that still need the program: those inside, and those that left whose time for the goal has not passed.
	Inside int64
}

// Channel is one MessageChannel.
type Channel struct {
	// Key is its resource's.
	Key     string
	Program *definition.ChannelProgram
	// PausedUntil is when it may be tried again; 0 when it is not stopped.
	PausedUntil event.Time
	// Tally are its numbers.
	Tally *ChannelTally
}

// Subject is one contact in one step of the fold.
type Subject struct {
	// Name is the contact's id.
	Name  string
	State *Contact
	// Now is the time that holds: the partition's clock, or an event's receipt if that is later.
	Now event.Time
	// Attributes are the contact's as known now: a JSON object, or nil when nobody has told any.
	Attributes []byte
	// Hidden is set for a contact that another one stands for: it never enters.
	Hidden bool

	// hops are enrolments that Enter steps led to and that are still to begin.
	hops []hop
	zone zoneOf
	// by is the type of the event at hand; empty: time alone acts.
	by string
}

// Index prepares the World for use, after definitions were changed.
func (w *World) Index() {
	w.byHash, w.channels = map[uint64]*Scenario{}, map[uint32]*Channel{}
	w.triggers, w.signals, w.attributed = map[string][]*Scenario{}, map[string][]*Scenario{}, nil
	w.types, w.feedback = map[string]bool{}, map[string][]feedback{}
	w.policy = hoursOf(&w.Policy.Meaning)
	for _, t := range ownTypes {
		w.types[t] = true
	}
	for _, sc := range w.Scenarios {
		w.index(sc)
	}
	for _, key := range sortedKeys(w.Channels) {
		w.indexChannel(w.Channels[key])
	}
}

func (w *World) index(sc *Scenario) {
	sc.hash = hash64(sc.Key)
	w.byHash[sc.hash] = sc
	if sc.Tally == nil {
		sc.Tally = new(Tally)
	}
	for _, v := range sc.Versions {
		w.learnTypes(v)
	}
	v := sc.offered()
	if v == nil {
		return
	}
	w.learnTypes(v)
	switch t := &v.Program.Meaning.Trigger; {
	case t.Event != nil:
		w.triggers[t.Event.Event] = append(w.triggers[t.Event.Event], sc)
	case t.FunnelDrop != nil:
		w.signals[t.FunnelDrop.Funnel] = append(w.signals[t.FunnelDrop.Funnel], sc)
	case t.Segment != nil && t.Segment.Segment != "":
		w.signals[t.Segment.Segment] = append(w.signals[t.Segment.Segment], sc)
	case t.Segment != nil, t.Date != nil, t.Schedule != nil && t.Schedule.ContactZone:
		w.attributed = append(w.attributed, sc)
	}
}

func (w *World) learnTypes(v *Version) {
	if v.Program == nil {
		return
	}
	for _, t := range v.Program.Types {
		w.types[t] = true
	}
}

func (w *World) indexChannel(c *Channel) {
	if c.Tally == nil {
		c.Tally = new(ChannelTally)
	}
	if h := hash32(c.Key); w.channels[h] == nil {
		w.channels[h] = c
	}
	for i := range c.Program.Feedback {
		told := c.Program.Meaning.Feedback[i]
		w.types[told.Event] = true
		w.feedback[told.Event] = append(w.feedback[told.Event], feedback{c, told.Kind, &c.Program.Feedback[i]})
	}
}

// Concerns says whether events of a type may matter to anybody; others need not be given to Event.
func (w *World) Concerns(eventType string) bool { return w.types[eventType] }

// offered is the version that triggers are looked at by: while the first is held, nobody enters, and that is counted.
func (sc *Scenario) offered() *Version {
	if sc.Active == nil {
		return sc.Pending
	}
	return sc.Active
}

// frozen says whether its timers and claims rest.
func (sc *Scenario) frozen() bool { return sc.Standing.Suspended || sc.Removed }

// keepsTrigger says whether the event that let somebody in is needed later.
func (v *Version) keepsTrigger() bool {
	return v.Program.ReadsTrigger || slices.ContainsFunc(v.Program.Steps, func(s definition.StepProgram) bool { return s.Enter != nil })
}

// fault counts an expression that failed on data.
func (sc *Scenario) fault(f *definition.Fault) {
	if f == nil {
		return
	}
	sc.Tally.Changed = true
	increment(&sc.Tally.Faults, f.Field)
}

func (sc *Scenario) holds(p *definition.Predicate, q *definition.Question) bool {
	holds, fault := p.Holds(q)
	sc.fault(fault)
	return holds
}

func (sc *Scenario) text(t *definition.Text, q *definition.Question) (string, bool) {
	text, present, fault := t.Of(q)
	sc.fault(fault)
	return text, present
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
