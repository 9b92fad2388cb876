// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// Bounds of the lists in a scenario's and a channel's status, as the API has them.
const (
	maxRefused  = 12
	maxExited   = 16
	maxSkipped  = 12
	maxSteps    = 64
	maxWays     = 32
	maxVariants = 16
	maxVersions = 4
	maxFaults   = 4
	maxReason   = 32
	maxField    = 128
)

// lateAfter is how late something must be to be shown as overdue: what is due this minute is on its way.
const lateAfter = event.Time(time.Minute / time.Microsecond)

// ScenarioStatus writes the numbers of a scenario, as of an instant, into a status: all of it but approval, the conditions and
// observedGeneration, which are the controller's. Winners are the variants that won, by step.
func ScenarioStatus(outline *Outline, winners map[string]string, n *ScenarioNumbers, asOf event.Time) v1alpha1.NurtureScenarioStatus {
	s := &n.Scenario
	status := v1alpha1.NurtureScenarioStatus{
		Entered:       &s.Entered,
		Active:        &s.Active,
		HeldOut:       &s.HeldOut,
		Sent:          &s.Message.Sent,
		Converted:     &s.Converted,
		Refused:       reasons(s.Refused, maxRefused),
		Exited:        reasons(s.Exited, maxExited),
		Skipped:       reasons(s.Message.Skipped, maxSkipped),
		Steps:         scenarioSteps(outline, s.Steps),
		Ways:          ways(outline, s.Steps),
		Variants:      variants(outline, winners, s.Steps),
		Versions:      versions(s.Version, s.Versions),
		Service:       service(s, asOf),
		Faults:        faults(s.Faults),
		EvaluatedAt:   metaTime(asOf),
		ActiveVersion: s.Version,
	}
	status.Value = earned(s.Value)
	if conversion := rate(s.Converted, s.Entered); conversion != nil {
		status.Conversion, status.ConversionBasisPoints = percentInTenths(s.Converted, s.Entered), &conversion.BasisPoints
	}
	if outline.Compared || s.Held.N > 0 {
		status.Uplift = uplift(&s.Treated, &s.Held)
	}
	return status
}

// earned is absent while nothing was.
func earned(value aggregate.Micros) v1alpha1.Decimal {
	if value == 0 {
		return ""
	}
	return decimal(value)
}

// ScenarioVisibleEqual says whether a reader sees no difference between two statuses, as FunnelVisibleEqual does for a Funnel's. How late
// something is grows by itself and is no difference; that it is late is one.
func ScenarioVisibleEqual(a, b *v1alpha1.NurtureScenarioStatus) bool {
	without := func(s *v1alpha1.NurtureScenarioStatus) *v1alpha1.NurtureScenarioStatus {
		s = s.DeepCopy()
		s.EvaluatedAt = nil
		if s.Service != nil {
			forgetLag(s.Service.OldestLag)
		}
		forgetTransitions(s.Conditions)
		return s
	}
	return equality.Semantic.DeepEqual(without(a), without(b))
}

func forgetLag(lag *v1alpha1.Elapsed) {
	if lag != nil {
		*lag = v1alpha1.Elapsed{}
	}
}

func forgetTransitions(conditions []metav1.Condition) {
	for i := range conditions {
		conditions[i].LastTransitionTime = metav1.Time{}
	}
}

// scenarioSteps are those of the spec, and behind them those of earlier versions where somebody still is.
func scenarioSteps(outline *Outline, steps map[string]aggregate.Step) []v1alpha1.ScenarioStepStatus {
	var list []v1alpha1.ScenarioStepStatus
	known := map[string]bool{}
	for i := range outline.Steps {
		name := outline.Steps[i].Name
		known[name] = true
		list = append(list, scenarioStep(name, steps[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		if !known[name] && steps[name].Active > 0 {
			list = append(list, scenarioStep(name, steps[name]))
		}
	}
	return list[:min(len(list), maxSteps)]
}

func scenarioStep(name string, s aggregate.Step) v1alpha1.ScenarioStepStatus {
	step := v1alpha1.ScenarioStepStatus{
		Name:         name,
		Arrived:      s.Arrived,
		Active:       s.Active,
		Delivered:    s.Message.Delivered,
		Failed:       s.Message.Failed,
		InDoubt:      s.Message.InDoubt,
		Deferred:     s.Message.Deferred,
		Opened:       s.Message.Opened,
		Clicked:      s.Message.Clicked,
		Unsubscribed: s.Message.Unsubscribed,
		Converted:    s.Converted,
		Value:        earned(s.Value),
	}
	if sends := s.Message.Claimed > 0 || len(s.Message.Skipped) > 0; sends {
		step.Sent = &s.Message.Sent
	}
	for _, n := range s.Message.Skipped {
		step.Skipped += n
	}
	return step
}

// ways are those from steps from which several lead on.
func ways(outline *Outline, steps map[string]aggregate.Step) []v1alpha1.WayStatus {
	var list []v1alpha1.WayStatus
	for i := range outline.Steps {
		from := outline.Steps[i].Name
		taken := steps[from].Ways
		if len(taken) < 2 {
			continue
		}
		for _, to := range mostFirst(taken) {
			list = append(list, v1alpha1.WayStatus{Step: from, Then: to, Taken: taken[to]})
		}
	}
	return list[:min(len(list), maxWays)]
}

func variants(outline *Outline, winners map[string]string, steps map[string]aggregate.Step) []v1alpha1.VariantStatus {
	var list []v1alpha1.VariantStatus
	for i := range outline.Steps {
		step := &outline.Steps[i]
		for _, name := range step.Variants {
			share := steps[step.Name].Variants[name]
			list = append(list, v1alpha1.VariantStatus{
				Step: step.Name, Name: name,
				Sent: share.Sent, Clicked: share.Clicked, Converted: share.Converted, Value: earned(share.Value),
				Winner: winners[step.Name] == name,
			})
		}
	}
	return list[:min(len(list), maxVariants)]
}

// versions begin with the one that contacts enter.
func versions(active string, shares map[string]aggregate.Share) []v1alpha1.ScenarioVersionStatus {
	names := slices.SortedFunc(maps.Keys(shares), func(a, b string) int {
		if a == active || b == active {
			return cmp.Compare(first(b == active), first(a == active))
		}
		return cmp.Or(cmp.Compare(shares[b].Entered, shares[a].Entered), cmp.Compare(a, b))
	})
	var list []v1alpha1.ScenarioVersionStatus
	for _, name := range names[:min(len(names), maxVersions)] {
		share := shares[name]
		list = append(list, v1alpha1.ScenarioVersionStatus{
			Version: name, Entered: share.Entered, Sent: share.Sent, Converted: share.Converted, Value: earned(share.Value),
		})
	}
	return list
}

func first(is bool) int {
	if is {
		return 1
	}
	return 0
}

func service(s *aggregate.Scenario, asOf event.Time) *v1alpha1.ScenarioService {
	v := &v1alpha1.ScenarioService{InDoubt: s.Message.InDoubt}
	if lag := lag(s.Overdue, s.Oldest, asOf); lag != nil {
		v.Overdue, v.OldestLag = s.Overdue, lag
	}
	return v
}

// lag says how late the first of so many is; nil while what is due is on its way.
func lag(waiting int64, oldest, asOf event.Time) *v1alpha1.Elapsed {
	if waiting == 0 || oldest == 0 || oldest+lateAfter > asOf {
		return nil
	}
	late := elapsed(time.Duration(asOf-oldest) * time.Microsecond)
	return &late
}

// otherReason adds up the reasons that a list has no room for.
const otherReason = "Other"

// reasons are the counts that are not 0, the most frequent first; what is beyond the bound is added up.
func reasons(counts map[string]int64, most int) []v1alpha1.ReasonCount {
	words := map[string]int64{}
	for reason, n := range counts {
		if n != 0 {
			words[word(reason)] += n
		}
	}
	var list []v1alpha1.ReasonCount
	for _, reason := range mostFirst(words) {
		list = append(list, v1alpha1.ReasonCount{Reason: reason, Count: words[reason]})
	}
	if len(list) <= most {
		return list
	}
	rest := v1alpha1.ReasonCount{Reason: otherReason}
	list = slices.DeleteFunc(list, func(r v1alpha1.ReasonCount) bool { return r.Reason == otherReason })
	for _, r := range list[most-1:] {
		rest.Count += r.Count
	}
	rest.Count += words[otherReason]
	return append(list[:most-1], rest)
}

// word shortens a reason to what the API takes.
func word(reason string) string { return cmp.Or(bounded(reason, maxReason), otherReason) }

// mostFirst gives the keys by their counts, the largest first.
func mostFirst(counts map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func faults(counts map[string]int64) []v1alpha1.FaultCount {
	fields := map[string]int64{}
	for field, n := range counts {
		fields[bounded(field, maxField)] += n
	}
	var list []v1alpha1.FaultCount
	for _, field := range mostFirst(fields) {
		list = append(list, v1alpha1.FaultCount{Field: field, Count: fields[field]})
	}
	return list[:min(len(list), maxFaults)]
}
