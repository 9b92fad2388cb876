// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// rule is a funnel of four stages, a visit, a cart, a checkout and a paid order, what one contact did, and what that counts for.
type rule struct {
	change []func(*definition.Funnel)
	// did are events such as "3 c@blue$7#k": three hours after monday, an event that fills the stages with these letters (v, c, k, o), is
	// one of the exclusions x and y, or neither (s). @ is its value of correlateBy, $ its amount, # the key that refunds know it by,
	// = its property, and ~ says that it breaks nothing. A refund is an r with an amount and a key.
	did string
	// asOf is the instant in hours after monday.
	asOf float64
	// want are the outcomes of the current period: the letters of the stages filled, a dash for one passed over, and the status.
	want string
}

const stageLetters = "vcko"

func TestRules(t *testing.T) {
	t.Parallel()
	strict := func(f *definition.Funnel) { f.Order = definition.Strict }
	anyOrder := func(f *definition.Funnel) { f.Order = definition.Any }
	firstStart := func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart }
	entries := func(f *definition.Funnel) { f.Count = definition.Entries }
	correlated := func(f *definition.Funnel) { f.CorrelateBy = "event.data.cart" }
	refunds := func(f *definition.Funnel) { f.Stages[3].Value, f.Stages[3].Refund = "x", &definition.Refund{} }
	optional := func(stages ...int) func(*definition.Funnel) {
		return func(f *definition.Funnel) {
			for _, i := range stages {
				f.Stages[i].Optional = true
			}
		}
	}
	excludes := func(after, before int, action definition.ExclusionAction) func(*definition.Funnel) {
		return func(f *definition.Funnel) {
			f.Exclusions = append(f.Exclusions, definition.Exclusion{After: after, Before: before, Action: action})
		}
	}
	dropIdle := func(f *definition.Funnel) { f.Stages[1].DropAfterIdle = time.Hour }
	all := func(changes ...func(*definition.Funnel)) []func(*definition.Funnel) { return changes }
	tests := map[string]rule{
		"Ordered: other events may come between": {did: "0 v | 1 s | 2 c | 3 v | 4 k | 5 c | 6 o", asOf: 6, want: "vcko converted"},
		"Strict: none may": {
			change: all(strict), did: "0 v | 1 s | 2 c", asOf: 2, want: "v inProgress",
		},
		"Strict: nor may an event of a stage": {
			change: all(strict), did: "0 v | 1 c | 2 c | 3 k", asOf: 3, want: "vc inProgress",
		},
		"Strict: ignored events may": {
			change: all(strict), did: "0 v | 1 ~s | 2 c | 3 ~s | 4 k | 5 o", asOf: 5, want: "vcko converted",
		},
		"Strict: a later clean attempt counts": {
			change: all(strict), did: "0 v | 1 s | 2 v | 3 c | 4 k", asOf: 4, want: "vck inProgress",
		},
		"Strict: what comes after the last stage breaks nothing": {
			change: all(strict), did: "0 v | 1 c | 2 k | 3 o | 4 s", asOf: 4, want: "vcko converted",
		},
		"Strict: events of the start's time were before it": {
			change: all(strict), did: "0 v | 0 s | 1 c", asOf: 1, want: "vc inProgress",
		},
		"Strict: of events of one time all must fill stages": {
			change: all(strict), did: "0 v | 1 k | 1 c | 2 o | 2 s", asOf: 2, want: "vcko converted",
		},
		"Strict: one that is left over breaks": {
			change: all(strict), did: "0 v | 1 c | 1 s | 2 k", asOf: 2, want: "vc inProgress",
		},
		"Strict: an event that can fill two stages fills that which leaves none over": {
			change: all(strict, optional(1)), did: "0 v | 1 ck | 1 k | 2 o", asOf: 2, want: "vcko converted",
		},
		"Strict: an optional stage can be passed over, but not by another event": {
			change: all(strict, optional(1)), did: "0 v | 1 k | 2 s | 3 o", asOf: 3, want: "v-k inProgress",
		},
		"optional: passing on without it is no drop-off": {
			change: all(optional(1)), did: "0 v | 1 k | 2 o", asOf: 2, want: "v-ko converted",
		},
		"optional: more stages are better than earlier ones": {
			change: all(optional(1)), did: "0 v | 1 k | 2 c | 3 k | 4 o", asOf: 4, want: "vcko converted",
		},
		"optional: but deeper is better than more": {
			change: all(optional(1)), did: "0 v | 1 k | 2 o | 3 c | 4 k", asOf: 4, want: "v-ko converted",
		},
		"optional: one at the end is not needed to convert": {
			change: all(optional(3)), did: "0 v | 1 c | 2 k", asOf: 100, want: "vck converted",
		},
		"Any: the largest number of stages, in whatever order": {
			change: all(anyOrder), did: "0 o | 1 k | 2 k | 3 v", asOf: 3, want: "3 of 4 inProgress",
		},
		"Any: an event moves to another stage to make room": {
			change: all(anyOrder), did: "0 vc | 1 v | 2 cko | 3 k", asOf: 3, want: "4 of 4 converted",
		},
		"Any: every event starts an attempt": {
			change: all(anyOrder), did: "0 o | 20 k | 30 v | 40 c", asOf: 40, want: "3 of 4 inProgress",
		},
		"exclusion: Discard counts the attempt as excluded wherever it was": {
			change: all(excludes(1, 3, definition.Discard)), did: "0 v | 1 c | 2 x | 3 k | 4 o", asOf: 4, want: "vc excluded",
		},
		"exclusion: End leaves it where it was": {
			change: all(excludes(1, 3, definition.End)), did: "0 v | 1 c | 2 x | 3 k | 4 o", asOf: 4, want: "vc inProgress",
		},
		"exclusion: Discard is stronger than End": {
			change: all(excludes(1, 3, definition.End), excludes(1, 3, definition.Discard)),
			did:    "0 v | 1 c | 2 x | 2 y | 3 k", asOf: 3, want: "vc excluded",
		},
		"exclusion: before its range it does nothing": {
			change: all(excludes(1, 3, definition.Discard)), did: "0 v | 1 x | 2 c | 3 k | 4 o", asOf: 4, want: "vcko converted",
		},
		"exclusion: after its range it does nothing": {
			change: all(excludes(1, 2, definition.Discard)), did: "0 v | 1 c | 2 k | 3 x | 4 o", asOf: 4, want: "vcko converted",
		},
		"exclusion: at the very end of the window it counts": {
			change: all(excludes(1, 3, definition.Discard)), did: "0 v | 1 c | 24 x", asOf: 24, want: "vc excluded",
		},
		"exclusion: after the window it does not": {
			change: all(excludes(1, 3, definition.Discard)), did: "0 v | 1 c | 24.5 x", asOf: 25, want: "vc dropped",
		},
		"exclusion: of events of one time it is taken where it does no harm": {
			change: all(excludes(1, 2, definition.Discard)), did: "0 v | 1 c | 1 x | 2 k | 2 x", asOf: 2, want: "vck inProgress",
		},
		"exclusion: a way that is free of it is better than an earlier one": {
			change: all(excludes(1, 3, definition.Discard)), did: "0 v | 1 c | 2 x | 3 c", asOf: 3, want: "vc inProgress",
		},
		"exclusion: but a deeper way is better than a free one": {
			change: all(excludes(1, 3, definition.Discard)), did: "0 v | 1 c | 2 k | 3 x | 4 c", asOf: 4, want: "vck excluded",
		},
		"exclusion: an attempt that is not excluded represents": {
			change: all(excludes(1, 3, definition.Discard)), did: "0 v | 1 c | 2 k | 3 x | 4 v", asOf: 4, want: "v inProgress",
		},
		"exclusion: under Any from the start until complete": {
			change: all(anyOrder, firstStart, excludes(0, 3, definition.Discard)), did: "0 v | 1 k | 2 x | 3 o", asOf: 3, want: "1 of 4 inProgress",
		},
		"Entries: each entry counts": {
			change: all(entries), did: "0 v | 1 c | 30 v | 31 c | 32 k", asOf: 32, want: "vc dropped, vck inProgress",
		},
		"Entries: a start inside an open attempt is the same entry": {
			change: all(entries), did: "0 v | 1 v | 2 c", asOf: 2, want: "vc inProgress",
		},
		"Entries: it counts by the best of its starts": {
			change: all(entries), did: "0 v | 20 v | 21 c | 30 k", asOf: 30, want: "vck inProgress",
		},
		"Entries, FirstStart: by its first": {
			change: all(entries, firstStart), did: "0 v | 20 v | 21 c | 30 k", asOf: 30, want: "vc dropped",
		},
		"Entries: a completed one ends with its last stage": {
			change: all(entries), did: "0 v | 1 c | 2 k | 3 o | 4 v", asOf: 4, want: "vcko converted, v inProgress",
		},
		"Entries: one that an exclusion ended is open until right before it": {
			change: all(entries, excludes(1, 3, definition.Discard)), did: "0 v | 1 c | 2 x | 2 v", asOf: 2, want: "vc excluded, v inProgress",
		},
		"correlateBy: each value is a unit": {
			change: all(correlated), did: "0 v@a | 1 v@b | 2 c@a | 3 k@b", asOf: 3, want: "vc inProgress, v inProgress",
		},
		"correlateBy: events without a value belong to all": {
			change: all(correlated), did: "0 v | 1 c@a | 2 c@b | 3 k@b", asOf: 3, want: "vc inProgress, vck inProgress",
		},
		"correlateBy: the contact itself counts when no unit does": {
			change: all(correlated), did: "0 v | 1 c", asOf: 1, want: "vc inProgress",
		},
		"correlateBy: an attempt counts for a value only with an event that has it": {
			change: all(correlated), did: "0 v | 1 c | 2 s@a", asOf: 2, want: "vc inProgress",
		},
		"correlateBy: the contact's entries give way to those of its units": {
			change: all(correlated, entries), did: "0 v | 1 c | 30 v | 31 c@a", asOf: 31, want: "vc inProgress",
		},
		"dropAfterIdle: counts from the last act of any kind": {
			change: all(dropIdle), did: "0 v | 1 c | 1.5 s | 2.25 s", asOf: 3.25, want: "vc inProgress",
		},
		"dropAfterIdle: then it is dropped": {
			change: all(dropIdle), did: "0 v | 1 c | 1.5 s | 2.25 s", asOf: 3.5, want: "vc dropped",
		},
		"dropAfterIdle: recovered when there was such a pause before the next stage": {
			change: all(dropIdle), did: "0 v | 1 c | 1.5 s | 3 s | 3.5 k", asOf: 4, want: "vck inProgress, recovered c",
		},
		"dropAfterIdle: not when the contact did something all the time": {
			change: all(dropIdle), did: "0 v | 1 c | 1.5 s | 2.5 s | 3.5 k", asOf: 4, want: "vck inProgress",
		},
		"refund: takes back from the value with its key": {
			change: all(refunds), did: "0 v | 1 c | 2 k | 3 o$9#a | 40 r$4#a | 41 r$1#b", asOf: 41, want: "vcko converted; 5 by 1 less 4",
		},
		"refund: each once, however many values have the key": {
			change: all(refunds), did: "0 v | 1 c | 2 k | 3 o$9#a | 4 v | 5 c | 6 k | 7 o$9#a | 8 r$4#a", asOf: 8,
			want: "vcko converted; 14 by 2 less 4",
		},
		"refund: not what came after it": {
			change: all(refunds), did: "0 v | 1 r$4#a | 1 c | 2 k | 3 o$9#a", asOf: 3, want: "vcko converted; 9 by 1",
		},
		"value: an excluded attempt brings none, unless another brings it": {
			change: all(refunds, excludes(0, 1, definition.Discard), optional(1, 2)), did: "0 v | 1 x | 2 v | 3 o$9", asOf: 3,
			want: "v--o converted; 9 by 1",
		},
		"value: once for all units of a contact": {
			change: all(refunds, correlated), did: "0 v@a | 0 v@b | 1 c | 2 k | 3 o$9", asOf: 3, want: "vcko converted, vcko converted; 9 by 1",
		},
		"value: under Any at the stage that the event fills": {
			change: all(refunds, anyOrder), did: "0 o$9 | 1 v", asOf: 1, want: "2 of 4 inProgress; 9 by 1",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := tt.plan(t)
			c := tt.contribution(t, p)
			if got := written(p, &c); got != tt.want {
				t.Errorf("it counts as %q, want %q", got, tt.want)
			}
		})
	}
}

func (r *rule) plan(t *testing.T) *plan {
	t.Helper()
	f := definition.Funnel{
		Stages: make([]definition.Stage, len(stageLetters)), Window: 24 * time.Hour, Period: definition.Period{RollingDays: 7},
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 90 * 24 * time.Hour,
	}
	for _, change := range r.change {
		change(&f)
	}
	p, err := newPlan(1, &f, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func hours(h float64) event.Time { return monday.Add(time.Duration(h * float64(time.Hour))) }

func (r *rule) contribution(t *testing.T, p *plan) (c contribution) {
	t.Helper()
	moments, marks := history(t, p, r.did)
	var v evaluator
	v.evaluate(p, p.at(hours(r.asOf)), moments, []segment{{math.MinInt64, marks}}, nil, &c)
	return c
}

// history reads what a contact did; see rule.
func history(t *testing.T, p *plan, did string) (moments []moment, marks []uint32) {
	t.Helper()
	c, s := contact{}, &slot{id: 1, plan: p, tally: newTally(p)}
	for i, written := range strings.Split(did, " | ") {
		at, what, _ := strings.Cut(written, " ")
		after, err := strconv.ParseFloat(at, 64)
		if err != nil {
			t.Fatal(err)
		}
		found := match(t, what)
		c.insert(c.unit(s), hours(after), 0, fmt.Sprintf("%02d", i), &found)
	}
	return c.moments, c.unit(s).marks
}

func match(t *testing.T, what string) definition.Match {
	t.Helper()
	end := strings.IndexAny(what+"@", "@$#=")
	letters, more := what[:end], what[end:]
	found := definition.Match{Acts: true, Breaks: !strings.HasPrefix(what, "~")}
	details := map[byte]string{}
	for len(more) > 0 {
		to := strings.IndexAny(more[1:]+"@", "@$#=") + 1
		details[more[0]], more = more[1:to], more[to:]
	}
	found.Unit = details['@']
	amount := definition.Amount{Stage: 3, Key: details['#']}
	if text := details['$']; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		amount.Amount = aggregate.Micros(n)
	}
	for _, letter := range letters {
		switch {
		case strings.ContainsRune(stageLetters, letter):
			found.Stages |= 1 << strings.IndexRune(stageLetters, letter)
		case letter == 'x' || letter == 'y':
			found.Exclusions |= 1 << (letter - 'x')
		case letter == 'r':
			found.Refunds = append(found.Refunds, amount)
		}
	}
	if details['$'] != "" && found.Refunds == nil {
		found.Amounts = append(found.Amounts, amount)
	}
	if label, has := details['=']; has {
		found.Labels = append(found.Labels, definition.Label{Text: label})
	}
	return found
}

// written writes down what a contribution says of the current period; see rule.
func written(p *plan, c *contribution) string {
	var outcomes []string
	for _, o := range c.outcomes() {
		if o.roles&currentRole != 0 {
			outcomes = append(outcomes, o.written(p))
		}
	}
	text := strings.Join(outcomes, ", ")
	for _, v := range c.values() {
		text += fmt.Sprintf("; %d by %d", v.sum.micros(), v.events)
		if v.refunded != (sum{}) {
			text += fmt.Sprintf(" less %d", v.refunded.micros())
		}
	}
	return text
}

func (o *outcome) written(p *plan) string {
	var b strings.Builder
	if p.anyOrder {
		fmt.Fprintf(&b, "%d of %d", o.depth+1, p.stages)
	} else {
		for i := range o.depth + 1 {
			b.WriteByte(map[bool]byte{true: stageLetters[i], false: '-'}[o.filled&(1<<i) != 0])
		}
	}
	b.WriteString(map[status]string{dropped: " dropped", inProgress: " inProgress", converted: " converted"}[o.status])
	text := b.String()
	if o.excluded {
		text = strings.Replace(text, " dropped", " excluded", 1)
	}
	for i := range p.stages {
		if o.recovered&(1<<i) != 0 {
			text += ", recovered " + stageLetters[i:i+1]
		}
	}
	if o.path != nil && slices.ContainsFunc(o.path.labels, func(l string) bool { return l != "" }) {
		text += " " + strings.Join(o.path.labels, "/")
	}
	return text
}
