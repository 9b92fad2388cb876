// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// numbers are counts by name: by a reason, or by a step.
type numbers map[string]int64

// brought is what a scenario's status says that it brought.
type brought struct {
	entered, heldOut, active, sent, converted int64
	value                                     v1alpha1.Decimal
	// refused, skipped and exited are by reason, steps what each of those that send or ask has sent.
	refused, skipped, exited, steps numbers
}

// sampleScenarios are the samples' scenarios with the numbers that their stories must give. They were counted by hand from the stories; of
// the clothing shop, whom chance held out was looked up.
var sampleScenarios = map[string]map[string]brought{
	"salon": {
		"salon-trial": {
			entered: 23, sent: 40, converted: 9, value: "126000.00",
			refused: numbers{"Audience": 1},                     // the one without an address
			skipped: numbers{"NoConsent": 3, "Unsubscribed": 4}, // three letters to the stranger, two each to the leavers
			exited:  numbers{"Goal": 12, "Done": 10, "ExitEvent": 1},
			steps:   numbers{"care": 18, "video": 10, "offer": 10, "last-days": 2},
		},
		"salon-visit": {
			entered: 38, sent: 73, skipped: numbers{"NoAddress": 2},
			exited: numbers{"Done": 36, "ExitEvent": 2}, // two cancelled
			steps:  numbers{"confirm": 37, "remind": 36},
		},
		"salon-moved": {entered: 2, sent: 2, exited: numbers{"Done": 2}, steps: numbers{"moved": 2}},
		"salon-no-show": {
			entered: 6, sent: 10, converted: 3, exited: numbers{"Goal": 2, "Done": 4}, // one came back after the last letter
			steps: numbers{"missed-you": 6, "present": 4},
		},
		"salon-birthday": {
			entered: 3, sent: 2, converted: 1, skipped: numbers{"NoConsent": 1}, exited: numbers{"Done": 3}, steps: numbers{"present": 2},
		},
	},
	"lawyer": {"lawyer-tenant": {
		entered: 20, sent: 69, converted: 6,
		refused: numbers{"Reentry": 1}, skipped: numbers{"Unsubscribed": 2},
		exited: numbers{"Done": 12, "Goal": 4, "NotConfirmed": 4},
		steps:  numbers{"guide": 20, "ask-again": 7, "cases": 16, "small-business": 15, "consultation": 11},
	}},
	"clothes": {
		"abandoned-cart": {
			entered: 56, heldOut: 8, sent: 107, converted: 16, value: "90840.00",
			skipped: numbers{"NoConsent": 9, "Unsubscribed": 4},
			exited:  numbers{"Done": 40, "Goal": 6, "ExitEvent": 2},
			steps:   numbers{"remind": 45, "style": 35, "coupon": 27}, // nobody who bought before is among the last
		},
		"thank-you": {
			entered: 25, active: 3, sent: 46, converted: 3, value: "9270.00", // three bought again, and are thanked again
			exited: numbers{"Done": 21, "ExitEvent": 1}, steps: numbers{"thanks": 25, "again": 21},
		},
	},
	"agency": {
		"agency-reader": {
			entered: 12, sent: 28, converted: 4, skipped: numbers{"Unsubscribed": 4}, exited: numbers{"Done": 8, "Goal": 4},
			steps: numbers{"case-seo": 4, "case-ads": 4, "case-site": 4, "consultation": 10, "question": 6},
		},
		"agency-consultation": {
			entered: 10, sent: 23, converted: 4, value: "1000000.00",
			exited: numbers{"Goal": 4, "NoAnswer": 2, "NobodyCalled": 2, "NoProposal": 1, "ExitEvent": 1},
			steps:  numbers{"thanks": 10, "call": 10, "escalate": 4, "case": 7, "hurry": 3, "questions": 6},
		},
		"agency-sleeping": {entered: 2, sent: 2, exited: numbers{"Done": 2}, steps: numbers{"start-small": 2}},
	},
	"b2b": {"b2b-offer": {
		entered: 12, sent: 27, converted: 6, value: "6150000.00", // the corrected offer counts with its second total
		exited: numbers{"Goal": 6, "NoDecision": 3, "ExitEvent": 2, "Forgotten": 1},
		steps: numbers{
			"company": 12, "case-warehouse": 3, "case-factory": 3, "case-any": 6, "call": 12, "escalate": 3, "calculation": 9, "pilot": 6, "last-call": 4,
		},
	}},
	"messenger": {"bot-tunnel": {
		entered: 19, sent: 68, converted: 4, value: "27600.00",
		exited: numbers{"Done": 13, "Goal": 4, "Restarted": 1, "ExitEvent": 1},
		steps: numbers{
			"hello": 16, "nudge": 7, "level": 7, "offer-silent": 5, "offer-fluent": 2, "prices": 3, "remind-trial": 2, "when": 8, "handover": 10,
			"human": 10, "sorry": 2, "last-word": 6,
		},
	}},
	"aida": {"aida-desire": {
		entered: 6, sent: 8, converted: 2, value: "7400.00",
		refused: numbers{"Audience": 1}, skipped: numbers{"NoConsent": 2}, exited: numbers{"Done": 4, "Goal": 2},
		steps: numbers{"bouquet": 5, "delivery": 3},
	}},
}

// passed is what the stages of a funnel counted.
type passed struct{ entered, recovered numbers }

// sampleFunnels are what the funnels of the same samples must count of their stories.
var sampleFunnels = map[string]passed{
	"salon":     {entered: numbers{"booked": 32, "trial": 24, "package": 13}},
	"lawyer":    {entered: numbers{"lead": 21, "reads": 4, "consultation": 6, "contract": 2}},
	"clothes":   {numbers{"visit": 63, "cart": 63, "checkout": 25, "purchase": 25}, numbers{"cart": 18}}, // came back after the hour
	"agency":    {entered: numbers{"search": 21, "reading": 21, "consultation": 10, "contract": 4}},
	"b2b":       {entered: numbers{"request": 14, "offer": 12, "deal": 6}},
	"messenger": {entered: numbers{"started": 18, "talks": 9, "trial": 8, "paid": 4}},
	"aida":      {numbers{"interest": 11, "desire": 7, "action": 2}, numbers{"desire": 2}},
}

func TestSampleScenariosBringWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	for sample, scenarios := range sampleScenarios {
		t.Run(sample, func(t *testing.T) {
			t.Parallel()
			result, err := simulate.Run(t.Context(), simulate.Options{
				Manifests: []string{filepath.Join("../../config/samples", sample)},
				Events:    []string{filepath.Join("testdata", "samples", sample+".jsonl")},
				Namespace: "default",
				Until:     storyEnd,
			})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]brought{}
			for _, resource := range result.Resources {
				if resource.GetKind() != "NurtureScenario" {
					continue
				}
				var scenario v1alpha1.NurtureScenario
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, &scenario); err != nil {
					t.Fatal(err)
				}
				got[scenario.Name] = broughtBy(&scenario.Status)
			}
			if diff := gocmp.Diff(scenarios, got, gocmp.AllowUnexported(brought{})); diff != "" {
				t.Errorf("scenarios (-want +got):\n%s", diff)
			}
			funnel := funnelOf(t, result)
			if diff := gocmp.Diff(sampleFunnels[sample], passedBy(&funnel.Status), gocmp.AllowUnexported(passed{})); diff != "" {
				t.Errorf("funnel (-want +got):\n%s", diff)
			}
		})
	}
}

func broughtBy(s *v1alpha1.NurtureScenarioStatus) brought {
	b := brought{
		entered: count(s.Entered), heldOut: count(s.HeldOut), active: count(s.Active), sent: count(s.Sent), converted: count(s.Converted),
		value: s.Value, refused: byReason(s.Refused), skipped: byReason(s.Skipped), exited: byReason(s.Exited),
	}
	for _, step := range s.Steps {
		if sent := count(step.Sent); sent > 0 {
			if b.steps == nil {
				b.steps = numbers{}
			}
			b.steps[step.Name] = sent
		}
	}
	return b
}

func passedBy(s *v1alpha1.FunnelStatus) passed {
	p := passed{entered: numbers{}}
	for _, stage := range s.Stages {
		if stage.Entered > 0 {
			p.entered[stage.Name] = stage.Entered
		}
		if stage.Recovered > 0 {
			if p.recovered == nil {
				p.recovered = numbers{}
			}
			p.recovered[stage.Name] = stage.Recovered
		}
	}
	return p
}

func count(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func byReason(counts []v1alpha1.ReasonCount) numbers {
	if len(counts) == 0 {
		return nil
	}
	all := numbers{}
	for _, c := range counts {
		all[c.Reason] = c.Count
	}
	return all
}
