// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"cmp"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// What says what happened.
type What string

// All that is noted.
const (
	Entered        What = "entered"
	Refused        What = "refused"
	Arrived        What = "arrived"
	Left           What = "left"
	Exited         What = "exited"
	Claimed        What = "claimed"
	Granted        What = "granted"
	Sent           What = "sent"
	Failed         What = "failed"
	Deferred       What = "deferred"
	InDoubt        What = "in doubt"
	Skipped        What = "skipped"
	Delivered      What = "delivered"
	Bounced        What = "bounced"
	Complained     What = "complained"
	Opened         What = "opened"
	Clicked        What = "clicked"
	MachineOpened  What = "machine opened"
	MachineClicked What = "machine clicked"
	Replied        What = "replied"
	Unsubscribed   What = "unsubscribed"
	Converted      What = "converted"
	Matured        What = "matured"
)

// Fact is one thing that happened to a contact.
type Fact struct {
	// At is the log's time when it happened.
	At event.Time
	// What happened to whom.
	What    What
	Contact string
	// Scenario is a key, Version and Enrolment are ids; Step and Variant are names.
	Scenario, Version, Enrolment, Step, Variant string
	// Effect is a message's id, Kind is Send, Webhook, Task or Set, Channel its key, and Attempt counts its claims.
	Effect, Kind, Channel string
	Attempt               int
	// Gone: the channel was not defined, and so cannot count it.
	Gone bool
	// Detail is the reason, or of Left the step that follows.
	Detail string
	// Held says that the contact is held out; Reached that it reached the goal, which brought Value.
	Held, Reached bool
	Value         aggregate.Micros
	// Moved: it did not go this way by itself, as its scenario changed.
	Moved bool
}

// Facts gives all that happened, in its order.
func (i *Interpreter) Facts() []Fact { return i.facts }

// Scenarios gives the numbers of all scenarios that are not withdrawn, by key, at the log's time.
func (i *Interpreter) Scenarios() map[string]aggregate.Scenario {
	all := map[string]aggregate.Scenario{}
	for _, s := range i.inOrder() {
		if !s.removed {
			all[s.key] = i.numbers(s)
		}
	}
	return all
}

func (i *Interpreter) numbers(s *scenario) aggregate.Scenario {
	n := aggregate.Scenario{
		Key: s.key, Refused: map[string]int64{}, Exited: map[string]int64{}, Steps: map[string]aggregate.Step{}, Versions: map[string]aggregate.Share{},
	}
	if s.active != nil {
		n.Version = s.active.id
	}
	arms := map[bool]map[string]*[3]int64{false: {}, true: {}} // of each contact the enrolments, goals and value
	for _, f := range i.facts[s.from:] {
		if f.Scenario == s.key {
			add(&n, f, arms)
		}
	}
	n.Treated, n.Held = armOf(arms[false]), armOf(arms[true])
	for _, c := range i.contacts {
		for _, e := range c.enrolments {
			if e.scenario == s && e.inside() && !e.held {
				n.Active++
				step := n.Steps[e.at().Name]
				step.Active++
				n.Steps[e.at().Name] = step
			}
		}
	}
	return n
}

// add counts one fact in a scenario's numbers.
func add(n *aggregate.Scenario, f Fact, arms map[bool]map[string]*[3]int64) {
	share, step := n.Versions[f.Version], n.Steps[f.Step]
	switch f.What {
	case Entered:
		n.Entered++
		share.Entered++
		if f.Held {
			n.HeldOut++
		}
	case Refused:
		n.Refused[f.Detail]++
	case Exited:
		n.Exited[f.Detail]++
	case Arrived:
		step.Arrived++
	case Left:
		if !f.Moved {
			step.Ways = put(step.Ways, f.Detail)
		}
	case Converted:
		n.Converted++
		n.Value = n.Value.Plus(f.Value)
		step.Converted++
		step.Value = step.Value.Plus(f.Value)
	case Matured:
		c := arms[f.Held][f.Contact]
		if c == nil {
			c = &[3]int64{}
			arms[f.Held][f.Contact] = c
		}
		c[0]++
		if f.Reached {
			c[1]++
			c[2] += int64(f.Value)
		}
	}
	if f.Kind != "" && f.Kind != "Set" {
		addMessage(&step.Message, f)
	}
	if f.Kind == "Send" {
		addMessage(&n.Message, f)
		addShare(&share, f)
		variant := step.Variants[f.Variant]
		if addShare(&variant, f); variant != (aggregate.Share{}) && f.Variant != "" {
			step.Variants = maps.Clone(step.Variants)
			if step.Variants == nil {
				step.Variants = map[string]aggregate.Share{}
			}
			step.Variants[f.Variant] = variant
		}
	}
	if share != (aggregate.Share{}) {
		n.Versions[f.Version] = share
	}
	if f.Step != "" {
		n.Steps[f.Step] = step
	}
}

func put(counts map[string]int64, name string) map[string]int64 {
	if counts == nil {
		counts = map[string]int64{}
	}
	counts[name]++
	return counts
}

func addShare(s *aggregate.Share, f Fact) {
	switch f.What {
	case Sent:
		s.Sent++
	case Clicked:
		s.Clicked++
	case Converted:
		s.Converted++
		s.Value = s.Value.Plus(f.Value)
	}
}

func addMessage(m *aggregate.Message, f Fact) {
	counts := map[What]*int64{
		Claimed: &m.Claimed, Sent: &m.Sent, Failed: &m.Failed, Deferred: &m.Deferred, InDoubt: &m.InDoubt, Delivered: &m.Delivered,
		Bounced: &m.Bounced, Complained: &m.Complained, Opened: &m.Opened, Clicked: &m.Clicked, MachineOpened: &m.MachineOpened,
		MachineClicked: &m.MachineClicked, Replied: &m.Replied, Unsubscribed: &m.Unsubscribed,
	}
	if n := counts[f.What]; n != nil {
		*n++
	}
	if f.What == Skipped {
		m.Skipped = put(m.Skipped, f.Detail)
	}
}

// armOf sums up one side of the comparison, of each contact its number of enrolments, of goals and their value.
func armOf(contacts map[string]*[3]int64) (a aggregate.Arm) {
	for _, c := range contacts {
		n, x := c[0], c[1]
		a.Contacts++
		a.N, a.X, a.NN, a.NX, a.XX = a.N+n, a.X+x, a.NN+n*n, a.NX+n*x, a.XX+x*x
		a.Value = a.Value.Plus(aggregate.Micros(c[2]))
	}
	return a
}

// channelKeys gives the channels that are defined, in the order of their keys.
func (i *Interpreter) channelKeys() (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(i.channels)) {
		if i.channels[key].program != nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// Channels gives the numbers of all channels, by key, at the log's time.
func (i *Interpreter) Channels() map[string]aggregate.Channel {
	all := map[string]aggregate.Channel{}
	for _, key := range i.channelKeys() {
		n := aggregate.Channel{Key: key}
		if ch := i.channels[key]; ch.paused > i.clock {
			n.PausedUntil, n.PauseReason = ch.paused, ch.reason
		}
		for _, f := range i.facts[i.channels[key].from:] {
			if f.Channel != key || f.Gone {
				continue
			}
			addMessage(&n.Message, f)
			if f.What == Skipped && f.Detail == "Suppressed" {
				n.Suppressed++
			}
		}
		for _, w := range i.Wanted() {
			if w.Channel == key {
				n.Waiting++
				if n.Oldest == 0 || w.NotBefore < n.Oldest {
					n.Oldest = w.NotBefore
				}
			}
		}
		all[key] = n
	}
	return all
}

// Wish is an effect that may be claimed now, or was claimed and has no result.
type Wish struct {
	Contact, Effect, Scenario, Channel, Kind string
	NotBefore                                event.Time
	// Attempt is the last claim's.
	Attempt int
	Claimed bool
}

// Wanted gives what is to be sent now, in the order of its time.
func (i *Interpreter) Wanted() (all []Wish) {
	for _, c := range i.everybody() {
		for _, n := range c.enrolments {
			x := n.effect
			if !n.inside() || i.frozen(n.scenario) || x == nil || x.finished || !x.claimed && x.notBefore > i.clock {
				continue
			}
			all = append(all, Wish{c.name, x.id, n.scenario.key, channelOf(x.step), x.kind, x.notBefore, x.attempt, x.claimed})
		}
	}
	slices.SortFunc(all, func(a, b Wish) int {
		return cmp.Or(cmp.Compare(a.NotBefore, b.NotBefore), cmp.Compare(a.Contact, b.Contact), cmp.Compare(a.Effect, b.Effect))
	})
	return all
}
