// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/packing"
)

// storedHosted is a scenario, a channel or a policy as it lies in the store, but for its numbers.
type storedHosted struct {
	Key        string          `json:"key"`
	UID        string          `json:"uid,omitempty"`
	Generation int64           `json:"generation,omitempty"`
	Version    string          `json:"version,omitempty"`
	Meaning    json.RawMessage `json:"meaning,omitempty"`
	Source     json.RawMessage `json:"source,omitempty"`
	Later      json.RawMessage `json:"later,omitempty"`
	Removed    bool            `json:"removed,omitempty"`
	Dropping   bool            `json:"dropping,omitempty"`
	RemovedAt  event.Time      `json:"removedAt,omitempty"`
	// Of a scenario.
	Standing    json.RawMessage `json:"standing,omitempty"`
	Since       event.Time      `json:"since,omitempty"`
	SuspendedAt event.Time      `json:"suspendedAt,omitempty"`
	Active      uint32          `json:"active,omitempty"`
	Pending     uint32          `json:"pending,omitempty"`
	Versions    []storedVersion `json:"versions,omitempty"`
	Reach       *int64          `json:"reach,omitempty"`
	// Of a channel.
	PausedUntil event.Time `json:"pausedUntil,omitempty"`
	PauseReason string     `json:"pauseReason,omitempty"`
}

type storedVersion struct {
	Number  uint32          `json:"number"`
	ID      string          `json:"id"`
	Meaning json.RawMessage `json:"meaning,omitempty"`
}

func (h *hosted) stored() storedHosted {
	s := storedHosted{
		Key: h.key, UID: h.uid, Generation: h.generation, Version: h.version, Meaning: h.meaning, Source: h.source, Later: h.later,
		Removed: h.removed, Dropping: h.dropping, RemovedAt: h.removedAt, Standing: h.standing, Reach: h.reach,
		PauseReason: h.pauseReason,
	}
	if h.channel != nil {
		s.PausedUntil = h.channel.PausedUntil
	}
	sc := h.scenario
	if sc == nil {
		return s
	}
	s.Since, s.SuspendedAt = sc.Since, sc.SuspendedAt
	if sc.Active != nil {
		s.Active = sc.Active.Number
	}
	if sc.Pending != nil {
		s.Pending = sc.Pending.Number
	}
	for _, number := range slices.Sorted(maps.Keys(sc.Versions)) {
		v := sc.Versions[number]
		s.Versions = append(s.Versions, storedVersion{number, v.ID, v.Meaning})
	}
	return s
}

func hostedKey(prefix byte, number uint32) []byte { return slotKey(nil, prefix, number) }

// writeNursery stores what scenarios share.
func (f *Fold) writeNursery(w Writer) error {
	n := &f.nursery
	for _, number := range n.gone {
		for _, prefix := range []byte{hostedPrefix, countsPrefix} {
			if err := w.Delete(hostedKey(prefix, number)); err != nil {
				return err
			}
		}
	}
	for _, h := range n.sorted() {
		if err := f.writeHosted(w, h); err != nil {
			return err
		}
	}
	if err := n.suppressed.write(w); err != nil {
		return err
	}
	return n.writeSweeps(w)
}

func (f *Fold) writeHosted(w Writer, h *hosted) error {
	if h.changed {
		stored, err := json.Marshal(h.stored())
		if err != nil {
			return fmt.Errorf("encode definition %s: %w", h.key, err)
		}
		if err := w.Set(hostedKey(hostedPrefix, h.number), stored); err != nil {
			return err
		}
	}
	if h.scenario != nil {
		h.nextInside = string(h.appendInside(f.scratch.value[:0]))
	}
	switch {
	case h.scenario != nil && (h.changed || h.scenario.Tally.Changed || h.inside != h.nextInside):
		f.scratch.value = h.scenario.Tally.Append(append(f.scratch.value[:0], h.nextInside...))
	case h.channel != nil && (h.changed || h.channel.Tally.Changed):
		f.scratch.value = h.channel.Tally.Append(f.scratch.value[:0])
	default:
		return nil
	}
	return w.Set(hostedKey(countsPrefix, h.number), f.scratch.value)
}

// appendInside encodes how many are inside of each version.
func (h *hosted) appendInside(b []byte) []byte {
	versions := h.scenario.Versions
	b = binary.AppendUvarint(b, uint64(len(versions)))
	for _, number := range slices.Sorted(maps.Keys(versions)) {
		b = binary.AppendUvarint(b, uint64(number))
		b = binary.AppendVarint(b, versions[number].Inside)
	}
	return b
}

// written notes that all lies in the store as it is.
func (n *nursery) written() {
	for _, h := range n.numbered {
		h.changed, h.inside = false, h.nextInside
		if h.scenario != nil {
			h.scenario.Tally.Changed = false
		}
		if h.channel != nil {
			h.channel.Tally.Changed = false
		}
	}
	n.gone, n.swept = nil, nil
	clear(n.suppressed.changed)
}

// restoreNursery reads what scenarios share.
func (f *Fold) restoreNursery() error {
	n := &f.nursery
	prefix := []byte{hostedPrefix}
	err := f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		var stored storedHosted
		if len(key) != 1+4 || json.Unmarshal(value, &stored) != nil || kindOf(stored.Key) == notHosted {
			return false, fmt.Errorf("%w: a definition of scenarios", ErrCorruptState)
		}
		h, err := f.readHosted(binary.BigEndian.Uint32(key[1:]), &stored)
		if err != nil {
			return false, err
		}
		n.numbered[h.number] = h
		if !h.dropping {
			n.hosted[h.key] = h
		}
		return true, nil
	})
	if err != nil {
		return wrapRead(err)
	}
	for _, read := range []func() error{f.readSweeps, f.readSuppressions, f.readWanted} {
		if err := read(); err != nil {
			return err
		}
	}
	n.arrange()
	return nil
}

func (f *Fold) readHosted(number uint32, stored *storedHosted) (*hosted, error) {
	h := &hosted{
		key: stored.Key, kind: kindOf(stored.Key), number: number, uid: stored.UID, generation: stored.Generation,
		version: stored.Version, meaning: stored.Meaning, source: stored.Source, later: stored.Later,
		removed: stored.Removed, dropping: stored.Dropping, removedAt: stored.RemovedAt,
		standing: stored.Standing, reach: stored.Reach, pauseReason: stored.PauseReason,
	}
	switch h.kind {
	case hostedScenario:
		if err := f.readScenario(h, stored); err != nil {
			return nil, err
		}
	case hostedChannel:
		h.channel = &nurture.Channel{Key: h.key, Tally: new(nurture.ChannelTally), PausedUntil: stored.PausedUntil}
	}
	if h.kind != hostedScenario {
		if err := f.compileHosted(h, h.meaning); err != nil {
			return nil, err
		}
	}
	return h, f.readCounts(h)
}

func (f *Fold) readScenario(h *hosted, stored *storedHosted) (err error) {
	sc := &nurture.Scenario{
		Number: h.number, Key: h.key, Since: stored.Since, SuspendedAt: stored.SuspendedAt, Removed: h.removed,
		Versions: map[uint32]*nurture.Version{}, Tally: new(nurture.Tally),
	}
	h.scenario = sc
	if sc.Standing, err = h.told(h.standing); err != nil {
		return fmt.Errorf("%w: %w", ErrCorruptState, err)
	}
	for _, v := range stored.Versions {
		if len(v.Meaning) == 0 {
			sc.Versions[v.Number] = &nurture.Version{Number: v.Number, ID: v.ID}
		} else if _, err := f.newVersion(h, v.Number, v.ID, v.Meaning); err != nil {
			return err
		}
	}
	sc.Active, sc.Pending = sc.Versions[stored.Active], sc.Versions[stored.Pending]
	return nil
}

// readCounts reads what a scenario or a channel counts.
func (f *Fold) readCounts(h *hosted) error {
	if h.kind == hostedPolicy {
		return nil
	}
	value, found, err := f.options.Store.Get(nil, hostedKey(countsPrefix, h.number))
	if err != nil {
		return wrapRead(err)
	}
	if !found {
		return fmt.Errorf("%w: there are no numbers of %s", ErrCorruptState, h.key)
	}
	if h.channel != nil {
		err = h.channel.Tally.Read(value)
	} else {
		r := reader{Reader: packing.Read(value)}
		for range r.Count(2) {
			v := h.scenario.Versions[uint32(r.Uvarint())]
			inside := r.Varint()
			if v == nil {
				return fmt.Errorf("%w: the numbers of %s name a version that it does not have", ErrCorruptState, h.key)
			}
			v.Inside = inside
		}
		h.inside = string(h.appendInside(nil))
		err = h.scenario.Tally.Read(r.Left)
	}
	if err != nil {
		return fmt.Errorf("%w: the numbers of %s: %w", ErrCorruptState, h.key, err)
	}
	return nil
}
