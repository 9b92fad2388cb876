// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"
	"sort"

	"github.com/waymark-dev/waymark/internal/event"
)

// maxLinks bounds the links of one anonymous contact that are told apart.
const maxLinks = 1000

// link says that an anonymous contact is a known one.
type link struct {
	time event.Time
	id   string // see identity
	to   string
}

// links are those of one anonymous contact, in the order of time and id.
type links []link

// add takes a link in.
func (l links) add(added link) links {
	at, found := slices.BinarySearchFunc(l, added, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.id, b.id))
	})
	if found { // its identity was forgotten and it came again
		return l
	}
	l = slices.Insert(l, at, added)
	if len(l) > maxLinks {
		return l.thin()
	}
	return l
}

// thin lets go of the earliest link that makes no difference to the events that are known: the next one names the same contact.
func (l links) thin() links {
	for i := range l[:len(l)-1] {
		if l[i].to == l[i+1].to {
			return slices.Delete(l, i, i+1)
		}
	}
	return l[1:]
}

// owner gives the known contact that what happened at an instant belongs to: that of the first link at or after it, else of the last
// before; empty when there is none.
func (l links) owner(t event.Time) string {
	if len(l) == 0 {
		return ""
	}
	at := sort.Search(len(l), func(i int) bool { return l[i].time >= t })
	return l[min(at, len(l)-1)].to
}

// alias says that two known contacts are one person; a is the lesser.
type alias struct{ a, b string }

func aliasOf(a, b string) alias { return alias{min(a, b), max(a, b)} }

// other gives the other contact of an alias that names one.
func (a alias) other(name string) (other string, names bool) {
	switch name {
	case a.a:
		return a.b, true
	case a.b:
		return a.a, true
	}
	return "", false
}

// reach gives all contacts that aliases lead to from one of them, itself too, in their order.
func reach(name string, aliases []alias) []string {
	all := []string{name}
	for i := 0; i < len(all); i++ {
		for _, a := range aliases {
			if other, names := a.other(all[i]); names && !slices.Contains(all, other) {
				all = append(all, other)
			}
		}
	}
	slices.Sort(all)
	return all
}
