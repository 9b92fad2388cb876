// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// suppressions are the addresses that nothing is sent to, by their hashes. They all are in memory: a hundred thousand take up some megabytes.
type suppressions struct {
	all map[string]bool
	// changed are those that differ from the store; nil is one that was taken back.
	changed map[string]*suppression
	// fresh are those that events of this partition brought: see TakeSuppressed.
	fresh []record.Suppression
}

// suppression is why and since when, as it lies in the store.
type suppression struct {
	Class string     `json:"class,omitempty"`
	Time  event.Time `json:"time"`
}

// packed is an address's hash in half the bytes, if it is one.
func packed(address string) string {
	if raw, err := hex.DecodeString(address); err == nil {
		return string(raw)
	}
	return address
}

func (s *suppressions) has(address string) bool { return len(s.all) > 0 && s.all[packed(address)] }

func (s *suppressions) add(address, class string, at event.Time) {
	if address == "" || s.has(address) {
		return // the first reason stays
	}
	key := packed(address)
	s.all[key], s.changed[key] = true, &suppression{class, at}
}

// suppress adds what the machine found out.
func (s *suppressions) suppress(address, class string, at event.Time) {
	if address == "" || s.has(address) {
		return
	}
	s.add(address, class, at)
	s.fresh = append(s.fresh, record.Suppression{Address: address, Class: class, Time: at})
}

// TakeSuppressed gives, once, the addresses that events of this partition have suppressed since it was asked last, so that the owner tells the
// other partitions. They are no part of the state: what was folded after the last commit is found out again when it is folded again, and to
// be told twice harms nobody.
func (f *Fold) TakeSuppressed() []record.Suppression {
	fresh := f.nursery.suppressed.fresh
	f.nursery.suppressed.fresh = nil
	return fresh
}

// apply takes in what a record says.
func (s *suppressions) apply(said []record.Suppression) {
	for i := range said {
		x := &said[i]
		if !x.Released {
			s.add(x.Address, x.Class, x.Time)
			continue
		}
		if key := packed(x.Address); s.all[key] {
			delete(s.all, key)
			s.changed[key] = nil
		}
	}
}

func (s *suppressions) write(w Writer) error {
	for _, key := range slices.Sorted(maps.Keys(s.changed)) {
		at := append([]byte{suppressionPrefix}, key...)
		if s.changed[key] == nil {
			if err := w.Delete(at); err != nil {
				return err
			}
			continue
		}
		stored, err := json.Marshal(s.changed[key])
		if err != nil {
			return fmt.Errorf("encode a suppression: %w", err)
		}
		if err := w.Set(at, stored); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fold) readSuppressions() error {
	prefix := []byte{suppressionPrefix}
	err := f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		var s suppression
		if len(key) == 1 || json.Unmarshal(value, &s) != nil {
			return false, fmt.Errorf("%w: a suppression", ErrCorruptState)
		}
		f.nursery.suppressed.all[string(key[1:])] = true
		return true, nil
	})
	return wrapRead(err)
}
