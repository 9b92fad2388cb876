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
	"slices"
	"strings"
	"time"
)

const (
	// MaxStages bounds the stages of a funnel that count contacts, so that a set of them fits half a word.
	MaxStages = 16
	// MaxExclusions bounds its exclusions, so that a set of them fits beside the stages.
	MaxExclusions = 8
	// MaxBreakdowns bounds its breakdowns.
	MaxBreakdowns = 3
)

// Funnel is the meaning of a Funnel: all that its numbers depend on and nothing else. Titles, targets and whatever only
// shapes the status are not part of it, so changing them computes nothing anew.
type Funnel struct {
	// Aggregates are the stages that come before the contacts are known, in order.
	Aggregates []Aggregate `json:"aggregates,omitempty"`
	// Stages that count contacts, in order, at most MaxStages; with the aggregates at least two.
	Stages []Stage `json:"stages"`
	// Window bounds an attempt: every stage lies at most this long after its start, inclusive.
	Window time.Duration `json:"window"`
	// Period says which attempts count, by the day they started on.
	Period Period `json:"period"`
	// TimeZone is the IANA name of the zone that days are cut in.
	TimeZone string `json:"timeZone"`
	// Order says how stages follow each other.
	Order Order `json:"order"`
	// Ignore lists the types of events that may come between stages although the order is Strict.
	Ignore []string `json:"ignore,omitempty"`
	// EntryPolicy says which first-stage events start an attempt.
	EntryPolicy EntryPolicy `json:"entryPolicy"`
	// Count says whether a contact counts once in a period or with every entry; empty is Contacts.
	Count Count `json:"count,omitempty"`
	// CorrelateBy is a CEL expression for what belongs together besides the contact; empty is nothing.
	CorrelateBy string `json:"correlateBy,omitempty"`
	// UnitBy is a CEL expression on the event for what is counted instead of contacts, such as a deal, whoever's events tell of it; empty
	// counts contacts.
	UnitBy string `json:"unitBy,omitempty"`
	// Segment lets only attempts count whose contact is a member at their start; nil lets all.
	Segment *Segment `json:"segment,omitempty"`
	// Breakdowns split the numbers by a property.
	Breakdowns []Breakdown `json:"breakdowns,omitempty"`
	// Exclusions end attempts.
	Exclusions []Exclusion `json:"exclusions,omitempty"`
	// SignalMaxAge is how old a drop-off may be and still give a signal; 0 gives none.
	SignalMaxAge time.Duration `json:"signalMaxAge,omitempty"`
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
	// DropAfterIdle is the same, counted from the contact's last act of any type. At most one of the two is set.
	DropAfterIdle time.Duration `json:"dropAfterIdle,omitempty"`
	// Optional says that passing on without this stage is no drop-off. The first stage never is.
	Optional bool `json:"optional,omitempty"`
	// Refund takes away from Value; nil is none.
	Refund *Refund `json:"refund,omitempty"`
}

// Refund takes away from a stage's value.
type Refund struct {
	// Event is the type of the event that says so.
	Event string `json:"event"`
	// Amount is a CEL expression on that event for what it takes away.
	Amount string `json:"amount"`
	// MatchBy is a CEL expression that gives the same text on that event and on the one whose value it takes back.
	MatchBy string `json:"matchBy"`
}

// Aggregate is a stage that adds up a number which events carry, whoever they belong to.
type Aggregate struct {
	// Name identifies the stage within its funnel.
	Name string `json:"name"`
	// Event is the type of the events, and Where a CEL condition on them; empty is always true.
	Event string `json:"event"`
	Where string `json:"where,omitempty"`
	// Sum is a CEL expression for the number.
	Sum string `json:"sum"`
}

// Breakdown splits the numbers by a property of the event that fills a stage.
type Breakdown struct {
	// Name identifies the breakdown within its funnel.
	Name string `json:"name"`
	// By is a CEL expression for the property.
	By string `json:"by"`
	// Stage is the index in Stages of the one whose event is asked.
	Stage int `json:"stage"`
}

// Exclusion ends an attempt by an event that comes after one stage and before another.
type Exclusion struct {
	// Event is the type of the event, and Where a CEL condition on it; empty is always true.
	Event string `json:"event"`
	Where string `json:"where,omitempty"`
	// After and Before are indices in Stages: an attempt can be ended once it has reached After, until it reaches Before. Under
	// order Any they are 0 and the last stage.
	After  int `json:"after"`
	Before int `json:"before"`
	// Action is what becomes of the attempt; empty is Discard.
	Action ExclusionAction `json:"action"`
}

// ExclusionAction is what becomes of an attempt that an exclusion ended.
type ExclusionAction string

const (
	// Discard counts it as excluded at every stage that it reached.
	Discard ExclusionAction = "Discard"
	// End leaves it at the stage where it was.
	End ExclusionAction = "End"
)

// Count says what is counted.
type Count string

const (
	// Contacts counts a unit once in a period.
	Contacts Count = "Contacts"
	// Entries counts every entry of a unit.
	Entries Count = "Entries"
)

// EventMatch is one way to fill a stage.
type EventMatch struct {
	// Event is the event type.
	Event string `json:"event"`
	// Where is a CEL condition on the event; empty is always true.
	Where string `json:"where,omitempty"`
}

// Period is the last RollingDays days, the days From to To, or the stretch of the calendar that today is part of; exactly one is set.
type Period struct {
	// RollingDays counts days, today included.
	RollingDays int `json:"rollingDays,omitempty"`
	// Calendar is the length of a stretch of the calendar.
	Calendar Calendar `json:"calendar,omitempty"`
	// From and To are the first and last day, written 2006-01-02.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Order says how the stages of an attempt follow each other.
type Order string

const (
	// Ordered lets other events come between the stages.
	Ordered Order = "Ordered"
	// Strict lets none come between them, but for those of Ignore.
	Strict Order = "Strict"
	// Any takes the stages in whatever order.
	Any Order = "Any"
)

// Calendar is the length of a stretch of the calendar. Weeks begin on Monday.
type Calendar string

// Stretches of the calendar.
const (
	Week    Calendar = "Week"
	Month   Calendar = "Month"
	Quarter Calendar = "Quarter"
	Year    Calendar = "Year"
)

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
	form, err = json.Marshal(f.normal()) // struct fields keep their order, so equal meanings give equal bytes
	if err != nil {
		return nil, "", fmt.Errorf("encode funnel definition: %w", err)
	}
	sum := sha256.Sum256(form)
	return form, hex.EncodeToString(sum[:8]), nil
}

// normal gives the meaning with what it leaves unsaid written out, and in one order where none matters.
func (f *Funnel) normal() Funnel {
	n := *f
	if n.Count == "" {
		n.Count = Contacts
	}
	n.Ignore = slices.DeleteFunc(slices.Clone(f.Ignore), isOwn) // Waymark's own events are in nobody's way
	slices.Sort(n.Ignore)
	if n.Ignore = slices.Compact(n.Ignore); len(n.Ignore) == 0 {
		n.Ignore = nil
	}
	n.Segment = f.Segment.within()
	n.Exclusions = slices.Clone(f.Exclusions)
	for i := range n.Exclusions {
		if n.Exclusions[i].Action == "" {
			n.Exclusions[i].Action = Discard
		}
	}
	return n
}

// isOwn says whether a type is one of Waymark's own events, which are no acts of a contact.
func isOwn(eventType string) bool { return strings.HasPrefix(eventType, "waymark.") }

// WatchesActs says whether the numbers depend on every act of a contact, also of types that no stage names.
func (f *Funnel) WatchesActs() bool {
	return f.Order == Strict || slices.ContainsFunc(f.Stages, func(s Stage) bool { return s.DropAfterIdle > 0 })
}

// Types gives the types of events that the numbers depend on by name, sorted, each once. With every they depend on every act too,
// whatever its type (see WatchesActs).
func (f *Funnel) Types() (types []string, every bool) {
	for i := range f.Aggregates {
		types = append(types, f.Aggregates[i].Event)
	}
	for i := range f.Stages {
		for _, m := range f.Stages[i].Matches {
			types = append(types, m.Event)
		}
		if r := f.Stages[i].Refund; r != nil {
			types = append(types, r.Event)
		}
	}
	for i := range f.Exclusions {
		types = append(types, f.Exclusions[i].Event)
	}
	if f.Segment != nil {
		types = append(types, f.Segment.Types()...)
	}
	slices.Sort(types)
	return slices.Compact(types), f.WatchesActs()
}
