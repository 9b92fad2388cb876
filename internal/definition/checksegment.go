// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// MaxSegmentDays bounds over how many days a segment counts who entered and who left.
const MaxSegmentDays = 366

// Canonical gives the meaning's one stored form and its version, a hash of that form.
func (s *Segment) Canonical() (form json.RawMessage, version string, err error) {
	return canonical("segment", s.normal())
}

// normal gives the meaning with what it leaves unsaid written out.
func (s *Segment) normal() Segment {
	n := *s
	n.TimeZone = cmp.Or(n.TimeZone, "UTC")
	if n.Traits = slices.Clone(s.Traits); len(n.Traits) == 0 {
		n.Traits = nil
	}
	for i := range n.Traits {
		if len(n.Traits[i].Cuts) == 0 {
			n.Traits[i].Cuts = nil
		}
	}
	return n
}

// within gives the segment as it is part of another definition: without what only its own numbers and signals depend on, so that the other
// stays the same when that changes.
func (s *Segment) within() *Segment {
	if s == nil {
		return nil
	}
	n := s.normal()
	n.Days, n.SignalMaxAge = 0, 0
	return &n
}

// Types gives the types of events that the traits are computed from, sorted, each once.
func (s *Segment) Types() []string {
	var types []string
	for i := range s.Traits {
		if s.Traits[i].Event != "" {
			types = append(types, s.Traits[i].Event)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

var traitName = regexp.MustCompile(`^[a-z]([a-z0-9_]{0,61}[a-z0-9])?$`)

// reserved are words that no expression can have behind a point.
var reserved = []string{"in", "true", "false", "null"}

// check finds what no expression is to blame for. Its errors are SpecErrors.
func (s *Segment) check(path string) error {
	var c checker
	c.refuse(s.Where == "", path+".where", "", "write a condition on contact.attributes or contact.traits")
	c.refuse(s.Days < 0 || s.Days > MaxSegmentDays, path+".periodDays", strconv.Itoa(s.Days), "must be 1 to %d", MaxSegmentDays)
	c.refuse(s.SignalMaxAge < 0, path+".triggerMaxAge", s.SignalMaxAge.String(), "must not be negative")
	c.refuse(s.Lateness < 0, path, "", "the lateness is %v: it cannot be negative", s.Lateness)
	c.refuse(len(s.Traits) > MaxTraits, path+".traits", strconv.Itoa(len(s.Traits)), "there may be at most %d", MaxTraits)
	for i := range s.Traits {
		c.trait(fmt.Sprintf("%s.traits[%d]", path, i), &s.Traits[i], s.Traits[:i])
	}
	return c.err()
}

func (c *checker) trait(field string, t *Trait, earlier []Trait) {
	c.refuse(!traitName.MatchString(t.Name) || slices.Contains(reserved, t.Name), field+".name", t.Name,
		"cannot be written in an expression: write letters, digits and underscores, such as last_order")
	c.refuse(slices.ContainsFunc(earlier, func(e Trait) bool { return e.Name == t.Name }), field+".name", t.Name,
		"another trait is called so: give each a name of its own")
	c.refuse(t.Within < 0 || t.Within > maxWait, field+".within", t.Within.String(), "must not be negative and at most ten years")
	if t.Function == TraitRank {
		c.rank(field, t, earlier)
		return
	}
	c.refuse(!known(t.Function, TraitCount, TraitSum, TraitFirst, TraitLast, TraitDistinct), field+".function", string(t.Function),
		"write Count, Sum, First, Last, Distinct or Rank")
	c.refuse(t.Event == "", field+".event", "", "say which events the trait is computed from")
	c.refuse(t.Of == "" && known(t.Function, TraitSum, TraitDistinct), field+".of", "", "say what of the event, such as event.data.total")
	c.refuse(t.Of != "" && t.Function == TraitCount, field+".of", t.Of, "a Count asks nothing of its events: remove it, or write Sum or Distinct")
	c.refuse(t.Ranks != 0 || len(t.Cuts) > 0, field+".ranks", strconv.Itoa(t.Ranks), "only a Rank has groups: remove it")
}

func (c *checker) rank(field string, t *Trait, earlier []Trait) {
	c.refuse(t.Event != "", field+".event", t.Event, "a Rank looks at another trait, not at events: name the trait in of")
	c.refuse(t.Where != "", field+".where", t.Where, "a Rank looks at another trait, not at events: write it into that trait")
	c.refuse(t.Within != 0, field+".within", t.Within.String(), "a Rank looks at another trait: write it into that trait")
	c.refuse(t.Ranks < 2 || t.Ranks > MaxRanks, field+".ranks", strconv.Itoa(t.Ranks), "must be 2 to %d", MaxRanks)
	c.refuse(len(t.Cuts) > 0 && len(t.Cuts) != t.Ranks-1 || !slices.IsSorted(t.Cuts), field+".ranks", strconv.Itoa(t.Ranks),
		"has %d cuts: it must be one fewer than ranks, in order", len(t.Cuts))
	var names []string
	for _, e := range earlier {
		if e.Function != TraitRank {
			names = append(names, e.Name)
		}
	}
	c.refuse(!slices.Contains(names, t.Of), field+".of", t.Of, "must name an earlier trait that is no Rank: %s",
		correction(t.Of, names, "put the trait before this one"))
}
