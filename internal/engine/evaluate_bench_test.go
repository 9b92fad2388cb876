// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// BenchmarkEvaluate evaluates a contact that comes for sessions of ten events on average, of which six are visits.
func BenchmarkEvaluate(b *testing.B) {
	funnels := map[string]func(*definition.Funnel){
		"plain":      func(*definition.Funnel) {},
		"firstStart": func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart },
		"strict":     func(f *definition.Funnel) { f.Order = definition.Strict },
		"any":        func(f *definition.Funnel) { f.Order = definition.Any },
		"excluded": func(f *definition.Funnel) {
			f.Exclusions = []definition.Exclusion{{Event: "x", After: 1, Before: 3, Action: definition.Discard}}
		},
	}
	for name, change := range funnels {
		for _, events := range []int{2, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/events=%d", name, events), func(b *testing.B) {
				f := definition.Funnel{
					Stages: []definition.Stage{{}, {DropAfter: time.Hour}, {}, {Value: "x"}}, Window: 14 * 24 * time.Hour,
					Period: definition.Period{RollingDays: 30}, Order: definition.Ordered, EntryPolicy: definition.LatestStart,
					Lateness: 90 * 24 * time.Hour,
				}
				change(&f)
				p, err := newPlan(1, &f, time.UTC)
				if err != nil {
					b.Fatal(err)
				}
				moments, marks := aShopper(events)
				segments := []segment{{math.MinInt64, marks}}
				var v evaluator
				var c contribution
				b.ReportAllocs()
				for b.Loop() {
					v.evaluate(p, p.at(moments[len(moments)-1].time), moments, segments, nil, &c)
				}
			})
		}
	}
}

func aShopper(events int) (moments []moment, marks []uint32) {
	random := rand.New(rand.NewPCG(1, 2))
	at := event.Time(1_793_000_000_000_000)
	for i := range events {
		if at += event.Time(random.IntN(60_000_000)); random.IntN(10) == 0 {
			at += event.Time(random.IntN(200_000_000_000))
		}
		mark := uint32(1 << 3)
		m := moment{time: at, id: fmt.Sprint(i)}
		switch p := random.IntN(100); {
		case p < 60:
			mark = 1
		case p < 80:
			mark = 1 << 1
		case p < 90:
			mark = 1 << 2
		case p < 95:
			mark = 1 << exclusionShift
		default:
			m.bring(detail{slot: 1, kind: amountDetail, index: 3, amount: aggregate.Micros(5)})
		}
		moments, marks = append(moments, m), append(marks, mark|breakMark|actMark)
	}
	return moments, marks
}
