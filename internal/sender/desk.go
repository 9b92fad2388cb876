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
	// claimsAtOnce bounds the claims of one record.
	claimsAtOnce = 500
	// refusedHold is how long an effect is left alone whose claim was not granted, if it is wanted still.
	refusedHold = time.Second
	// orphanAfter is how long a channel may be missing from the delivery before its messages are claimed all the same: the fold then
	// says what becomes of them. orphansAtOnce bounds those.
	orphanAfter   = 30 * time.Second
	orphansAtOnce = 100
	// tokenWait is when a desk looks again whose tokens another one took.
	tokenWait = 10 * time.Millisecond
	// releaseEvery bounds how often what is left alone is gone through.
	releaseEvery = 100 * time.Millisecond
)

// Book is what a desk asks the partition's fold.
type Book interface {
	// Offset is that of the last record folded.
	Offset() uint64
	// WantedChannels gives the keys of channels that have wanted effects; the empty one is of effects that need no channel.
	WantedChannels() []string
	// Wanted gives a channel's wanted effects in their order, without those that skip names.
	Wanted(channel string, most int, skip func(effect string) bool) []nurture.Effect
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
	missing map[string]time.Time // since when channels are missing
	untried map[string]int       // see noteUntried

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
		hand: map[string]*item{}, missing: map[string]time.Time{}, untried: map[string]int{},
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
	it.line.left()
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

// claim gives a record of claims for what is wanted and may be sent now; nil for none.
func (d *Desk) claim(book Book, now event.Time) (*Note, error) {
	d.release()
	b := &batch{}
	for _, key := range book.WantedChannels() {
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
	wanted := book.Wanted(key, min(room, claimsAtOnce-len(b.items)), d.inHand)
	for i := range wanted {
		e := &wanted[i]
		if settled, err := d.close(book, l, e); err != nil {
			return err
		} else if settled {
			continue
		}
		if !l.take() {
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
// ended was not sent, and of one that was granted to a process that is gone nobody knows it.
func (d *Desk) close(book Book, l *line, e *nurture.Effect) (closed bool, err error) {
	told := outcome{kind: event.MessageInDoubt}
	switch {
	case !e.Claimed:
		return false, nil
	case d.wasUntried(e):
		told = outcome{kind: event.MessageFailed, class: ClassExited}
	case l.guarantee() == atLeastOnce:
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
	l.enter()
	l.sender.opts.Metrics.sent(l.key, "InDoubt")
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
	since, known := d.missing[key]
	if !known {
		since = time.Now()
		d.missing[key] = since
	}
	if time.Since(since) < orphanAfter {
		d.lookAgain(since.Add(orphanAfter))
		return nil
	}
	return d.sender.orphans(key)
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
