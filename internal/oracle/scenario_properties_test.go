// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/oracle/scenarios"
)

// TestInterpretersNumbersAgreeWithEachOther holds for any log what must hold whatever the rules are.
func TestInterpretersNumbersAgreeWithEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newCustomers(t, rapid.Bool().Draw(t, "merges"))
		w.open()
		for range rapid.IntRange(5, 40).Draw(t, "acts") {
			w.act()
		}
		w.tick(w.clock.Add(100 * w.step))
		for key, n := range w.truth.Scenarios() {
			exited := int64(0)
			for _, count := range n.Exited {
				exited += count
			}
			if n.Entered != n.HeldOut+n.Active+exited {
				t.Fatalf("%s: entered %d, held out %d, inside %d, left %d", key, n.Entered, n.HeldOut, n.Active, exited)
			}
			if m := n.Message; m.Sent+m.Failed > m.Claimed || n.Converted > n.Entered || n.Treated.X > n.Treated.N {
				t.Fatalf("%s: a part is larger than its whole: %+v", key, n)
			}
			arrived, active := int64(0), int64(0)
			for _, s := range n.Steps {
				arrived, active = arrived+s.Arrived, active+s.Active
			}
			if active != n.Active || arrived < n.Entered-n.HeldOut {
				t.Fatalf("%s: %d are at steps, %d inside; %d arrived, %d entered", key, active, n.Active, arrived, n.Entered)
			}
		}
		granted := map[string]int{}
		for _, f := range w.truth.Facts() {
			if f.What == scenarios.Granted {
				about := f.Contact + f.Effect // who was a visitor may be sent again what nobody knows to have arrived
				if granted[about]++; granted[about] != f.Attempt {
					t.Fatalf("claim %d of %s is its attempt %d", granted[about], f.Effect, f.Attempt)
				}
			}
		}
	})
}

// TestEngineActsAsTheInterpreter folds random logs of events, claims, results and edits, and loses what it did not commit at random. What it
// wants, grants and counts must be the interpreter's after every act.
func TestEngineActsAsTheInterpreter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { compareScenarios(t, false) })
}

// TestEngineActsAsTheInterpreterOnJoinedContacts has visitors who become known besides.
func TestEngineActsAsTheInterpreterOnJoinedContacts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { compareScenarios(t, true) })
}

func compareScenarios(t *rapid.T, merges bool) {
	w := newCustomers(t, merges)
	w.challenge(rapid.Bool().Draw(t, "keeps state in a store"))
	w.open()
	w.compare()
	for range rapid.IntRange(3, 40).Draw(t, "acts") {
		w.act()
		if w.rival.store != nil {
			switch rapid.IntRange(0, 7).Draw(t, "interruption") {
			case 0:
				w.rival.commit()
			case 1:
				w.rival.crash(w.records)
			case 2:
				w.rival.commit()
				w.rival.crash(w.records)
			}
		}
		w.compare()
	}
}
