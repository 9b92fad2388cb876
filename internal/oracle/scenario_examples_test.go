// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle/scenarios"
	"github.com/waymark-dev/waymark/internal/record"
)

// scenarioExample is one block of that part.
type scenarioExample struct {
	// Example is the rule that it shows.
	Example string `json:"example"`
	// Scenario is what it changes of the one at the top of the chapter, Edited what a later version changes of that; Scenarios are others.
	Scenario  map[string]any            `json:"scenario"`
	Edited    map[string]any            `json:"edited"`
	Scenarios map[string]map[string]any `json:"scenarios"`
	Policy    policySpec                `json:"policy"`
	Channels  map[string]channelSpec    `json:"channels"`
	// Sender is what becomes of a step's messages: one outcome after the other.
	Sender map[string][]string `json:"sender"`
	// Log is what happened, and Happens what came of it.
	Log     string `json:"log"`
	Happens string `json:"happens"`
	// Also are numbers in the scenario's status.
	Also map[string]any `json:"also"`
}

type policySpec struct {
	TimeZone   string `json:"timeZone"`
	QuietHours struct {
		From string `json:"from"`
		To   string `json:"to"`
		Drop bool   `json:"drop"`
	} `json:"quietHours"`
	FrequencyCap struct {
		Messages int32  `json:"messages"`
		Per      string `json:"per"`
		Drop     bool   `json:"drop"`
	} `json:"frequencyCap"`
	Consent struct {
		Mode   string             `json:"mode"`
		Topics []definition.Topic `json:"topics"`
	} `json:"consent"`
	Holidays []string `json:"holidays"`
}

type channelSpec struct {
	Medium    string `json:"medium"`
	Guarantee string `json:"guarantee"`
}

// TestScenarioRules holds the interpreter to every example of the page.
func TestScenarioRules(t *testing.T) {
	t.Parallel()
	base, examples := scenarioPage(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t)
			x.run(t, base, p)
			if diff := cmp.Diff(lines(x.Happens), told(p.truth.Facts(), len(x.Scenarios) > 0)); diff != "" {
				t.Errorf("what happens differs (-page +interpreter):\n%s", diff)
			}
			x.checkAlso(t, p)
		})
	}
}

// TestEngineFollowsTheScenarioRules holds the engine to the interpreter in every example of the page, also between the lines.
func TestEngineFollowsTheScenarioRules(t *testing.T) {
	t.Parallel()
	base, examples := scenarioPage(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t)
			p.challenge(false)
			x.run(t, base, p)
		})
	}
}

func lines(text string) (all []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// scenarioPage reads the chapter: the first block is the scenario that the examples change.
func scenarioPage(t *testing.T) (base map[string]any, examples []scenarioExample) {
	t.Helper()
	return examplesOf[scenarioExample](t, chapter(t, scenarioChapter, segmentChapter))
}

const mainScenario = "scenario"

// run plays an example.
func (x *scenarioExample) run(t *testing.T, base map[string]any, p *play) {
	t.Helper()
	p.outcomes = maps.Clone(x.Sender)
	if p.outcomes == nil {
		p.outcomes = map[string][]string{}
	}
	p.add(record.Record{Kind: record.Epoch, Epoch: record.EpochRecord{
		Epoch: 1, Engine: 1, TimeZoneData: definition.TimeZoneData, Time: at(t, "2026-11-02 00:00"),
	}})
	p.applyPolicy(x.Policy.meaning(t))
	channels := map[string]channelSpec{"hook": {Medium: "Webhook"}}
	maps.Copy(channels, x.Channels)
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		if channels[name].Medium != "" {
			p.applyChannel(channelKey(name), channels[name].meaning(name))
		}
	}
	main := maps.Clone(base)
	maps.Copy(main, x.Scenario)
	specs := map[string]map[string]any{mainScenario: main}
	if x.Scenarios != nil {
		specs = x.Scenarios
	}
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		p.applyScenario(scenarioKey(name), meaningOf(t, specs[name], x.Policy.TimeZone), nil)
	}
	edited := maps.Clone(main)
	maps.Copy(edited, x.Edited)
	for i, line := range strings.FieldsFunc(x.Log, func(r rune) bool { return r == '\n' || r == ';' }) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		when, words := lineTime(t, line)
		p.advance(when)
		if !p.control(t, x, words, edited) {
			p.happen(t, line, words, i)
		}
		p.compare()
		p.advance(p.clock)
		p.compare()
	}
}

func meaningOf(t *testing.T, spec map[string]any, zone string) definition.Scenario {
	t.Helper()
	var s scenarioSpec
	decode(t, spec, &s)
	return s.meaning(t, or(zone, "UTC"))
}

func at(t *testing.T, text string) event.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return event.At(when)
}

// lineTime takes the time off a line of a log.
func lineTime(t *testing.T, line string) (event.Time, []string) {
	t.Helper()
	words := strings.Fields(line)
	date := "2026-11-02"
	if strings.Contains(words[0], "-") {
		date, words = date[:10-len(words[0])]+words[0], words[1:]
	}
	clock, later := strings.CutSuffix(words[0], "+")
	when := at(t, date+" "+clock)
	if later {
		when++
	}
	return when, words[1:]
}

// told gives a line for what people notice of each fact, and for who enters and leaves.
func told(facts []scenarios.Fact, several bool) (all []string) {
	for _, f := range facts {
		what, scenario := "", ""
		if several {
			scenario = " " + strings.TrimPrefix(f.Scenario, scenarioKey(""))
		}
		contact := f.Contact
		if id, visitor := event.AnonymousID(contact); visitor {
			contact = "?" + id
		}
		switch f.What {
		case scenarios.Entered:
			what = contact + " enters" + scenario
			if f.Held {
				what = contact + " is held out" + scenario
			}
		case scenarios.Refused:
			what = contact + " does not enter" + scenario + ": " + f.Detail
		case scenarios.Exited:
			what = contact + " leaves" + scenario + ": " + f.Detail
		case scenarios.Sent:
			if what = contact + " gets " + f.Step; f.Variant != "" {
				what += " " + f.Variant
			}
		case scenarios.Skipped:
			what = contact + " does not get " + f.Step + ": " + f.Detail
		case scenarios.Failed:
			what = contact + " cannot get " + f.Step + ": " + f.Detail
		case scenarios.Deferred, scenarios.InDoubt:
			what = f.Step + " to " + contact + " is " + string(f.What)
		case scenarios.Converted:
			what = contact + " is won by " + f.Step
		default:
			continue
		}
		all = append(all, lineTimeOf(f.At)+" "+what)
	}
	return all
}

// lineTimeOf writes a time as lineTime reads it.
func lineTimeOf(t event.Time) string {
	switch when := t.UTC(); {
	case when.Format(time.DateOnly) == "2026-11-02":
		return when.Format("15:04")
	case when.Year() == 2026:
		return when.Format("01-02 15:04")
	default:
		return when.Format("2006-01-02 15:04")
	}
}

// checkAlso compares some numbers with the scenario's.
func (x *scenarioExample) checkAlso(t *testing.T, p *play) {
	t.Helper()
	if x.Also == nil {
		return
	}
	var got map[string]any
	if err := yaml.Unmarshal(mustJSON(t, p.truth.Scenarios()[scenarioKey(mainScenario)]), &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(x.Also)) {
		var part any = got
		for field := range strings.SplitSeq(name, ".") {
			inside, _ := part.(map[string]any)
			part = inside[field]
		}
		if diff := cmp.Diff(x.Also[name], part); diff != "" {
			t.Errorf("%s differs (-page +interpreter):\n%s", name, diff)
		}
	}
}

func (s *policySpec) meaning(t *testing.T) definition.Policy {
	t.Helper()
	return definition.Policy{
		TimeZone: or(s.TimeZone, "UTC"), Zone: "contact.attributes.timezone", Language: "contact.attributes.language",
		QuietFrom: s.QuietHours.From, QuietTo: s.QuietHours.To, QuietDrop: s.QuietHours.Drop,
		CapMessages: s.FrequencyCap.Messages, CapPer: span(t, s.FrequencyCap.Per), CapDrop: s.FrequencyCap.Drop,
		Topics: s.Consent.Topics, ConsentExplicit: s.Consent.Mode == "Explicit", Holidays: s.Holidays,
	}
}

func (s channelSpec) meaning(name string) definition.Channel {
	c := definition.Channel{
		Namespace: "shop", Name: name, Medium: definition.Medium(s.Medium), Guarantee: or(s.Guarantee, definition.AtLeastOnce),
		Limits: definition.Limits{Retries: 5, RetryFor: day},
	}
	switch c.Medium {
	case definition.SMTP:
		c.Address = "contact.attributes.email"
		c.SMTP = &definition.SMTPSettings{Host: "mail", Port: 25, Encryption: definition.NoEncryption, From: "shop@example.com", Connections: 1}
	default:
		c.Webhook = &definition.WebhookSettings{URL: "http://hook", Timeout: time.Second, Concurrency: 1}
	}
	return c
}
