// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"

	"github.com/waymark-dev/waymark/internal/definition"
)

// way is one way to fill stages from a start: how many, which as bits, and by which events.
type way struct {
	count  int
	filled uint32
	path   [definition.MaxStages]int32
}

// ways are the best ways from a start so far. What can come after a way depends only on how deep it is, so that of those which are
// equally deep and may go on only the best is needed.
type ways struct {
	// alive has bit d set when best[d] may go on from depth d.
	alive uint32
	best  [definition.MaxStages]way
	// fresh[d] are the stages of which no event was offered to best[d] yet. A later one would make no better way than the first did.
	fresh [definition.MaxStages]uint32
	// found is set when a way has come to its end; final is the best of these, depth its depth and fate what became of it.
	found bool
	final way
	depth int
	fate  fate
}

// betters says which of two ways of the same depth is better: more stages, then the earliest times, stage by stage, then the smallest
// ids. A stage that was passed over counts as later than any.
func (v *evaluator) betters(a, b *way) bool {
	if a.count != b.count {
		return a.count > b.count
	}
	for left := a.filled | b.filled; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		if (a.filled^b.filled)&(1<<i) != 0 {
			return a.filled&(1<<i) != 0
		}
		if s, t := v.times[a.path[i]], v.times[b.path[i]]; s != t {
			return s < t
		}
	}
	for left := a.filled; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		if a.path[i] != b.path[i] {
			return a.path[i] < b.path[i]
		}
	}
	return false
}

// finish takes in a way that goes no further: the deepest is wanted, and of these one that no exclusion ended.
func (v *evaluator) finish(w *way, depth int, f fate) {
	all := &v.ways
	switch {
	case !all.found:
	case depth != all.depth:
		if depth < all.depth {
			return
		}
	case f.ended != all.fate.ended:
		if f.ended {
			return
		}
	case !v.betters(w, &all.final):
		return
	}
	all.found, all.final, all.depth, all.fate = true, *w, depth, f
}

// walkWays finds the best of all ways from event s: at each time it lets the best ways of each depth stay, go on, or come to an end.
func (v *evaluator) walkWays(a *attempt, s int) fate {
	w := &v.ways
	w.alive, w.found = 1, false
	w.best[0] = way{count: 1, filled: 1}
	w.best[0].path[0], w.fresh[0] = int32(s), stageMarks
	from := s + 1
	if v.tied {
		from = v.stepOwn(s)
	}
	var ahead lookahead
	for {
		rows := v.awaited()
		if rows == 0 {
			break
		}
		j := ahead.next(&v.index, rows, from)
		if j < 0 || v.times[j] > a.start+v.plan.window {
			break
		}
		g := v.groupOf(j)
		v.step(g)
		from = int(g.end)
	}
	if w.alive != 0 {
		depth := bits.Len32(w.alive) - 1
		v.finish(&w.best[depth], depth, fate{})
	}
	a.depth, a.filled, a.path = w.depth, w.final.filled, w.final.path
	return w.fate
}

// awaited gives the rows of events that can change the ways: those of stages that no way has reached, or one that has gone on since;
// exclusions in range; and what breaks.
func (v *evaluator) awaited() (rows uint32) {
	w, p := &v.ways, v.plan
	if last := p.stages - 1; w.alive&(1<<last) != 0 && w.best[last].count == p.stages {
		return 0 // nothing is better than that
	}
	for left := w.alive; left != 0; left &= left - 1 {
		d := bits.TrailingZeros32(left)
		rows |= p.reach[d]&(w.fresh[d]|^w.alive) | p.inRange[d]<<exclusionShift
	}
	if p.strict && w.alive&(1<<p.complete-1) != 0 {
		rows |= breakBit
	}
	return rows
}

// stepOwn lets the other events of the start's time fill stages; those that exclude or break were before the start. It gives where the
// events after that time begin.
func (v *evaluator) stepOwn(s int) int {
	g := v.groups[s]
	if g.end-g.start == 1 {
		return s + 1
	}
	w := &v.ways
	for _, f := range v.fillings(g, 0, s) {
		next := extended(&w.best[0], &f)
		v.arrive(&next, f.depth)
	}
	return int(g.end)
}

// step lets the events of one time act on the ways.
func (v *evaluator) step(g group) {
	w := &v.ways
	single := g.end-g.start == 1
	var fillings [definition.MaxStages][]filling
	if !single {
		for left := w.alive; left != 0; left &= left - 1 {
			d := bits.TrailingZeros32(left)
			fillings[d] = v.fillings(g, d, -1)
		}
	}
	for left := w.alive; left != 0; left &= left - 1 {
		w.fresh[bits.TrailingZeros32(left)] &^= g.marks
	}
	// From the deepest on, so that what a way arrives at is no longer where others come from.
	for to := v.plan.stages - 1; to >= 0; to-- {
		if w.alive&(1<<to) != 0 {
			if f := v.fateOf(&g, to, to, false); f != (fate{}) {
				v.finish(&w.best[to], to, f)
				w.alive &^= 1 << to
			}
		}
		for left := w.alive & (1<<to - 1); left != 0; left &= left - 1 {
			d := bits.TrailingZeros32(left)
			if single {
				if g.marks&v.plan.reach[d]&(1<<to) != 0 {
					events := [1]int32{g.start}
					v.goOn(&g, d, &filling{depth: to, stages: 1 << to, events: events[:], covers: true})
				}
				continue
			}
			for i := range fillings[d] {
				if fillings[d][i].depth == to {
					v.goOn(&g, d, &fillings[d][i])
				}
			}
		}
	}
}

// goOn takes the best way of a depth on by what a group fills.
func (v *evaluator) goOn(g *group, from int, f *filling) {
	next := extended(&v.ways.best[from], f)
	if became := v.fateOf(g, from, f.depth, f.covers); became != (fate{}) {
		v.finish(&next, f.depth, became)
		return
	}
	v.arrive(&next, f.depth)
}

// arrive keeps a way that may go on, if it is the best of its depth.
func (v *evaluator) arrive(next *way, depth int) {
	w := &v.ways
	if w.alive&(1<<depth) == 0 || v.betters(next, &w.best[depth]) {
		w.alive |= 1 << depth
		w.best[depth], w.fresh[depth] = *next, stageMarks
	}
}

// extended gives a way with what a group fills.
func extended(w *way, f *filling) way {
	next := *w
	next.count += len(f.events)
	next.filled |= f.stages
	n := 0
	for left := f.stages; left != 0; left &= left - 1 {
		next.path[bits.TrailingZeros32(left)] = f.events[n]
		n++
	}
	return next
}

// fateOf says what the events of a group do to a way that they bring from one depth to another. Covered is set when it uses all that break.
func (v *evaluator) fateOf(g *group, from, to int, covered bool) fate {
	if exclusions := g.marks & exclusionMarks; exclusions != 0 {
		if ends, discards := v.plan.harm(exclusions>>exclusionShift, from, to); ends {
			return fate{ended: true, discarded: discards, when: v.times[g.start]}
		}
	}
	if v.plan.strict && g.breaks > 0 && !covered && to < v.plan.complete {
		return fate{broken: true, when: v.times[g.start]}
	}
	return fate{}
}
