// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// Setting is what a funnel's numbers are read in: the parts of its Workspace that they depend on.
type Setting struct {
	// Currency is written after revenue, such as RUB; empty for bare numbers.
	Currency string
	// Zone is the one that days are cut in; nil is UTC.
	Zone *time.Location
}

// FunnelStatus writes the numbers of a funnel, as of an instant, into a status: the summary but for its data column (see
// SetData), the period, the stages, the bottleneck, the targets, the counters, exactSince, evaluatedAt and activeVersion. Conditions
// and observedGeneration are the controller's and stay empty. The numbers must be of the stages that the spec names, or else the
// error says how they differ: the numbers of an older version of the spec are kept as they were, not written anew.
func FunnelStatus(fn *v1alpha1.Funnel, setting Setting, n *Numbers, asOf event.Time) (v1alpha1.FunnelStatus, error) {
	if len(n.Funnel.Stages) != len(fn.Spec.Stages) {
		return v1alpha1.FunnelStatus{}, fmt.Errorf("status of funnel %s/%s: version %s has numbers of %d stages, the spec has %d",
			fn.Namespace, fn.Name, n.Version, len(n.Funnel.Stages), len(fn.Spec.Stages))
	}
	from, to, err := countedDays(fn.Spec.Period, setting.Zone, asOf)
	if err != nil {
		return v1alpha1.FunnelStatus{}, fmt.Errorf("status of funnel %s/%s: %w", fn.Namespace, fn.Name, err)
	}
	targets, err := targetStatuses(fn, &n.Funnel)
	if err != nil {
		return v1alpha1.FunnelStatus{}, fmt.Errorf("status of funnel %s/%s: %w", fn.Namespace, fn.Name, err)
	}
	status := v1alpha1.FunnelStatus{
		Period:        &v1alpha1.CountedPeriod{From: from, To: to},
		Stages:        stageStatuses(fn, &n.Funnel),
		Bottleneck:    bottleneck(fn, &n.Funnel),
		Targets:       targets,
		Counters:      counters(&n.Funnel),
		EvaluatedAt:   evaluatedAt(n, asOf),
		ActiveVersion: n.Version,
	}
	if n.ExactSince > 0 {
		status.ExactSince = metaTime(n.ExactSince)
	}
	status.Summary = summary(fn, setting, &n.Funnel, &status)
	return status, nil
}

// VisibleEqual says whether a reader sees no difference between two statuses: it ignores when they were evaluated and when
// conditions last changed. A status that is visibly equal to the stored one is not worth a write.
func VisibleEqual(a, b *v1alpha1.FunnelStatus) bool {
	return equality.Semantic.DeepEqual(withoutTimes(a), withoutTimes(b))
}

func withoutTimes(s *v1alpha1.FunnelStatus) *v1alpha1.FunnelStatus {
	s = s.DeepCopy()
	s.EvaluatedAt = nil
	for i := range s.Conditions {
		s.Conditions[i].LastTransitionTime = metav1.Time{}
	}
	return s
}

// evaluatedAt is a whole second at which the numbers are true: that of asOf or, so that events of the same second are not later
// than it, the next one. Where the numbers hold at neither, it is the second of asOf.
func evaluatedAt(n *Numbers, asOf event.Time) *metav1.Time {
	const second = event.Time(time.Second / time.Microsecond)
	if next := asOf + second - 1; n.HoldAt(next - next%second) {
		return metaTime(next)
	}
	return metaTime(asOf)
}

// metaTime cuts an instant to whole seconds, which is what the API keeps, so that a status equals itself after a round trip.
func metaTime(t event.Time) *metav1.Time {
	return &metav1.Time{Time: t.UTC().Truncate(time.Second)}
}

func stageStatuses(fn *v1alpha1.Funnel, f *aggregate.Funnel) []v1alpha1.StageStatus {
	stages := make([]v1alpha1.StageStatus, len(f.Stages))
	for i := range f.Stages {
		s := &f.Stages[i]
		stages[i] = v1alpha1.StageStatus{
			Name:             fn.Spec.Stages[i].Name,
			Title:            fn.Spec.Stages[i].Title,
			Entered:          s.Entered,
			Converted:        s.Converted,
			InProgress:       s.InProgress,
			Dropped:          s.Dropped,
			Excluded:         s.Excluded,
			Recovered:        s.Recovered,
			Conversion:       rate(s.Converted, s.Entered),
			MatureConversion: rate(s.MatureConverted, s.MatureEntered),
			TimeToConvert:    timeToConvert(&s.ToNext),
		}
		if fn.Spec.Stages[i].Value != "" {
			stages[i].Value = stageValue(s)
		}
	}
	return stages
}

func stageValue(s *aggregate.Stage) *v1alpha1.StageValue {
	v := &v1alpha1.StageValue{Sum: decimal(s.Value), Events: s.ValueEvents}
	if s.ValueEvents > 0 {
		v.Average = average(s.Value, s.ValueEvents)
	}
	return v
}

func timeToConvert(took *aggregate.Sketch) *v1alpha1.TimeToConvert {
	median, known := took.Quantile(500)
	if !known {
		return nil
	}
	p90, _ := took.Quantile(900)
	return &v1alpha1.TimeToConvert{Median: elapsed(median), P90: elapsed(p90)}
}

// counters gives nil while there is nothing to tell.
func counters(f *aggregate.Funnel) *v1alpha1.FunnelCounters {
	c := v1alpha1.FunnelCounters{TooLate: f.TooLate, Clamped: f.Clamped, Saturated: f.Saturated, EvaluationErrors: f.Errors}
	if f.Errors > 0 {
		c.EvaluationErrorExample = &v1alpha1.EvaluationError{
			Field:     bounded(f.FirstError.Field, 128),
			Message:   bounded(f.FirstError.Message, 256),
			Partition: int32(f.FirstError.Partition),
			Offset:    int64(f.FirstError.Offset),
		}
	}
	if c == (v1alpha1.FunnelCounters{}) {
		return nil
	}
	return &c
}

// bounded cuts a text to at most so many characters, marking the cut.
func bounded(text string, length int) string {
	characters := []rune(text)
	if len(characters) <= length {
		return text
	}
	return string(characters[:length-1]) + "…"
}

// summary is the row of "kubectl get funnels".
func summary(fn *v1alpha1.Funnel, setting Setting, f *aggregate.Funnel, status *v1alpha1.FunnelStatus) *v1alpha1.FunnelSummary {
	first, last := &f.Stages[0], &f.Stages[len(f.Stages)-1]
	s := &v1alpha1.FunnelSummary{
		Period:    periodText(fn.Spec.Period),
		Entered:   &first.Entered,
		Converted: &last.Converted,
	}
	if overall := rate(last.Converted, first.Entered); overall != nil {
		s.Conversion, s.ConversionBasisPoints = overall.Percent, &overall.BasisPoints
	}
	if b := status.Bottleneck; b != nil {
		s.Bottleneck = b.Transition
		s.Lost = percentInTenths(b.Lost, enteredAt(fn, f, b.From))
	}
	if first.Entered > 0 {
		s.Revenue = revenue(fn, f, setting.Currency)
	}
	return s
}

func enteredAt(fn *v1alpha1.Funnel, f *aggregate.Funnel, stage string) int64 {
	for i := range fn.Spec.Stages {
		if fn.Spec.Stages[i].Name == stage {
			return f.Stages[i].Entered
		}
	}
	return 0
}

// revenue is the value of the last stage that has one, and empty when none has.
func revenue(fn *v1alpha1.Funnel, f *aggregate.Funnel, currency string) string {
	for i := range slices.Backward(f.Stages) {
		if fn.Spec.Stages[i].Value == "" {
			continue
		}
		if currency == "" {
			return compact(f.Stages[i].Value)
		}
		return compact(f.Stages[i].Value) + " " + currency
	}
	return ""
}
