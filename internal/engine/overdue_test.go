// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/state"
)

// When more timers are due at once than one record can ring, a report says how many are behind and since when.
func TestAReportTellsWhatIsOverdue(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]engine.Store{"memory": nil, "stored": state.NewMemory()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t, store)
			scenario := remind()
			d.step(hosting(t, remindKey, &scenario))
			for from := 0; from < crowd; from += crowd / 3 {
				d.step(d.happening("cart", from, crowd/3, "{}"))
			}
			if err := d.fold.Commit(true); err != nil {
				t.Fatal(err)
			}
			due := d.clock.Add(time.Hour)
			const eachTick = 256 // have their turn
			d.later(2 * time.Hour)
			for left := int64(crowd - eachTick); left > -eachTick; left -= eachTick {
				want := aggregate.Scenario{Overdue: min(max(left, 0), 1000)} // more are not looked at
				if left > 0 {
					want.Oldest = due
				}
				if n := d.numbers(); n.Overdue != want.Overdue || n.Oldest != want.Oldest {
					t.Errorf("%d are overdue since %v, want %d since %v", n.Overdue, n.Oldest, want.Overdue, want.Oldest)
				}
				d.later(time.Minute)
			}
		})
	}
}
