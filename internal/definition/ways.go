// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"slices"
	"strings"
)

// lead is a step that another names, and where it does.
type lead struct {
	field string // below the step's
	to    string // empty is the one that follows anyway
}

// leads are all the steps that may follow by what the step says.
func (s *Step) leads() []lead {
	leads := []lead{{"then", s.Then}}
	switch {
	case s.WaitFor != nil:
		for i, a := range s.WaitFor.AnyOf {
			leads = append(leads, lead{fmt.Sprintf("waitFor.anyOf[%d].then", i), a.Then})
		}
		leads = append(leads, lead{"waitFor.onTimeout", s.WaitFor.OnTimeout})
	case s.Branch != nil:
		for i, c := range s.Branch.Cases {
			leads = append(leads, lead{fmt.Sprintf("branch.cases[%d].then", i), c.Then})
		}
		leads = append(leads, lead{"branch.else", s.Branch.Else})
	case s.Split != nil:
		for i, w := range s.Split.Ways {
			leads = append(leads, lead{fmt.Sprintf("split.ways[%d].then", i), w.Then})
		}
	case s.Webhook != nil:
		leads = append(leads, lead{"webhook.onFailure", s.Webhook.OnFailure})
	case s.Task != nil:
		leads = append(leads, lead{"task.onOverdue", s.Task.OnOverdue})
	}
	return leads
}

// follows gives the indices of the steps that may follow step i; len(s.Steps) is the end.
func (s *Scenario) follows(i int, index map[string]int) []int {
	step := &s.Steps[i]
	if step.Exit != nil {
		return nil
	}
	next := s.next(i, index)
	var follow []int
	for _, l := range step.leads() {
		switch {
		case l.to != "":
			follow = append(follow, index[l.to])
		case step.mayGoOn(l.field):
			follow = append(follow, next)
		}
	}
	if step.Wait != nil && step.Wait.OnPast == PastSkip && next < len(s.Steps) {
		follow = append(follow, s.next(next, index))
	}
	return follow
}

// mayGoOn says whether what an unset field leads to, the step that follows anyway, is ever taken: a branch, a split and a waitFor lead on only
// by their own ways.
func (s *Step) mayGoOn(field string) bool {
	switch {
	case s.Branch != nil || s.Split != nil:
		return field != "then"
	case s.WaitFor != nil:
		return field != "then" && (field != "waitFor.onTimeout" || s.WaitFor.Timeout > 0)
	}
	return true
}

func (s *Scenario) next(i int, index map[string]int) int {
	switch {
	case s.Steps[i].Exit != nil:
		return len(s.Steps)
	case s.Steps[i].Then != "":
		return index[s.Steps[i].Then]
	}
	return i + 1
}

// pauses says whether a step always takes time, at most as long as it says.
func (s *Step) pauses() bool {
	return s.Wait != nil || s.WaitFor != nil && s.WaitFor.Timeout > 0 || s.Task != nil
}

// ways finds steps that nobody reaches and circles that nobody would ever leave.
func (c *checker) ways(s *Scenario, index map[string]int) {
	reached := make([]bool, len(s.Steps))
	todo := []int{0}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if i < len(s.Steps) && !reached[i] {
			reached[i] = true
			todo = append(todo, s.follows(i, index)...)
		}
	}
	for i := range s.Steps {
		c.refuse(!reached[i], fmt.Sprintf("spec.steps[%d]", i), s.Steps[i].Name, "no way leads to the step: name it in a then before it, or remove it")
	}
	if circle := s.circle(index); circle != nil {
		var names []string
		for _, i := range append(circle, circle[0]) {
			names = append(names, s.Steps[i].Name)
		}
		first := slices.Min(circle)
		c.refuse(true, fmt.Sprintf("spec.steps[%d]", first), s.Steps[first].Name,
			"the steps %s go round without a pause: put a wait, a waitFor with a timeout or a task between them", strings.Join(names, " → "))
	}
}

// circle finds steps that lead into each other without one that pauses; nil when there are none.
func (s *Scenario) circle(index map[string]int) []int {
	const (
		unseen = iota
		onWay
		done
	)
	state := make([]int, len(s.Steps))
	var way []int
	var visit func(i int) []int
	visit = func(i int) []int {
		if i >= len(s.Steps) || state[i] == done || s.Steps[i].pauses() {
			return nil
		}
		if state[i] == onWay {
			return slices.Clone(way[slices.Index(way, i):])
		}
		state[i], way = onWay, append(way, i)
		for _, next := range s.follows(i, index) {
			if circle := visit(next); circle != nil {
				return circle
			}
		}
		state[i], way = done, way[:len(way)-1]
		return nil
	}
	for i := range s.Steps {
		if circle := visit(i); circle != nil {
			return circle
		}
	}
	return nil
}
