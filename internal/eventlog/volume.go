// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Volume tells of the disk that holds the log.
type Volume interface {
	// Space is what the volume holds now.
	Space() (Space, error)
}

// Space is a volume's size in bytes.
type Space struct {
	// Capacity is all that the volume can hold.
	Capacity uint64
	// Free is what this process can still write.
	Free uint64
}

// VolumeAt is the volume that a path lies on.
type VolumeAt string

// Space asks the operating system.
func (path VolumeAt) Space() (Space, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(string(path), &stat); err != nil {
		return Space{}, fmt.Errorf("ask for the free space at %s: %w", string(path), err)
	}
	block := uint64(stat.Bsize) //nolint:gosec // a block size is positive
	return Space{Capacity: stat.Blocks * block, Free: stat.Bavail * block}, nil
}
