// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// stay is the time that a unit spent at a stage which it has left, by going on or by dropping off.
type stay struct {
	at step
	// end is the first instant at which it was no longer there.
	end event.Time
	// dropped says how it ended, and deadline until when the next stage was awaited of those who dropped.
	dropped  bool
	deadline event.Time
	notes    []*happening // of the unit
}

// stays gives the stages that an attempt was at and left, but for the last of the funnel.
func (j *judge) stays(unit string, a attempt, acts []event.Time, notes []*happening) (all []stay) {
	if a.excluded() {
		return nil
	}
	for n, at := range a.steps {
		s := stay{at: at, end: at.event.time, notes: ofUnit(unit, notes)}
		switch {
		case at.stage == len(j.funnel.Stages)-1:
			continue
		case n < len(a.steps)-1:
			s.end = a.steps[n+1].event.time
			if limit := j.funnel.Stages[at.stage].DropAfter; limit > 0 {
				s.end = min(s.end, at.event.time.Add(limit)+1) // who comes later had left and came back
			}
		case j.outcome(a, acts) == inProgress:
			continue
		case j.outcome(a, acts) == dropped:
			s.dropped, s.deadline = true, j.deadline(a, acts)
			s.end = s.deadline + 1
		}
		all = append(all, s)
	}
	return all
}

// ofUnit leaves of a contact's events those of one unit: what has no value belongs to all.
func ofUnit(value string, notes []*happening) (some []*happening) {
	for _, e := range notes {
		if e.unit == "" || e.unit == value {
			some = append(some, e)
		}
	}
	return some
}

// while gives the events that came while the unit was at the stage, the earliest first, but for the one that brought it there. Whoever left at
// once was there at that instant.
func (s stay) while() (events []*happening) {
	for _, e := range s.notes {
		there := e.time == s.at.event.time || e.time > s.at.event.time && e.time < s.end
		if there && e.identity != s.at.event.identity {
			events = append(events, e)
		}
	}
	return events
}

// thereAt says whether the unit was still there at a landmark; at the first everybody is.
func (s stay) thereAt(k int) bool { return k == 0 || s.longerThan(micros(aggregate.LandmarkTimes[k])) }

// longerThan says whether the unit was still there that long after it came.
func (s stay) longerThan(d event.Time) bool { return s.end-s.at.event.time > d }

// signs gives the number of a probe's first sign; those of one probe follow each other.
func (t *traveller) signs(probe int) (first int) {
	for _, p := range t.meaning.Probes[:probe] {
		first += len(p.Signs)
	}
	return first
}

// sees says how long after it came the unit first saw any of a probe's signs, of which the first has a number.
func (s stay) sees(p definition.Probe, first int) (after event.Time, seen bool) {
	for i, sign := range p.Signs {
		d, found := s.seesSign(sign, first+i)
		if found && (!seen || d < after) {
			after, seen = d, true
		}
	}
	return after, seen
}

func (s stay) seesSign(sign definition.Sign, number int) (after event.Time, seen bool) {
	came := event.Time(-1) // how long after
	for _, e := range s.while() {
		if e.evidence.Signs&(1<<number) != 0 {
			came = e.time - s.at.event.time
			break
		}
	}
	if sign.AbsentFor == 0 {
		return came, came >= 0
	}
	wait := micros(sign.AbsentFor)
	return wait, (came < 0 || came > wait) && s.longerThan(wait)
}

// micros is a duration as instants are counted.
func micros(d time.Duration) event.Time { return event.Time(0).Add(d) }

// addStay counts a unit at a stage that it left.
func (t *traveller) addStay(s stay) {
	stage := &t.found.Stages[s.at.stage]
	s.addTo(&stage.All)
	for k := range aggregate.LandmarkTimes {
		if s.thereAt(k) {
			s.addAt(&stage.There, k)
		}
	}
	for i, probe := range t.probesAt(s.at.stage) {
		if after, seen := s.sees(t.meaning.Probes[probe], t.signs(probe)); seen {
			s.addSight(&stage.Probes[i], after)
		}
	}
	for kind, after := range t.kinds(s) {
		if stage.Types == nil {
			stage.Types = map[string]aggregate.Sight{}
		}
		sight := stage.Types[kind]
		s.addSight(&sight, after)
		stage.Types[kind] = sight
	}
}

// addSight counts that the unit saw something for the first time so long after it came.
func (s stay) addSight(sight *aggregate.Sight, after event.Time) {
	s.addTo(&sight.Seen)
	previous := event.Time(-1)
	for k, landmark := range aggregate.LandmarkTimes {
		here := micros(landmark)
		if s.thereAt(k) && after <= here {
			s.addAt(&sight.Before, k)
			if after > previous {
				s.addAt(&sight.Now, k)
			}
		}
		previous = here
	}
}

func (s stay) addTo(split *aggregate.Split) {
	if s.dropped {
		split.Dropped++
	} else {
		split.Converted++
	}
}

func (s stay) addAt(landmarks *aggregate.Landmarks, k int) {
	if *landmarks == nil {
		*landmarks = aggregate.Landmarks{}
	}
	split := (*landmarks)[k]
	s.addTo(&split)
	(*landmarks)[k] = split
}

// kinds gives each type of event that is counted and came while the unit was there, with how long after.
func (t *traveller) kinds(s stay) map[string]event.Time {
	kinds := map[string]event.Time{}
	for _, e := range s.while() {
		if _, known := kinds[e.kind]; !known && t.suggests(e.kind) {
			kinds[e.kind] = e.time - s.at.event.time
		}
	}
	return kinds
}

// suggests says whether events of a type are counted whatever they are.
func (t *traveller) suggests(kind string) bool {
	if !t.meaning.Suggest || strings.HasPrefix(kind, "waymark.") || slices.Contains(t.meaning.SuggestIgnore, kind) {
		return false
	}
	for _, stage := range t.funnel.Stages {
		for _, m := range stage.Matches {
			if m.Event == kind {
				return false
			}
		}
	}
	return true
}

// cutTypes leaves of each stage the types that were seen most.
func (t *traveller) cutTypes() {
	for i := range t.found.Stages {
		types := t.found.Stages[i].Types
		most := slices.SortedFunc(maps.Keys(types), func(x, y string) int {
			return cmp.Or(cmp.Compare(types[y].Seen.Dropped+types[y].Seen.Converted, types[x].Seen.Dropped+types[x].Seen.Converted), cmp.Compare(x, y))
		})
		for _, kind := range most[min(len(most), aggregate.MaxTypes):] {
			delete(types, kind)
		}
	}
}
