// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

const journeyKey = "Journey/shop/sales"

// shopping is a journey over the shop's funnel: those at the cart may see what delivery costs, or get no answer from the chat.
func shopping() definition.Journey {
	funnel := shop()
	funnel.Stages[2].Value, funnel.SignalMaxAge = "", 0
	return definition.Journey{
		Funnel: funnel,
		Probes: []definition.Probe{
			{Kind: definition.ProbeBarrier, Name: "cost", Stage: 1, Signs: []definition.Sign{
				{Event: "delivery", Where: "event.data.cost > 300"}, {Event: "shrug"},
			}},
			{Kind: definition.ProbeBarrier, Name: "silence", Stage: 1, Signs: []definition.Sign{
				{Event: "reply", AbsentFor: 20 * time.Minute},
			}},
			{Kind: definition.ProbeBehaviour, Name: "reads", Stage: 0, Signs: []definition.Sign{{Event: "read"}}},
		},
	}
}

func applyingJourney(t testing.TB, j definition.Journey) (apply, activate record.Record) {
	t.Helper()
	form, version, err := j.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: journeyKey, Version: version, Definition: form}},
		record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: journeyKey, Version: version}}
}

// happens is an event of an example: when after noon, of which type and with which data, to whom if not to ann.
type happens struct {
	after time.Duration
	what  string
	data  string
	whom  string
}

func eventsOf(all []happens) (events []event.Event) {
	for i, h := range all {
		e := event.Event{Contact: "ann", Source: "shop", ID: fmt.Sprint("e", 100+i), Type: h.what, Time: noon.Add(h.after), Data: []byte(h.data)}
		if h.whom != "" {
			e.Contact = h.whom
		}
		if h.data == "" {
			e.Data = []byte("{}")
		}
		e.Received = e.Time
		if owner := map[string]string{"visitor": "ann", "stranger": "bob"}[h.whom]; owner != "" { // of both, ann's log has copies
			e.Contact = owner
			link := event.Link(&e, h.whom)
			event.Forward(&link, "ann")
			e.Contact = event.Anonymous(h.whom)
			event.Forward(&e, "ann")
			events = append(events, link)
		}
		events = append(events, e)
	}
	return events
}

// played gives what a journey says of what happened, as of a time after noon, and makes sure that its funnel is what the Funnel gives.
func played(t *testing.T, j definition.Journey, all []happens, asOf time.Duration) *aggregate.Journey {
	t.Helper()
	f, err := engine.Open(engine.Options{Compile: compiled()})
	if err != nil {
		t.Fatal(err)
	}
	apply, activate := applyingJourney(t, j)
	plain, plainly := applying(t, j.Funnel)
	steps(t, f, ticking(noon-1), apply, activate, plain, plainly)
	for _, e := range eventsOf(all) {
		if e.Time > noon.Add(24*time.Hour) { // so that what is over is forgotten
			passing(t, f, e.Time)
		}
		steps(t, f, chunk(e))
		handOn(t, f, &e)
	}
	steps(t, f, ticking(noon.Add(asOf)))
	got := report(t, f).Funnels
	if diff := cmp.Diff(got[key].Funnel, got[journeyKey].Funnel); diff != "" {
		t.Errorf("the journey's funnel differs from the Funnel's (-Funnel +journey):\n%s", diff)
	}
	return got[journeyKey].Journey
}

// passing lets time pass, and all that is due until then.
func passing(t *testing.T, f *engine.Fold, until event.Time) {
	t.Helper()
	for due := report(t, f).NextDue; due != 0 && due < until; due = report(t, f).NextDue {
		steps(t, f, ticking(due))
	}
	steps(t, f, ticking(until))
}

// handOn hands an event on to the units that it tells of.
func handOn(t *testing.T, f *engine.Fold, e *event.Event) {
	t.Helper()
	last := chunk(*e)
	for _, h := range f.Handings() {
		copies, err := f.HandOn(h.Unit, f.Offset(), &last)
		if err != nil {
			t.Fatal(err)
		}
		if len(copies) > 0 {
			steps(t, f, chunk(copies...))
		}
	}
}

// inWords puts evidence in words: per stage how many dropped off and went on, and the same for each probe and type that was seen.
func inWords(j *definition.Journey, got *aggregate.Journey) (lines []string) {
	say := func(what string, n aggregate.Split) {
		if n != (aggregate.Split{}) {
			lines = append(lines, fmt.Sprintf("%s: %d dropped, %d converted", what, n.Dropped, n.Converted))
		}
	}
	for i, stage := range got.Stages {
		name := j.Funnel.Stages[i].Name
		say(name, stage.All)
		probes := stage.Probes
		for _, p := range j.Probes {
			if p.Stage == i {
				say(name+"/"+p.Name, probes[0].Seen)
				probes = probes[1:]
			}
		}
		for _, eventType := range slices.Sorted(maps.Keys(stage.Types)) {
			say(name+"~"+eventType, stage.Types[eventType].Seen)
		}
	}
	for i, b := range got.Beyond {
		lines = append(lines, fmt.Sprintf("%s: %d converted, %d in progress, %d dropped", j.Beyond[i].Name, b.Converted, b.InProgress, b.Dropped))
	}
	for i, groups := range got.Survey {
		for _, label := range slices.Sorted(maps.Keys(groups)) {
			lines = append(lines, fmt.Sprintf("%s asked %q: %d %v", j.Funnel.Stages[i].Name, label, groups[label].Dropped, groups[label].Answers))
		}
	}
	for _, day := range slices.Sorted(maps.Keys(got.Days)) {
		lines = append(lines, fmt.Sprintf("day %d: %v", day-event20261102, got.Days[day]))
	}
	return lines
}

const event20261102 = 20759 // the number of that day

func TestEvidence(t *testing.T) {
	t.Parallel()
	const minute, hour, us = time.Minute, time.Hour, time.Microsecond
	suggest := func(j *definition.Journey) { j.Suggest, j.SuggestIgnore = true, []string{"noise"} }
	plain := func(*definition.Journey) {}
	tests := map[string]struct {
		change func(*definition.Journey)
		events []happens
		asOf   time.Duration
		want   []string
	}{
		"nothing is known while the stage is in progress": {
			plain, []happens{{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "delivery", `{"cost":500}`, ""}}, hour + minute,
			[]string{"visit: 0 dropped, 1 converted"},
		},
		"a sign of one who dropped off": {
			plain, []happens{{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "delivery", `{"cost":500}`, ""}, {3 * minute, "reply", "", ""}}, hour + minute + us,
			[]string{"visit: 0 dropped, 1 converted", "cart: 1 dropped, 0 converted", "cart/cost: 1 dropped, 0 converted", "day 0: [1 0 0]"},
		},
		"of one who went on, and the condition on the sign": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "delivery", `{"cost":500}`, ""}, {4 * minute, "order", "", ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {2 * minute, "delivery", `{"cost":200}`, "bob"}, {4 * minute, "order", "", "bob"},
			}, hour,
			[]string{"visit: 0 dropped, 2 converted", "cart: 0 dropped, 2 converted", "cart/cost: 0 dropped, 1 converted", "day 0: [1 0 0]"},
		},
		"the deadline itself is still there, the next instant is not": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {hour + minute, "shrug", "", ""}, {minute, "reply", "", ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {hour + minute + us, "shrug", "", "bob"}, {minute, "reply", "", "bob"},
			}, 2 * hour,
			[]string{"visit: 0 dropped, 2 converted", "cart: 2 dropped, 0 converted", "cart/cost: 1 dropped, 0 converted", "day 0: [1 0 0]"},
		},
		"a sign at the instant of the stage counts, one at that of the next does not": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {minute, "shrug", "", ""}, {2 * minute, "order", "", ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {2 * minute, "shrug", "", "bob"}, {2 * minute, "order", "", "bob"},
			}, hour,
			[]string{"visit: 0 dropped, 2 converted", "cart: 0 dropped, 2 converted", "cart/cost: 0 dropped, 1 converted", "day 0: [1 0 0]"},
		},
		"what happens at the instant of the stage counts also when the next came at once": {
			plain, []happens{{0, "visit", "", ""}, {0, "read", "", ""}, {0, "cart", "", ""}, {0, "shrug", "", ""}, {0, "order", "", ""}}, hour,
			[]string{
				"visit: 0 dropped, 1 converted", "visit/reads: 0 dropped, 1 converted", "cart: 0 dropped, 1 converted", "cart/cost: 0 dropped, 1 converted",
				"day 0: [1 0 1]",
			},
		},
		"the event that fills the stage is no sign, another of its type is": {
			func(j *definition.Journey) { j.Probes[0].Signs = []definition.Sign{{Event: "cart"}} }, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "order", "", ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {minute, "cart", "", "bob"}, {2 * minute, "order", "", "bob"},
			}, hour,
			[]string{"visit: 0 dropped, 2 converted", "cart: 0 dropped, 2 converted", "cart/cost: 0 dropped, 1 converted", "day 0: [1 0 0]"},
		},
		"who recovered had left after the deadline": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "reply", "", ""}, {hour + minute, "shrug", "", ""}, {3 * hour, "order", "", ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {2 * minute, "reply", "", "bob"}, {hour + minute + us, "shrug", "", "bob"}, {3 * hour, "order", "", "bob"},
			}, 4 * hour,
			[]string{"visit: 0 dropped, 2 converted", "cart: 0 dropped, 2 converted", "cart/cost: 0 dropped, 1 converted", "day 0: [1 0 0]"},
		},
		"an absence is seen by those who are still there then, unless the event came just in time": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {21*minute + us, "order", "", ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {21 * minute, "order", "", "bob"},
				{0, "visit", "", "cy"}, {minute, "cart", "", "cy"}, {21 * minute, "reply", "", "cy"}, {30 * minute, "order", "", "cy"},
				{0, "visit", "", "dan"}, {minute, "cart", "", "dan"}, {21*minute + us, "reply", "", "dan"}, {30 * minute, "order", "", "dan"},
			}, hour,
			[]string{"visit: 0 dropped, 4 converted", "cart: 0 dropped, 4 converted", "cart/silence: 0 dropped, 2 converted", "day 0: [0 2 0]"},
		},
		"a late event changes how it ended and what was seen": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {30 * minute, "shrug", "", ""}, {3 * hour, "visit", "", "bob"}, {10 * minute, "order", "", ""},
			}, 4 * hour,
			[]string{"visit: 0 dropped, 1 converted", "cart: 0 dropped, 1 converted"},
		},
		"a stage that is passed over is none that was left": {
			func(j *definition.Journey) {
				j.Funnel.Stages[1].Optional = true
			}, []happens{
				{0, "visit", "", ""}, {minute, "read", "", ""}, {2 * minute, "order", "", ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {2 * minute, "shrug", "", "bob"}, {3 * minute, "order", "", "bob"},
			}, hour,
			[]string{
				"visit: 0 dropped, 2 converted", "visit/reads: 0 dropped, 1 converted", "cart: 0 dropped, 1 converted", "cart/cost: 0 dropped, 1 converted",
				"day 0: [1 0 1]",
			},
		},
		"complete where nothing more must come: gone at once": {
			func(j *definition.Journey) { j.Funnel.Stages[2].Optional = true },
			[]happens{{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "shrug", "", ""}}, 2 * hour,
			[]string{"visit: 0 dropped, 1 converted", "cart: 0 dropped, 1 converted"},
		},
		"what is excluded is nobody's evidence": {
			func(j *definition.Journey) {
				j.Funnel.Exclusions = []definition.Exclusion{{Event: "test", Before: 2, Action: definition.Discard}}
			},
			[]happens{{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "shrug", "", ""}, {3 * minute, "test", "", ""}}, 2 * hour,
			nil,
		},
		"under order Any stages are levels": {
			func(j *definition.Journey) { j.Funnel.Order = definition.Any },
			[]happens{{0, "order", "", ""}, {minute, "read", "", ""}, {2 * minute, "visit", "", ""}, {3 * minute, "shrug", "", ""}, {4 * minute, "reply", "", ""}}, 3 * hour,
			[]string{
				"visit: 0 dropped, 1 converted", "visit/reads: 0 dropped, 1 converted", "cart: 1 dropped, 0 converted", "cart/cost: 1 dropped, 0 converted",
				"day 0: [1 0 1]",
			},
		},
		"under order Strict what comes between breaks and is a sign of it": {
			func(j *definition.Journey) { j.Funnel.Order = definition.Strict },
			[]happens{{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "shrug", "", ""}, {3 * minute, "reply", "", ""}, {4 * minute, "order", "", ""}}, 2 * hour,
			[]string{"visit: 0 dropped, 1 converted", "cart: 1 dropped, 0 converted", "cart/cost: 1 dropped, 0 converted", "day 0: [1 0 0]"},
		},
		"the attempt that represents is looked at, and each day's on its own": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "shrug", "", ""}, {3 * minute, "reply", "", ""},
				{30 * hour, "visit", "", ""}, {31 * hour, "cart", "", ""}, {31*hour + minute, "reply", "", ""}, {31*hour + minute, "order", "", ""},
			}, 60 * hour,
			[]string{"visit: 0 dropped, 1 converted", "cart: 0 dropped, 1 converted", "day 0: [1 0 0]"},
		},
		"of entries one represents": {
			func(j *definition.Journey) { j.Funnel.Count = definition.Entries },
			[]happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "shrug", "", ""}, {3 * minute, "reply", "", ""},
				{30 * hour, "visit", "", ""}, {31 * hour, "cart", "", ""}, {31*hour + minute, "reply", "", ""}, {31*hour + minute, "order", "", ""},
			}, 60 * hour,
			[]string{"visit: 0 dropped, 1 converted", "cart: 0 dropped, 1 converted", "day 0: [1 0 0]"},
		},
		"units of one contact see their own events, and those that are nobody's": {
			func(j *definition.Journey) { j.Funnel.CorrelateBy = "event.data.deal" },
			[]happens{
				{0, "visit", `{"deal":"x"}`, ""}, {minute, "cart", `{"deal":"x"}`, ""}, {2 * minute, "shrug", `{"deal":"x"}`, ""},
				{0, "visit", `{"deal":"y"}`, ""}, {minute, "cart", `{"deal":"y"}`, ""}, {3 * minute, "reply", "", ""},
			}, 2 * hour,
			[]string{"visit: 0 dropped, 2 converted", "cart: 2 dropped, 0 converted", "cart/cost: 1 dropped, 0 converted", "day 0: [1 0 0]"},
		},
		"a visitor who became known brings along what they saw": {
			plain, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {3 * minute, "reply", "", ""}, {2 * minute, "shrug", "", "visitor"}, {2 * minute, "shrug", "", "stranger"},
			}, 2 * hour,
			[]string{"visit: 0 dropped, 1 converted", "cart: 1 dropped, 0 converted", "cart/cost: 1 dropped, 0 converted", "day 0: [1 0 0]"},
		},
		"what a deal is told of, whoever it happened to, is its own": {
			func(j *definition.Journey) { j.Funnel.UnitBy = "event.data.deal" },
			[]happens{
				{0, "visit", `{"deal":"x"}`, ""}, {minute, "cart", `{"deal":"x"}`, "bob"}, {2 * minute, "shrug", `{"deal":"x"}`, "cy"}, {3 * minute, "reply", `{"deal":"x"}`, ""},
				{2 * minute, "shrug", "", "bob"},
			}, 2 * hour,
			[]string{"visit: 0 dropped, 1 converted", "cart: 1 dropped, 0 converted", "cart/cost: 1 dropped, 0 converted", "day 0: [1 0 0]"},
		},
		"suggested are all types but the funnel's, Waymark's and those to be ignored": {
			suggest, []happens{
				{0, "visit", "", ""}, {minute, "cart", "", ""}, {2 * minute, "delivery", `{"cost":200}`, ""}, {3 * minute, "reply", "", ""},
				{4 * minute, "noise", "", ""}, {5 * minute, "visit", "", ""}, {6 * minute, "waymark.message.sent", "", ""}, {7 * minute, "compare", "", ""},
			}, 2 * hour,
			[]string{
				"visit: 0 dropped, 1 converted", "cart: 1 dropped, 0 converted",
				"cart~compare: 1 dropped, 0 converted", "cart~delivery: 1 dropped, 0 converted", "cart~reply: 1 dropped, 0 converted",
			},
		},
		"beyond: after the purchase, each in its own time": {
			func(j *definition.Journey) {
				j.Beyond = []definition.BeyondStage{
					{Name: "review", Matches: []definition.EventMatch{{Event: "order"}, {Event: "review"}}, Within: hour},
					{Name: "friend", Matches: []definition.EventMatch{{Event: "review"}}, Within: hour},
				}
			}, []happens{
				{0, "visit", "", ""}, {0, "cart", "", ""}, {0, "order", "", ""}, {hour, "review", "", ""}, {2 * hour, "review", "", ""},
				{0, "visit", "", "bob"}, {0, "cart", "", "bob"}, {0, "order", "", "bob"}, {hour, "review", "", "bob"}, {2*hour + us, "review", "", "bob"},
				{0, "visit", "", "cy"}, {0, "cart", "", "cy"}, {0, "order", "", "cy"}, {hour + us, "review", "", "cy"},
				{hour, "visit", "", "dan"}, {hour, "cart", "", "dan"}, {hour, "order", "", "dan"}, {2 * hour, "order", "", "dan"},
			}, 3 * hour,
			[]string{
				"visit: 0 dropped, 4 converted", "cart: 0 dropped, 4 converted",
				"review: 3 converted, 0 in progress, 1 dropped", "friend: 1 converted, 1 in progress, 1 dropped",
			},
		},
		"the survey counts the latest answer that came in time": {
			func(j *definition.Journey) {
				j.Survey = &definition.Survey{Journey: journeyKey, Answers: []string{"cost", "silence"}, By: "event.data.device", Within: hour}
			}, []happens{
				{0, "visit", "", ""}, {minute, "cart", `{"device":"phone"}`, ""}, {2 * minute, "reply", "", ""},
				{hour, event.SurveyAnswered, answer("cost"), ""}, {2 * hour, event.SurveyAnswered, answer("silence"), ""},
				{2*hour + minute + us, event.SurveyAnswered, answer("cost"), ""}, {2 * hour, event.SurveyAnswered, `{"journey":"Journey/shop/other","answer":"cost"}`, ""},
				{0, "visit", "", "bob"}, {minute, "cart", "", "bob"}, {2 * minute, "reply", "", "bob"}, {2*hour + minute, event.SurveyAnswered, answer("weather"), "bob"},
				{0, "visit", "", "cy"}, {minute, "cart", "", "cy"}, {2 * minute, "reply", "", "cy"}, {0, event.SurveyAnswered, answer("cost"), "cy"},
			}, 4 * hour,
			[]string{
				"visit: 0 dropped, 3 converted", "cart: 3 dropped, 0 converted",
				`cart asked "(none)": 2 map[:1]`, `cart asked "phone": 1 map[silence:1]`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := shopping()
			tt.change(&j)
			got := played(t, j, tt.events, tt.asOf)
			if diff := cmp.Diff(tt.want, inWords(&j, got)); diff != "" {
				t.Errorf("evidence differs (-want +got):\n%s", diff)
			}
		})
	}
}

func answer(name string) string {
	return fmt.Sprintf(`{"journey":%q,"answer":%q}`, journeyKey, name)
}
