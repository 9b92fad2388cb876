// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"testing"
	"time"
)

// However many places others have taken, a partition finds its share of them free.
func TestPartitionsHaveTheirShareOfALine(t *testing.T) {
	s := &Sender{opts: Options{Owned: []int{0, 1, 2, 3}}}
	l, quick, slow := newSetLine(s), &Desk{sender: s}, &Desk{sender: s}
	room := func(d *Desk) int {
		n, _ := l.room(d, nil, 0)
		return n
	}
	if got := room(quick); got != dryConcurrency {
		t.Fatalf("room in an empty line is %d, want %d", got, dryConcurrency)
	}
	for range dryConcurrency {
		l.enter(quick)
	}
	if got := room(quick); got != 0 {
		t.Errorf("who has all places has room for %d more", got)
	}
	if got := room(slow); got != dryConcurrency/4 {
		t.Errorf("another partition has room for %d, want its share of %d", got, dryConcurrency/4)
	}
	for range dryConcurrency / 4 {
		l.enter(slow)
	}
	if got := room(slow); got != 0 {
		t.Errorf("beyond its share a partition has room for %d", got)
	}
	l.left(slow)
	if got := room(slow); got != 1 {
		t.Errorf("after one has left there is room for %d", got)
	}
}

func TestShortestOfTheLastSeconds(t *testing.T) {
	type took struct{ at, took time.Duration }
	tests := map[string]struct {
		noted []took
		at    time.Duration
		want  time.Duration
	}{
		"nothing noted":           {at: time.Second},
		"the shorter of two":      {noted: []took{{0, 30}, {1 * time.Second, 20}, {2 * time.Second, 40}}, at: 3 * time.Second, want: 20},
		"of the seconds before":   {noted: []took{{0, 30}, {6 * time.Second, 40}}, at: 7 * time.Second, want: 30},
		"no longer of long ago":   {noted: []took{{0, 30}, {6 * time.Second, 40}, {12 * time.Second, 50}}, at: 12 * time.Second, want: 40},
		"nothing noted any more":  {noted: []took{{0, 30}}, at: 20 * time.Second},
		"noted, and then nothing": {noted: []took{{0, 30}}, at: 9 * time.Second, want: 30},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			began, s := time.Now(), shortest{}
			s.roll(began)
			for _, n := range tc.noted {
				s.note(began.Add(n.at), n.took)
			}
			if got := s.lately(began.Add(tc.at)); got != tc.want {
				t.Errorf("the shortest is %d, want %d", got, tc.want)
			}
		})
	}
}
