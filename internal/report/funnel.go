// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math/big"
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

// FunnelStatus writes the numbers of a funnel, as of an instant, into a status: all of it but the summary's data column (see SetData),
// the conditions and observedGeneration, which are the controller's. What the funnel's status says already matters only to verdicts
// that stay until the opposite is sure: those on targets and on silent stages. The numbers must be of the stages that the spec names,
// or else the error says how they differ: the numbers of an older version of the spec are kept as they were, not written anew.
func FunnelStatus(fn *v1alpha1.Funnel, setting Setting, n *FunnelNumbers, asOf event.Time) (v1alpha1.FunnelStatus, error) {
	status, err := funnelStatus(fn, setting, n, asOf)
	if err != nil {
		return v1alpha1.FunnelStatus{}, fmt.Errorf("status of funnel %s/%s: %w", fn.Namespace, fn.Name, err)
	}
	return status, nil
}

func funnelStatus(fn *v1alpha1.Funnel, setting Setting, n *FunnelNumbers, asOf event.Time) (status v1alpha1.FunnelStatus, err error) {
	c, err := newCounted(fn, setting, n, asOf)
	if err != nil {
		return status, err
	}
	silent := c.silences()
	targets, err := c.targets(silent)
	if err != nil {
		return status, err
	}
	status = v1alpha1.FunnelStatus{
		Period:        &v1alpha1.CountedPeriod{From: date(c.spans.Current.First), To: date(c.spans.Current.Last)},
		Stages:        append(c.totalStatuses(), c.stageStatuses(silent)...),
		Bottleneck:    c.bottleneck(silent),
		Targets:       targets,
		Previous:      c.previous(),
		Breakdowns:    c.breakdowns(),
		Counters:      counters(&n.Funnel),
		EvaluatedAt:   evaluatedAt(&n.Span, asOf),
		ActiveVersion: n.Version,
	}
	if n.ExactSince > event.At(startOf(c.spans.Current.First, c.setting.Zone)) {
		status.ExactSince = metaTime(n.ExactSince)
	}
	status.Summary = c.summary(&status)
	status.Levers, status.Summary.BestLever = c.levers()
	return status, nil
}

// FunnelVisibleEqual says whether a reader sees no difference between two statuses: it ignores when they were evaluated and when
// conditions last changed. A status that is visibly equal to the stored one is not worth a write.
func FunnelVisibleEqual(a, b *v1alpha1.FunnelStatus) bool {
	return equality.Semantic.DeepEqual(withoutTimes(a), withoutTimes(b))
}

func withoutTimes(s *v1alpha1.FunnelStatus) *v1alpha1.FunnelStatus {
	s = s.DeepCopy()
	s.EvaluatedAt = nil
	clearTransitions(s.Conditions)
	return s
}

// evaluatedAt is a whole second at which the numbers are true: that of asOf or, so that events of the same second are not later
// than it, the next one. Where the numbers hold at neither, it is the second of asOf.
func evaluatedAt(n *Span, asOf event.Time) *metav1.Time {
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

// totalStatuses are those of the aggregate stages. How many people a sum stands for is not known, so they show the sum and what share
// the next stage is of it.
func (c *counted) totalStatuses() []v1alpha1.StageStatus {
	stages := make([]v1alpha1.StageStatus, len(c.totals))
	for i := range c.totals {
		stages[i] = v1alpha1.StageStatus{
			Name:       c.totals[i].Name,
			Title:      c.totals[i].Title,
			Aggregate:  trimmed(c.total(i).Sum),
			Conversion: c.totalConversion(i),
		}
	}
	return stages
}

// totalConversion is the next stage's number as a share of an aggregate stage's sum; nil where that is none, or too large to mean any.
func (c *counted) totalConversion(i int) *v1alpha1.Rate {
	part, whole := c.passed(i)
	if whole.Sign() <= 0 || part.Sign() < 0 {
		return nil
	}
	share := part.Quo(part, whole)
	const most = 1000 // a hundred thousand percent
	if share.Cmp(big.NewRat(most, 1)) > 0 {
		return nil
	}
	return rateOf(share)
}

// passed gives the number of the stage after an aggregate stage, and the aggregate stage's own.
func (c *counted) passed(i int) (part, whole *big.Rat) {
	part = new(big.Rat).SetInt64(c.stages[0].Entered)
	if i+1 < len(c.totals) {
		part = big.NewRat(int64(c.total(i+1).Sum), microsPerUnit)
	}
	return part, big.NewRat(int64(c.total(i).Sum), microsPerUnit)
}

func (c *counted) stageStatuses(silent []bool) []v1alpha1.StageStatus {
	stages := make([]v1alpha1.StageStatus, len(c.stages))
	for i := range c.stages {
		s := &c.stages[i]
		stages[i] = v1alpha1.StageStatus{
			Name:             c.specs[i].Name,
			Title:            c.specs[i].Title,
			Entered:          s.Entered,
			Converted:        s.Converted,
			InProgress:       s.InProgress,
			Dropped:          s.Dropped,
			Excluded:         s.Excluded,
			Recovered:        s.Recovered,
			Conversion:       rate(s.Converted, s.Entered),
			MatureConversion: rate(s.MatureConverted, s.MatureEntered),
			TimeToConvert:    timeToConvert(&s.ToNext),
			Silent:           silent[i],
		}
		if c.specs[i].Value != "" {
			stages[i].Value = stageValue(s, c.specs[i].Refund != nil)
		}
	}
	return stages
}

func stageValue(s *aggregate.Stage, refunds bool) *v1alpha1.StageValue {
	v := &v1alpha1.StageValue{Sum: decimal(s.Value), Events: s.ValueEvents}
	if refunds {
		v.Refunded = decimal(s.Refunded)
	}
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
	c := v1alpha1.FunnelCounters{TooLate: f.TooLate, Clamped: f.Clamped, Saturated: f.Saturated, Stale: f.Signals.Stale, EvaluationErrors: f.Errors}
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
func (c *counted) summary(status *v1alpha1.FunnelStatus) *v1alpha1.FunnelSummary {
	entered, completed := c.stages[0].Entered, c.n.Funnel.Completed
	s := &v1alpha1.FunnelSummary{
		Period:    periodText(c.fn.Spec.Period),
		Entered:   &entered,
		Converted: &completed,
	}
	if overall := rate(completed, entered); overall != nil {
		s.Conversion, s.ConversionBasisPoints = overall.Percent, &overall.BasisPoints
	}
	if b := status.Bottleneck; b != nil {
		s.Bottleneck = b.Transition
		from, _ := c.indexOf(b.From)
		s.Lost = percentInTenths(b.Lost, c.stages[from].Entered)
	}
	if p := status.Previous; p != nil && p.Change != nil {
		s.Change = p.Change.Text
	}
	if entered > 0 {
		s.Revenue = c.revenue()
	}
	return s
}

// revenue is the value of the last stage that has one, and empty when none has.
func (c *counted) revenue() string {
	stage, valued := c.valued()
	switch {
	case !valued:
		return ""
	case c.setting.Currency == "":
		return compact(stage.Value)
	}
	return compact(stage.Value) + " " + c.setting.Currency
}
