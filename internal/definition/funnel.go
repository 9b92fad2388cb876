// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package definition turns the resources' specs into what the fold runs: first a meaning, which is plain data with a canonical
// form and a version, then a program with compiled expressions. The operator, the runner and the plugin share it, so that a spec
// means the same in all of them.
package definition

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// MaxStages bounds the stages of a funnel, so that a set of stages fits a word.
const MaxStages = 32

// Funnel is the meaning of a Funnel: all that its numbers depend on and nothing else. Titles, targets and whatever only
// shapes the status are not part of it, so changing them computes nothing anew.
type Funnel struct {
	// Stages in order, at least two and at most MaxStages.
	Stages []Stage `json:"stages"`
	// Window bounds an attempt: every stage lies at most this long after its start, inclusive.
	Window time.Duration `json:"window"`
	// Period says which attempts count, by the day they started on.
	Period Period `json:"period"`
	// TimeZone is the IANA name of the zone that days are cut in.
	TimeZone string `json:"timeZone"`
	// Order says how stages follow each other.
	Order Order `json:"order"`
	// EntryPolicy says which first-stage events start an attempt.
	EntryPolicy EntryPolicy `json:"entryPolicy"`
	// Lateness is how old an event may be, against the partition's clock when it is appended, and still count.
	Lateness time.Duration `json:"lateness"`
}

// Stage is one step of a funnel.
type Stage struct {
	// Name identifies the stage within its funnel.
	Name string `json:"name"`
	// Matches say which events fill the stage; any of them does.
	Matches []EventMatch `json:"matches"`
	// AnyOf says that the resource lists the matches in anyOf, so that errors name the right place.
	AnyOf bool `json:"anyOf,omitempty"`
	// Value is a CEL expression for the amount an event brings; empty is none.
	Value string `json:"value,omitempty"`
	// DropAfter is how long after this stage a unit counts as dropped without the next one; 0 means at the end of the window.
	DropAfter time.Duration `json:"dropAfter,omitempty"`
}

// EventMatch is one way to fill a stage.
type EventMatch struct {
	// Event is the event type.
	Event string `json:"event"`
	// Where is a CEL condition on the event; empty is always true.
	Where string `json:"where,omitempty"`
}

// Period is either the last RollingDays days or the days From to To; exactly one is set.
type Period struct {
	// RollingDays counts days, today included.
	RollingDays int `json:"rollingDays,omitempty"`
	// From and To are the first and last day, written 2006-01-02.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Order says how the stages of an attempt follow each other.
type Order string

// Ordered lets other events come between the stages.
const Ordered Order = "Ordered"

// EntryPolicy says which first-stage events start an attempt.
type EntryPolicy string

const (
	// LatestStart lets every first-stage event start an attempt.
	LatestStart EntryPolicy = "LatestStart"
	// FirstStart lets only a first-stage event outside an open attempt start one.
	FirstStart EntryPolicy = "FirstStart"
)

// Canonical gives the meaning's one stored form and its version, a hash of that form.
func (f *Funnel) Canonical() (form json.RawMessage, version string, err error) {
	form, err = json.Marshal(f) // struct fields keep their order, so equal meanings give equal bytes
	if err != nil {
		return nil, "", fmt.Errorf("encode funnel definition: %w", err)
	}
	sum := sha256.Sum256(form)
	return form, hex.EncodeToString(sum[:8]), nil
}
