// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
)

const (
	key        = "Funnel/shop/sales"
	segmentKey = "Segment/shop/buyers"
)

// subject is a definition of which fold and oracle tell the numbers.
type subject struct {
	key, version string
	form         json.RawMessage
	truth        func(logs [][]oracle.Record, asOf event.Time) numbers
	// oracle is that of a funnel, nil for other kinds.
	oracle *oracle.Oracle
}

// numbers are what is compared of a definition.
type numbers struct {
	Funnel  aggregate.Funnel   `json:"funnel"`
	Segment *aggregate.Segment `json:"segment,omitempty"`
	Journey *aggregate.Journey `json:"journey,omitempty"`
}

func numbersOf(d aggregate.Definition) numbers { return numbers{d.Funnel, d.Segment, d.Journey} }

// canonical is any meaning.
type canonical interface {
	Canonical() (form json.RawMessage, version string, err error)
}

func newSubject(t failer, key string, meaning canonical, truth func(logs [][]oracle.Record, asOf event.Time) numbers, err error) subject {
	t.Helper()
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	form, version, err := meaning.Canonical()
	if err != nil {
		t.Fatalf("canonical form: %v", err)
	}
	return subject{key: key, version: version, form: form, truth: truth}
}

func funnelSubject(t failer, f definition.Funnel) subject {
	t.Helper()
	truth, err := oracle.New(f)
	s := newSubject(t, key, &f, func(logs [][]oracle.Record, asOf event.Time) numbers {
		return numbers{Funnel: truth.EvaluateAll(logs, asOf)}
	}, err)
	s.oracle = truth
	return s
}

func segmentSubject(t failer, d definition.Segment) subject {
	t.Helper()
	truth, err := oracle.NewSegment(d)
	return newSubject(t, segmentKey, &d, func(logs [][]oracle.Record, asOf event.Time) numbers {
		found := truth.EvaluateAll(logs, asOf)
		return numbers{Segment: &found}
	}, err)
}

func journeySubject(t failer, d definition.Journey) subject {
	t.Helper()
	truth, err := oracle.NewJourney(d)
	return newSubject(t, journeyKey, &d, func(logs [][]oracle.Record, asOf event.Time) numbers {
		funnel, found := truth.EvaluateAll(logs, asOf)
		return numbers{Funnel: funnel, Journey: &found}
	}, err)
}

// differences compares all numbers but those of signals. Most often there are none, which their JSON tells sooner.
func differences(want, got numbers) string {
	want, got = want.comparable(), got.comparable()
	wantJSON, _ := json.Marshal(want)
	gotJSON, _ := json.Marshal(got)
	if bytes.Equal(wantJSON, gotJSON) {
		return ""
	}
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

// comparable leaves out signals, and the zeros that numbers may or may not have.
func (n numbers) comparable() numbers {
	n.Funnel.Signals = aggregate.Signals{}
	if n.Segment != nil {
		segment := *n.Segment
		segment.Signals, segment.Values = aggregate.Signals{}, maps.Clone(segment.Values)
		maps.DeleteFunc(segment.Values, func(_ string, contacts map[int]int64) bool { return len(contacts) == 0 })
		n.Segment = &segment
	}
	if n.Journey != nil && n.Journey.Loyalty != nil {
		journey, loyalty := *n.Journey, *n.Journey.Loyalty
		months := map[int64]aggregate.Retention{}
		for month, r := range loyalty.Months {
			for len(r.Active) > 0 && r.Active[len(r.Active)-1] == 0 {
				r.Active = slices.Clone(r.Active[:len(r.Active)-1])
			}
			months[month] = r
		}
		loyalty.Months, journey.Loyalty = months, &loyalty
		n.Journey = &journey
	}
	return n
}

// withoutExamples leaves out the examples of what failed: which is the first depends on whose log is read first.
func withoutExamples(n numbers) numbers {
	n.Funnel.FirstError = aggregate.Failure{}
	if n.Segment != nil {
		segment := *n.Segment
		segment.FirstError = aggregate.Failure{}
		n.Segment = &segment
	}
	if n.Journey != nil {
		journey := *n.Journey
		journey.FirstError = aggregate.Failure{}
		n.Journey = &journey
	}
	return n
}

// added adds up numbers, whatever they are, field by field.
func added(t failer, all []numbers) (total numbers) {
	t.Helper()
	var sum any
	for _, n := range all {
		form, err := json.Marshal(n)
		if err != nil {
			t.Fatalf("write numbers: %v", err)
		}
		var part any
		if err := json.Unmarshal(form, &part); err != nil {
			t.Fatalf("read numbers: %v", err)
		}
		sum = plus(sum, part)
	}
	form, err := json.Marshal(sum)
	if err != nil {
		t.Fatalf("write the sum: %v", err)
	}
	if err := json.Unmarshal(form, &total); err != nil {
		t.Fatalf("read the sum: %v", err)
	}
	return total
}

// plus adds two values of JSON; what only one of them has stays. The numbers of tests are small enough for it.
func plus(a, b any) any {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return a + b
		}
	case map[string]any:
		b, _ := b.(map[string]any)
		for name, value := range b {
			a[name] = plus(a[name], value)
		}
		return a
	case []any:
		b, _ := b.([]any)
		for i, value := range b {
			if i < len(a) {
				a[i] = plus(a[i], value)
			} else {
				a = append(a, value)
			}
		}
		return a
	}
	if a == nil {
		return b
	}
	return a
}
