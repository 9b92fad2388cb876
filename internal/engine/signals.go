// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// signalGrace is how long after an event was appended its contact cannot be told to have dropped off there: what is in a backlog behind it may
// disprove that.
const signalGrace = event.Time(5 * time.Minute / time.Microsecond)

// signalling is what a definition remembers of its signals. It belongs to the definition, not to a version: editing repeats none.
type signalling struct {
	// number names the definition in what contacts remember.
	number uint32
	// begun is set once a version was activated, which was at the time since: what was due until then gives no signal.
	begun  bool
	since  event.Time
	counts aggregate.Signals
}

// settlement is what became of a drop-off of a contact that was due: it is settled once for ever.
type settlement struct {
	definition uint32
	// drop is a hash of the stage's name and the event's identity.
	drop    uint64
	verdict verdict
	// day is when it was settled; it is forgotten together with the identities that came then.
	day int64
}

type verdict uint8

const (
	given verdict = iota
	retracted
	stale
	// saidMember and saidStranger are what was said last of a contact's membership of a segment, or would have been had it not been too
	// old. There is one of them for each segment, and its drop is the instant of the change.
	saidMember
	saidStranger
)

func (s *settlement) compare(o *settlement) int {
	return cmp.Or(cmp.Compare(s.definition, o.definition), cmp.Compare(s.drop, o.drop))
}

// dropHash is part of the stored form and never changes.
func dropHash(stage, identity string) uint64 {
	digest := xxhash.New()
	_, _ = digest.WriteString(stage) // never fails, by hash.Hash
	_, _ = digest.Write([]byte{0})
	own, _ := domestic(identity)
	_, _ = digest.WriteString(own)
	return digest.Sum64()
}

// settled finds what became of a drop-off.
func (c *contact) settled(definition uint32, drop uint64) (at int, found bool) {
	wanted := settlement{definition: definition, drop: drop}
	return slices.BinarySearchFunc(c.settlements, wanted, func(a, b settlement) int { return a.compare(&b) })
}

// signalled says whether the definition ever gave a signal of the contact that stands.
func (c *contact) signalled(definition uint32) bool {
	return slices.ContainsFunc(c.settlements, func(s settlement) bool { return s.definition == definition && s.verdict == given })
}

// forgetSettled lets go of what was settled before a day.
func (c *contact) forgetSettled(before int64) (forgot bool) {
	n := len(c.settlements)
	c.settlements = slices.DeleteFunc(c.settlements, func(s settlement) bool { return s.day < before })
	return len(c.settlements) < n
}

// purgeSettled lets go of what was settled for definitions that are gone.
func (f *Fold) purgeSettled(c *contact) {
	c.settlements = slices.DeleteFunc(c.settlements, func(s settlement) bool {
		for _, d := range f.definitions {
			if d.signals.number == s.definition {
				return false
			}
		}
		return true
	})
}

// signal looks at where a unit stands after it was evaluated, and gives when time makes a signal of that; 0 is never.
//
// A drop-off is due once its deadline has passed and signalGrace since its event was appended. It is settled only when a timer rang, never
// when an event was folded: the moment at which a contact is evaluated after an event depends on who looks, while timers ring by the
// log's clock alone. So a look that finds something to settle asks for the next tick.
func (f *Fold) signal(c *contact, u *unit, rings bool) (due event.Time) {
	s := u.slot
	if s.plan.signalMaxAge == 0 {
		return 0
	}
	found := &f.evaluator.count
	for i := range found.stops {
		due = earlier(due, f.signalDrop(c, s, &found.stops[i], rings))
	}
	for i := range found.passed {
		at := &found.passed[i]
		if !slices.ContainsFunc(found.stops, func(s stop) bool { return s.stage == at.stage && s.id == at.id }) {
			due = earlier(due, f.retract(c, s, at, rings))
		}
	}
	return due
}

// signalDrop settles a drop-off if it is due, or gives when to look at it again.
func (f *Fold) signalDrop(c *contact, s *slot, at *stop, rings bool) (again event.Time) {
	d, clock := s.owner, s.view.clock
	ripe := c.appended(at.time, at.id) + signalGrace
	due := max(at.deadline, ripe)
	if first := max(at.deadline+1, ripe); clock < first {
		return first
	}
	drop := dropHash(s.plan.names[at.stage], at.id)
	if _, found := c.settled(d.signals.number, drop); found {
		return 0
	}
	if !d.signals.begun || due <= d.signals.since {
		return 0 // from before anybody asked for signals
	}
	tooOld := at.deadline + s.plan.signalMaxAge
	fresh := clock < tooOld
	switch {
	case fresh && (s.shadow || d.removed): // its time may still come
		return earlier(clock+signalGrace, tooOld)
	case s.shadow || !fresh && due <= s.activated: // from the history that the version was computed from
		return 0
	case !rings:
		return clock + 1
	}
	if fresh {
		f.settle(c, d, drop, given)
		f.emit(c, s, at, due, false)
		return 0
	}
	f.settle(c, d, drop, stale)
	return 0
}

// retract takes a signal back if one was given where the unit, as is known now, went on in time.
func (f *Fold) retract(c *contact, s *slot, at *stop, rings bool) (again event.Time) {
	d := s.owner
	if s.shadow || d.removed {
		return 0
	}
	drop := dropHash(s.plan.names[at.stage], at.id)
	i, found := c.settled(d.signals.number, drop)
	if !found || c.settlements[i].verdict != given {
		return 0
	}
	if !rings {
		return s.view.clock + 1
	}
	c.settlements[i].verdict = retracted
	d.signals.counts.Retracted++
	f.emit(c, s, at, s.view.clock, true)
	return 0
}

func (f *Fold) settle(c *contact, d *defined, drop uint64, v verdict) {
	made := settlement{definition: d.signals.number, drop: drop, verdict: v, day: floorDiv(int64(f.clock), int64(dayLength))}
	at, _ := c.settled(made.definition, drop)
	c.settlements = slices.Insert(c.settlements, at, made)
	if v == stale {
		d.signals.counts.Stale++
	} else {
		d.signals.counts.Given++
	}
}

// said is what a signal says.
type said struct {
	// stage is its Stage, and named what of its identity is neither that nor the event's.
	stage, named string
	// id is that of the event, empty for none, and time the signal's.
	id   string
	time event.Time
}

// emit puts the signal of a drop-off, or its retraction, into the outbox.
func (f *Fold) emit(c *contact, s *slot, at *stop, due event.Time, retracts bool) {
	f.emitFor(c, s, said{stage: s.plan.names[at.stage], id: at.id, time: at.time}, due, retracts)
}

func (f *Fold) emitFor(c *contact, s *slot, at said, due event.Time, retracts bool) {
	own, from := domestic(at.id)
	source, id := splitIdentity(own)
	was := event.Event{Source: source, ID: id}
	if from >= 0 {
		was.Origin = c.originName(from)
	}
	f.lastSignal++
	signal := record.Signal{
		// What a visitor brought along is the same drop-off that the visitor's own signal may have named.
		ID: signalID(s.owner.key, at.stage, c.originName(from), at.named+own), Retracted: retracts,
		Key: s.owner.key, Version: s.version, Stage: at.stage,
		Contact: c.name, Source: source, Event: id, Time: at.time, Due: due,
	}
	if own != "" {
		signal.Offset, signal.Index = f.placeOf(c, &was)
	}
	f.outbox = append(f.outbox, numbered{f.lastSignal, signal})
}

// placeOf gives where an event of a contact lies in the log; offset 0 when that is not known.
func (f *Fold) placeOf(c *contact, e *event.Event) (offset uint64, index int) {
	if err := f.complete(&c.known, c.name); err != nil && f.err == nil {
		f.err = err
	}
	var hash uint64
	hash, f.buffer = identityHash(e, f.buffer)
	place, found := c.known.find(hash)
	if !found {
		return 0, 0
	}
	return uint64(place >> placeBits), int(place & (1<<placeBits - 1))
}

// signalID names a drop-off: the same one always has the same id.
func signalID(key, stage, contact, identity string) string {
	var text []byte
	for _, part := range []string{key, stage, contact, identity} {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// splitIdentity gives the source and the id that identity joined.
func splitIdentity(joined string) (source, id string) {
	source, id, found := strings.Cut(joined, "\x00\x01")
	if !found {
		return "", joined
	}
	unescape := strings.NewReplacer("\x00\xff", "\x00")
	return unescape.Replace(source), unescape.Replace(id)
}

// appended gives when the event of a moment was appended: by the partition's clock, or its receipt when the clock rested.
func (c *contact) appended(t event.Time, id string) event.Time {
	at, found := slices.BinarySearchFunc(c.moments, id, func(m moment, id string) int {
		return cmp.Or(cmp.Compare(m.time, t), cmp.Compare(m.id, id))
	})
	if !found {
		return t
	}
	return c.moments[at].appended
}
