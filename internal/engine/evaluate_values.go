// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"

	"github.com/waymark-dev/waymark/internal/event"
)

// addValues adds the amounts of events that fill stages of an attempt and were not added for another attempt.
func (n *count) addValues(v *evaluator, a *attempt) {
	p := v.plan
	if a.excluded {
		return
	}
	for left := p.valued; left != 0; left &= left - 1 {
		stage := bits.TrailingZeros32(left)
		at, filled := a.at(p, stage)
		if !filled {
			continue
		}
		for d := v.moments[at].detail(p.slot, amountDetail); d != nil && d.slot == p.slot && d.kind == amountDetail; d = d.next {
			if int(d.index) == stage {
				n.addValue(v, at, d)
			}
		}
	}
}

func (n *count) addValue(v *evaluator, at int32, d *detail) {
	if v.plan.refunded&(1<<d.index) != 0 && d.text != "" {
		if n.keys == nil {
			n.keys = map[stageKey]event.Time{}
		}
		key := stageKey{d.index, d.text}
		if first, found := n.keys[key]; !found || v.moments[at].time < first {
			n.keys[key] = v.moments[at].time
		}
	}
	if n.counted[at]&(1<<d.index) != 0 {
		return
	}
	n.counted[at] |= 1 << d.index
	var sum *value
	n.values, sum = addTo(n.values, int(d.index))
	sum.add(d.amount)
}

// refund takes back what the unit's refunds say of the values that it counts. A refund takes back nothing that came after it: otherwise
// it would matter how long it is kept.
func (n *count) refund(v *evaluator) {
	if len(n.keys) == 0 {
		return
	}
	slot, members := v.plan.slot, v.units.members()
	for at := range v.moments {
		if v.meant[at]&refundMark == 0 || members != nil && !members.has(at) {
			continue
		}
		for d := v.moments[at].detail(slot, refundDetail); d != nil && d.slot == slot && d.kind == refundDetail; d = d.next {
			first, found := n.keys[stageKey{d.index, d.text}]
			if !found || v.moments[at].time < first || n.refunded[at]&(1<<d.index) != 0 {
				continue
			}
			n.refunded[at] |= 1 << d.index
			var sum *value
			n.values, sum = addTo(n.values, int(d.index))
			sum.refund(d.amount)
		}
	}
	clear(n.keys)
}
