// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
)

// seenTable has a row for each stage, and one for each of its probes: how many of those that left the stage saw it.
func seenTable(j definition.Journey, got aggregate.Journey) table {
	rows := table{}
	for i, stage := range got.Stages {
		rows[stageName(j, i)] = splitRow("", stage.All)
		for name, sight := range sights(j, i, stage) {
			rows[name] = splitRow("", sight.Seen)
		}
	}
	return rows
}

// landmarksTable has a row for each landmark of a stage or a probe at which there is anybody.
func landmarksTable(j definition.Journey, got aggregate.Journey) table {
	rows := table{}
	add := func(name, prefix string, at aggregate.Landmarks) {
		for k, split := range at {
			name := name + "@" + short(aggregate.LandmarkTimes[k])
			if rows[name] == nil {
				rows[name] = map[string]string{}
			}
			maps.Copy(rows[name], splitRow(prefix, split))
		}
	}
	for i, stage := range got.Stages {
		add(stageName(j, i), "there-", stage.There)
		for name, sight := range sights(j, i, stage) {
			add(name, "now-", sight.Now)
			add(name, "before-", sight.Before)
		}
	}
	for _, cells := range rows {
		for _, prefix := range []string{"there-", "now-", "before-"} {
			for column, zero := range splitRow(prefix, aggregate.Split{}) {
				if cells[column] == "" {
					cells[column] = zero
				}
			}
		}
	}
	return rows
}

func typesTable(j definition.Journey, got aggregate.Journey) table {
	rows := table{}
	for i, stage := range got.Stages {
		for kind, sight := range stage.Types {
			rows[stageName(j, i)+"/"+kind] = splitRow("", sight.Seen)
		}
	}
	return rows
}

func probeDaysTable(j definition.Journey, got aggregate.Journey) table {
	rows := table{}
	for day, counts := range got.Days {
		cells := row()
		for i, n := range counts {
			cells[j.Probes[i].Name] = fmt.Sprint(n)
		}
		rows[definition.Date(day)] = cells
	}
	return rows
}

func beyondTable(j definition.Journey, got aggregate.Journey) table {
	rows := table{}
	for i, b := range got.Beyond {
		rows[j.Beyond[i].Name] = row("converted", b.Converted, "inProgress", b.InProgress, "dropped", b.Dropped)
	}
	return rows
}

func surveyTable(j definition.Journey, got aggregate.Journey) table {
	rows := table{}
	for i, count := range got.Survey {
		for label, group := range count {
			cells := row("dropped", group.Dropped, "other", group.Answers[""])
			for _, answer := range j.Survey.Answers {
				cells[answer] = fmt.Sprint(group.Answers[answer])
			}
			rows[strings.TrimSuffix(stageName(j, i)+"/"+label, "/")] = cells
		}
	}
	return rows
}

func loyaltyTable(_ definition.Journey, got aggregate.Journey) table {
	l := got.Loyalty
	if l == nil {
		l = &aggregate.Loyalty{}
	}
	return table{"all": row("buyers", l.Buyers, "purchases", l.Purchases, "repeated", l.Repeated, "churned", l.Churned, "value", decimal(l.Value),
		"valueEvents", l.ValueEvents, "scores", got.Satisfaction.Count, "score", decimal(got.Satisfaction.Sum))}
}

// betweenTable has a row for each time between two purchases; those of the page are exact to the sketch's buckets.
func betweenTable(_ definition.Journey, got aggregate.Journey) table {
	rows := table{}
	if got.Loyalty != nil {
		for bucket, n := range got.Loyalty.Between.Counts {
			rows[short(aggregate.Middle(bucket).Round(time.Minute))] = row("times", n)
		}
	}
	return rows
}

func monthsTable(_ definition.Journey, got aggregate.Journey) table {
	rows := table{}
	if got.Loyalty == nil {
		return rows
	}
	for month, retention := range got.Loyalty.Months {
		cells := row()
		for k := range aggregate.MaxRetention {
			cells[fmt.Sprint("+", k)] = "0"
		}
		for k, n := range retention.Active {
			cells[fmt.Sprint("+", k)] = fmt.Sprint(n)
		}
		rows[fmt.Sprintf("%d-%02d", 1970+month/12, month%12+1)] = cells
	}
	return rows
}

// sights gives what was seen of a stage's probes, by name.
func sights(j definition.Journey, stage int, got aggregate.StageEvidence) map[string]aggregate.Sight {
	all := map[string]aggregate.Sight{}
	for _, p := range j.Probes {
		if p.Stage == stage {
			all[stageName(j, stage)+"/"+p.Name] = got.Probes[len(all)]
		}
	}
	return all
}

func stageName(j definition.Journey, i int) string { return j.Funnel.Stages[i].Name }

func splitRow(prefix string, s aggregate.Split) map[string]string {
	return row(prefix+"dropped", s.Dropped, prefix+"converted", s.Converted)
}

// short writes a duration without what is zero in it.
func short(d time.Duration) string {
	text := d.String()
	for _, unit := range []string{"h", "m"} {
		for _, zero := range []string{"0m0s", "0s"} {
			if rest, cut := strings.CutSuffix(text, unit+zero); cut {
				text = rest + unit
			}
		}
	}
	return text
}
