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

// everyWay gives all attempts of a start that the rules allow at all: any events in any order whose times do not fall, each event
// at most once, within the window.
func everyWay(j *judge, way attempt, events []matched) []attempt {
	all := []attempt{slices.Clone(way)}
	if len(way) == len(j.funnel.Stages) {
		return all
	}
	for i := range events {
		e := &events[i]
		if e.fills(len(way)) && !slices.Contains(way, e) && e.time >= way[len(way)-1].time && e.time <= j.windowEnd(way.start()) {
			all = append(all, everyWay(j, append(slices.Clone(way), e), events)...)
		}
	}
	return all
}

// preferred compares two attempts of one start by the rule as a whole: deepest, then earliest times, then smallest ids.
func preferred(a, b attempt) int {
	return cmp.Or(
		cmp.Compare(len(b), len(a)),
		slices.CompareFunc(a, b, func(x, y *matched) int { return cmp.Compare(x.time, y.time) }),
		slices.CompareFunc(a, b, func(x, y *matched) int { return x.identity.compare(y.identity) }),
	)
}

// TestFollowFindsTheBestOfAllWays shows that going forward from time to time, as follow does, gives what the rule asks for: the best
// of all ways to take the events.
func TestFollowFindsTheBestOfAllWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stages := rapid.IntRange(2, 5).Draw(t, "stages")
		j := judge{funnel: definition.Funnel{Stages: make([]definition.Stage, stages), Window: time.Duration(rapid.IntRange(1, 4).Draw(t, "window")) * time.Microsecond}}
		events := make([]matched, rapid.IntRange(1, 8).Draw(t, "events"))
		for i := range events {
			events[i] = matched{
				identity: identity{id: fmt.Sprint(i)},
				time:     event.Time(rapid.IntRange(0, 4).Draw(t, "time")),
				stages:   rapid.Uint32Range(1, 1<<stages-1).Draw(t, "stages it may fill"),
			}
		}
		slices.SortFunc(events, func(a, b matched) int {
			return cmp.Or(cmp.Compare(a.time, b.time), a.identity.compare(b.identity))
		})
		for i := range events {
			if !events[i].fills(0) {
				continue
			}
			want := slices.MinFunc(everyWay(&j, attempt{&events[i]}, events), preferred)
			if got := j.follow(&events[i], events); preferred(want, got) != 0 {
				t.Fatalf("start %s: went %v, the best way is %v", events[i].identity.id, ids(got), ids(want))
			}
		}
	})
}

func ids(a attempt) (all []string) {
	for _, e := range a {
		all = append(all, fmt.Sprintf("%s@%d", e.identity.id, e.time))
	}
	return all
}
