// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package eventlog keeps the events of a workspace: one totally ordered, durable sequence of records per partition. Every
// gateway appends chunks of events; the one owner of a partition appends its own records too, fenced by an epoch, so that an owner
// that was stopped and resumed can append nothing more.
//
// JetStream is the durable log, with its NATS server inside this process; Memory is the same contract without a disk.
package eventlog

import (
	"context"
	"errors"
	"time"

	"github.com/waymark-dev/waymark/internal/record"
)

// MaxRecord bounds the stored form of one record in bytes. It stays under the default payload limit of a NATS server.
const MaxRecord = 1 << 20

var (
	// ErrFenced says that another owner has taken the partition over: nothing was appended and this owner never will again.
	ErrFenced = errors.New("another owner has taken the partition over")
	// ErrOwnerLost says that an owner's earlier append ended without an answer, so it no longer knows which record is the last of its
	// own: nothing was appended, and the partition is to be taken over again.
	ErrOwnerLost = errors.New("the owner lost sight of its last record")
	// ErrFull says that the volume has no space left. Nothing was appended; it heals by itself when space is back.
	ErrFull = newRefusal("the log's volume is full", "StorageFull", 30*time.Second)
	// ErrUnavailable says that the log could not be reached or did not confirm in time. The record may have been appended or not.
	ErrUnavailable = newRefusal("the log is not available", "LogUnavailable", 2*time.Second)
	// ErrGap says that the log no longer has, or never had, the record that was asked for.
	ErrGap = errors.New("the log does not hold the record")
	// ErrTooLarge says that a record exceeds MaxRecord.
	ErrTooLarge = errors.New("the record is too large for the log")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("the log is closed")
)

// Log is the event log of one workspace. Its methods may be called from many goroutines at once. A partition's number is below
// Partitions; offsets count a partition's records from 1 without gaps.
type Log interface {
	// Partitions is how many partitions there are; it never changes.
	Partitions() int
	// Append adds a record of any gateway, in its stored form, and returns its offset once it is durable. The log keeps no
	// reference to stored. Errors: ErrFull, ErrUnavailable, ErrTooLarge, ErrClosed or the context's.
	Append(ctx context.Context, partition int, stored []byte) (offset uint64, err error)
	// TakeOver appends an Epoch record and fences every earlier owner. The record is opening with Epoch set to the number after the last
	// owner's, or left as it is when that is higher already. Errors: those of Append, and ErrFenced when another take-over won.
	TakeOver(ctx context.Context, partition int, opening record.EpochRecord) (Owner, error)
	// Read opens a reader whose first entry is the one at from. Errors: ErrUnavailable, ErrClosed or the context's.
	Read(ctx context.Context, partition int, from uint64) (Reader, error)
	// Get returns one entry. Errors: ErrGap, ErrUnavailable, ErrClosed or the context's.
	Get(ctx context.Context, partition int, offset uint64) (Entry, error)
	// Bounds tells what a partition holds. Errors: ErrUnavailable, ErrClosed or the context's.
	Bounds(ctx context.Context, partition int) (Bounds, error)
	// Purge forgets the entries before an offset, but never the last owner's record, by which later ones are fenced, nor what follows it.
	Purge(ctx context.Context, partition int, before uint64) error
	// Close releases the log. Readers and appends that wait return ErrClosed.
	Close() error
}

// Owner is the right to append a partition's own records. One append is in flight at a time; others wait.
type Owner interface {
	// Epoch is the owner's number.
	Epoch() uint64
	// Opened is the offset of the Epoch record that opened it.
	Opened() uint64
	// Append adds a record and returns its offset once it is durable. ErrFenced is for good. After an error that leaves it open
	// whether the record was appended (ErrUnavailable, the context's), further appends give ErrOwnerLost: take over again.
	Append(ctx context.Context, r *record.Record) (offset uint64, err error)
}

// Reader walks a partition in order. It is used by one goroutine.
type Reader interface {
	// Next returns the next entry, waiting for it to be appended. Errors: ErrGap when the entry was purged before it was
	// read, ErrUnavailable, ErrClosed or the context's. After an error that is not the context's, open a new reader.
	Next(ctx context.Context) (Entry, error)
	// Close releases the reader.
	Close()
}

// Entry is one record as the log holds it.
type Entry struct {
	// Offset is its place in the partition, from 1.
	Offset uint64
	// Appended is the log's own time of the append.
	Appended time.Time
	// Stored is the record's stored form (package record). It must not be changed.
	Stored []byte
}

// Bounds is the extent of a partition.
type Bounds struct {
	// First is the offset of the oldest entry that is kept; Last+1 when none is.
	First uint64
	// Last is the offset of the newest entry; 0 before the first.
	Last uint64
	// Bytes is what the partition takes in its storage.
	Bytes uint64
	// Nonce was drawn when the partition was made: another nonce is another log, whatever its offsets say.
	Nonce string
}

// refusal is an error that passes: whoever sent the events keeps them and tries again.
type refusal struct {
	text, reason string
	wait         time.Duration
}

func newRefusal(text, reason string, wait time.Duration) error {
	return &refusal{text: text, reason: reason, wait: wait}
}

func (r *refusal) Error() string { return r.text }

// Reason is a PascalCase word for a condition.
func (r *refusal) Reason() string { return r.reason }

// StorageFull says whether space must be made before trying again helps.
func (r *refusal) StorageFull() bool { return r.reason == "StorageFull" }

// RetryAfter is how long a sender should wait before it tries again.
func (r *refusal) RetryAfter() time.Duration { return r.wait }
