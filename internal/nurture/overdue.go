// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import "github.com/waymark-dev/waymark/internal/event"

// Overdue tells of each enrolment inside whose time has come by an instant and that has not had its turn.
func (c *Contact) Overdue(w *World, now event.Time, tell func(sc *Scenario, due event.Time)) {
	for _, e := range c.enrolments {
		due := e.timer()
		if sc := w.byHash[e.scenario]; sc != nil && due != 0 && due <= now && !sc.frozen() {
			tell(sc, due)
		}
	}
}
