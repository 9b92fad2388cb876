// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// JourneyNumbers is what all partitions together say about one journey: the numbers of its funnel in its segment, and what is known of why people
// leave.
type JourneyNumbers struct {
	FunnelNumbers
	// Journey is the sum over all partitions.
	Journey aggregate.Journey
}

// MergeJourney adds up what the partitions 0 to count-1 report about the journey named key, as MergeFunnel does.
func MergeJourney(key string, count int, reports []aggregate.Partition) (JourneyNumbers, error) {
	common, err := MergeFunnel(key, count, reports)
	if err != nil {
		return JourneyNumbers{}, err
	}
	sum := JourneyNumbers{FunnelNumbers: common}
	latest, _ := latestReports(count, reports)
	for i, p := range latest {
		j := p.Funnels[key].Journey
		if j == nil {
			return JourneyNumbers{}, fmt.Errorf("add up %s: partition %d reports no journey", key, p.Partition)
		}
		if i == 0 {
			sum.Journey = evidenceLike(j)
		}
		if !sameEvidence(&sum.Journey, j) {
			return JourneyNumbers{}, fmt.Errorf("add up %s: partition %d reports other stages or probes than partition %d for one version",
				key, p.Partition, latest[0].Partition)
		}
		addJourney(&sum.Journey, j)
	}
	for i := range sum.Journey.Stages {
		mostFrequent(sum.Journey.Stages[i].Types)
	}
	return sum, nil
}

// evidenceLike gives numbers of the same shape to add to.
func evidenceLike(j *aggregate.Journey) aggregate.Journey {
	empty := aggregate.Journey{
		Stages: make([]aggregate.StageEvidence, len(j.Stages)),
		Beyond: make([]aggregate.BeyondCount, len(j.Beyond)),
		Survey: make([]aggregate.SurveyCount, len(j.Survey)),
	}
	for i := range j.Stages {
		empty.Stages[i].Probes = make([]aggregate.Sight, len(j.Stages[i].Probes))
	}
	return empty
}

func sameEvidence(a, b *aggregate.Journey) bool {
	return len(a.Beyond) == len(b.Beyond) && len(a.Survey) == len(b.Survey) &&
		slices.EqualFunc(a.Stages, b.Stages, func(a, b aggregate.StageEvidence) bool { return len(a.Probes) == len(b.Probes) })
}

// addJourney adds evidence of the same shape.
func addJourney(sum, j *aggregate.Journey) {
	for i := range j.Stages {
		addStageEvidence(&sum.Stages[i], &j.Stages[i])
	}
	for i, b := range j.Beyond {
		sum.Beyond[i].Converted += b.Converted
		sum.Beyond[i].InProgress += b.InProgress
		sum.Beyond[i].Dropped += b.Dropped
	}
	if sum.Days == nil && len(j.Days) > 0 {
		sum.Days = make(map[int64][]int64, len(j.Days))
	}
	for day, seen := range j.Days {
		sum.Days[day] = plusEach(sum.Days[day], seen)
	}
	for i := range j.Survey {
		sum.Survey[i] = withAnswers(sum.Survey[i], j.Survey[i])
	}
	if j.Loyalty != nil {
		if sum.Loyalty == nil {
			sum.Loyalty = &aggregate.Loyalty{}
		}
		addLoyalty(sum.Loyalty, j.Loyalty)
	}
	sum.Satisfaction.Count += j.Satisfaction.Count
	sum.Satisfaction.Sum = sum.Satisfaction.Sum.Plus(j.Satisfaction.Sum)
	sum.Saturated += j.Saturated
	if sum.Errors == 0 && j.Errors > 0 {
		sum.FirstError = j.FirstError
	}
	sum.Errors += j.Errors
}

func addStageEvidence(sum, s *aggregate.StageEvidence) {
	addSplit(&sum.All, s.All)
	sum.There = withLandmarks(sum.There, s.There)
	for i := range s.Probes {
		sum.Probes[i] = withSight(sum.Probes[i], &s.Probes[i])
	}
	if sum.Types == nil && len(s.Types) > 0 {
		sum.Types = make(map[string]aggregate.Sight, len(s.Types))
	}
	for event, sight := range s.Types {
		sum.Types[event] = withSight(sum.Types[event], &sight)
	}
}

func withSight(sum aggregate.Sight, s *aggregate.Sight) aggregate.Sight {
	addSplit(&sum.Seen, s.Seen)
	sum.Now = withLandmarks(sum.Now, s.Now)
	sum.Before = withLandmarks(sum.Before, s.Before)
	return sum
}

func addSplit(sum *aggregate.Split, s aggregate.Split) {
	sum.Dropped += s.Dropped
	sum.Converted += s.Converted
}

// withLandmarks adds into sum, which is made where it is missing and so is never that of a report.
func withLandmarks(sum, more aggregate.Landmarks) aggregate.Landmarks {
	if sum == nil && len(more) > 0 {
		sum = make(aggregate.Landmarks, len(more))
	}
	for at, split := range more {
		held := sum[at]
		addSplit(&held, split)
		sum[at] = held
	}
	return sum
}

func withAnswers(sum, more aggregate.SurveyCount) aggregate.SurveyCount {
	if sum == nil && len(more) > 0 {
		sum = make(aggregate.SurveyCount, len(more))
	}
	for property, group := range more {
		held := sum[property]
		held.Dropped += group.Dropped
		if held.Answers == nil && len(group.Answers) > 0 {
			held.Answers = make(map[string]int64, len(group.Answers))
		}
		for answer, n := range group.Answers {
			held.Answers[answer] += n
		}
		sum[property] = held
	}
	return sum
}

func addLoyalty(sum, l *aggregate.Loyalty) {
	sum.Buyers += l.Buyers
	sum.Purchases += l.Purchases
	sum.Repeated += l.Repeated
	sum.Churned += l.Churned
	sum.Value = sum.Value.Plus(l.Value)
	sum.ValueEvents += l.ValueEvents
	sum.Between.Merge(l.Between)
	if sum.Months == nil && len(l.Months) > 0 {
		sum.Months = make(map[int64]aggregate.Retention, len(l.Months))
	}
	for month, r := range l.Months {
		sum.Months[month] = aggregate.Retention{Active: plusEach(sum.Months[month].Active, r.Active)}
	}
}

// mostFrequent leaves the MaxTypes types of events that most people met; of equally frequent ones the first by name.
func mostFrequent(types map[string]aggregate.Sight) {
	if len(types) <= aggregate.MaxTypes {
		return
	}
	seen := func(event string) int64 { return types[event].Seen.Dropped + types[event].Seen.Converted }
	names := slices.SortedFunc(maps.Keys(types), func(a, b string) int {
		return cmp.Or(cmp.Compare(seen(b), seen(a)), cmp.Compare(a, b))
	})
	for _, rare := range names[aggregate.MaxTypes:] {
		delete(types, rare)
	}
}
