// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"
	"time"
)

const (
	// firstCommit and lastCommit bound how long what was folded waits for its commit. What a kill takes is folded again from the log.
	firstCommit = time.Second
	lastCommit  = 10 * time.Second
	// commitShare is how much longer than a commit takes the next one waits, so that commits take at most a tenth of the time and a busy
	// contact is written once for many events.
	commitShare = 10
	// commitBytes is how much of the log may be folded before its commit, some 25,000 events: all that they touch is held in memory.
	commitBytes = 8 << 20
	// commitContacts is how many contacts may have changed before their commit, if that keeps to its share of the time. Nothing is folded while a
	// commit is made, and a message that an event asks for is not to wait for that of a hundred thousand contacts.
	commitContacts = 2000
)

// commits decides when the state is written: often enough that a restart is quick, seldom enough that writing leaves time to fold.
type commits struct {
	// since is when the first record was folded that is not committed; zero when all are.
	since time.Time
	bytes int
	// took is how long the last commit held the fold up.
	took time.Duration
	// made is what is durable.
	made durable
	// syncing answers when what was committed last, making, is durable, since begun; nil while nothing is waited for.
	syncing chan error
	making  durable
	begun   time.Time
}

// durable is what a state lets the log forget.
type durable struct {
	// offset is that of the last record in it.
	offset uint64
	// wanted is the oldest offset that a version which is being computed wants by it: after a crash it wants that again.
	wanted uint64
}

func durableOf(l *life) durable { return durable{l.folded.Offset(), wantedFrom(l.folded.Backfills())} }

func (c *commits) folded(bytes int) {
	if c.since.IsZero() {
		c.since = time.Now()
	}
	c.bytes += bytes
}

// unsettled says whether there is something to write or to wait for.
func (c *commits) unsettled() bool { return !c.since.IsZero() || c.syncing != nil }

// ifDue writes all that was folded, if it is time for that. It is made durable while the fold goes on.
func (c *commits) ifDue(l *life) error {
	if c.syncing != nil {
		select {
		case err := <-c.syncing:
			return c.synced(l, err)
		default:
			return nil
		}
	}
	if !c.due(l) || l.opts.scarce() != nil {
		return nil
	}
	if err := c.write(l, false); err != nil {
		return err
	}
	answer := make(chan error, 1)
	c.syncing, c.making = answer, durableOf(l)
	go func() { answer <- l.state.Sync() }()
	return nil
}

func (c *commits) due(l *life) bool {
	if c.since.IsZero() {
		return false
	}
	waited := time.Since(c.since)
	return c.bytes >= commitBytes || waited >= min(max(firstCommit, commitShare*c.took), lastCommit) ||
		waited >= commitShare*c.took && l.folded.Changed() >= commitContacts
}

// write writes all that was folded as one batch.
func (c *commits) write(l *life, sync bool) error {
	c.begun = time.Now()
	note, err := l.anchor.note()
	if err != nil {
		return err
	}
	l.folded.SetNote(note)
	if err := l.folded.Commit(sync); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	c.since, c.bytes, c.took = time.Time{}, 0, time.Since(c.begun)
	return nil
}

// synced takes in that what was committed is durable.
func (c *commits) synced(l *life, err error) error {
	c.syncing = nil
	if err != nil {
		return fmt.Errorf("make state durable: %w", err)
	}
	c.made = c.making
	l.opts.Metrics.committed(l.number, time.Since(c.begun))
	return nil
}

// settle waits for what is being made durable.
func (c *commits) settle(l *life) error {
	if c.syncing == nil {
		return nil
	}
	return c.synced(l, <-c.syncing)
}

// last writes all that was folded, durably. While space is scarce it does not: the log has it all, and ingest has stopped.
func (c *commits) last(l *life) error {
	if c.since.IsZero() || l.opts.scarce() != nil {
		return nil
	}
	if err := c.write(l, true); err != nil {
		return err
	}
	c.making = durableOf(l)
	return c.synced(l, nil)
}
