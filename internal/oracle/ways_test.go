// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// everySequence gives all ways to fill stages that times, the window and required stages allow, each event at most once. Nothing ends
// them yet.
func everySequence(j *judge, steps []step, events []*happening) [][]step {
	all := [][]step{slices.Clone(steps)}
	last := steps[len(steps)-1]
	for next := last.stage + 1; next < len(j.funnel.Stages); next++ {
		for _, e := range events {
			used := slices.ContainsFunc(steps, func(s step) bool { return s.event == e })
			if e.fills(next) && !used && e.time >= last.event.time && e.time <= j.windowEnd(steps[0].event) {
				all = append(all, everySequence(j, append(slices.Clone(steps), step{next, e}), events)...)
			}
		}
		if !j.funnel.Stages[next].Optional {
			break
		}
	}
	return all
}

// judged says what ends a sequence, and false when that happens before its last step, so that it is no way.
func judged(j *judge, steps []step, events []*happening) (way, bool) {
	start, final := steps[0].event, steps[len(steps)-1].event
	depthUntil := func(t event.Time) int {
		depth := -1
		for _, s := range steps {
			if s.event.time <= t {
				depth = s.stage
			}
		}
		return depth
	}
	for _, e := range events { // by time
		if e.time <= start.time || e.time > j.windowEnd(start) {
			continue
		}
		end := notEnded
		before, after := depthUntil(e.time-1), depthUntil(e.time)
		for _, other := range events {
			if other.time != e.time {
				continue
			}
			for i, x := range j.funnel.Exclusions {
				if other.excludes(i) && before >= x.After && after < x.Before && end != byDiscard {
					end = map[definition.ExclusionAction]ending{definition.Discard: byDiscard, definition.End: byEnd}[x.Action]
				}
			}
		}
		strict := j.funnel.Order == definition.Strict && e.breaks && !j.complete(after)
		if end == notEnded && strict && !slices.ContainsFunc(steps, func(s step) bool { return s.event == e }) {
			end = byBreak
		}
		// Another event of this time may be an exclusion or break: both are looked for at each, and the exclusion was looked for first.
		if end != notEnded {
			return way{steps, end, e.time}, final.time <= e.time
		}
	}
	return way{steps: steps}, true
}

// preferred compares two ways of one start by the rule as a whole.
func preferred(a, b way) int {
	time := func(w way, stage int) event.Time {
		if e := w.at(stage); e != nil {
			return e.time
		}
		return 1 << 60
	}
	id := func(w way, stage int) string {
		if e := w.at(stage); e != nil {
			return e.identity.id
		}
		return ""
	}
	free := func(w way) int {
		if w.end == byDiscard || w.end == byEnd {
			return 1
		}
		return 0
	}
	c := cmp.Or(cmp.Compare(b.depth(), a.depth()), cmp.Compare(free(a), free(b)), cmp.Compare(len(b.steps), len(a.steps)))
	for stage := 0; stage < definition.MaxStages && c == 0; stage++ {
		c = cmp.Compare(time(a, stage), time(b, stage))
	}
	for stage := 0; stage < definition.MaxStages && c == 0; stage++ {
		c = cmp.Compare(id(a, stage), id(b, stage))
	}
	return c
}

func drawJudge(t *rapid.T) *judge {
	stages := rapid.IntRange(2, 5).Draw(t, "stages")
	j := &judge{funnel: definition.Funnel{
		Stages: make([]definition.Stage, stages),
		Window: time.Duration(rapid.IntRange(1, 5).Draw(t, "window")) * time.Microsecond,
		Order:  rapid.SampledFrom([]definition.Order{definition.Ordered, definition.Strict}).Draw(t, "order"),
	}}
	for i := 1; i < stages; i++ {
		j.funnel.Stages[i].Optional = rapid.IntRange(0, 2).Draw(t, "optional") == 0
	}
	for range rapid.IntRange(0, 2).Draw(t, "exclusions") {
		after := rapid.IntRange(0, stages-2).Draw(t, "after")
		j.funnel.Exclusions = append(j.funnel.Exclusions, definition.Exclusion{
			After: after, Before: rapid.IntRange(after+1, stages-1).Draw(t, "before"),
			Action: rapid.SampledFrom([]definition.ExclusionAction{definition.Discard, definition.End}).Draw(t, "action"),
		})
	}
	return j
}

func drawHappenings(t *rapid.T, j *judge, most, lastTime int) []*happening {
	all := uint32(1)<<len(j.funnel.Stages) - 1
	events := make([]*happening, rapid.IntRange(1, most).Draw(t, "events"))
	for i := range events {
		events[i] = &happening{
			identity: identity{id: fmt.Sprint(i)},
			time:     event.Time(rapid.IntRange(0, lastTime).Draw(t, "time")),
			stages:   rapid.Uint32Range(0, all).Draw(t, "stages it may fill"),
			breaks:   rapid.IntRange(0, 3).Draw(t, "breaks") == 0,
		}
		if n := len(j.funnel.Exclusions); n > 0 && rapid.IntRange(0, 2).Draw(t, "excludes") == 0 {
			events[i].exclusions = rapid.Uint32Range(1, 1<<n-1).Draw(t, "exclusions")
		}
	}
	slices.SortFunc(events, byPosition)
	return events
}

// TestTheBestOfAllWays shows that going forward from time to time gives what the rule asks for: the best of all ways to take the events.
func TestTheBestOfAllWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := drawJudge(t)
		events := drawHappenings(t, j, 8, 5)
		for _, start := range events {
			if !start.fills(0) {
				continue
			}
			var ways []way
			for _, steps := range everySequence(j, []step{{0, start}}, events) {
				if w, ok := judged(j, steps, events); ok {
					ways = append(ways, w)
				}
			}
			want := slices.MinFunc(ways, preferred)
			got := j.bestWay(start, events)
			if preferred(want, got) != 0 || want.end != got.end || want.endedAt != got.endedAt {
				t.Fatalf("%v\nstart %s: went %v, the best way is %v", j.funnel, start.identity.id, describe(got), describe(want))
			}
		}
	})
}

func describe(w way) string {
	text := fmt.Sprintf("end %d at %d:", w.end, w.endedAt)
	for _, s := range w.steps {
		text += fmt.Sprintf(" %d=%s@%d", s.stage, s.event.identity.id, s.event.time)
	}
	return text
}

// matchings gives every way to give each of the events another stage.
func matchings(j *judge, events []*happening, filled []*happening) [][]*happening {
	if len(events) == 0 {
		return [][]*happening{slices.Clone(filled)}
	}
	var all [][]*happening
	for stage := range j.funnel.Stages {
		if filled[stage] == nil && events[0].fills(stage) {
			filled[stage] = events[0]
			all = append(all, matchings(j, events[1:], filled)...)
			filled[stage] = nil
		}
	}
	return all
}

// mostStages is how many stages any of the events can fill at once.
func mostStages(j *judge, events []*happening, taken uint32) int {
	if len(events) == 0 {
		return 0
	}
	most := mostStages(j, events[1:], taken)
	for stage := range j.funnel.Stages {
		if taken&(1<<stage) == 0 && events[0].fills(stage) {
			most = max(most, 1+mostStages(j, events[1:], taken|1<<stage))
		}
	}
	return most
}

// TestAnyOrderReachesAsManyStagesAsPossibleAtEachTime compares taking events one by one with trying everything.
func TestAnyOrderReachesAsManyStagesAsPossibleAtEachTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := drawJudge(t)
		j.funnel.Order, j.funnel.Exclusions = definition.Any, nil
		events := drawHappenings(t, j, 8, 5)
		for _, start := range events {
			if start.stages == 0 {
				continue
			}
			joined, w := j.anyOrder(start, events)
			for now := start.time; now <= j.windowEnd(start); now++ {
				within := slices.DeleteFunc(slices.Clone(events), func(e *happening) bool { return e.time < start.time || e.time > now })
				reached := 0
				for _, s := range w.steps {
					if s.event.time <= now {
						reached++
					}
				}
				if most := mostStages(j, within, 0); reached != most {
					t.Fatalf("start %s: %d stages are reached at %d, %d can be", start.identity.id, reached, now, most)
				}
			}
			checkNames(t, j, joined)
		}
	})
}

// checkNames compares the stages that events are counted at with the first of all assignments, stage by stage.
func checkNames(t *rapid.T, j *judge, joined []*happening) {
	firstNamed := slices.MinFunc(matchings(j, joined, make([]*happening, len(j.funnel.Stages))), func(a, b []*happening) int {
		return slices.CompareFunc(a, b, func(x, y *happening) int {
			switch {
			case x == y:
				return 0
			case x == nil:
				return 1
			case y == nil:
				return -1
			}
			return byPosition(x, y)
		})
	})
	if got := j.named(joined); !slices.Equal(firstNamed, got) {
		t.Fatalf("stages are filled by %v, want %v", got, firstNamed)
	}
}
