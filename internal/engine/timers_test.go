// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"strconv"
	"testing"

	"github.com/waymark-dev/waymark/internal/event"
)

// What the cache lets go of must be free: alarms that were committed hold no contact.
func TestCommittedAlarmsLetContactsGo(t *testing.T) {
	var alarms timers
	for i := range 3 * timerWindow {
		due := event.Time(1 + i)
		alarms.set(due, &contact{name: strconv.Itoa(i), due: due})
	}
	if len(alarms.heap) != 3*timerWindow {
		t.Fatalf("%d alarms are set, want %d", len(alarms.heap), 3*timerWindow)
	}
	alarms.written(&Fold{}, nil)
	if len(alarms.heap) != 0 {
		t.Errorf("%d alarms are left after a commit", len(alarms.heap))
	}
	for i, a := range alarms.heap[:cap(alarms.heap)] {
		if a.contact != nil {
			t.Fatalf("alarm %d still holds contact %s", i, a.contact.name)
		}
	}
}
