// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"fmt"
	"sync"
	"time"
)

// reserveAge is for how long an answer of the volume is believed. At 600 MB/s a volume loses 30 MB in this time.
const reserveAge = 50 * time.Millisecond

// Reserve refuses events while a volume's free space is under a reserve, so that ingest stops before the log meets a full disk and what the
// owner appends and the state still find room.
type Reserve struct {
	volume Volume
	bytes  uint64 // 0 is DefaultReserve

	mu    sync.Mutex
	asked time.Time
	space Space
	err   error
}

// NewReserve keeps bytes free on a volume; 0 keeps DefaultReserve of its capacity.
func NewReserve(volume Volume, bytes uint64) *Reserve {
	return &Reserve{volume: volume, bytes: bytes}
}

// DefaultReserve is 5 % of the capacity and at least 64 MiB, but never more than a quarter of a small volume.
func DefaultReserve(capacity uint64) uint64 {
	return min(max(64<<20, capacity/20), capacity/4)
}

// Check returns nil, or ErrStorageFull while free space is under the reserve. A volume that cannot be asked is ErrUnavailable.
func (r *Reserve) Check() error {
	space, err := r.Space()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if reserve := r.Of(space); space.Free < reserve {
		return fmt.Errorf("%w: %d MiB free of %d MiB, the reserve is %d MiB",
			ErrStorageFull, space.Free>>20, space.Capacity>>20, reserve>>20)
	}
	return nil
}

// CheckScarce returns nil, or ErrFull while free space is under a quarter of the reserve: then nothing at all should be written, for a store
// that meets a full disk in the middle of a write may need to be opened anew.
func (r *Reserve) CheckScarce() error {
	space, err := r.Space()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if space.Free < r.Of(space)/4 {
		return fmt.Errorf("%w: %d KiB free of %d MiB", ErrFull, space.Free>>10, space.Capacity>>20)
	}
	return nil
}

// Of is the reserve on a volume of that size, in bytes.
func (r *Reserve) Of(space Space) uint64 {
	if r.bytes > 0 {
		return r.bytes
	}
	return DefaultReserve(space.Capacity)
}

// Space is the volume's, at most 50 ms old.
func (r *Reserve) Space() (Space, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked.IsZero() || time.Since(r.asked) > reserveAge {
		r.space, r.err = r.volume.Space()
		r.asked = time.Now()
	}
	return r.space, r.err
}
