// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
)

// firstOnly leaves out events of an identity that an earlier one has.
func firstOnly(events []event.Event) (unique []event.Event) {
	known := map[[3]string]bool{}
	for _, e := range events {
		if id := [3]string{e.Contact, e.Source, e.ID}; !known[id] {
			known[id] = true
			unique = append(unique, e)
		}
	}
	return unique
}

func logOf(events []event.Event) (log []oracle.Record) {
	for i := range events {
		log = append(log, oracle.Record{Offset: 1, Event: &events[i]})
	}
	return log
}

// TestOraclesNumbersAgreeWithEachOther holds for any funnel and events what must hold whatever the rules are.
func TestOraclesNumbersAgreeWithEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		f := drawFunnel(t, s)
		truth, err := oracle.New(f)
		if err != nil {
			t.Fatal(err)
		}
		unique, asOf := firstOnly(drawEvents(t, s)), s.instant(t, 16, "as of")
		got := truth.Evaluate(logOf(unique), asOf)

		completed := int64(0)
		for i, s := range got.Stages {
			if s.Entered != s.Converted+s.InProgress+s.Dropped+s.Excluded {
				t.Fatalf("stage %d: entered %d is not the sum of %d, %d, %d and %d", i, s.Entered, s.Converted, s.InProgress, s.Dropped, s.Excluded)
			}
			if n := s.ToNext.Count(); n > s.Converted || s.Recovered > n || s.MatureConverted > s.MatureEntered || s.MatureEntered > s.Entered {
				t.Fatalf("stage %d: a part is larger than its whole: %+v", i, s)
			}
			completed = s.Converted
		}
		if completed > got.Completed || got.Completed > got.Stages[0].Entered {
			t.Fatalf("%d completed, but %d are at the last stage and %d entered", got.Completed, completed, got.Stages[0].Entered)
		}
		for i, b := range got.Breakdowns {
			sum := b.Rest.Entered
			for _, g := range b.Groups {
				sum += g.Entered
			}
			if stage := got.Stages[f.Breakdowns[i].Stage]; f.Order != "Any" && sum != stage.Entered {
				t.Fatalf("the groups of breakdown %d have %d, the stage %d", i, sum, stage.Entered)
			}
		}

		// Neither the order of arrival nor a duplicate changes anything, whatever time the duplicate says.
		again := rapid.Permutation(unique).Draw(t, "another order")
		for _, e := range again[:rapid.IntRange(0, len(again)).Draw(t, "duplicates")] {
			e.Time = s.instant(t, 12, "time of the duplicate")
			again = append(again, e)
		}
		ignore := cmpopts.IgnoreFields(aggregate.Funnel{}, "FirstError") // the first of the log
		if diff := cmp.Diff(got, truth.Evaluate(logOf(again), asOf), cmpopts.EquateEmpty(), ignore); diff != "" {
			t.Fatalf("the numbers depend on the order of arrival or on duplicates (-one +other):\n%s", diff)
		}
	})
}
