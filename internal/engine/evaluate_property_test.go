// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

var exact = cmp.Options{
	cmp.AllowUnexported(
		contribution{}, more{}, outcome{}, value{}, sum{}, stop{}, tally{}, stageTally{}, share{}, comparison{}, cohort{},
	),
	cmpopts.EquateEmpty(),
}

// anyPlan draws a plan of any kind, with times so short that all of them pass within a few days.
func anyPlan(t *rapid.T) *plan {
	f := definition.Funnel{
		Window:      time.Duration(rapid.IntRange(1, 30).Draw(t, "window")) * time.Hour,
		Period:      aPeriod(t),
		Order:       rapid.SampledFrom([]definition.Order{definition.Ordered, definition.Strict, definition.Any}).Draw(t, "order"),
		EntryPolicy: rapid.SampledFrom([]definition.EntryPolicy{definition.LatestStart, definition.FirstStart}).Draw(t, "entryPolicy"),
		Count:       rapid.SampledFrom([]definition.Count{definition.Contacts, definition.Entries}).Draw(t, "count"),
		CorrelateBy: rapid.SampledFrom([]string{"", "x"}).Draw(t, "correlateBy"),
		Lateness:    24 * time.Hour, SignalMaxAge: time.Hour,
	}
	n, valued := rapid.IntRange(1, 5).Draw(t, "stages"), rapid.Bool().Draw(t, "valued")
	for i := range n {
		s := definition.Stage{Optional: f.Order != definition.Any && i > 0 && rapid.Bool().Draw(t, "optional")}
		if valued {
			s.Value, s.Refund = "x", &definition.Refund{}
		}
		if rapid.Bool().Draw(t, "idle") {
			s.DropAfterIdle = time.Duration(rapid.IntRange(1, 4).Draw(t, "dropAfterIdle")) * time.Hour
		}
		f.Stages = append(f.Stages, s)
		f.Breakdowns = append(f.Breakdowns[:min(i, 2)], definition.Breakdown{Stage: i})
	}
	for range rapid.IntRange(0, 2).Draw(t, "exclusions") {
		x := definition.Exclusion{Before: n - 1, Action: rapid.SampledFrom([]definition.ExclusionAction{definition.Discard, definition.End}).Draw(t, "action")}
		if f.Order != definition.Any {
			x.After = rapid.IntRange(0, n-1).Draw(t, "after")
		}
		f.Exclusions = append(f.Exclusions, x)
	}
	p, err := newPlan(1, &f, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func aPeriod(t *rapid.T) definition.Period {
	return rapid.SampledFrom([]definition.Period{
		{RollingDays: 1}, {RollingDays: 2}, {RollingDays: 9}, {Calendar: definition.Week}, {Calendar: definition.Month},
		{From: "2026-11-01", To: "2026-11-03"}, {From: "2026-11-04", To: "2026-11-30"},
	}).Draw(t, "period")
}

// anyHistory draws what a contact did, with many events of one time.
func anyHistory(t *rapid.T, p *plan) (moments []moment, marks []uint32) {
	c, s := contact{}, &slot{id: 1, plan: p, tally: newTally(p)}
	u := c.unit(s)
	for i := range rapid.IntRange(0, 14).Draw(t, "events") {
		found := definition.Match{
			Stages:     rapid.Uint32Range(0, 1<<p.stages-1).Draw(t, "stages"),
			Exclusions: rapid.SampledFrom([]uint32{0, 0, 0, 1, 2}).Draw(t, "excludes") & (1<<len(p.exclusions) - 1),
			Acts:       true, Breaks: rapid.Bool().Draw(t, "breaks"),
			Unit: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "unit"),
		}
		for stage := range p.stages {
			if found.Stages&p.valued&(1<<stage) != 0 {
				found.Amounts = append(found.Amounts, definition.Amount{Stage: stage, Amount: aggregate.Micros(1 << i), Key: "k"})
			}
		}
		if p.refunded != 0 && rapid.IntRange(0, 4).Draw(t, "refunds") == 0 {
			found.Refunds = []definition.Amount{{Stage: 0, Amount: 1, Key: "k"}}
		}
		found.Labels = []definition.Label{{Breakdown: 0, Text: fmt.Sprint(i % 2)}}
		c.insert(u, later(time.Duration(rapid.IntRange(0, 60).Draw(t, "hour"))*time.Hour), 0, fmt.Sprintf("%02d", i), &found)
	}
	return c.moments, u.marks
}

// On a funnel for which there is a quick way to find attempts it finds the same as the general one.
func TestTheQuickWayFindsWhatTheGeneralOneFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		p.strict, p.anyOrder, p.exclusions, p.inRange = false, false, nil, [definition.MaxStages]uint32{}
		p.optional, p.complete, p.rows = 0, p.stages-1, 1<<p.stages-1
		for d := range p.stages {
			p.reach[d] = p.after(d)
		}
		moments, marks := anyHistory(t, p)
		now := p.at(later(time.Duration(rapid.IntRange(0, 80).Draw(t, "clock")) * time.Hour))
		var quick, general contribution
		p.plain = true
		due := new(evaluator).evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &quick)
		p.plain = false
		generalDue := new(evaluator).evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &general)
		if diff := cmp.Diff(general, quick, exact); diff != "" || due != generalDue {
			t.Fatalf("due at %v and %v, and they differ (-general +quick):\n%s", generalDue.UTC(), due.UTC(), diff)
		}
	})
}

// A start that another makes needless changes nothing: with it or, as where it brings a value, without looking for such.
func TestNeedlessStartsAddNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		p.valued, p.refunded = 0, 0
		moments, marks := anyHistory(t, p)
		now := p.at(later(time.Duration(rapid.IntRange(0, 80).Draw(t, "clock")) * time.Hour))
		var quick, all contribution
		new(evaluator).evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &quick)
		p.valued = 1<<p.stages - 1
		new(evaluator).evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &all)
		if diff := cmp.Diff(all, quick, exact); diff != "" {
			t.Fatalf("they differ (-all +quick):\n%s", diff)
		}
	})
}

// Nothing changes before an evaluation says that time changes it.
func TestNothingChangesBeforeItIsDue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		moments, marks := anyHistory(t, p)
		segments := []segment{{math.MinInt64, marks}}
		clock := later(time.Duration(rapid.IntRange(0, 80).Draw(t, "clock")) * time.Hour)
		var v evaluator
		var now, then contribution
		due := v.evaluate(p, p.at(clock), moments, segments, nil, &now)
		last := due - 1
		if due == 0 {
			last = clock + 1000*dayLength
		}
		between := event.Time(rapid.Int64Range(int64(clock), int64(last)).Draw(t, "between"))
		for _, at := range []event.Time{between, last} {
			v.evaluate(p, p.at(at), moments, segments, nil, &then)
			if diff := cmp.Diff(now, then, exact); diff != "" {
				t.Fatalf("at %v, before %v, it has changed (-before +after):\n%s", at.UTC(), due.UTC(), diff)
			}
		}
	})
}

// Attempts of marks that hold for all starts are those of the same marks in segments.
func TestSegmentsOfEqualMarksAreOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		moments, marks := anyHistory(t, p)
		now := p.at(later(70 * time.Hour))
		var one, many contribution
		new(evaluator).evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &one)
		segments := []segment{{math.MinInt64, marks}}
		for _, hour := range slices.Sorted(slices.Values(rapid.SliceOfNDistinct(rapid.IntRange(0, 60), 0, 4, rapid.ID).Draw(t, "hours"))) {
			segments = append(segments, segment{later(time.Duration(hour) * time.Hour), marks})
		}
		new(evaluator).evaluate(p, now, moments, segments, nil, &many)
		if diff := cmp.Diff(one, many, exact); diff != "" {
			t.Fatalf("they differ (-one +many):\n%s", diff)
		}
	})
}

// What was added to a tally can be taken away again, and both have a stored form.
func TestATallyForgetsWhatIsTakenAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		var v evaluator
		var kept, taken contribution
		moments, marks := anyHistory(t, p)
		now := p.at(later(time.Duration(rapid.IntRange(0, 300).Draw(t, "clock")) * time.Hour))
		v.evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &kept)
		moments, marks = anyHistory(t, p)
		v.evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &taken)

		alone, both := newTally(p), newTally(p)
		alone.add(&kept, 1)
		both.add(&taken, 1)
		both.add(&kept, 1)
		r := reader{Reader: packing.Read(taken.append(nil))}
		read := r.contribution()
		if err := r.done("a contribution"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(taken, read, exact); diff != "" {
			t.Fatalf("it is read otherwise than it was (-was +read):\n%s", diff)
		}
		both.add(&read, -1)
		stored := alone.append(nil)
		if !bytes.Equal(stored, both.append(nil)) {
			t.Fatalf("what is left differs:\n%s", cmp.Diff(alone.funnel(), both.funnel()))
		}
		r = reader{Reader: packing.Read(stored)}
		again := r.tally(p)
		if err := r.done("a tally"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(stored, again.append(nil)) {
			t.Fatal("a tally that was read is stored otherwise")
		}
		for i, s := range alone.funnel().Stages {
			if s.Entered != s.Converted+s.InProgress+s.Dropped+s.Excluded {
				t.Fatalf("stage %d: entered %d is not the sum of %d, %d, %d and %d", i, s.Entered, s.Converted, s.InProgress, s.Dropped, s.Excluded)
			}
		}
	})
}

// When what can change no number any more is forgotten, the numbers stay.
func TestForgettingLeavesAttemptsAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		moments, marks := anyHistory(t, p)
		now := p.at(later(60*time.Hour) + p.horizon - event.Time(rapid.IntRange(0, 60).Draw(t, "hours kept"))*dayLength/24)
		var v evaluator
		var before, after contribution
		v.evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &before)
		closed := v.lastEnd(p, moments, []segment{{math.MinInt64, marks}}, nil, now.forgotten)
		from := slices.IndexFunc(moments, func(m moment) bool { return m.time >= now.forgotten })
		if from < 0 {
			from = len(moments)
		}
		v.evaluate(p, now, moments[from:], []segment{{math.MinInt64, marks[from:]}}, closed, &after)
		if diff := cmp.Diff(before, after, exact); diff != "" {
			t.Fatalf("numbers differ (-before +after):\n%s", diff)
		}
	})
}
