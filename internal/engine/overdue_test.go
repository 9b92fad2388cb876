// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
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
			for _, want := range []struct {
				overdue int64
				oldest  event.Time
			}{{952, due}, {0, 0}} { // 2048 have their turn with each tick
				d.later(2 * time.Hour)
				if n := d.numbers(); n.Overdue != want.overdue || n.Oldest != want.oldest {
					t.Errorf("%d are overdue since %v, want %d since %v", n.Overdue, n.Oldest, want.overdue, want.oldest)
				}
			}
		})
	}
}
