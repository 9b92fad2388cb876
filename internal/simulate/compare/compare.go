// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package compare simulates two sets of manifests over the same events and says who would be sent more, fewer or other messages.
package compare

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/simulate"
)

// Options say what to compare.
type Options struct {
	// New and Old are files and directories of manifests.
	New, Old []string
	// Examples is how many examples there are at most of each kind in each scenario.
	Examples int
	// Simulate holds the rest: events, until when and so on. Its Manifests, Message, Sends, Trace and Untracked are not looked at.
	Simulate simulate.Options
}

// Difference says what would be otherwise.
type Difference struct {
	// AsOf is the instant up to which both were simulated.
	AsOf time.Time `json:"asOf"`
	// Contacts counts whom it concerns, over all scenarios.
	Contacts Concerned `json:"contacts"`
	// Scenarios are those in which anything differs, in the order of their names.
	Scenarios []Scenario `json:"scenarios"`
}

// IsEmpty says whether nothing differs.
func (d *Difference) IsEmpty() bool { return len(d.Scenarios) == 0 }

// Concerned counts contacts. One that is sent more of one step and fewer of another is in both counts.
type Concerned struct {
	// More and Fewer are sent messages that they would not have been sent, or not sent those that they would have been.
	More  int64 `json:"more"`
	Fewer int64 `json:"fewer"`
	// Other are sent a message that says something else, or goes elsewhere; Moved one that says the same at another time.
	Other int64 `json:"other"`
	Moved int64 `json:"moved"`
}

// Scenario says what differs in one scenario.
type Scenario struct {
	// Scenario is namespace/name.
	Scenario string `json:"scenario"`
	// In is Old or New when only that has the scenario.
	In string `json:"in,omitempty"`
	// Contacts counts whom it concerns.
	Contacts Concerned `json:"contacts"`
	// Numbers are those that differ: entered, sent, converted and so on; and of exits, refusals and skips, by reason.
	Numbers []Number `json:"numbers,omitempty"`
	// Steps are those with messages, in the order of the new scenario, and behind them those that only the old one has.
	Steps []Step `json:"steps,omitempty"`
	// Examples show a few contacts.
	Examples []Example `json:"examples,omitempty"`
}

// Number is one that differs.
type Number struct {
	// Name says what is counted, such as "entered" or "left: Goal".
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Step says what differs in the messages of one step.
type Step struct {
	Step string `json:"step"`
	// Before and After count its messages.
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	// Contacts counts whom it concerns.
	Contacts Concerned `json:"contacts"`
}

// Example is what differs for one contact.
type Example struct {
	// Kind is More, Fewer, Other or Moved.
	Kind    string `json:"kind"`
	Contact string `json:"contact"`
	Step    string `json:"step"`
	// Before and After are the message; nil where there is none.
	Before *Sent `json:"before,omitempty"`
	After  *Sent `json:"after,omitempty"`
	// Differs are the parts that differ, for Other.
	Differs []Part `json:"differs,omitempty"`

	before, after string // ids of the messages
}

// Sent is when a message would be sent, and what it can be told by: its subject, or how it begins.
type Sent struct {
	Time    time.Time `json:"time"`
	Subject string    `json:"subject,omitempty"`
}

// Part is a part of a message that differs, by the first line of it that does.
type Part struct {
	// Part is channel, address, variant, subject, fromName, text, html, buttons, payload, url or method.
	Part   string `json:"part"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Kinds of examples, in their order.
const (
	More  = "More"
	Fewer = "Fewer"
	Other = "Other"
	Moved = "Moved"
)

// Run compares. Errors name the manifests and the files as those of a simulation do.
func Run(ctx context.Context, o Options) (*Difference, error) {
	if slices.Contains(o.Simulate.Events, "-") {
		return nil, errors.New("the events are read twice, so they cannot come from standard input: name a file")
	}
	before, err := o.simulate(ctx, "--against", o.Old)
	if err != nil {
		return nil, err
	}
	after, err := o.simulate(ctx, "-f", o.New)
	if err != nil {
		return nil, err
	}
	d := differ(before, after, o.Examples)
	if err := o.detail(ctx, d); err != nil {
		return nil, err
	}
	return d, nil
}

// sideError says which of the two sets of manifests an error is about.
type sideError struct {
	flag string
	error
}

// Error writes the side in front.
func (e *sideError) Error() string { return e.flag + ": " + e.error.Error() }

// Unwrap gives the error itself.
func (e *sideError) Unwrap() error { return e.error }
