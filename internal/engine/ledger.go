// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// maxPageBytes bounds how much of the store one page is read from, so that the fold stands still for some milliseconds at most.
const maxPageBytes = 1 << 20

// Consent is how a contact stands to a topic that it said something about, with the words that this follows from. They may be about all
// marketing: who wants nothing any more does not want the topic either.
type Consent struct {
	Contact    string
	Standpoint nurture.Standpoint
	nurture.Consent
}

// Suppressed says whether nothing is sent to an address, by its hash.
func (f *Fold) Suppressed(address string) bool { return f.nursery.suppressed.has(address) }

// Suppressions gives a page of the addresses that nothing is sent to, by their hashes and in that order: so many at most, and only those
// behind the cursor. Next is the cursor of the next page; empty when there is none. The error wraps one of the store.
func (f *Fold) Suppressions(cursor string, most int) (page []record.Suppression, next string, err error) {
	stored := map[string][]byte{}
	last := "" // up to which the store was read; empty: to its end
	from := packed(cursor)
	if f.options.Store != nil {
		lower := append(append([]byte{suppressionPrefix}, from...), 0)
		err := f.options.Store.Scan(lower, []byte{suppressionPrefix + 1}, func(key, value []byte) (bool, error) {
			if len(stored) == most {
				return false, nil
			}
			last = string(key[1:])
			stored[last] = slices.Clone(value)
			return true, nil
		})
		if err != nil {
			return nil, "", wrapRead(err)
		}
		if len(stored) < most {
			last = ""
		}
	}
	found := map[string]suppression{}
	for key, value := range stored {
		var s suppression
		if err := json.Unmarshal(value, &s); err != nil {
			return nil, "", fmt.Errorf("%w: a suppression", ErrCorruptState)
		}
		found[key] = s
	}
	for key, s := range f.nursery.suppressed.changed {
		switch {
		case key <= from || last != "" && key > last:
		case s == nil:
			delete(found, key)
		default:
			found[key] = *s
		}
	}
	for key, s := range found {
		page = append(page, record.Suppression{Address: hex.EncodeToString([]byte(key)), Class: s.Class, Time: s.Time})
	}
	slices.SortFunc(page, func(a, b record.Suppression) int { return cmp.Compare(a.Address, b.Address) })
	if len(page) > most {
		page = page[:most]
		return page, page[most-1].Address, nil
	}
	return page, hex.EncodeToString([]byte(last)), nil
}

// Consents gives what contacts said about what they want to be sent, in the order of their names, and each one's in the order of the topics. It
// looks at so many contacts at most, and only at those behind the cursor; few of them may have said anything. Next is the cursor of the
// next page; empty when there is none. The error wraps one of the store.
func (f *Fold) Consents(cursor string, most int) (page []Consent, next string, err error) {
	known, next, err := f.storiesBehind(cursor, most)
	if err != nil {
		return nil, "", err
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > most {
		names, next = names[:most], names[most-1]
	}
	policy := &f.nursery.world.Policy.Meaning
	for _, name := range names {
		for _, said := range known[name].Consents() {
			standpoint, last := known[name].Stand(said.Topic, nurture.AsksTwice(policy, said.Topic))
			page = append(page, Consent{name, standpoint, last})
		}
	}
	return page, next, nil
}

// storiesBehind gives what scenarios know of the contacts behind a cursor and up to a last one, as it is now and without a trace in the cache;
// there is no last one when these are all.
func (f *Fold) storiesBehind(cursor string, most int) (known map[string]*nurture.Contact, last string, err error) {
	known = map[string]*nurture.Contact{}
	more := false
	if f.options.Store != nil {
		read := 0
		lower := storyKey(nil, cursor+"\x00")
		err := f.options.Store.Scan(lower, []byte{storyPrefix + 1}, func(key, value []byte) (bool, error) {
			if len(known) == most || read > maxPageBytes {
				more = true
				return false, nil
			}
			state, err := nurture.ReadContact(slices.Clone(value))
			if err != nil {
				return false, fmt.Errorf("%w: what scenarios know of a contact: %w", ErrCorruptState, err)
			}
			last, read = string(key[1:]), read+len(value)
			known[last] = state
			return true, nil
		})
		if err != nil {
			return nil, "", wrapRead(err)
		}
	}
	note := func(c *contact) {
		if c.name <= cursor || more && c.name > last {
			return
		}
		if state := c.story.state(); state != nil {
			known[c.name] = state
		} else {
			delete(known, c.name)
		}
	}
	if f.options.Store == nil {
		for _, c := range f.contacts {
			note(c)
		}
	}
	for _, c := range f.changed {
		note(c)
	}
	if !more {
		last = ""
	}
	return known, last, nil
}
