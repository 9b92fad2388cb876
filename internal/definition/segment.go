// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

const (
	// MaxTraits bounds the traits of a segment.
	MaxTraits = 16
	// MaxRanks bounds into how many groups a rank divides contacts.
	MaxRanks = 10
)

// Segment is the meaning of a Segment: contacts of whom a condition holds. At any instant it holds or does not, by what happened until then;
// time alone may change that, when an event becomes older than a trait looks back.
type Segment struct {
	// TimeZone is the IANA name of the workspace's zone, in which days are cut.
	TimeZone string `json:"timeZone"`
	// Where is a CEL condition on contact.attributes and contact.traits. A trait that is not known makes a comparison false.
	Where string `json:"where"`
	// Traits are computed from events, in the order of the resource.
	Traits []Trait `json:"traits,omitempty"`
	// Days is over how many days, today included, it is counted who entered and who left.
	Days int `json:"days"`
	// SignalMaxAge is how long ago a contact may have become a member, or stopped being one, and still give a signal; 0 gives none.
	SignalMaxAge time.Duration `json:"signalMaxAge,omitempty"`
	// Lateness is how old an event may be, against the partition's clock when it is appended, and still count.
	Lateness time.Duration `json:"lateness"`
}

// TraitFunction says what a trait makes of its events.
type TraitFunction string

const (
	// TraitCount is how many there were; 0 without any.
	TraitCount TraitFunction = "Count"
	// TraitSum adds up a number that they carry; 0 without any.
	TraitSum TraitFunction = "Sum"
	// TraitFirst is a value of the earliest, or without Of its time; without any event nothing is known.
	TraitFirst TraitFunction = "First"
	// TraitLast is the same of the latest.
	TraitLast TraitFunction = "Last"
	// TraitDistinct is how many different values they carry; 0 without any.
	TraitDistinct TraitFunction = "Distinct"
	// TraitRank is in which of several equally large groups another trait puts the contact: 1 has the smallest values. The groups are of the
	// contacts for whom some event counts for that trait.
	TraitRank TraitFunction = "Rank"
)

// Trait is something that is computed from a contact's events.
type Trait struct {
	// Name is what expressions call it: contact.traits.NAME.
	Name     string        `json:"name"`
	Function TraitFunction `json:"function"`
	// Event is the type of the events, and Where a CEL condition on them; empty is always true. A Rank has none.
	Event string `json:"event,omitempty"`
	Where string `json:"where,omitempty"`
	// Of is a CEL expression on the event: the number that is added up, or the value. Of a Rank it is the name of an earlier trait.
	Of string `json:"of,omitempty"`
	// Within is how old an event may be and still count: it counts from its own time until that time and Within, without that instant. 0 is
	// as far back as the log goes.
	Within time.Duration `json:"within,omitempty"`
	// Ranks is how many groups a Rank has. Cuts are the least values, in millionths, of the groups from the second on; of times the
	// microseconds since 1970. Without cuts, the rank is not known. They are found out from all who are in a group and become part of the meaning, so
	// that everybody counts by the same.
	Ranks int                `json:"ranks,omitempty"`
	Cuts  []aggregate.Micros `json:"cuts,omitempty"`
}

// SegmentStage names the two ways in which a segment's signals differ: see record.Signal.
const (
	SegmentEntered = "entered"
	SegmentLeft    = "left"
)
