// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package state holds the stores that a fold keeps its state in: Pebble for runners, and memory for tests and for what nobody needs
// twice.
package state

import (
	"bytes"
	"sync"

	"github.com/google/btree"

	"github.com/waymark-dev/waymark/internal/engine"
)

var _ engine.Store = (*Memory)(nil)

// Memory is a store that lasts as long as the process.
type Memory struct {
	mu      sync.RWMutex
	entries *btree.BTreeG[entry]
}

type entry struct{ key, value []byte }

// NewMemory gives an empty store.
func NewMemory() *Memory {
	const degree = 32
	return &Memory{entries: btree.NewG(degree, func(a, b entry) bool { return bytes.Compare(a.key, b.key) < 0 })}
}

// Get appends the key's value to buffer.
func (m *Memory) Get(buffer, key []byte) (value []byte, found bool, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e, found := m.entries.Get(entry{key: key})
	return append(buffer, e.value...), found, nil
}

// Scan visits the keys from lower on and before upper. The store may be written to meanwhile; the visit does not see that.
func (m *Memory) Scan(lower, upper []byte, visit func(key, value []byte) (more bool, err error)) error {
	m.mu.Lock()
	entries := m.entries.Clone()
	m.mu.Unlock()
	var err error
	entries.AscendRange(entry{key: lower}, entry{key: upper}, func(e entry) (more bool) {
		more, err = visit(e.key, e.value)
		return more && err == nil
	})
	return err
}

// Write stores all that fill writes, or nothing when it fails.
func (m *Memory) Write(_ bool, fill func(w engine.Writer) error) error {
	m.mu.Lock()
	draft := memoryWriter{entries: m.entries.Clone()}
	m.mu.Unlock()
	if err := fill(draft); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = draft.entries
	return nil
}

// Sync does nothing: nothing lasts longer than the process.
func (m *Memory) Sync() error { return nil }

type memoryWriter struct{ entries *btree.BTreeG[entry] }

func (w memoryWriter) Set(key, value []byte) error {
	w.entries.ReplaceOrInsert(entry{bytes.Clone(key), bytes.Clone(value)})
	return nil
}

func (w memoryWriter) Delete(key []byte) error {
	w.entries.Delete(entry{key: key})
	return nil
}

func (w memoryWriter) DeleteRange(lower, upper []byte) error {
	var doomed []entry
	w.entries.AscendRange(entry{key: lower}, entry{key: upper}, func(e entry) bool {
		doomed = append(doomed, e)
		return true
	})
	for _, e := range doomed {
		w.entries.Delete(e)
	}
	return nil
}
