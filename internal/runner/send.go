// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/sender"
)

// claiming is a record of claims that is being appended; zero while none is.
type claiming struct {
	note   *sender.Note
	answer <-chan appended
}

// send hands over to the sender what the fold has granted, and appends claims of what it wants. The fold goes on while claims are appended, one
// record of them at a time: the desk knows which are its own. It begins when all is folded that the log had when this owner came: before, what was
// sent long ago may look as if it were wanted.
func (l *life) send(ctx context.Context) error {
	if l.desk == nil || l.folded.Offset() < l.owner.Opened() {
		return nil
	}
	select {
	case a := <-l.claiming.answer:
		if err := l.answered(a); err != nil {
			return err
		}
	default:
		if l.claiming.note != nil {
			return l.desk.Settle(l.folded)
		}
	}
	now, err := l.clock.now()
	if err != nil {
		return nil // no clock, no claims
	}
	notes, err := l.desk.Turn(l.folded, now)
	if err != nil {
		refuse(notes)
		return err
	}
	for i, n := range notes {
		if n.Record.Kind == record.Claims {
			l.appendClaims(ctx, n)
		} else if err := l.appendNote(ctx, n); err != nil {
			refuse(notes[i+1:])
			return err
		}
	}
	return nil
}

// appendClaims appends a record of claims without waiting for it.
func (l *life) appendClaims(ctx context.Context, n *sender.Note) {
	if !l.mayAppend() {
		n.Refused()
		return
	}
	l.claiming = claiming{n, l.appendAhead(ctx, &n.Record)}
}

// answered takes in what became of a record of claims.
func (l *life) answered(a appended) error {
	note := l.claiming.note
	l.claiming = claiming{}
	return l.told(note, a.offset, a.err)
}

func refuse(notes []*sender.Note) {
	for _, n := range notes {
		n.Refused()
	}
}

// appendNote appends a record of the sender's and tells it what became of that.
func (l *life) appendNote(ctx context.Context, n *sender.Note) error {
	if !l.mayAppend() {
		n.Refused()
		return nil
	}
	offset, err := l.owner.Append(context.WithoutCancel(ctx), &n.Record)
	if err == nil {
		l.owner.last = offset
	}
	return l.told(n, offset, err)
}

// told tells a note what became of it.
func (l *life) told(n *sender.Note, offset uint64, err error) error {
	switch {
	case err == nil:
		n.Appended(offset)
		return nil
	case errors.Is(err, eventlog.ErrTooLarge):
		n.Refused()
	default:
		n.Unclear()
	}
	return l.appendFailed(err)
}

// hear lets the sender know what receivers told of its messages. The operator asks for reports all the time; without one, channels are judged
// by their answers alone.
func (l *life) hear(p *aggregate.Partition) {
	for i := range p.Channels {
		c := &p.Channels[i]
		l.desk.Heard(c.Key, c.Message.Bounced, c.Message.Complained)
	}
}
