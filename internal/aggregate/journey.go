// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "time"

// Journey is what one partition knows of why units leave a funnel. Everything is about the attempts that represent units in the current period,
// but for Loyalty and Days.
type Journey struct {
	// Stages are those of the funnel but the last.
	Stages []StageEvidence `json:"stages"`
	// Beyond are the stages after the funnel's; of each stage what entered it is what the one before has as Converted, the first what completed the
	// funnel.
	Beyond []BeyondCount `json:"beyond,omitempty"`
	// Days are the units of each day of start, by the number of the day: for each probe, in the order of the definition, how many of
	// those that reached its stage saw it.
	Days map[int64][]int64 `json:"days,omitempty"`
	// Survey has an entry for each stage of the funnel but the last: what those who dropped off there answered.
	Survey []SurveyCount `json:"survey,omitempty"`
	// Loyalty is nil without a purchase in the definition.
	Loyalty *Loyalty `json:"loyalty,omitempty"`
	// Satisfaction adds up scores.
	Satisfaction Score `json:"satisfaction,omitzero"`
	// Saturated counts contacts of whom older evidence is missing, because there was too much. Errors and FirstError are of the expressions that
	// ask for evidence; those of the funnel are counted there.
	Saturated  int64   `json:"saturated,omitempty"`
	Errors     int64   `json:"errors,omitempty"`
	FirstError Failure `json:"firstError,omitzero"`
}

// StageEvidence is what happened to the units that reached one stage and are no longer in progress there, excluded ones left out.
type StageEvidence struct {
	// All counts them by how they ended.
	All Split `json:"all"`
	// There counts, at each landmark, those that were still at the stage; at the first all.
	There Landmarks `json:"there,omitempty"`
	// Probes are those of the definition at this stage, in its order.
	Probes []Sight `json:"probes,omitempty"`
	// Types are by type of event, the most frequent MaxTypes of the partition.
	Types map[string]Sight `json:"types,omitempty"`
}

// MaxTypes bounds how many types of events a partition reports at a stage.
const MaxTypes = 500

// Split counts units that dropped off and units that went on.
type Split struct {
	Dropped   int64 `json:"dropped,omitempty"`
	Converted int64 `json:"converted,omitempty"`
}

// Sight counts the units to which something happened at a stage.
type Sight struct {
	// Seen are all of them.
	Seen Split `json:"seen"`
	// Now counts, at each landmark, those still at the stage that saw it since the landmark before, for the first time; Before those
	// still there that saw it at or before the landmark, so those of Now too.
	Now    Landmarks `json:"now,omitempty"`
	Before Landmarks `json:"before,omitempty"`
}

// Landmarks are counts by the index of the landmark; those without any are absent.
type Landmarks map[int]Split

// LandmarkTimes are how long after a stage's event one looks who is still there. People who leave early have less time to see anything, so that
// who saw something and who did not are compared only among those who stayed at least as long. At the first, the stage's own instant,
// everybody is there, and equally long.
var LandmarkTimes = [...]time.Duration{
	0, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, 45 * time.Second,
	time.Minute, 90 * time.Second, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 6 * time.Minute, 8 * time.Minute,
	10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute, 45 * time.Minute,
	time.Hour, 90 * time.Minute, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 8 * time.Hour, 12 * time.Hour, 18 * time.Hour,
	24 * time.Hour, 36 * time.Hour, 48 * time.Hour, 3 * 24 * time.Hour, 4 * 24 * time.Hour, 5 * 24 * time.Hour, 6 * 24 * time.Hour,
	7 * 24 * time.Hour, 9 * 24 * time.Hour, 12 * 24 * time.Hour, 16 * 24 * time.Hour, 21 * 24 * time.Hour, 30 * 24 * time.Hour,
	45 * 24 * time.Hour, 60 * 24 * time.Hour, 90 * 24 * time.Hour,
}

// BeyondCount counts units at a stage after the funnel: as at a Stage of it, seen from the stage before.
type BeyondCount struct {
	// Converted reached the stage, InProgress still may, Dropped did not in time.
	Converted  int64 `json:"converted"`
	InProgress int64 `json:"inProgress"`
	Dropped    int64 `json:"dropped"`
}

// SurveyCount is what those who dropped off at a stage answered, by the property of the definition; empty is the only one without one.
type SurveyCount map[string]SurveyGroup

// SurveyGroup counts those of one property.
type SurveyGroup struct {
	// Dropped are those who could be asked: all who dropped off at the stage.
	Dropped int64 `json:"dropped"`
	// Answers are by answer; each unit counts once, with its latest. "" is an answer that the definition does not list.
	Answers map[string]int64 `json:"answers,omitempty"`
}

// Loyalty counts buyers: contacts with a start in the segment at any time, by their purchases from the first such start on.
type Loyalty struct {
	Buyers    int64 `json:"buyers"`
	Purchases int64 `json:"purchases"`
	// Repeated counts buyers with at least two purchases, Churned those whose last is longer ago than the definition allows.
	Repeated int64 `json:"repeated"`
	Churned  int64 `json:"churned"`
	// Value is what all purchases brought, ValueEvents how many brought something.
	Value       Micros `json:"value"`
	ValueEvents int64  `json:"valueEvents"`
	// Between is how long it was from one purchase to the next.
	Between Sketch `json:"between,omitzero"`
	// Months are by the month of the first purchase, as months since 1970-01, in the definition's time zone.
	Months map[int64]Retention `json:"months,omitempty"`
}

// Retention follows those whose first purchase was in one month.
type Retention struct {
	// Active has at index k how many purchased k months after the first; at 0 all. It has at most MaxRetention entries.
	Active []int64 `json:"active"`
}

// MaxRetention bounds how many months are followed.
const MaxRetention = 25

// Score adds up scores.
type Score struct {
	Count int64  `json:"count"`
	Sum   Micros `json:"sum"`
}
