// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// refusedHold is how long an effect is left alone whose claim was not granted, if it is wanted still.
	refusedHold = time.Second
	// releaseEvery bounds how often what is left alone is gone through.
	releaseEvery = 100 * time.Millisecond
)

// Book is what a desk asks the partition's fold.
type Book interface {
	// Offset is that of the last record folded.
	Offset() uint64
	// WantedChannels gives the keys of channels that have wanted effects; the empty one is of effects that need no channel.
	WantedChannels() []string
	// NextWanted gives the effects of a channel that are to be claimed next, without those that skip names.
	NextWanted(channel string, most int, skip func(effect string) bool) []nurture.Effect
	// Grant gives what a claimed effect without a result needs to be sent; false when it is not such a one.
	Grant(contact, effect string) (nurture.Grant, bool, error)
	// ClaimedToday counts a channel's first claims on the present day of the workspace.
	ClaimedToday(channel string, now event.Time) int64
	// TakeSuppressed gives, once, the addresses that the partition's own events have suppressed.
	TakeSuppressed() []record.Suppression
}

// Desk is the sender's place at one partition. It outlives the lives of that partition: what is being sent when a life ends is still known in
// the next one. Turn and what it gives are used by the partition's goroutine alone; the rest by any.
type Desk struct {
	sender    *Sender
	partition int
	post      *post
	woken     chan struct{}
	// again is when there may be more to do although nothing happens; used by the partition's goroutine.
	again   time.Time
	missing map[string]*missing // channels that the delivery has not
	untried map[string]int      // see noteUntried
	next    string              // the channel that the next record of claims begins with

	mu   sync.Mutex
	hand map[string]*item // by effect
	// claimed are batches of claims in the log that are not known to be folded, in their order; unclear are those of which it is not
	// known whether the log has them.
	claimed []*batch
	unclear []*batch
	// told are the effects whose results are durable, in the order of their offsets, until they are folded.
	told []toldItem
	// notes are other records to append.
	notes []*Note
	// releaseAt is when the first effect that is left alone may be looked at again; zero when there is none.
	releaseAt time.Time
}

// item is one effect that the desk has in hand: nobody else deals with it.
type item struct {
	desk    *Desk
	line    *line
	contact string
	effect  string
	attempt int
	claimed time.Time
	// until is set while it is only left alone.
	until time.Time
}

// missing is a channel that the delivery has not.
type missing struct {
	since time.Time
	line  *line
}

type batch struct {
	offset uint64
	items  []*item
}

type toldItem struct {
	offset uint64
	effect string
}

// Note is a record to append, and whom to tell.
type Note struct {
	Record record.Record
	// Appended is told the offset. Unclear is told that it is not known whether the log has the record, and Refused that it certainly has
	// not.
	Appended         func(offset uint64)
	Unclear, Refused func()
}

func newDesk(s *Sender, partition int) *Desk {
	d := &Desk{
		sender: s, partition: partition, woken: make(chan struct{}, 1),
		hand: map[string]*item{}, missing: map[string]*missing{}, untried: map[string]int{},
	}
	d.post = newPost(d)
	return d
}

// Woken gets a token when there may be something to do.
func (d *Desk) Woken() <-chan struct{} {
	if d == nil {
		return nil
	}
	return d.woken
}

// Wake puts a token there.
func (d *Desk) Wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// Opened tells of a new epoch: whatever an earlier one appended lies before its record.
func (d *Desk) Opened(offset uint64) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.unclear {
		b.offset = offset
		d.claimed = append(d.claimed, b)
	}
	d.unclear = nil
}

// Until is how long nothing needs to be done if nothing comes.
func (d *Desk) Until(most time.Duration) time.Duration {
	if d == nil {
		return most
	}
	if !d.again.IsZero() {
		most = min(most, max(time.Until(d.again), 0))
	}
	return most
}

// Turn hands what was granted to the channels and gives the records to append now. All records that the log had when the present epoch was
// opened must be folded, or what was sent long ago might be sent again.
func (d *Desk) Turn(book Book, now event.Time) ([]*Note, error) {
	d.again = time.Time{}
	if err := d.settle(book); err != nil {
		return nil, err
	}
	d.sender.spread(d.partition, book.TakeSuppressed())
	notes := d.takeNotes()
	claims, err := d.claim(book, now)
	if claims != nil {
		notes = append(notes, claims)
	}
	return notes, err
}

// Settle is Turn without records to append: while earlier ones are being appended.
func (d *Desk) Settle(book Book) error {
	d.again = time.Time{}
	return d.settle(book)
}

// lookAgain notes when there may be more to do.
func (d *Desk) lookAgain(at time.Time) {
	if d.again.IsZero() || at.Before(d.again) {
		d.again = at
	}
}

// settle deals with the claims and the results that were folded.
func (d *Desk) settle(book Book) error {
	offset := book.Offset()
	d.mu.Lock()
	for len(d.told) > 0 && d.told[0].offset <= offset {
		delete(d.hand, d.told[0].effect)
		d.told = d.told[1:]
	}
	var folded []*item
	for len(d.claimed) > 0 && d.claimed[0].offset <= offset {
		folded = append(folded, d.claimed[0].items...)
		d.claimed = d.claimed[1:]
	}
	d.mu.Unlock()
	for i, it := range folded {
		grant, granted, err := book.Grant(it.contact, it.effect)
		if err != nil {
			for _, left := range folded[i:] {
				d.leave(left, 0)
			}
			return err
		}
		d.sender.opts.Metrics.claimed(it.line.key, time.Since(it.claimed), granted)
		if granted && grant.Attempt == it.attempt {
			it.line.push(it, grant)
		} else {
			it.line.unused()
			d.noteUntried(it)
			d.leave(it, refusedHold)
		}
	}
	return nil
}

// leave lets go of an effect that was not sent; if it is wanted still, it is looked at again after a while.
func (d *Desk) leave(it *item, after time.Duration) {
	it.line.left(d)
	d.mu.Lock()
	defer d.mu.Unlock()
	if after == 0 {
		delete(d.hand, it.effect)
		return
	}
	it.until = time.Now().Add(after)
	if d.releaseAt.IsZero() || it.until.Before(d.releaseAt) {
		d.releaseAt = it.until
	}
}

func (d *Desk) inHand(effect string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, found := d.hand[effect]
	return found
}

// release forgets the effects that were left alone for long enough.
func (d *Desk) release() {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.releaseAt.IsZero() {
		return
	}
	if !now.Before(d.releaseAt) {
		d.releaseAt = time.Time{}
		for effect, it := range d.hand {
			switch {
			case it.until.IsZero():
			case !now.Before(it.until):
				delete(d.hand, effect)
			case d.releaseAt.IsZero() || it.until.Before(d.releaseAt):
				d.releaseAt = it.until
			}
		}
		if earliest := now.Add(releaseEvery); !d.releaseAt.IsZero() && d.releaseAt.Before(earliest) {
			d.releaseAt = earliest
		}
	}
	if !d.releaseAt.IsZero() {
		d.lookAgain(d.releaseAt)
	}
}

// unsettled counts a line's claims that are not known to be folded.
func (d *Desk) unsettled(l *line) (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, batches := range [][]*batch{d.claimed, d.unclear} {
		for _, b := range batches {
			for _, it := range b.items {
				if it.line == l {
					n++
				}
			}
		}
	}
	return n
}

// append asks for a record to be appended to the partition, and wakes it.
func (d *Desk) append(n *Note) {
	d.mu.Lock()
	d.notes = append(d.notes, n)
	d.mu.Unlock()
	d.Wake()
}

func (d *Desk) takeNotes() []*Note {
	d.mu.Lock()
	defer d.mu.Unlock()
	notes := d.notes
	d.notes = nil
	return notes
}
