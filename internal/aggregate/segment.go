// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// Segment is what one partition knows of a segment.
type Segment struct {
	// Size counts the members now.
	Size int64 `json:"size"`
	// Entered and Left count how often contacts became members, and stopped being members, in the days of the definition.
	Entered int64 `json:"entered"`
	Left    int64 `json:"left"`
	// Values are, for each trait that a rank looks at, how many contacts have about which value, by ValueBucket.
	Values map[string]map[int]int64 `json:"values,omitempty"`
	// Signals counts what scenarios were told.
	Signals Signals `json:"signals,omitzero"`
	// TooLate, Saturated, Errors and FirstError are as for a Funnel.
	TooLate    int64   `json:"tooLate"`
	Saturated  int64   `json:"saturated"`
	Errors     int64   `json:"errors"`
	FirstError Failure `json:"firstError,omitzero"`
}
