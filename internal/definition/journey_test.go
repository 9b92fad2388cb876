// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

func firstPurchase() definition.Journey {
	return definition.Journey{
		Funnel: shop(),
		Probes: []definition.Probe{
			{Kind: definition.ProbeBarrier, Name: "delivery-cost", Stage: 1, Field: "spec.stages[0].barriers[0]", Signs: []definition.Sign{
				{Event: "checkout.error", Where: "event.data.code == 'delivery'", Field: "signals[1]"},
				{Event: "reply.sent", AbsentFor: time.Hour, Field: "signals[2]"}}},
			{Kind: definition.ProbeTouchpoint, Name: "page", Stage: 0, Field: "spec.stages[1].touchpoints[0]", Signs: []definition.Sign{
				{Event: "checkout.error"}}},
		},
		Suggest: true, SuggestIgnore: []string{"ping", "waymark.message.sent"},
		Beyond: []definition.BeyondStage{{Name: "review", Matches: []definition.EventMatch{{Event: "review.left"}, {Event: "order.completed", Where: "event.data.repeat"}},
			Within: time.Hour, Field: "spec.stages[2]"}},
		Survey:       &definition.Survey{Journey: "Journey/default/first", Answers: []string{"price", "delivery-cost"}, By: "event.data.device", Within: time.Hour},
		Purchase:     &definition.Purchase{Event: "order.completed", Where: "event.data.total > 0", Value: "event.data.total"},
		Satisfaction: &definition.Satisfaction{Event: "score.given", Score: "event.data.score"},
	}
}

func compileJourney(t *testing.T, j definition.Journey) (*definition.JourneyProgram, error) {
	t.Helper()
	form, _, err := j.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return new(definition.Compiler).CompileJourney(form)
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind, data string
		want       definition.Evidence
	}{
		"another type is suggested": {kind: "page.scrolled", want: definition.Evidence{Suggests: true}},
		"an ignored type is not":    {kind: "ping"},
		"one of Waymark's is not":   {kind: "waymark.message.opened"},
		"a sign of two probes":      {kind: "checkout.error", data: `{"code": "delivery"}`, want: definition.Evidence{Signs: 0b101, Suggests: true}},
		"a sign of one":             {kind: "checkout.error", want: definition.Evidence{Signs: 0b100, Suggests: true}},
		"what must not come":        {kind: "reply.sent", want: definition.Evidence{Signs: 0b010, Suggests: true}},
		"a stage beyond":            {kind: "review.left", want: definition.Evidence{Beyond: 1, Suggests: true}},
		"a purchase that is a stage": {kind: "order.completed", data: `{"total": 12.5, "device": "phone", "repeat": true}`, want: definition.Evidence{
			Beyond: 1, Purchased: true, Valued: true, Value: 12_500_000, Label: "phone"}},
		"a purchase of nothing is none":     {kind: "order.completed", data: `{"total": 0}`, want: definition.Evidence{Label: definition.NoLabel}},
		"a stage of which only its label":   {kind: "page.viewed", data: `{"device": "tablet"}`, want: definition.Evidence{Label: "tablet"}},
		"a score":                           {kind: "score.given", data: `{"score": "9"}`, want: definition.Evidence{Scored: true, Score: 9_000_000, Suggests: true}},
		"a score that is none":              {kind: "score.given", data: `{"score": "good"}`, want: definition.Evidence{Suggests: true, Failures: []definition.Failure{{Field: "spec.satisfaction.score", Message: "the amount is neither a number nor a text that holds one"}}}},
		"an answer":                         {kind: event.SurveyAnswered, data: `{"journey": "Journey/default/first", "answer": "price"}`, want: definition.Evidence{Answered: true, Answer: 1}},
		"an answer that is not listed":      {kind: event.SurveyAnswered, data: `{"journey": "Journey/default/first", "answer": "weather"}`, want: definition.Evidence{Answered: true, Answer: definition.OtherAnswer}},
		"an answer of another journey":      {kind: event.SurveyAnswered, data: `{"journey": "Journey/default/second", "answer": "price"}`},
		"an answer that cannot be read":     {kind: event.SurveyAnswered, data: `[]`},
		"a sign whose condition goes wrong": {kind: "checkout.error", data: `no JSON`, want: definition.Evidence{Signs: 0b100, Suggests: true, Failures: []definition.Failure{{Field: "spec.stages[0].barriers[0].signals[1].where", Message: "the data is not valid JSON"}}}},
	}
	program, err := compileJourney(t, firstPurchase())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := event.Event{Type: tt.kind, Data: []byte(tt.data)}
			got := *program.Evidence(&e, program.Match(&e).Stages)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("evidence differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJourneyProgramTellsWhatItIs(t *testing.T) {
	t.Parallel()
	program, err := compileJourney(t, firstPurchase())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]definition.SignAt{{Probe: 0, Sign: 0}, {Probe: 0, Sign: 1}, {Probe: 1, Sign: 0}}, program.Signs()); diff != "" {
		t.Errorf("signs differ (-want +got):\n%s", diff)
	}
	types, every := program.Types()
	want := []string{"app.opened", "checkout.error", "order.completed", "page.viewed", "product.added", "reply.sent", "review.left", "score.given", event.SurveyAnswered}
	if diff := cmp.Diff(want, types); diff != "" || !every {
		t.Errorf("types differ, every %v (-want +got):\n%s", every, diff)
	}
	if got := program.Journey(); got.Survey.Answers[0] != "delivery-cost" || len(got.SuggestIgnore) != 1 {
		t.Errorf("the meaning is not in its normal form: %+v", got)
	}
	if diff := cmp.Diff(shop(), program.Funnel()); diff != "" {
		t.Errorf("the funnel changed on its way (-want +got):\n%s", diff)
	}
}

func TestJourneysThatCannotBe(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(*definition.Journey)
		want string
	}{
		"a sign that cannot be read": {func(j *definition.Journey) { j.Probes[0].Signs[0].Where = "event.dat.x" }, `spec.stages[0].barriers[0].signals[1].where: line 1, column 6: "dat"`},
		"a funnel that cannot":       {func(j *definition.Journey) { j.Funnel.Stages[2].Value = "event.total" }, "spec.funnelRef: spec.stages[2].value"},
		"a segment that cannot":      {func(j *definition.Journey) { j.Funnel.Segment = &definition.Segment{Where: "contact.traits.x"} }, "spec.segment.where"},
		"a probe of the last stage":  {func(j *definition.Journey) { j.Probes[0].Stage = 3 }, "nobody leaves there"},
		"two of a name":              {func(j *definition.Journey) { j.Probes = append(j.Probes, j.Probes[0]) }, "another one of this stage is called so"},
		"too many signs": {func(j *definition.Journey) {
			for range 62 {
				j.Probes[0].Signs = append(j.Probes[0].Signs, definition.Sign{Event: "a"})
			}
		}, "write at most 64 in all"},
		"a stage beyond without end": {func(j *definition.Journey) { j.Beyond[0].Within = 0 }, "spec.stages[2].within"},
		"a score of nothing":         {func(j *definition.Journey) { j.Satisfaction.Score = "" }, "spec.satisfaction.score"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := firstPurchase()
			tt.edit(&j)
			if _, err := compileJourney(t, j); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not say %q", err, tt.want)
			}
		})
	}
}
