// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"strings"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
)

func TestCompileSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*definition.Funnel)
		want   string
	}{
		"one stage":               {func(f *definition.Funnel) { f.Stages = f.Stages[:1] }, "2 to 16 stages of which at least one counts contacts, not 1 of which 1 do"},
		"no window":               {func(f *definition.Funnel) { f.Window = 0 }, "the window is 0s"},
		"a zone that is none":     {func(f *definition.Funnel) { f.TimeZone = "Mars/Olympus" }, `unknown time zone "Mars/Olympus"`},
		"two stages of one name":  {func(f *definition.Funnel) { f.Stages[1].Name = "visit" }, `two stages are called "visit"`},
		"no period":               {func(f *definition.Funnel) { f.Period = definition.Period{} }, "a period is either"},
		"a day that is none":      {func(f *definition.Funnel) { f.Period = definition.Period{From: "2026-02-30", To: "2026-03-01"} }, `"2026-02-30" is no day`},
		"an end before its start": {func(f *definition.Funnel) { f.Period = definition.Period{From: "2026-03-02", To: "2026-03-01"} }, "before it begins"},
		"another order":           {func(f *definition.Funnel) { f.Order = "Sorted" }, `order "Sorted" is not known`},
		"no entry policy":         {func(f *definition.Funnel) { f.EntryPolicy = "" }, `entryPolicy "" is not known`},
		"another count":           {func(f *definition.Funnel) { f.Count = "Visits" }, `count "Visits" is not known`},
		"another calendar":        {func(f *definition.Funnel) { f.Period = definition.Period{Calendar: "Decade"} }, `calendar "Decade" is not known`},
		"two periods":             {func(f *definition.Funnel) { f.Period.Calendar = definition.Week }, "a period is either"},
		"only aggregate stages": {func(f *definition.Funnel) {
			f.Aggregates, f.Stages = []definition.Aggregate{{Name: "a", Event: "a", Sum: "1"}, {Name: "b", Event: "b", Sum: "1"}}, nil
		}, "not 2 of which 0 do"},
		"an aggregate stage of a name that is taken": {func(f *definition.Funnel) {
			f.Aggregates = []definition.Aggregate{{Name: "visit", Event: "ad", Sum: "1"}}
		}, `two stages are called "visit"`},
		"an aggregate stage that adds up nothing": {func(f *definition.Funnel) {
			f.Aggregates = []definition.Aggregate{{Name: "seen", Event: "ad"}}
		}, `aggregate stage "seen" needs an event and what it adds up`},
		"ignored types in another order": {func(f *definition.Funnel) { f.Ignore = []string{"chat.opened"} }, "only order Strict ignores"},
		"an optional first stage":        {func(f *definition.Funnel) { f.Stages[0].Optional = true }, `stage "visit" is the first and cannot be optional`},
		"an optional stage in any order": {func(f *definition.Funnel) { f.Order, f.Stages[1].Optional = definition.Any, true }, `stage "cart" cannot be optional`},
		"two ways to drop off":           {func(f *definition.Funnel) { f.Stages[1].DropAfterIdle = time.Hour }, `stage "cart" has both`},
		"a refund of nothing": {func(f *definition.Funnel) {
			f.Stages[1].Refund = &definition.Refund{Event: "r", Amount: "1", MatchBy: "''"}
		}, "no value to take it from"},
		"a refund that matches by nothing": {func(f *definition.Funnel) { f.Stages[2].Refund = &definition.Refund{Event: "r", Amount: "1"} }, "needs event, amount and matchBy"},
		"a breakdown without a property":   {func(f *definition.Funnel) { f.Breakdowns = []definition.Breakdown{{Name: "source"}} }, `breakdown "source" needs a property`},
		"a breakdown at no stage": {func(f *definition.Funnel) {
			f.Breakdowns = []definition.Breakdown{{Name: "source", By: "event.type", Stage: 4}}
		}, "asks stage 4 of 4"},
		"two breakdowns of one name": {func(f *definition.Funnel) {
			f.Breakdowns = []definition.Breakdown{{Name: "source", By: "event.type"}, {Name: "source", By: "event.id"}}
		}, `two breakdowns are called "source"`},
		"an exclusion of nothing":             {func(f *definition.Funnel) { f.Exclusions = []definition.Exclusion{{Before: 3}} }, "an exclusion needs an event"},
		"an exclusion that never is in range": {func(f *definition.Funnel) { f.Exclusions = []definition.Exclusion{{Event: "x", After: 2, Before: 2}} }, "it must begin before it ends"},
		"an exclusion of another action": {func(f *definition.Funnel) {
			f.Exclusions = []definition.Exclusion{{Event: "x", Before: 3, Action: "Punish"}}
		}, `action "Punish"`},
		"an exclusion at a place in any order": {func(f *definition.Funnel) {
			f.Order, f.Exclusions = definition.Any, []definition.Exclusion{{Event: "x", After: 1, Before: 3}}
		}, "order Any takes"},
		"a stage without events": {func(f *definition.Funnel) { f.Stages[1].Matches = nil }, `no event fills stage "cart"`},
		"an expression":          {func(f *definition.Funnel) { f.Stages[1].Matches[0].Where = "evnt.data.x > 1" }, `spec.stages[1].where: line 1, column 1: "evnt": is not known here: did you mean "event"?`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := shop()
			tt.change(&f)
			_, err := definition.Compile(f)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
