// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"runtime"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// yielding is a file system on which those who write whole files, flushes and compactions, let everybody else go first after each block. They
// take a processor for hundreds of milliseconds, and with as many of them as processors each step of an event's way would wait for a slice of
// the scheduler's, 10 ms.
type yielding struct{ vfs.FS }

// yields are the categories of Pebble's writes that nobody waits for.
var yields = map[vfs.DiskWriteCategory]bool{"pebble-memtable-flush": true, "pebble-compaction": true}

func (fs yielding) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.Create(name, category)
	if err == nil && yields[category] {
		f = yieldingFile{f}
	}
	return f, err
}

// Unwrap gives the file system below.
func (fs yielding) Unwrap() vfs.FS { return fs.FS }

type yieldingFile struct{ vfs.File }

func (f yieldingFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	runtime.Gosched()
	return n, err
}
