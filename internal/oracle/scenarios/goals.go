// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

type amount = aggregate.Micros

// goalAndExit looks whether an event is what the scenario is for, or ends the enrolment.
func (a *act) goalAndExit(n *enrolment, e *event.Event) {
	if !a.correlates(n, e) {
		return
	}
	goal := a.isGoal(n, e)
	if goal {
		a.reach(n, e)
	}
	switch {
	case !n.inside():
	case goal:
		a.exit(n, "Goal")
	case a.isExit(n, e):
		a.exit(n, "ExitEvent")
	}
}

// correlates says whether an event is about what the enrolment is about, as far as it tells.
func (a *act) correlates(n *enrolment, e *event.Event) bool {
	if n.meaning().Entry.Key == "" {
		return true
	}
	key, tells, _ := n.version.program.Key.Of(a.question(e, n.trigger, n.vars))
	return !tells || key == "" || key == n.key
}

func (a *act) isGoal(n *enrolment, e *event.Event) bool {
	goal := n.meaning().Goal
	return goal != nil && n.window != 0 && goal.Event == e.Type && e.Time >= n.entered && e.Time <= n.window &&
		(!n.mature || n.inside()) && holds(&n.version.program.Goal.Where, a.question(e, n.trigger, n.vars))
}

func (a *act) isExit(n *enrolment, e *event.Event) bool {
	for i, x := range n.meaning().Exits {
		if x.Event == e.Type && holds(&n.version.program.Exits[i], a.question(e, n.trigger, n.vars)) {
			return true
		}
	}
	return false
}

// reach counts a goal: once for the comparison with those held out, and once for the message that brought it.
func (a *act) reach(n *enrolment, e *event.Event) {
	worth := amount(0)
	if n.meaning().Goal.Value != "" {
		worth, _, _ = n.version.program.Goal.Value.Of(a.question(e, n.trigger, n.vars))
	}
	if !n.mature && !n.reached {
		n.reached, n.worth = true, worth
	}
	if n.credited || n.held {
		return
	}
	var latest *message
	for _, m := range a.c.messages {
		if m.of(n) && m.sentAt <= e.Time && (latest == nil || m.sentAt >= latest.sentAt) {
			latest = m
		}
	}
	if latest == nil {
		return
	}
	n.credited = true
	f := Fact{What: Converted, Value: worth}
	if latest.elsewhere {
		about := &latest.about
		f.Kind, f.Version, f.Step, f.Variant, f.Channel = about.Kind, about.Version, about.Step, about.Variant, about.Channel
		a.note(n, f)
		return
	}
	a.noteEffect(n, latest.effect, f)
}

// of says whether a message is of an enrolment.
func (m *message) of(n *enrolment) bool {
	return m.enrolment == n || m.elsewhere && m.about.Enrolment == n.id
}

// ripen counts an enrolment whose time for the goal is over in the comparison; one that was held out ends with that.
func (a *act) ripen(n *enrolment) {
	n.mature = true
	a.note(n, Fact{What: Matured, Held: n.held, Reached: n.reached, Value: n.worth})
	if n.held && n.still {
		a.end(n, "")
	}
}
