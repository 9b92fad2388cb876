// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// A page of moments begins where the hash of a moment's id ends in pageBits zeros. So the same moments always lie in the same pages, in
// whatever order they came, and one more changes only one or two.
const pageBits = 6

// storedPage is a page of moments in the store: when its first moment was, a hash of that one's id, and a sum of its contents.
type storedPage struct {
	time event.Time
	hash uint64
	sum  uint64
}

func (p *storedPage) key(name string) []byte {
	key := packing.AppendText([]byte{momentPrefix}, name)
	key = binary.BigEndian.AppendUint64(key, uint64(p.time)^1<<63)
	return binary.BigEndian.AppendUint64(key, p.hash)
}

// writePages stores the pages of moments that differ from the store's, and deletes those that are no more.
func (c *contact) writePages(w Writer, s *scratch) error {
	old := map[storedPage]bool{}
	for _, p := range c.pages {
		old[p] = true
	}
	c.drafts = c.drafts[:0]
	if len(c.moments) > headMoments {
		for from := 0; from < len(c.moments); {
			to := c.pageEnd(from)
			s.value = c.appendMoments(s.value[:0], from, to)
			p := c.pageAt(from)
			p.sum = xxhash.Sum64(s.value)
			if c.drafts = append(c.drafts, p); !old[p] {
				if err := w.Set(p.key(c.name), s.value); err != nil {
					return err
				}
			}
			from = to
		}
	}
	return c.deletePages(w)
}

func (c *contact) deletePages(w Writer) error {
	for _, p := range c.pages {
		kept := slices.ContainsFunc(c.drafts, func(d storedPage) bool { return d.time == p.time && d.hash == p.hash })
		if !kept {
			if err := w.Delete(p.key(c.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// pageAt names the page that begins at a position; the first has a name of its own, whatever it begins with.
func (c *contact) pageAt(at int) storedPage {
	if at == 0 {
		return storedPage{time: math.MinInt64}
	}
	return storedPage{time: c.moments[at].time, hash: xxhash.Sum64String(c.moments[at].id)}
}

// pageEnd gives where the page that begins at a position ends.
func (c *contact) pageEnd(from int) int {
	for i := from + 1; i < len(c.moments); i++ {
		if xxhash.Sum64String(c.moments[i].id)&(1<<pageBits-1) == 0 {
			return i
		}
	}
	return len(c.moments)
}

// order puts moments in their order that were read from pages: those of pages that begin at one time are not.
func (c *contact) order() {
	if slices.IsSortedFunc(c.moments, func(a, b moment) int { return a.compare(&b) }) {
		return
	}
	at := make([]int, len(c.moments))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(i, j int) int { return c.moments[i].compare(&c.moments[j]) })
	c.moments = permuted(c.moments, at)
	for _, u := range c.units {
		u.marks = permuted(u.marks, at)
	}
}

func permuted[T any](s []T, at []int) []T {
	moved := make([]T, len(s))
	for to, from := range at {
		moved[to] = s[from]
	}
	return moved
}
