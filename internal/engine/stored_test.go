// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// pages is a store of one contact's pages.
type pages map[string]string

func (p pages) Set(key, value []byte) error { p[string(key)] = string(value); return nil }
func (p pages) Delete(key []byte) error     { delete(p, string(key)); return nil }
func (p pages) DeleteRange(lower, upper []byte) error {
	maps.DeleteFunc(p, func(key, _ string) bool { return key >= string(lower) && key < string(upper) })
	return nil
}

// matched is an event that matters to one of two units.
type matched struct {
	unit  int
	time  event.Time
	id    string
	match definition.Match
}

func someMatched(t *rapid.T, i int) matched {
	number := func(low, high int, label string) int { return rapid.IntRange(low, high).Draw(t, label) }
	text := func(label string) string {
		return rapid.SampledFrom([]string{"", "ads", "mail", "a longer one"}).Draw(t, label)
	}
	m := matched{unit: number(0, 1, "unit"), time: event.Time(number(-50, 50, "time")), id: fmt.Sprintf("source %d", i)}
	m.match.Stages, m.match.Exclusions = uint32(number(0, 1<<16-1, "stages")), uint32(number(0, 255, "exclusions"))
	m.match.Acts, m.match.Breaks, m.match.Unit = true, rapid.Bool().Draw(t, "breaks"), text("unit value")
	for stage := range number(0, 2, "amounts") {
		m.match.Amounts = append(m.match.Amounts, definition.Amount{Stage: stage, Amount: aggregate.Micros(number(-9, 9, "amount")), Key: text("key")})
	}
	for stage := range number(0, 2, "refunds") {
		m.match.Refunds = append(m.match.Refunds, definition.Amount{Stage: stage, Amount: aggregate.Micros(number(0, 9, "refund")), Key: text("key")})
	}
	for breakdown := range number(0, 3, "labels") {
		m.match.Labels = append(m.match.Labels, definition.Label{Breakdown: breakdown, Text: text("label")})
	}
	return m
}

// held is all that a contact holds of its events, in words.
func held(c *contact) (all []string) {
	for at, m := range c.moments {
		line := fmt.Sprint(m.time, m.id)
		for _, u := range c.units {
			line += fmt.Sprintf(" %d:%b", u.id, u.marks[at])
		}
		for d := m.details; d != nil; d = d.next {
			line += fmt.Sprintf(" %d/%d/%d=%d%q", d.slot, d.kind, d.index, d.amount, d.text)
		}
		all = append(all, line)
	}
	return all
}

// What a contact holds comes back from the store as it was, and lies there in the same bytes in whatever order it came.
func TestStoredContactsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var events []matched
		for i := range rapid.SampledFrom([]int{1, 5, 30, headMoments + 1, 3 * headMoments}).Draw(t, "events") {
			events = append(events, someMatched(t, i))
		}
		slots := map[uint32]*slot{3: {id: 3, plan: &plan{}}, 7: {id: 7, plan: &plan{}}}
		fill := func(events []matched) (*contact, pages, []byte) {
			c := &contact{name: "ann"}
			for _, slot := range []uint32{3, 7} {
				c.unit(slots[slot])
			}
			for i := range events {
				m := &events[i]
				c.insert(c.units[m.unit], m.time, m.time, m.id, &m.match)
			}
			stored := pages{}
			if err := c.writePages(stored, &scratch{}); err != nil {
				t.Fatal(err)
			}
			return c, stored, c.appendHead(nil)
		}
		want, stored, head := fill(events)

		other, otherPages, otherHead := fill(rapid.Permutation(events).Draw(t, "order"))
		if diff := cmp.Diff(held(want), held(other)); diff != "" {
			t.Fatalf("another order is held otherwise:\n%s", diff)
		}
		if diff := cmp.Diff(stored, otherPages); diff != "" || string(head) != string(otherHead) {
			t.Fatalf("another order is stored otherwise:\n%s", diff)
		}

		f := &Fold{slots: slots, scratch: scratch{texts: texts{}}}
		got := &contact{name: "ann"}
		paged, _, err := f.readHead(got, head)
		if err != nil || paged != (len(events) > headMoments) {
			t.Fatalf("read head: paged %v, error %v", paged, err)
		}
		for _, key := range slices.Sorted(maps.Keys(stored)) {
			r := reader{Reader: packing.Read([]byte(stored[key])), texts: f.scratch.texts}
			got.readMoments(&r, &f.scratch)
			if err := r.done("page"); err != nil {
				t.Fatal(err)
			}
		}
		got.order()
		if diff := cmp.Diff(held(want), held(got)); diff != "" {
			t.Fatalf("what was read differs (-written +read):\n%s", diff)
		}
		for i, u := range want.units {
			if got.units[i].count != u.count {
				t.Fatalf("unit %d counts %d events, want %d", u.id, got.units[i].count, u.count)
			}
		}
	})
}

func TestPackedMarksComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.Uint32().Draw(t, "marks")
		if got := unpackMarks(packMarks(marks)); got != marks {
			t.Fatalf("marks %032b come back as %032b", marks, got)
		}
	})
	for name, marks := range map[string]uint32{"an early stage": 1 << 3, "an act": actMark, "an act that breaks": actMark | breakMark} {
		if packMarks(marks) > 0x7f {
			t.Errorf("%s takes more than a byte", name)
		}
	}
}

func TestLabelsAreSharedByContacts(t *testing.T) {
	t.Parallel()
	shared := texts{}
	for i := range 3 * maxTexts {
		label := fmt.Sprint("label ", i%2000)
		match := definition.Match{Labels: []definition.Label{{Text: label}}}
		shared.share(&match)
		if match.Labels[0].Text != label || shared.one([]byte(label)) != label {
			t.Fatalf("label %q became %q", label, match.Labels[0].Text)
		}
	}
	if len(shared) != 2000 {
		t.Errorf("%d texts are held for 2000 labels", len(shared))
	}
	for i := range 3 * maxTexts {
		shared.one(fmt.Append(nil, i))
	}
	if len(shared) > maxTexts {
		t.Errorf("%d texts are held, more than %d", len(shared), maxTexts)
	}
}

func TestIdentitiesStayAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	c := &contact{}
	var want []string
	for i := range 300 {
		e := event.Event{Source: []string{"shop", "a\x00b", ""}[i%3], ID: fmt.Sprint(i * i * i)}
		c.place(event.Time(i), event.Time(i), c.identity(&e))
		want = append(want, []string{"shop", "a\x00\xffb", ""}[i%3]+"\x00\x01"+e.ID)
	}
	var got []string
	for _, m := range c.moments {
		got = append(got, m.id)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("identities differ (-want +got):\n%s", diff)
	}
}
