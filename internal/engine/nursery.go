// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// NurtureCompiler makes the programs of scenarios and of what they work with from canonical forms. The same form must always give the same
// program. What it gives is used by one fold only.
type NurtureCompiler interface {
	CompileScenario(form json.RawMessage) (*definition.ScenarioProgram, error)
	CompilePolicy(form json.RawMessage) (*definition.PolicyProgram, error)
	CompileChannel(form json.RawMessage) (*definition.ChannelProgram, error)
}

// hostedKind says what a definition is that needs no history: it is in force from its own record on.
type hostedKind uint8

const (
	notHosted hostedKind = iota
	hostedScenario
	hostedChannel
	hostedPolicy
)

// kindOf gives the kind of the definition under a key; all others are funnels.
func kindOf(key string) hostedKind {
	kind, _, _, _ := definition.SplitKey(key)
	switch kind {
	case definition.KindScenario:
		return hostedScenario
	case definition.KindChannel:
		return hostedChannel
	case definition.KindPolicy:
		return hostedPolicy
	}
	return notHosted
}

// hosted is one scenario, channel or policy, by its key.
type hosted struct {
	key  string
	kind hostedKind
	// number stands for it in the store, and a scenario's in contacts' states too; it is never used twice.
	number     uint32
	uid        string
	generation int64
	// version and meaning are those in force; of a scenario they lie in its versions. Sources are what was applied with the version in
	// force and with the one that is held.
	version       string
	meaning       json.RawMessage
	source, later json.RawMessage
	// removed is set while it is withdrawn; dropping, of a scenario, once that is so for good and its contacts are led out.
	removed, dropping bool
	removedAt         event.Time

	scenario *nurture.Scenario
	standing json.RawMessage
	// reach is whom the version that is held would concern; see sweepReach.
	reach *int64
	// inside is how many are inside of each version as the store has it, encoded, and nextInside the same as it is being written.
	inside, nextInside string
	// firing is when its schedule is next due, once scheduled says that this was looked up; 0 is never.
	firing    event.Time
	scheduled bool

	channel     *nurture.Channel
	pauseReason string
	policy      *definition.PolicyProgram
	// changed is set when it differs from the store.
	changed bool
}

// nursery is what a partition knows of scenarios that is no single contact's.
type nursery struct {
	world nurture.World
	// hosted are by key, numbered by their numbers; those that are dropping are only there.
	hosted   map[string]*hosted
	numbered map[uint32]*hosted
	// gone are the numbers of those that the store is to forget.
	gone []uint32

	wanted     wanted
	suppressed suppressions
	// attributed is set when what becomes known of a contact may let it into a scenario.
	attributed bool
	sweeps     []*sweep
	// lastSweep is the number of the last sweep there ever was, swept are those that the store is to forget.
	lastSweep uint64
	swept     []uint64

	subject nurture.Subject
	// blank is a state for contacts that have none.
	blank *nurture.Contact
}

// noPolicy is that of a workspace whose own is missing.
func noPolicy() *definition.PolicyProgram {
	return &definition.PolicyProgram{Meaning: definition.Policy{TimeZone: "UTC"}, Location: time.UTC}
}

func (f *Fold) newNursery() {
	n := &f.nursery
	n.hosted, n.numbered = map[string]*hosted{}, map[uint32]*hosted{}
	n.wanted = newWanted()
	n.suppressed = suppressions{all: map[string]bool{}, changed: map[string]*suppression{}}
	n.blank = new(nurture.Contact)
	n.world = nurture.World{
		Policy: noPolicy(), Channels: map[string]*nurture.Channel{}, Suppressed: n.suppressed.has, Suppress: n.suppressed.suppress,
		Member: f.isMember, Watch: f.options.Watch,
	}
	n.arrange()
}

// arrange gives the world what is in force now.
func (n *nursery) arrange() {
	w := &n.world
	w.Scenarios, w.Policy, n.attributed = nil, noPolicy(), false
	clear(w.Channels)
	clear(n.wanted.frozen)
	for _, h := range n.sorted() {
		switch {
		case h.kind == hostedScenario:
			w.Scenarios = append(w.Scenarios, h.scenario)
			n.attributed = n.attributed || h.isAttributed()
			n.wanted.freeze(h.key, h.removed || h.scenario.Standing.Suspended)
		case h.removed:
		case h.kind == hostedChannel:
			w.Channels[h.key] = h.channel
		default:
			w.Policy = h.policy
		}
	}
	w.Index()
}

// isAttributed says whether what becomes known of a contact may let it in.
func (h *hosted) isAttributed() bool {
	v := h.scenario.Active
	if v == nil {
		v = h.scenario.Pending
	}
	if v == nil {
		return false
	}
	t := &v.Program.Meaning.Trigger
	return t.Segment != nil && t.Segment.Segment == "" || t.Date != nil || t.Schedule != nil && t.Schedule.ContactZone
}

// sorted gives all in the order of their keys, of one key the older first.
func (n *nursery) sorted() []*hosted {
	return slices.SortedFunc(maps.Values(n.numbered), func(a, b *hosted) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.number, b.number))
	})
}

// defined gives what Definitions tells of it.
func (h *hosted) defined() Defined {
	d := Defined{
		Key: h.key, Version: h.version, UID: h.uid, Generation: h.generation, Active: h.version, Source: h.source, Standing: h.standing,
	}
	if h.kind == hostedScenario {
		d.Version, d.Active = "", ""
		if v := h.scenario.Active; v != nil {
			d.Version, d.Active = v.ID, v.ID
		}
		if v := h.scenario.Pending; v != nil {
			d.Version = v.ID
		}
	}
	return d
}

func (f *Fold) compileHosted(h *hosted, meaning json.RawMessage) (err error) {
	c := f.options.Nurture
	switch h.kind {
	case hostedChannel:
		var p *definition.ChannelProgram
		if p, err = c.CompileChannel(meaning); err == nil {
			h.channel.Program = p
		}
	case hostedPolicy:
		h.policy, err = c.CompilePolicy(meaning)
	}
	if err != nil {
		return fmt.Errorf("compile definition %s: %w", h.key, err)
	}
	return nil
}

// newVersion makes a scenario's next version of a meaning.
func (f *Fold) newVersion(h *hosted, number uint32, id string, meaning json.RawMessage) (*nurture.Version, error) {
	program, err := f.options.Nurture.CompileScenario(meaning)
	if err != nil {
		return nil, fmt.Errorf("compile definition %s: %w", h.key, err)
	}
	v := &nurture.Version{Number: number, ID: id, Meaning: meaning, Program: program}
	h.scenario.Versions[number] = v
	return v, nil
}
