// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// Tally is the numbers of one scenario. They only ever change by what contacts do, so that they are the same wherever a log is folded.
type Tally struct {
	Entered int64 `json:"entered,omitempty"`
	HeldOut int64 `json:"heldOut,omitempty"`
	Active  int64 `json:"active,omitempty"`
	// Refused, Exited and Faults are as in aggregate.Scenario.
	Refused   map[string]int64           `json:"refused,omitempty"`
	Exited    map[string]int64           `json:"exited,omitempty"`
	Faults    map[string]int64           `json:"faults,omitempty"`
	Message   aggregate.Message          `json:"message,omitzero"`
	Converted int64                      `json:"converted,omitempty"`
	Value     aggregate.Micros           `json:"value,omitempty"`
	Steps     map[string]*aggregate.Step `json:"steps,omitempty"`
	// Versions are by number.
	Versions map[uint32]*VersionShare `json:"versions,omitempty"`
	Treated  aggregate.Arm            `json:"treated,omitzero"`
	Held     aggregate.Arm            `json:"held,omitzero"`

	// Changed is set with every change; the host takes it back when it has stored the tally.
	Changed bool `json:"-"`
}

// VersionShare is the part that a version has in a scenario's numbers.
type VersionShare struct {
	ID    string          `json:"id"`
	Share aggregate.Share `json:"share"`
}

// Append encodes the tally: equal ones give equal bytes.
func (t *Tally) Append(b []byte) []byte { return appendJSON(b, t) }

// Read decodes what Append encoded.
func (t *Tally) Read(b []byte) error {
	*t = Tally{}
	if err := json.Unmarshal(b, t); err != nil {
		return fmt.Errorf("%w: the numbers of a scenario: %w", ErrCorrupt, err)
	}
	return nil
}

// Report gives the numbers; what only the host knows (Version, Reach, Overdue, Oldest) is left to it. It shares nothing with the tally.
func (t *Tally) Report(key string) aggregate.Scenario {
	r := aggregate.Scenario{
		Key: key, Entered: t.Entered, HeldOut: t.HeldOut, Active: t.Active, Refused: maps.Clone(t.Refused), Exited: maps.Clone(t.Exited),
		Message: cloneMessage(t.Message), Converted: t.Converted, Value: t.Value, Treated: t.Treated, Held: t.Held, Faults: maps.Clone(t.Faults),
	}
	if len(t.Steps) > 0 {
		r.Steps = make(map[string]aggregate.Step, len(t.Steps))
	}
	for name, step := range t.Steps {
		s := *step
		s.Message, s.Ways, s.Variants = cloneMessage(s.Message), maps.Clone(s.Ways), maps.Clone(s.Variants)
		r.Steps[name] = s
	}
	if len(t.Versions) > 0 {
		r.Versions = make(map[string]aggregate.Share, len(t.Versions))
	}
	for number, v := range t.Versions {
		name := v.ID
		if name == "" {
			name = strconv.FormatUint(uint64(number), 10)
		}
		r.Versions[name] = sum(r.Versions[name], v.Share) // a version that came back has another number
	}
	return r
}

func sum(a, b aggregate.Share) aggregate.Share {
	return aggregate.Share{
		Entered: a.Entered + b.Entered, Sent: a.Sent + b.Sent, Clicked: a.Clicked + b.Clicked, Converted: a.Converted + b.Converted,
		Value: a.Value.Plus(b.Value),
	}
}

func cloneMessage(m aggregate.Message) aggregate.Message {
	m.Skipped = maps.Clone(m.Skipped)
	return m
}

func (t *Tally) refuse(reason string) {
	t.Changed = true
	increment(&t.Refused, reason)
}

func (t *Tally) fault(field string) {
	t.Changed = true
	increment(&t.Faults, field)
}

func (t *Tally) step(name string) *aggregate.Step {
	s := t.Steps[name]
	if s == nil {
		if t.Steps == nil {
			t.Steps = map[string]*aggregate.Step{}
		}
		s = new(aggregate.Step)
		t.Steps[name] = s
	}
	return s
}

func (t *Tally) version(v *Version) *aggregate.Share {
	s := t.Versions[v.Number]
	if s == nil {
		if t.Versions == nil {
			t.Versions = map[uint32]*VersionShare{}
		}
		s = &VersionShare{ID: v.ID}
		t.Versions[v.Number] = s
	}
	return &s.Share
}

func (t *Tally) arm(held bool) *aggregate.Arm {
	if held {
		return &t.Held
	}
	return &t.Treated
}

// tally gives the numbers of the step that the enrolment is on, which are about to change.
func (p *place) tally() *aggregate.Step {
	p.sc.Tally.Changed = true
	return p.sc.Tally.step(p.step().Name)
}

// field gives the path of a part of the step in its resource.
func (p *place) field(part string) string { return "spec.steps[" + strconv.Itoa(p.e.step) + "]" + part }

// ChannelTally is the numbers of one channel.
type ChannelTally struct {
	Message    aggregate.Message `json:"message,omitzero"`
	Suppressed int64             `json:"suppressed,omitempty"`
	// Day is the latest day, in the workspace's zone and counted from 1970-01-01, on which messages were granted for the first time, and
	// Granted is how many.
	Day     int64 `json:"day,omitempty"`
	Granted int64 `json:"granted,omitempty"`

	// Changed is set with every change; the host takes it back when it has stored the tally.
	Changed bool `json:"-"`
}

// ClaimedOn gives how many messages were granted for the first time on a day, if it is the latest or after it.
func (t *ChannelTally) ClaimedOn(day int64) int64 {
	if day != t.Day {
		return 0
	}
	return t.Granted
}

func (t *ChannelTally) granted(day int64) {
	if day != t.Day {
		t.Day, t.Granted = day, 0
	}
	t.Granted++
	t.Changed = true
}

// Append encodes the tally: equal ones give equal bytes.
func (t *ChannelTally) Append(b []byte) []byte { return appendJSON(b, t) }

// Read decodes what Append encoded.
func (t *ChannelTally) Read(b []byte) error {
	*t = ChannelTally{}
	if err := json.Unmarshal(b, t); err != nil {
		return fmt.Errorf("%w: the numbers of a channel: %w", ErrCorrupt, err)
	}
	return nil
}

// Report gives the numbers; what only the host knows (Waiting, Oldest and the pause) is left to it.
func (t *ChannelTally) Report(key string) aggregate.Channel {
	return aggregate.Channel{Key: key, Message: cloneMessage(t.Message), Suppressed: t.Suppressed}
}

func appendJSON(b []byte, v any) []byte {
	encoded, _ := json.Marshal(v) // of numbers and texts, which always can be written
	return append(b, encoded...)
}
