// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/waymark-dev/waymark/internal/aggregate"

// ScenarioNumbers is what all partitions together say about one scenario.
type ScenarioNumbers struct {
	// Scenario is the sum. Its Version is empty while partitions let contacts into different versions, its Pending while not all hold the
	// same one, and its Reach nil until all have counted.
	Scenario aggregate.Scenario
	// Span is when the numbers are true.
	Span
}

// MergeScenario adds up what the partitions 0 to count-1 report about the scenario named key. Numbers are over all versions, so they add
// up also while partitions are not yet of one version. The error is an *IncompleteError: some partition has not reported, or does not
// know the scenario yet.
func MergeScenario(key string, count int, reports []aggregate.Partition) (ScenarioNumbers, error) {
	latest, missing := latestReports(count, reports)
	incomplete := &IncompleteError{Key: key, Missing: missing}
	var sum ScenarioNumbers
	for i, p := range latest {
		s := p.Scenario(key)
		if s == nil {
			incomplete.Without = append(incomplete.Without, p.Partition)
			continue
		}
		addScenario(&sum.Scenario, s, i == 0)
		sum.narrow(p)
	}
	if len(incomplete.Missing) > 0 || len(incomplete.Without) > 0 || len(latest) == 0 {
		return ScenarioNumbers{}, incomplete
	}
	sum.Scenario.Key = key
	return sum, nil
}

// ActiveIn says in how many partitions contacts enter a version of a scenario. One that is held back behind it is entered in none.
func ActiveIn(key, version string, count int, reports []aggregate.Partition) int {
	latest, _ := latestReports(count, reports)
	active := 0
	for _, p := range latest {
		if s := p.Scenario(key); s != nil && s.Pending == "" && s.Version == version {
			active++
		}
	}
	return active
}

func addScenario(sum, s *aggregate.Scenario, first bool) {
	if first {
		sum.Version, sum.Pending = s.Version, s.Pending
		if s.Reach != nil {
			sum.Reach = new(int64)
		}
	}
	sum.Version, sum.Pending = common(sum.Version, s.Version), common(sum.Pending, s.Pending)
	if sum.Reach == nil || s.Reach == nil {
		sum.Reach = nil
	} else {
		*sum.Reach += *s.Reach
	}
	sum.Entered += s.Entered
	sum.HeldOut += s.HeldOut
	sum.Active += s.Active
	sum.Refused = plusCounts(sum.Refused, s.Refused)
	sum.Exited = plusCounts(sum.Exited, s.Exited)
	addMessage(&sum.Message, &s.Message)
	sum.Converted += s.Converted
	sum.Value = sum.Value.Plus(s.Value)
	for name, step := range s.Steps {
		if sum.Steps == nil {
			sum.Steps = map[string]aggregate.Step{}
		}
		sum.Steps[name] = plusStep(sum.Steps[name], &step)
	}
	sum.Versions = plusShares(sum.Versions, s.Versions)
	addArm(&sum.Treated, &s.Treated)
	addArm(&sum.Held, &s.Held)
	sum.Overdue += s.Overdue
	sum.Oldest = earliest(sum.Oldest, s.Oldest)
	sum.Faults = plusCounts(sum.Faults, s.Faults)
}

// common gives what two have in common: the text, or nothing.
func common(a, b string) string {
	if a != b {
		return ""
	}
	return a
}

func plusCounts(sum, more map[string]int64) map[string]int64 {
	for reason, n := range more {
		if sum == nil {
			sum = make(map[string]int64, len(more))
		}
		sum[reason] += n
	}
	return sum
}

func plusShares(sum, more map[string]aggregate.Share) map[string]aggregate.Share {
	for name, share := range more {
		if sum == nil {
			sum = make(map[string]aggregate.Share, len(more))
		}
		s := sum[name]
		s.Entered += share.Entered
		s.Sent += share.Sent
		s.Clicked += share.Clicked
		s.Converted += share.Converted
		s.Value = s.Value.Plus(share.Value)
		sum[name] = s
	}
	return sum
}

func plusStep(sum aggregate.Step, s *aggregate.Step) aggregate.Step {
	sum.Arrived += s.Arrived
	sum.Active += s.Active
	addMessage(&sum.Message, &s.Message)
	sum.Converted += s.Converted
	sum.Value = sum.Value.Plus(s.Value)
	sum.Ways = plusCounts(sum.Ways, s.Ways)
	sum.Variants = plusShares(sum.Variants, s.Variants)
	return sum
}

func addMessage(sum, m *aggregate.Message) {
	sum.Claimed += m.Claimed
	sum.Sent += m.Sent
	sum.Failed += m.Failed
	sum.Deferred += m.Deferred
	sum.InDoubt += m.InDoubt
	sum.Skipped = plusCounts(sum.Skipped, m.Skipped)
	sum.Delivered += m.Delivered
	sum.Bounced += m.Bounced
	sum.Complained += m.Complained
	sum.Opened += m.Opened
	sum.Clicked += m.Clicked
	sum.MachineOpened += m.MachineOpened
	sum.MachineClicked += m.MachineClicked
	sum.Replied += m.Replied
	sum.Unsubscribed += m.Unsubscribed
}

func addArm(sum, a *aggregate.Arm) {
	sum.Contacts += a.Contacts
	sum.N += a.N
	sum.X += a.X
	sum.NN += a.NN
	sum.NX += a.NX
	sum.XX += a.XX
	sum.Value = sum.Value.Plus(a.Value)
}
