// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// differ compares two outcomes.
func differ(before, after *outcome, examples int) *Difference {
	d := &Difference{AsOf: after.asOf, Scenarios: []Scenario{}}
	names := slices.Concat(slices.Collect(maps.Keys(before.scenarios)), slices.Collect(maps.Keys(after.scenarios)))
	slices.Sort(names)
	all := concerned{}
	for _, name := range slices.Compact(names) {
		s := newStory(name, before, after)
		s.compareMessages(examples)
		s.result.Numbers = numbers(before.scenarios[name], after.scenarios[name])
		if s.isEmpty() {
			continue
		}
		all.add(s.all)
		s.result.Contacts = s.all.count()
		d.Scenarios = append(d.Scenarios, s.result)
	}
	d.Contacts = all.count()
	return d
}

// concerned are the contacts of each kind of example.
type concerned map[string]map[string]bool

func (c concerned) note(kind, contact string) {
	if c[kind] == nil {
		c[kind] = map[string]bool{}
	}
	c[kind][contact] = true
}

func (c concerned) add(other concerned) {
	for kind, contacts := range other {
		for contact := range contacts {
			c.note(kind, contact)
		}
	}
}

func (c concerned) count() Concerned {
	return Concerned{int64(len(c[More])), int64(len(c[Fewer])), int64(len(c[Other])), int64(len(c[Moved]))}
}

// story compares one scenario.
type story struct {
	before, after *outcome
	result        Scenario
	all           concerned
	// examples are by kind.
	examples map[string][]Example
}

func newStory(name string, before, after *outcome) *story {
	s := &story{before: before, after: after, result: Scenario{Scenario: name}, all: concerned{}, examples: map[string][]Example{}}
	switch {
	case before.scenarios[name] == nil:
		s.result.In = "New"
	case after.scenarios[name] == nil:
		s.result.In = "Old"
	}
	return s
}

func (s *story) isEmpty() bool {
	return s.result.In == "" && len(s.all) == 0 && len(s.result.Numbers) == 0
}

// compareMessages compares what each contact is sent at each step.
func (s *story) compareMessages(examples int) {
	contacts := map[string]map[string]bool{} // by step
	for _, o := range []*outcome{s.before, s.after} {
		for at := range o.messages {
			if at.scenario != s.result.Scenario {
				continue
			}
			if contacts[at.step] == nil {
				contacts[at.step] = map[string]bool{}
			}
			contacts[at.step][at.contact] = true
		}
	}
	for _, step := range s.steps(contacts) {
		one, found := Step{Step: step}, concerned{}
		for _, contact := range slices.Sorted(maps.Keys(contacts[step])) {
			at := place{s.result.Scenario, step, contact}
			before, after := s.before.messages[at], s.after.messages[at]
			one.Before += int64(len(before))
			one.After += int64(len(after))
			for _, e := range compareLists(at, before, after) {
				found.note(e.Kind, contact)
				if len(s.examples[e.Kind]) < examples {
					s.examples[e.Kind] = append(s.examples[e.Kind], e)
				}
			}
		}
		one.Contacts = found.count()
		s.all.add(found)
		s.result.Steps = append(s.result.Steps, one)
	}
	for _, kind := range []string{More, Fewer, Other, Moved} {
		s.result.Examples = append(s.result.Examples, s.examples[kind]...)
	}
}

// steps gives the steps with messages, in the order of the new scenario, and behind them those of the old one.
func (s *story) steps(with map[string]map[string]bool) (names []string) {
	for _, sc := range []*v1alpha1.NurtureScenario{s.after.scenarios[s.result.Scenario], s.before.scenarios[s.result.Scenario]} {
		if sc == nil {
			continue
		}
		for i := range sc.Spec.Steps {
			if name := string(sc.Spec.Steps[i].Name); with[name] != nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// compareLists compares what one contact is sent at one step. Messages of the same id are the same message; those that are left over are
// compared in the order of time.
func compareLists(at place, before, after []message) (found []Example) {
	pair := func(a, b *message) {
		e := Example{Contact: at.contact, Step: at.step, Before: a.sent(), After: b.sent(), before: a.effect, after: b.effect}
		switch {
		case a.content != b.content:
			e.Kind = Other
		case !a.time.Equal(b.time):
			e.Kind = Moved
		default:
			return
		}
		found = append(found, e)
	}
	old, young := slices.Clone(before), []message{}
	for i := range after {
		same := slices.IndexFunc(old, func(m message) bool { return m.effect == after[i].effect })
		if same < 0 {
			young = append(young, after[i])
			continue
		}
		pair(&old[same], &after[i])
		old = slices.Delete(old, same, same+1)
	}
	both := min(len(old), len(young))
	for i := range both {
		pair(&old[i], &young[i])
	}
	for i := range old[both:] {
		found = append(found, Example{Kind: Fewer, Contact: at.contact, Step: at.step, Before: old[both+i].sent()})
	}
	for i := range young[both:] {
		found = append(found, Example{Kind: More, Contact: at.contact, Step: at.step, After: young[both+i].sent()})
	}
	return found
}

func (m *message) sent() *Sent { return &Sent{m.time, m.subject} }

// numbers gives those that differ.
func numbers(before, after *v1alpha1.NurtureScenario) (differ []Number) {
	var a, b v1alpha1.NurtureScenarioStatus
	if before != nil {
		a = before.Status
	}
	if after != nil {
		b = after.Status
	}
	note := func(name, x, y string) {
		if x != y {
			differ = append(differ, Number{name, x, y})
		}
	}
	for _, n := range []struct {
		name          string
		before, after *int64
	}{
		{"entered", a.Entered, b.Entered}, {"held out", a.HeldOut, b.HeldOut}, {"active", a.Active, b.Active}, {"sent", a.Sent, b.Sent},
		{"converted", a.Converted, b.Converted},
	} {
		note(n.name, count(n.before), count(n.after))
	}
	note("value", cmp.Or(string(a.Value), "0"), cmp.Or(string(b.Value), "0"))
	for _, list := range []struct {
		word          string
		before, after []v1alpha1.ReasonCount
	}{{"did not enter", a.Refused, b.Refused}, {"skipped", a.Skipped, b.Skipped}, {"left", a.Exited, b.Exited}} {
		x, y := byReason(list.before), byReason(list.after)
		reasons := slices.Concat(slices.Collect(maps.Keys(x)), slices.Collect(maps.Keys(y)))
		slices.Sort(reasons)
		for _, reason := range slices.Compact(reasons) {
			note(list.word+": "+reason, strconv.FormatInt(x[reason], 10), strconv.FormatInt(y[reason], 10))
		}
	}
	return differ
}

func count(n *int64) string {
	if n == nil {
		return "0"
	}
	return strconv.FormatInt(*n, 10)
}

func byReason(list []v1alpha1.ReasonCount) map[string]int64 {
	counts := map[string]int64{}
	for _, r := range list {
		counts[r.Reason] += r.Count
	}
	return counts
}
