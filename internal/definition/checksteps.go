// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/waymark-dev/waymark/internal/expression"
)

// steps checks each step and then the ways between them.
func (c *checker) steps(s *Scenario) {
	c.refuse(len(s.Steps) < 1 || len(s.Steps) > MaxSteps, "spec.steps", "", "there are %d steps: write 1 to %d", len(s.Steps), MaxSteps)
	index := make(map[string]int, len(s.Steps))
	for i := range s.Steps {
		name, field := s.Steps[i].Name, fmt.Sprintf("spec.steps[%d].name", i)
		_, twice := index[name]
		c.refuse(twice, field, name, "another step is called so: give each a name of its own")
		c.refuse(name == "", field, "", "give the step a name")
		index[name] = i
	}
	before := len(c.problems)
	for i := range s.Steps {
		c.kind(fmt.Sprintf("spec.steps[%d]", i), &s.Steps[i], s)
		for _, l := range s.Steps[i].leads() {
			if l.to != "" {
				c.step(fmt.Sprintf("spec.steps[%d].%s", i, l.field), l.to, index)
			}
		}
	}
	c.redirects(s, index)
	if len(c.problems) == before { // else the ways are not what their author meant
		c.ways(s, index)
	}
}

// step notes a name that no step has.
func (c *checker) step(field, name string, index map[string]int) {
	if _, found := index[name]; found {
		return
	}
	if near := expression.Nearest(name, slices.Sorted(maps.Keys(index))); near != "" {
		c.refuse(true, field, name, "there is no such step: did you mean %q?", near)
		return
	}
	c.refuse(true, field, name, "there is no such step: correct the name")
}

// kind checks a step by itself.
func (c *checker) kind(field string, s *Step, scenario *Scenario) {
	c.oneOf(field, "send, wait, waitFor, branch, split, set, webhook, enter, task and exit", s.Send != nil, s.Wait != nil, s.WaitFor != nil,
		s.Branch != nil, s.Split != nil, s.Set != nil, s.Webhook != nil, s.Enter != nil, s.Task != nil, s.Exit != nil)
	if s.Send != nil {
		c.send(field+".send", s.Send, scenario.Goal)
	}
	if s.Wait != nil {
		c.wait(field+".wait", s.Wait)
	}
	if s.WaitFor != nil {
		c.waitFor(field+".waitFor", s.WaitFor, scenario)
	}
	if b := s.Branch; b != nil {
		c.refuse(len(b.Cases) < 1 || len(b.Cases) > MaxVariants, field+".branch.cases", "", "there are %d: write 1 to %d", len(b.Cases), MaxVariants)
		for i, way := range b.Cases {
			c.refuse(way.When == "", fmt.Sprintf("%s.branch.cases[%d].when", field, i), "", "write a condition")
			c.refuse(way.Then == "", fmt.Sprintf("%s.branch.cases[%d].then", field, i), "", "name the step that follows")
		}
	}
	if s.Split != nil {
		c.split(field+".split", s.Split)
	}
	if s.Set != nil {
		c.refuse(len(s.Set.Attributes) == 0, field+".set.attributes", "", "say what to write")
		for _, name := range names(s.Set.Attributes) {
			c.refuse(name == "" || s.Set.Attributes[name] == "", field+".set.attributes", name, "an attribute needs a name and an expression")
		}
	}
	if s.Webhook != nil {
		c.refuse(s.Webhook.Channel == "", field+".webhook.channelRef", "", "name a MessageChannel")
	}
	if s.Enter != nil {
		c.refuse(s.Enter.Scenario == "", field+".enter.scenarioRef", "", "name a NurtureScenario")
	}
	if t := s.Task; t != nil {
		c.refuse(t.Channel == "", field+".task.channelRef", "", "name a MessageChannel")
		c.refuse(t.Title == "", field+".task.title", "", "say what is to be done")
		c.refuse(t.Due <= 0 || t.Due > maxWait, field+".task.due", t.Due.String(), "must be longer than nothing and at most ten years")
		c.refuse(t.Done.Event == "", field+".task.done.event", "", "say which event tells that it is done")
	}
	c.refuse(s.Exit != nil && s.Then != "", field+".then", s.Then, "nothing follows an exit: remove it")
}

func (c *checker) wait(field string, w *Wait) {
	c.oneOf(field, "for, sinceEntry, nextDay and until", w.For != 0, w.SinceEntry != 0, w.NextDay != "", w.Weekday != 0 || w.TimeOfDay != "" || w.Date != "")
	c.refuse(w.For < 0 || w.For > maxWait, field+".for", w.For.String(), "must not be negative and at most ten years")
	c.refuse(w.SinceEntry < 0 || w.SinceEntry > maxWait, field+".sinceEntry", w.SinceEntry.String(), "must not be negative and at most ten years")
	if w.NextDay != "" {
		c.timeOfDay(field+".nextDay", w.NextDay)
	}
	if w.Weekday != 0 || w.TimeOfDay != "" || w.Date != "" {
		c.oneOf(field+".until", "weekday, time and date", w.Weekday != 0, w.TimeOfDay != "", w.Date != "")
	}
	c.refuse(w.Weekday < 0 || w.Weekday > 7, field+".until.weekday", "", "is no weekday")
	if w.TimeOfDay != "" {
		c.timeOfDay(field+".until.time", w.TimeOfDay)
	}
	if w.Weekday != 0 {
		c.timeOfDay(field+".until.at", w.At)
	}
	if w.Date != "" {
		c.timeOfDay(field+".until.date.at", w.At)
		c.offset(field+".until.date.offset", w.OffsetDays, w.Offset)
	}
	c.refuse(w.OnPast != "" && w.Date == "", field+".onPast", string(w.OnPast), "only a date can be past: remove it")
	c.refuse(w.OnPast != "" && !known(w.OnPast, PastContinue, PastSkip, PastExit), field+".onPast", string(w.OnPast), "write Continue, Skip or Exit")
	c.refuse(w.Follow && w.Date == "", field+".follow", "", "only a date can move: remove it")
}

func (c *checker) waitFor(field string, w *WaitFor, s *Scenario) {
	c.refuse(len(w.AnyOf) < 1 || len(w.AnyOf) > MaxVariants, field+".anyOf", "", "there are %d: write 1 to %d", len(w.AnyOf), MaxVariants)
	c.refuse(w.Timeout < 0 || w.Timeout > maxWait, field+".timeout", w.Timeout.String(), "must not be negative and at most ten years")
	c.refuse(w.OnTimeout != "" && w.Timeout == 0, field+".onTimeout", w.OnTimeout, "the wait never ends by itself: write timeout")
	for i, a := range w.AnyOf {
		field := fmt.Sprintf("%s.anyOf[%d]", field, i)
		c.oneOf(field, "event and condition", a.Event != "", a.Condition != "")
		c.refuse(a.Condition != "" && (a.Where != "" || a.Of != ""), field+".condition", "", "a condition has neither where nor of: remove them")
		if a.Of != "" {
			c.about(field, a, s)
		}
	}
}

// about checks that what is waited for can be about the message of a step.
func (c *checker) about(field string, a Awaited, s *Scenario) {
	c.refuse(a.Event != "" && !strings.HasPrefix(a.Event, "waymark.message."), field+".of", a.Of,
		"only events about messages are about a step's: write an event such as waymark.message.clicked, or remove of")
	sends := map[string]int{}
	for i := range s.Steps {
		if s.Steps[i].Send != nil {
			sends[s.Steps[i].Name] = i
		} else if s.Steps[i].Name == a.Of {
			c.refuse(true, field+".of", a.Of, "the step sends no message: name one that does")
			return
		}
	}
	c.step(field+".of", a.Of, sends)
}

func (c *checker) split(field string, s *Split) {
	c.refuse(len(s.Ways) < 2 || len(s.Ways) > MaxVariants, field+".ways", "", "there are %d: write 2 to %d", len(s.Ways), MaxVariants)
	names := map[string]bool{}
	for i, w := range s.Ways {
		field := fmt.Sprintf("%s.ways[%d]", field, i)
		c.refuse(w.Name == "" || names[w.Name], field+".name", w.Name, "give each way a name of its own")
		c.refuse(w.Weight < 1, field+".weight", "", "must be at least 1")
		names[w.Name] = true
	}
}
