// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// claimsAtOnce bounds the claims of one record.
	claimsAtOnce = 500
	// orphanAfter is how long a channel may be missing from the delivery before its messages are claimed all the same: the fold then
	// says what becomes of them. orphansAtOnce bounds those.
	orphanAfter   = 3 * time.Minute // a mounted file may be a minute late
	orphansAtOnce = 100
	// tokenWait is when a desk looks again whose tokens another one took.
	tokenWait = 10 * time.Millisecond
)

// claim gives a record of claims for what is wanted and may be sent now; nil for none.
func (d *Desk) claim(book Book, now event.Time) (*Note, error) {
	d.release()
	b := &batch{}
	keys := book.WantedChannels()
	first, _ := slices.BinarySearch(keys, d.next)
	for _, key := range slices.Concat(keys[first:], keys[:first]) {
		if len(b.items) == claimsAtOnce {
			d.next = key // which has had none
			break
		}
		l := d.lineFor(key)
		if l == nil {
			continue
		}
		if err := d.claimFor(book, l, key, now, b); err != nil {
			for _, it := range b.items {
				d.leave(it, 0)
			}
			return nil, err
		}
	}
	if len(b.items) == 0 {
		return nil, nil //nolint:nilnil // nothing to claim is no error
	}
	return d.claimNote(b, now), nil
}

func (d *Desk) claimNote(b *batch, now event.Time) *Note {
	claims := make([]record.Claim, len(b.items))
	for i, it := range b.items {
		claims[i] = record.Claim{Contact: it.contact, Effect: it.effect, Attempt: it.attempt}
	}
	return &Note{
		Record: record.Record{Kind: record.Claims, Claims: record.ClaimsRecord{Time: now, Claims: claims}},
		Appended: func(offset uint64) {
			d.mu.Lock()
			defer d.mu.Unlock()
			b.offset = offset
			d.claimed = append(d.claimed, b)
		},
		Unclear: func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.unclear = append(d.unclear, b)
		},
		Refused: func() {
			for _, it := range b.items {
				it.line.unused()
				d.leave(it, refusedHold)
			}
		},
	}
}

// claimFor adds claims of one channel.
func (d *Desk) claimFor(book Book, l *line, key string, now event.Time, b *batch) error {
	room, again := l.room(d, func() int64 { return book.ClaimedToday(key, now) }, now)
	if room == 0 {
		if !again.IsZero() {
			d.lookAgain(again)
		}
		return nil
	}
	wanted := book.NextWanted(key, min(room, claimsAtOnce-len(b.items)), d.inHand)
	for i := range wanted {
		e := &wanted[i]
		if closed, err := d.close(book, l, e); err != nil {
			return err
		} else if closed {
			continue
		}
		if !l.take(d) {
			d.lookAgain(time.Now().Add(tokenWait))
			return nil
		}
		b.items = append(b.items, d.take(l, e))
	}
	return nil
}

// take takes an effect in hand.
func (d *Desk) take(l *line, e *nurture.Effect) *item {
	it := &item{desk: d, line: l, contact: e.Contact, effect: e.ID, attempt: e.Attempt + 1, claimed: time.Now()}
	d.mu.Lock()
	d.hand[e.ID] = it
	d.mu.Unlock()
	return it
}

// close tells what became of an effect that was claimed and is not tried again: one that this process was granted when its enrolment had just
// ended was not sent, and of one that was granted to a process that is gone nobody knows it. What an enrolment wanted that has ended is never sent again.
func (d *Desk) close(book Book, l *line, e *nurture.Effect) (closed bool, err error) {
	told := outcome{kind: event.MessageInDoubt}
	switch {
	case !e.Claimed:
		return false, nil
	case d.wasUntried(e):
		told = outcome{kind: event.MessageFailed, class: ClassExited}
	case !e.Ended && l.guarantee() == atLeastOnce:
		return false, nil
	}
	grant, granted, err := book.Grant(e.Contact, e.ID)
	if err != nil {
		return false, err
	}
	if !granted { // its enrolment has ended
		grant = nurture.Grant{Effect: e.ID, Contact: e.Contact, Attempt: e.Attempt, Scenario: e.Scenario, Channel: e.Channel, Kind: e.Kind}
	}
	it := d.take(l, e)
	l.enter(d)
	if told.kind == event.MessageInDoubt {
		l.sender.opts.Metrics.tried(l.key, "InDoubt") // by a process that could not count it
	}
	it.tell(&grant, told)
	return true, nil
}

// mostUntried bounds how many claims that were not granted are remembered.
const mostUntried = 10_000

// noteUntried remembers a claim that was not granted. If the effect turns out to be claimed by it, its enrolment ended right after.
func (d *Desk) noteUntried(it *item) {
	if len(d.untried) >= mostUntried {
		clear(d.untried)
	}
	d.untried[it.effect] = it.attempt
}

// wasUntried says whether the last claim of an effect was one of this process's that was never tried.
func (d *Desk) wasUntried(e *nurture.Effect) bool {
	attempt, noted := d.untried[e.ID]
	delete(d.untried, e.ID)
	return noted && attempt == e.Attempt
}

// lineFor gives the line of a channel, or one that only lets the fold decide, when the channel has been missing for a while.
func (d *Desk) lineFor(key string) *line {
	if l := d.sender.line(key); l != nil {
		delete(d.missing, key)
		return l
	}
	m := d.missing[key]
	if m == nil {
		m = &missing{since: time.Now(), line: newOrphanLine(d.sender, key)}
		d.missing[key] = m
	}
	if begins := m.since.Add(orphanAfter); time.Now().Before(begins) {
		d.lookAgain(begins)
		return nil
	}
	return m.line
}
