// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// mapped is what a journey's status says of a story.
type mapped struct {
	conversion, weakest, why, fix, lever string
	barriers, improvements, levers       []string
}

func mappedBy(s *v1alpha1.JourneyStatus) mapped {
	m := mapped{
		conversion: s.Summary.Conversion, weakest: s.Summary.Weakest, why: s.Summary.Why, fix: s.Summary.Fix, lever: s.Summary.BestLever,
	}
	for _, b := range s.Barriers {
		text := b.Stage + "/" + b.Name
		if a := b.Association; a != nil {
			text += fmt.Sprintf(" %d %d %d %d", a.With.Dropped, a.With.Converted, a.Without.Dropped, a.Without.Converted)
		}
		m.barriers = append(m.barriers, text+": "+b.State)
	}
	for _, i := range s.Improvements {
		m.improvements = append(m.improvements, fmt.Sprintf("%s %s: %s to %s", i.Name, i.Verdict, percent(i.Before), percent(i.After)))
	}
	for _, l := range s.Levers {
		text := string(l.Kind)
		if l.Stage != "" {
			text += " " + l.Stage
		}
		text += " +" + string(l.Conversions.Estimate)
		if l.Profit != nil {
			text += ", profit " + string(l.Profit.Estimate)
		}
		m.levers = append(m.levers, text)
	}
	return m
}

func percent(r *v1alpha1.Rate) string {
	if r == nil {
		return "nothing"
	}
	return r.Percent
}

// journeyOf simulates a sample over a story and gives one of its journeys.
func journeyOf(t *testing.T, sample, name string, tell *story) *v1alpha1.Journey {
	t.Helper()
	lines, err := tell.lines()
	if err != nil {
		t.Fatal(err)
	}
	result, err := simulate.Run(t.Context(), simulate.Options{
		Manifests: []string{filepath.Join("../../config/samples", sample)}, Events: files(t, lines), Namespace: "default", Until: storyEnd,
	})
	if err != nil {
		t.Fatal(err)
	}
	j := journeysOf(t, result)[name]
	if j == nil {
		t.Fatalf("sample %s has no Journey %s", sample, name)
	}
	return j
}

// dealsStory: three deals on each of 56 days, 28 before there were case studies and 28 since. An engineer of the buyer asks and a director signs:
// a deal is one all the same. Every second buyer asks for a case study.
func dealsStory() *story {
	s := &story{source: "https://b2b.example", zone: "Asia/Yekaterinburg"}
	first := s.on("06-01 10:00")
	for n := range 168 {
		at := first.Add(time.Duration(n/3) * day)
		deal := fields{"deal_id": fmt.Sprintf("d-%d", n), "total": 1000000}
		engineer, director := fmt.Sprintf("engineer-%d", n), fmt.Sprintf("director-%d", n)
		s.somebody(at, engineer, traitsOf(engineer, n))
		s.tell(at, engineer, "request.received", deal)
		s.tell(at.Add(2*hour), engineer, "offer.sent", deal)
		s.tell(at.Add(day), director, "call.done", deal)
		since, asks := n >= 84, n%2 == 0
		if asks {
			s.tell(at.Add(2*day), engineer, "case.requested", fields{"deal_id": deal["deal_id"], "available": since})
		}
		var wins bool
		switch {
		case since:
			wins = n%7 < 5 // 60 of 84
		case asks:
			wins = n%14 == 0 // 6 of 42
		default:
			wins = n%4 == 1 // 21 of 42
		}
		if wins {
			s.tell(at.Add(20*day), director, "deal.won", deal)
		}
	}
	return s
}

// TestDealsRiseWithCaseStudies counts deals and not people, before and since there are case studies: 27 of 84 and 60 of 84.
func TestDealsRiseWithCaseStudies(t *testing.T) {
	t.Parallel()
	want := mapped{
		conversion: "51.79%",                                                           // 87 of 168
		weakest:    "offer→deal", why: "no-cases (44%)", fix: "cases-at-hand Improved", // 36 of the 81 that were lost
		lever: "10% fewer lost at offer→deal: +1.78M RUB",
		barriers: []string{
			"offer/no-cases 36 6 45 81: those who meet it leave more often",
			"request/no-offer: not counted: it has no signal",
			"offer/nobody-called 0 0 81 87: not enough data yet (0 of 26)", // everybody was called
		},
		improvements: []string{"case-studies Improved: 32.14% to 71.43%", "cases-at-hand Improved: 50.00% to 0.00%"},
		levers: []string{ // 22 % of a million for each deal, less 9000 for each further request
			"FewerDropOffs offer +8.1, profit 1782000.00",
			"MoreEntered +8.7, profit 1762800.00",
			"WinBack offer +4.2, profit 922821.43",
		},
	}
	got := mappedBy(&journeyOf(t, "b2b", "b2b", dealsStory()).Status)
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(mapped{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
