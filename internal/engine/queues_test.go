// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/state"
)

// upon sends one message for an event.
func upon(kind string, purpose definition.Purpose) definition.Scenario {
	s := remind()
	s.Goal = nil
	s.Trigger.Event.Event = kind
	s.Steps = []definition.Step{message("only")}
	s.Steps[0].Send.Purpose = purpose
	return s
}

func TestScenariosTakeTurnsAndMarketingYields(t *testing.T) {
	t.Parallel()
	store := state.NewMemory()
	d := openDesk(t, store)
	for kind, purpose := range map[string]definition.Purpose{
		"bulk": definition.Marketing, "cart": definition.Marketing, "receipt": definition.Transactional, "reset": definition.Transactional,
	} {
		s := upon(kind, purpose)
		d.step(hosting(t, "NurtureScenario/shop/"+kind, &s))
	}
	for i := range 5 {
		d.happens(fmt.Sprint("bulk", i), "bulk", "{}")
	}
	for _, kind := range []string{"cart", "reset", "receipt"} { // they come last
		d.later(time.Minute)
		d.happens(kind+"0", kind, "{}")
		d.happens(kind+"1", kind, "{}")
	}
	if n := d.fold.Wanting(); n != 11 {
		t.Errorf("%d effects are wanted, want 11", n)
	}
	whom := func(effects []nurture.Effect) (all []string) {
		for _, e := range effects {
			all = append(all, e.Contact)
		}
		return all
	}
	inHand := map[string]bool{}
	next := func(f *engine.Fold, most int) []string {
		effects := f.NextWanted(mailKey, most, func(effect string) bool { return inHand[effect] })
		for _, e := range effects {
			inHand[e.ID] = true
		}
		return whom(effects)
	}
	for _, want := range [][]string{
		{"receipt0", "reset0", "receipt1"},
		{"reset1", "bulk0"},
		{"cart0"}, {"bulk1"}, {"cart1"}, // also when few may go at a time
		{"bulk2", "bulk3"},
	} {
		if diff := cmp.Diff(want, next(d.fold, len(want))); diff != "" {
			t.Errorf("the next of what is wanted (-want +got):\n%s", diff)
		}
	}
	all := whom(d.wanted())
	if diff := cmp.Diff([]string{"bulk0", "bulk1", "bulk2", "bulk3", "bulk4", "cart0", "cart1", "reset0", "reset1", "receipt0", "receipt1"}, all); diff != "" {
		t.Errorf("all that is wanted, in the order of time (-want +got):\n%s", diff)
	}
	if err := d.fold.Commit(true); err != nil {
		t.Fatal(err)
	}
	again, err := engine.Open(engine.Options{Compile: compile, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	clear(inHand)
	if diff := cmp.Diff([]string{"receipt0", "reset0", "receipt1", "reset1", "bulk0", "cart0"}, next(again, 6)); diff != "" {
		t.Errorf("the next of what is wanted after the fold was opened again (-want +got):\n%s", diff)
	}
	if none := next(again, 0); len(none) != 0 {
		t.Errorf("%v are given to who asks for none", none)
	}
}
