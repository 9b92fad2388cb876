// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// categories notes for whom files are made.
type categories struct {
	vfs.FS
	mu   sync.Mutex
	seen map[vfs.DiskWriteCategory]bool
}

func (fs *categories) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	fs.mu.Lock()
	fs.seen[category] = true
	fs.mu.Unlock()
	return fs.FS.Create(name, category)
}

// Pebble names those who write tables as we expect it; if it should not, they would take processors from everybody else again.
func TestWritersOfTablesYield(t *testing.T) {
	files := &categories{FS: vfs.NewMem(), seen: map[vfs.DiskWriteCategory]bool{}}
	s, err := OpenPebble("state", PebbleOptions{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for i := range 100 {
			if err := s.db.Set(fmt.Appendf(nil, "key %d", i), fmt.Appendf(nil, "value %d", round), pebble.NoSync); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Compact(t.Context(), []byte("a"), []byte("z"), false); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for category := range yields {
		if !files.seen[category] {
			t.Errorf("nothing was written as %q, but for %v", category, files.seen)
		}
	}
}
