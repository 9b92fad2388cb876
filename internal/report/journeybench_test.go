// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"testing"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/report"
)

// A journey is written down at every report that differs, so that looking through all types of events must be cheap.
func BenchmarkJourneyOfManyTypes(b *testing.B) {
	of, n := shopMap(), autumn()
	types := map[string]aggregate.Sight{}
	for i := range aggregate.MaxTypes {
		sight := aggregate.Sight{Now: aggregate.Landmarks{}, Before: aggregate.Landmarks{}}
		for k := range 20 {
			now := aggregate.Split{Dropped: int64(1 + (i+k)%5), Converted: int64(1 + (i*k)%7)}
			sight.Now[k] = now
			sight.Seen.Dropped += now.Dropped
			sight.Seen.Converted += now.Converted
			sight.Before[k] = sight.Seen
		}
		types[fmt.Sprintf("type.%d", i)] = sight
	}
	n.Journey.Stages[1].Types = types
	b.ReportAllocs()
	for b.Loop() {
		if _, err := report.JourneyStatus(of, report.Setting{Currency: "RUB", Zone: moscow}, n, asOfAutumn); err != nil {
			b.Fatal(err)
		}
	}
}
