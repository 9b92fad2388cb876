// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// host brings a version of a scenario, a channel or a policy. It needs no history, so it is in force from here on, unless it is a scenario's
// that is held.
func (f *Fold) host(r *record.ApplyRecord, kind hostedKind) error {
	n := &f.nursery
	h := n.hosted[r.Key]
	if !f.heed(r.Leader) || h != nil && r.UID == h.uid && r.Generation < h.generation {
		return nil
	}
	f.flush() // with what was in force
	if h == nil {
		h = f.newHosted(r.Key, kind)
	}
	h.uid, h.generation, h.changed = r.UID, r.Generation, true
	defer n.arrange()
	f.revive(h)
	if kind == hostedScenario {
		return f.hostScenario(h, r)
	}
	if h.version == r.Version {
		return nil
	}
	h.version, h.meaning, h.source = r.Version, slices.Clone(r.Definition), slices.Clone(r.Source)
	return f.compileHosted(h, h.meaning)
}

func (f *Fold) newHosted(key string, kind hostedKind) *hosted {
	h := &hosted{key: key, kind: kind, number: f.nextSlot}
	f.nextSlot++
	switch kind {
	case hostedScenario:
		h.scenario = &nurture.Scenario{
			Number: h.number, Key: key, Since: f.clock, Versions: map[uint32]*nurture.Version{}, Tally: new(nurture.Tally),
		}
	case hostedChannel:
		h.channel = &nurture.Channel{Key: key, Tally: new(nurture.ChannelTally)}
	}
	f.nursery.hosted[key], f.nursery.numbered[h.number] = h, h
	return h
}

// revive lets one that was withdrawn go on. A scenario's contacts stood still meanwhile.
func (f *Fold) revive(h *hosted) {
	if !h.removed {
		return
	}
	h.removed = false
	if sc := h.scenario; sc != nil {
		sc.Removed = false
		if !sc.Standing.Suspended { // else it goes on being that
			f.begin(&sweep{kind: sweepResume, scenario: h, since: h.removedAt, catchUp: definition.CatchUpSend})
			sc.SuspendedAt = 0
		}
	}
	h.removedAt = 0
}

func (f *Fold) hostScenario(h *hosted, r *record.ApplyRecord) error {
	sc := h.scenario
	before := sc.Standing
	standing, err := h.told(r.Standing)
	if err != nil {
		return err
	}
	newest := sc.Pending
	if newest == nil {
		newest = sc.Active
	}
	switch {
	case sc.Active != nil && sc.Active.ID == r.Version: // what was to follow does not
		sc.Pending, h.later, h.reach = nil, nil, nil
	case newest == nil || newest.ID != r.Version:
		v, err := f.newVersion(h, f.nextSlot, r.Version, slices.Clone(r.Definition))
		if err != nil {
			return err
		}
		f.nextSlot++
		sc.Pending, h.later, h.reach = v, slices.Clone(r.Source), nil
		if standing.Held {
			f.begin(&sweep{kind: sweepReach, scenario: h, version: v.Number})
		}
	}
	f.stand(h, before, standing)
	return nil
}

// told takes in what a scenario is told besides its meaning; nothing leaves all as it was.
func (h *hosted) told(form json.RawMessage) (definition.Standing, error) {
	standing := h.scenario.Standing
	if len(form) == 0 {
		return standing, nil
	}
	standing = definition.Standing{}
	if err := json.Unmarshal(form, &standing); err != nil {
		return standing, fmt.Errorf("standing of %s: %w", h.key, err)
	}
	h.standing = slices.Clone(form)
	return standing, nil
}

// restand changes what a scenario is told.
func (f *Fold) restand(r *record.StandingRecord) error {
	h := f.nursery.hosted[r.Key]
	if !f.heed(r.Leader) || h == nil || h.kind != hostedScenario {
		return nil
	}
	f.flush()
	before := h.scenario.Standing
	standing, err := h.told(r.Standing)
	if err != nil {
		return err
	}
	h.changed = true
	f.stand(h, before, standing)
	f.nursery.arrange()
	return nil
}

// stand lets a scenario stand otherwise than before, and puts in force what is held no more.
func (f *Fold) stand(h *hosted, before, now definition.Standing) {
	sc := h.scenario
	sc.Standing = now
	switch {
	case now.Suspended && !before.Suspended:
		sc.SuspendedAt = f.clock
	case before.Suspended && !now.Suspended:
		if !h.removed { // else it goes on when it comes back
			f.begin(&sweep{kind: sweepResume, scenario: h, since: sc.SuspendedAt, catchUp: now.CatchUp})
		}
		sc.SuspendedAt = 0
	}
	if sc.Pending != nil && !now.Held {
		f.enforce(h)
	}
}

// enforce puts a scenario's pending version in force, and lets it concern those who are there already.
func (f *Fold) enforce(h *hosted) {
	sc := h.scenario
	was, v := sc.Active, sc.Pending
	sc.Active, sc.Pending = v, nil
	h.source, h.later, h.reach, h.scheduled, h.changed = h.later, nil, nil, false, true
	if was == nil || !sameTrigger(was, v) {
		if asksEverybody(v) {
			f.begin(&sweep{kind: sweepMeet, scenario: h, version: v.Number})
		}
	}
	inside := false
	for _, old := range sc.Versions {
		inside = inside || old != v && old.Inside > 0
	}
	if inside && v.Program.Meaning.InFlight == definition.Migrate {
		f.begin(&sweep{kind: sweepMove, scenario: h})
	}
}

// sameTrigger says whether two versions let in the same contacts.
func sameTrigger(a, b *nurture.Version) bool {
	if a.Program == nil {
		return false
	}
	x, y := &a.Program.Meaning, &b.Program.Meaning
	left, _ := json.Marshal(x.Trigger) // of what was read as JSON
	right, _ := json.Marshal(y.Trigger)
	return bytes.Equal(left, right) && x.Audience == y.Audience && x.Entry.Existing == y.Entry.Existing
}

// asksEverybody says whether a version's trigger may concern contacts of whom nothing new is heard.
func asksEverybody(v *nurture.Version) bool {
	m := &v.Program.Meaning
	t := &m.Trigger
	return t.Date != nil || t.Segment != nil && m.Entry.Existing || t.Schedule != nil && t.Schedule.ContactZone
}

// unhost withdraws a scenario, a channel or a policy. For a while all that it had stays.
func (f *Fold) unhost(r *record.RemoveRecord) {
	h := f.nursery.hosted[r.Key]
	if !f.heed(r.Leader) || h == nil || h.removed {
		return
	}
	if r.UID != "" && (r.UID != h.uid || r.Generation < h.generation) {
		return
	}
	f.flush()
	h.removed, h.removedAt, h.changed = true, f.clock, true
	if sc := h.scenario; sc != nil {
		sc.Removed = true
		if !sc.Standing.Suspended {
			sc.SuspendedAt = f.clock
		}
		sc.Pending, h.later, h.reach = nil, nil, nil
	}
	f.nursery.arrange()
}

// tend does what the clock, which was somewhere else before, asks of scenarios: it lets go of what was withdrawn long enough ago and of versions
// that nobody needs, and fires schedules.
func (f *Fold) tend(before event.Time) {
	n := &f.nursery
	if len(n.numbered) == 0 {
		return
	}
	changed := false
	for _, h := range n.sorted() {
		if h.removed && !h.dropping && h.removedAt+tombstone <= f.clock {
			f.dropHosted(h)
			changed = true
		}
		if h.kind == hostedScenario {
			n.thinVersions(h)
			f.fireIfDue(h, before)
		}
	}
	if changed {
		n.arrange()
	}
}

// dropHosted lets go of what was withdrawn. A scenario stays until all of its contacts were led out.
func (f *Fold) dropHosted(h *hosted) {
	n := &f.nursery
	delete(n.hosted, h.key)
	if h.kind == hostedScenario {
		h.dropping, h.changed = true, true
		f.begin(&sweep{kind: sweepDrop, scenario: h})
		return
	}
	f.forgetHosted(h)
}

func (f *Fold) forgetHosted(h *hosted) {
	delete(f.nursery.numbered, h.number)
	if f.options.Store != nil {
		f.nursery.gone = append(f.nursery.gone, h.number)
	}
}

// maxNamed is how many versions are remembered by name though nobody is inside.
const maxNamed = 256

// thinVersions lets go of the programs of versions that nobody needs; their names stay for messages that tell of them.
func (n *nursery) thinVersions(h *hosted) {
	sc := h.scenario
	for _, v := range sc.Versions {
		if v == sc.Active || v == sc.Pending || v.Inside > 0 || n.needs(v) {
			continue
		}
		if v.Program != nil {
			v.Program, v.Meaning, h.changed = nil, nil, true
		}
	}
	for _, number := range slices.Sorted(maps.Keys(sc.Versions)) {
		if len(sc.Versions) <= maxNamed {
			break
		}
		if sc.Versions[number].Program == nil {
			delete(sc.Versions, number)
			h.changed = true
		}
	}
}

// nextTending gives when tend has something to do; 0 is never.
func (f *Fold) nextTending() (due event.Time) {
	for _, h := range f.nursery.numbered {
		if h.removed && !h.dropping {
			due = earlier(due, h.removedAt+tombstone)
		}
		if h.kind == hostedScenario {
			due = earlier(due, h.nextFiring(f.clock))
		}
	}
	if len(f.nursery.sweeps) > 0 { // it goes on with the next record
		due = earlier(due, max(f.clock, 1))
	}
	return due
}

// pause stops channels, or lets them go on.
func (f *Fold) pause(pauses []record.Pause) {
	for i := range pauses {
		p := &pauses[i]
		if h := f.nursery.hosted[p.Channel]; h != nil && h.kind == hostedChannel {
			h.channel.PausedUntil, h.pauseReason, h.changed = p.Until, p.Reason, true
		}
	}
}
