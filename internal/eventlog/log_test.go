// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

// eachLog runs a test of the contract on every implementation.
func eachLog(t *testing.T, test func(t *testing.T, log eventlog.Log)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		log := eventlog.NewMemory(2, time.Now)
		defer log.Close()
		test(t, log)
	})
	t.Run("jetstream", func(t *testing.T) {
		t.Parallel()
		log := openJetStream(t, t.TempDir())
		defer log.Close()
		test(t, log)
	})
}

func openJetStream(t testing.TB, dir string) *eventlog.JetStream {
	t.Helper()
	log, err := eventlog.OpenJetStream(t.Context(), eventlog.JetStreamOptions{
		Dir: dir, Partitions: 2, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func chunkOf(t testing.TB, ids ...string) []byte {
	t.Helper()
	r := record.Record{Kind: record.Events}
	for _, id := range ids {
		r.Chunk = event.Append(r.Chunk, &event.Event{Contact: "ann", Type: "page.viewed", Source: "web", ID: id})
	}
	stored, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func mustAppend(t testing.TB, log eventlog.Log, partition int, stored []byte) uint64 {
	t.Helper()
	offset, err := log.Append(t.Context(), partition, stored)
	if err != nil {
		t.Fatal(err)
	}
	return offset
}

func mustTakeOver(t testing.TB, log eventlog.Log, partition int, opening record.EpochRecord) eventlog.Owner {
	t.Helper()
	owner, err := log.TakeOver(t.Context(), partition, opening)
	if err != nil {
		t.Fatal(err)
	}
	return owner
}

func mustRead(t testing.TB, log eventlog.Log, partition int, from uint64, n int) []eventlog.Entry {
	t.Helper()
	reader, err := log.Read(t.Context(), partition, from)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var entries []eventlog.Entry
	for range n {
		entry, err := reader.Next(t.Context())
		if err != nil {
			t.Fatalf("after %d of %d entries: %v", len(entries), n, err)
		}
		entries = append(entries, entry)
	}
	return entries
}

func bounds(t testing.TB, log eventlog.Log, partition int) eventlog.Bounds {
	t.Helper()
	b, err := log.Bounds(t.Context(), partition)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadGivesWhatWasAppendedInOrder(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		for i := range 20 {
			if offset := mustAppend(t, log, 1, chunkOf(t, fmt.Sprint(i))); offset != uint64(i+1) {
				t.Fatalf("append %d got offset %d", i+1, offset)
			}
		}
		for i, entry := range mustRead(t, log, 1, 6, 15) {
			want := eventlog.Entry{Offset: uint64(i + 6), Stored: chunkOf(t, fmt.Sprint(i+5)), Appended: entry.Appended}
			if diff := cmp.Diff(want, entry); diff != "" {
				t.Errorf("entry differs (-want +got):\n%s", diff)
			}
			if age := time.Since(entry.Appended); age < -time.Second || age > time.Minute {
				t.Errorf("entry %d was appended %v ago", entry.Offset, age)
			}
		}
		if got := bounds(t, log, 0); got.Last != 0 || got.First != 1 {
			t.Errorf("the other partition's bounds are %+v, want an empty log", got)
		}
	})
}

func TestReaderWaitsForTheNextAppend(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		reader, err := log.Read(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := reader.Next(brief); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("reading an empty log gave error %v, want the context's", err)
		}
		read := make(chan error, 1)
		go func() {
			_, err := reader.Next(t.Context())
			read <- err
		}()
		mustAppend(t, log, 0, chunkOf(t, "1"))
		if err := <-read; err != nil {
			t.Fatal(err)
		}
	})
}

func TestGetReturnsOneEntryOrAGap(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		mustAppend(t, log, 0, chunkOf(t, "1"))
		entry, err := log.Get(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(chunkOf(t, "1"), entry.Stored); diff != "" {
			t.Errorf("entry differs (-want +got):\n%s", diff)
		}
		if _, err := log.Get(t.Context(), 0, 2); !errors.Is(err, eventlog.ErrGap) {
			t.Errorf("an entry that is not there gave error %v, want ErrGap", err)
		}
	})
}

func TestATakeOverFencesTheEarlierOwner(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		old := mustTakeOver(t, log, 0, record.EpochRecord{Engine: 1})
		if _, err := old.Append(t.Context(), &record.Record{Kind: record.Tick, Tick: 10}); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, log, 0, chunkOf(t, "1"))
		next := mustTakeOver(t, log, 0, record.EpochRecord{Engine: 1})
		if old.Epoch() != 1 || next.Epoch() != 2 {
			t.Errorf("epochs are %d and %d, want 1 and 2", old.Epoch(), next.Epoch())
		}
		for range 3 { // an owner that was stopped and resumed can append nothing, however often it tries
			if _, err := old.Append(t.Context(), &record.Record{Kind: record.Tick, Tick: 20}); !errors.Is(err, eventlog.ErrFenced) {
				t.Fatalf("the earlier owner's append gave error %v, want ErrFenced", err)
			}
		}
		if _, err := next.Append(t.Context(), &record.Record{Kind: record.Tick, Tick: 30}); err != nil {
			t.Fatal(err)
		}
		var kinds []record.Kind
		for _, entry := range mustRead(t, log, 0, 1, int(bounds(t, log, 0).Last)) {
			r, err := record.Decode(entry.Stored)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, r.Kind)
		}
		if diff := cmp.Diff([]record.Kind{record.Epoch, record.Tick, record.Events, record.Epoch, record.Tick}, kinds); diff != "" {
			t.Errorf("the log's records differ (-want +got):\n%s", diff)
		}
	})
}

func TestATakeOverHonoursTheStatesEpoch(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		if epoch := mustTakeOver(t, log, 0, record.EpochRecord{Epoch: 7}).Epoch(); epoch != 7 {
			t.Errorf("epoch is %d, want 7", epoch)
		}
	})
}

func TestPurgeKeepsTheOwnersLastRecord(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		for i := range 5 {
			mustAppend(t, log, 0, chunkOf(t, fmt.Sprint(i)))
		}
		if err := log.Purge(t.Context(), 0, 6); err != nil {
			t.Fatal(err)
		}
		if got := bounds(t, log, 0); got.First != 1 {
			t.Errorf("a partition without an owner was purged up to %d", got.First)
		}
		owner := mustTakeOver(t, log, 0, record.EpochRecord{}) // offset 6
		for i := range 5 {
			mustAppend(t, log, 0, chunkOf(t, fmt.Sprint(i)))
		}
		if err := log.Purge(t.Context(), 0, 4); err != nil {
			t.Fatal(err)
		}
		if got := bounds(t, log, 0); got.First != 4 || got.Last != 11 {
			t.Errorf("bounds after the purge are %+v, want 4 to 11", got)
		}
		if err := log.Purge(t.Context(), 0, 100); err != nil {
			t.Fatal(err)
		}
		if got := bounds(t, log, 0); got.First != 6 {
			t.Errorf("first offset is %d, want the owner's record 6", got.First)
		}
		if _, err := owner.Append(t.Context(), &record.Record{Kind: record.Tick, Tick: 1}); err != nil {
			t.Errorf("the owner cannot append after a purge: %v", err)
		}
		reader, err := log.Read(t.Context(), 0, 3)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		if _, err := reader.Next(t.Context()); !errors.Is(err, eventlog.ErrGap) {
			t.Errorf("reading what was purged gave error %v, want ErrGap", err)
		}
	})
}

func TestTooLargeARecordIsRefused(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		if _, err := log.Append(t.Context(), 0, make([]byte, eventlog.MaxRecord+1)); !errors.Is(err, eventlog.ErrTooLarge) {
			t.Errorf("got error %v, want ErrTooLarge", err)
		}
		mustAppend(t, log, 0, make([]byte, eventlog.MaxRecord))
		if got := len(mustRead(t, log, 0, 1, 1)[0].Stored); got != eventlog.MaxRecord {
			t.Errorf("the largest record came back with %d bytes", got)
		}
	})
}

func TestAClosedLogSaysSo(t *testing.T) {
	t.Parallel()
	eachLog(t, func(t *testing.T, log eventlog.Log) {
		reader, err := log.Read(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error, 1)
		go func() {
			_, err := reader.Next(t.Context())
			waiting <- err
		}()
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-waiting; !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("a waiting reader got error %v, want ErrClosed", err)
		}
		if _, err := log.Append(t.Context(), 0, chunkOf(t, "1")); !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("an append got error %v, want ErrClosed", err)
		}
	})
}

func TestJetStreamIsTheSameLogAfterReopening(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := openJetStream(t, dir)
	owner := mustTakeOver(t, log, 0, record.EpochRecord{})
	mustAppend(t, log, 0, chunkOf(t, "1"))
	before := bounds(t, log, 0)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	log = openJetStream(t, dir)
	defer log.Close()
	if diff := cmp.Diff(before, bounds(t, log, 0)); diff != "" {
		t.Errorf("bounds differ after reopening (-before +after):\n%s", diff)
	}
	if _, err := owner.Append(t.Context(), &record.Record{Kind: record.Tick, Tick: 1}); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("an owner of the closed log got error %v, want ErrClosed", err)
	}
	if epoch := mustTakeOver(t, log, 0, record.EpochRecord{}).Epoch(); epoch != 2 {
		t.Errorf("the next owner's epoch is %d, want 2", epoch)
	}
	other := openJetStream(t, t.TempDir())
	defer other.Close()
	if bounds(t, other, 0).Nonce == before.Nonce {
		t.Error("two logs have the same nonce")
	}
}
