// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// Span bounds the instants for which numbers are true, From included and Until not. Until is 0 when time alone changes nothing any
// more.
type Span struct{ From, Until event.Time }

// HoldAt says whether the numbers of every partition are true at an instant, so that they may stand side by side.
func (s *Span) HoldAt(asOf event.Time) bool {
	return s.From <= asOf && (s.Until == 0 || asOf < s.Until)
}

// Nearest gives the instant of the span that is nearest to another, which may be the same. For where a partition could not follow the
// clock of the others.
func (s *Span) Nearest(asOf event.Time) event.Time {
	if s.Until != 0 && asOf >= s.Until {
		asOf = s.Until - 1
	}
	return max(asOf, s.From)
}

// narrow leaves what a partition's numbers are true for as well.
func (s *Span) narrow(p *aggregate.Partition) {
	s.From = max(s.From, p.Clock)
	s.Until = earliest(s.Until, p.NextDue)
}

// earliest gives the earlier of two instants, of which 0 is never.
func earliest(a, b event.Time) event.Time {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
