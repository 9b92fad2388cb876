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
	// took is how long the last commit took.
	took time.Duration
	// synced is the offset up to which the state is durable.
	synced uint64
	// wanted is the oldest offset that a version which is being computed wants by the durable state: after a crash it wants that again.
	wanted uint64
}

func (c *commits) folded(bytes int) {
	if c.since.IsZero() {
		c.since = time.Now()
	}
	c.bytes += bytes
}

func (c *commits) dirty() bool { return !c.since.IsZero() }

func (c *commits) ifDue(l *life) error {
	if !c.dirty() {
		return nil
	}
	waited := time.Since(c.since)
	if c.bytes >= commitBytes || waited >= c.wait() || waited >= commitShare*c.took && l.folded.Changed() >= commitContacts {
		return c.now(l)
	}
	return nil
}

// durable notes that the store holds the state as it is.
func (c *commits) durable(l *life) {
	c.synced, c.wanted = l.folded.Offset(), wantedFrom(l.folded.Backfills())
}

func (c *commits) wait() time.Duration { return min(max(firstCommit, commitShare*c.took), lastCommit) }

// now writes all that was folded as one batch, durably. While space is scarce it does not: the log has it all, and ingest has stopped.
func (c *commits) now(l *life) error {
	if !c.dirty() || l.opts.scarce() != nil {
		return nil
	}
	began := time.Now()
	note, err := l.anchor.note()
	if err != nil {
		return err
	}
	l.folded.SetNote(note)
	if err := l.folded.Commit(true); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	*c = commits{took: time.Since(began)}
	c.durable(l)
	l.opts.Metrics.committed(l.number, c.took)
	return nil
}
