// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/waymark-dev/waymark/internal/eventlog"
)

// anchor ties a state to the log that it was folded from. It is stored with each commit, in the same batch.
type anchor struct {
	// Nonce is the log's.
	Nonce string `json:"nonce"`
	// Offset is that of the last record folded.
	Offset uint64 `json:"offset"`
	// Hash covers that record and, through Before, all that were folded before it.
	Hash uint64 `json:"hash"`
	// Before is the hash without that record, so that the record can be checked alone.
	Before uint64 `json:"before"`
}

func readAnchor(note []byte) (anchor, error) {
	var a anchor
	if err := json.Unmarshal(note, &a); err != nil {
		return a, fmt.Errorf("the state does not say which log it was folded from: %w", err)
	}
	return a, nil
}

func (a anchor) note() ([]byte, error) {
	note, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode the state's anchor: %w", err)
	}
	return note, nil
}

// next gives the anchor after one more record.
func (a anchor) next(offset uint64, stored []byte) anchor {
	return anchor{Nonce: a.Nonce, Offset: offset, Before: a.Hash, Hash: chain(a.Hash, offset, stored)}
}

// covers says whether a record is the one at the anchor's offset.
func (a anchor) covers(stored []byte) bool { return chain(a.Before, a.Offset, stored) == a.Hash }

func chain(before, offset uint64, stored []byte) uint64 {
	var head [16]byte
	binary.BigEndian.PutUint64(head[:8], before)
	binary.BigEndian.PutUint64(head[8:], offset)
	digest := xxhash.New()
	_, _ = digest.Write(head[:]) // never fails, by hash.Hash
	_, _ = digest.Write(stored)
	return digest.Sum64()
}

// fits compares a state at an offset with the extent of a log: nil, or the fault that stops the partition.
func (a anchor) fits(number int, offset uint64, log eventlog.Bounds) error {
	switch {
	case a.Offset != offset:
		return diverged(number, "the state at record %d speaks of record %d", offset, a.Offset)
	case a.Nonce != log.Nonce:
		return diverged(number, "the state is of log %q, this is log %q", a.Nonce, log.Nonce)
	case offset > log.Last:
		return diverged(number, "the state has folded %d records, the log has %d", offset, log.Last)
	case offset+1 < log.First:
		return &fault{reason: ReasonLogGap, stopsIngest: true, err: fmt.Errorf(
			"partition %d: the state has folded %d records and the log begins at %d, so what lies between is lost; restore a later state, or "+
				"delete the state's folder to count from what the log still has", number, offset, log.First)}
	}
	return nil
}

// diverged is a log that is not the state's.
func diverged(number int, format string, args ...any) error {
	return &fault{reason: ReasonLogDiverged, stopsIngest: true, err: fmt.Errorf(
		"partition %d: the event log is not the one that the state was computed from: %s; nothing was written; restore both from one backup, or "+
			"delete the state's folder to compute it anew from this log", number, fmt.Sprintf(format, args...))}
}
