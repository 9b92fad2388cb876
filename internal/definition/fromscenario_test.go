// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

const abandonedCart = `
metadata: {namespace: shop, name: abandoned-cart}
spec:
  workspaceRef: {name: default}
  trigger: {funnelDrop: {funnelRef: {name: shop}, stage: cart}}
  audience: "contact.attributes.country == 'RU'"
  entry: {cooldown: 7d, key: "event.data.cart_id"}
  goal: {event: order.completed, value: "event.data.total", within: 7d}
  exits: [{event: cart.emptied}]
  holdout: "10%"
  steps:
  - {name: remind, send: {channelRef: {name: mail}, topic: offers, subject: Ваша корзина, html: <p>ждёт</p>}}
  - {name: day, wait: {nextDay: "10:00"}}
  - name: style
    send:
      channelRef: {name: mail}
      topic: offers
      fallback: ru
      languages:
      - {language: ru, subject: Образ, templateRef: {name: letters, key: style.html}}
      - {language: en, subject: Style, text: Hello}
      window: {weekdays: [Monday, Sunday], from: "10:00", to: "19:00", skipHolidays: true}
  - {name: clicked, waitFor: {event: waymark.message.clicked, of: style, timeout: 2d, onTimeout: half}, then: stop}
  - {name: half, split: {ways: [{name: a, percent: "30%", then: stop}, {name: b, percent: "70%"}]}}
  - {name: late, wait: {until: {date: {attribute: trigger.data.until, offset: -1d}}, onPast: Skip}}
  - {name: bot, send: {channelRef: {name: bot}, text: "?", buttons: [[{text: Да, data: "yes"}]]}}
  - {name: stop, exit: {}}
`

func scenario(t testing.TB, text string) *v1alpha1.NurtureScenario {
	t.Helper()
	var ns v1alpha1.NurtureScenario
	if err := yaml.UnmarshalStrict([]byte(text), &ns); err != nil {
		t.Fatal(err)
	}
	return &ns
}

func references() definition.References {
	return definition.References{
		Channels:  map[string]definition.Medium{"mail": definition.SMTP, "bot": definition.Telegram, "crm": definition.Webhook},
		Topics:    []string{"news", "offers"},
		Scenarios: map[string]bool{"loyal": true, "welcome": false},
		Funnels:   map[string][]string{"shop": {"visit", "cart", "purchase"}},
		Texts:     map[string]map[string]string{"letters": {"style.html": "<p>{{ event.data.product }}</p>", "style.txt": "Текст"}},
	}
}

func TestFromScenario(t *testing.T) {
	t.Parallel()
	got, missing, errs := definition.FromScenario(scenario(t, abandonedCart), nil, references())
	if len(missing) > 0 || len(errs) > 0 {
		t.Fatal(missing, errs)
	}
	mail, bot := "MessageChannel/shop/mail", "MessageChannel/shop/bot"
	marketing := func(channel string, variant definition.Variant) *definition.Send {
		return &definition.Send{Channel: channel, Purpose: definition.Marketing, Topic: "offers", Variants: []definition.Variant{variant}}
	}
	style := marketing(mail, definition.Variant{Weight: 1, Contents: map[string]definition.Content{
		"ru": {Subject: "Образ", HTML: "<p>{{ event.data.product }}</p>"}, "en": {Subject: "Style", Text: "Hello"},
	}})
	style.Fallback = "ru"
	style.Window = &definition.Window{Weekdays: []int{1, 7}, From: "10:00", To: "19:00", NoHolidays: true}
	ask := marketing(bot, definition.Variant{Weight: 1, Contents: map[string]definition.Content{
		"": {Text: "?", Buttons: [][]definition.Button{{{Text: "Да", Data: "yes"}}}},
	}})
	ask.Topic = ""
	want := definition.Scenario{
		TimeZone: "UTC",
		Trigger:  definition.Trigger{FunnelDrop: &definition.DropTrigger{Funnel: "Funnel/shop/shop", Stage: "cart"}, MaxAge: day},
		Audience: "contact.attributes.country == 'RU'",
		Entry: definition.Entry{
			Reentry: definition.ReentryAfterExit, Cooldown: 7 * day, Key: "event.data.cart_id", OnRepeat: definition.RepeatIgnore,
		},
		Goal:     &definition.Goal{Event: "order.completed", Value: "event.data.total", Within: 7 * day},
		Exits:    []definition.EventMatch{{Event: "cart.emptied"}},
		Holdout:  1000,
		InFlight: definition.Pin,
		Steps: []definition.Step{
			{Name: "remind", Send: marketing(mail, definition.Variant{Weight: 1, Contents: map[string]definition.Content{
				"": {Subject: "Ваша корзина", HTML: "<p>ждёт</p>"}}})},
			{Name: "day", Wait: &definition.Wait{NextDay: "10:00"}},
			{Name: "style", Send: style},
			{Name: "clicked", WaitFor: &definition.WaitFor{
				AnyOf: []definition.Awaited{{Event: "waymark.message.clicked", Of: "style"}}, Timeout: 2 * day, OnTimeout: "half",
			}, Then: "stop"},
			{Name: "half", Split: &definition.Split{Ways: []definition.Way{{Name: "a", Weight: 3000, Then: "stop"}, {Name: "b", Weight: 7000}}}},
			{Name: "late", Wait: &definition.Wait{
				Date: "trigger.data.until", OffsetDays: -1, Offset: -24 * time.Hour, At: "10:00", OnPast: definition.PastSkip}},
			{Name: "bot", Send: ask},
			{Name: "stop", Exit: &definition.ExitStep{}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("meaning (-want +got):\n%s", diff)
	}
}

func TestATextOfAConfigMapIsPartOfTheVersion(t *testing.T) {
	t.Parallel()
	version := func(text string) string {
		refs := references()
		refs.Texts["letters"]["style.html"] = text
		s, missing, errs := definition.FromScenario(scenario(t, abandonedCart), nil, refs)
		if len(missing) > 0 || len(errs) > 0 {
			t.Fatal(missing, errs)
		}
		_, version, err := s.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	if version("<p>one</p>") == version("<p>another</p>") {
		t.Error("another text makes no other version")
	}
}

func TestFromScenarioErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ old, new, want, reason string }{
		"an unknown step": {"onTimeout: half", "onTimeout: hafl",
			`spec.steps[3].waitFor.onTimeout: Invalid value: "hafl": there is no such step: did you mean "half"?`, v1alpha1.ReasonInvalidSpec},
		"of a step without a message": {"of: style", "of: day",
			`spec.steps[3].waitFor.of: Invalid value: "day": the step sends no message: name one that does`, v1alpha1.ReasonInvalidSpec},
		"where of the only event": {"of: style", `where: "event.data.url == 1 +"`, `spec.steps[3].waitFor.where: Invalid value`,
			v1alpha1.ReasonInvalidExpression},
		"an unknown topic": {"topic: offers, subject", "topic: offer, subject",
			`spec.steps[0].send.topic: Invalid value: "offer": the workspace's policy has no such topic: did you mean "offers"?`, v1alpha1.ReasonInvalidSpec},
		"a mail without a subject": {"subject: Ваша корзина, ", "",
			`spec.steps[0].send.subject: Required value: a mail needs a subject`, v1alpha1.ReasonInvalidSpec},
		"html for a bot": {`text: "?"`, `text: "?", html: b`,
			`spec.steps[6].send.html: Invalid value: a bot's message has text and no html: write text`, v1alpha1.ReasonInvalidSpec},
		"an unknown stage": {"stage: cart", "stage: card",
			`spec.trigger.funnelDrop.stage: Invalid value: "card": Funnel "shop" has no such stage: did you mean "cart"?`, v1alpha1.ReasonInvalidSpec},
		"the last stage": {"stage: cart", "stage: purchase", `it is the last stage of Funnel "shop"`, v1alpha1.ReasonInvalidSpec},
		"percents":       {`"70%"`, `"60%"`, `spec.steps[4].split.ways: Invalid value: the percents are not 100% together`, v1alpha1.ReasonInvalidSpec},
		"an expression": {"country ==", "country =",
			`spec.audience: Invalid value: "contact.attributes.country = 'RU'": line 1, column 28: "= 'RU'": cannot be read: write == to compare`,
			v1alpha1.ReasonInvalidExpression},
		"a call by mail": {"- {name: stop, exit: {}}", "- {name: stop, webhook: {channelRef: {name: mail}}}",
			`spec.steps[7].webhook.channelRef.name: Invalid value: "mail": the channel sends by SMTP: name one with webhook`, v1alpha1.ReasonInvalidSpec},
		"a scenario that others do not lead into": {"- {name: stop, exit: {}}", "- {name: stop, enter: {scenarioRef: {name: welcome}}}",
			`spec.steps[7].enter.scenarioRef.name: Invalid value: "welcome": its trigger is not enter`, v1alpha1.ReasonInvalidSpec},
		"a wait for ever": {"7d, key", "9999w, key", `spec.entry.cooldown: Invalid value`, v1alpha1.ReasonInvalidSpec},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(abandonedCart, tt.old, tt.new, 1)
			if text == abandonedCart {
				t.Fatal("the edit of the test itself changes nothing")
			}
			_, missing, errs := definition.FromScenario(scenario(t, text), nil, references())
			if len(missing) > 0 {
				t.Errorf("missing: %v", missing)
			}
			if len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), tt.want) {
				t.Fatalf("got:  %v\nwant: %s", errs.ToAggregate(), tt.want)
			}
			if reason := definition.Reason(errs); reason != tt.reason {
				t.Errorf("reason %s, want %s", reason, tt.reason)
			}
		})
	}
}

func TestWhatIsMissingIsNoError(t *testing.T) {
	t.Parallel()
	refs := references()
	delete(refs.Channels, "bot")
	delete(refs.Funnels, "shop")
	delete(refs.Texts["letters"], "style.html")
	_, missing, errs := definition.FromScenario(scenario(t, abandonedCart), nil, refs)
	want := []definition.Missing{
		{Kind: "Funnel", Name: "shop", Field: "spec.trigger.funnelDrop.funnelRef.name"},
		{Kind: "ConfigMap", Name: "letters/style.html", Field: "spec.steps[2].send.languages[0].templateRef.key"},
		{Kind: "MessageChannel", Name: "bot", Field: "spec.steps[6].send.channelRef.name"},
	}
	if diff := cmp.Diff(want, missing); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, missing (-want +got):\n%s", errs, diff)
	}
}

// strict refuses every template with a brace in it.
type strict struct{}

func (strict) Check(_ definition.Medium, c definition.Content) []definition.TemplateError {
	if strings.Contains(c.HTML, "{") {
		return []definition.TemplateError{{Field: "html", Line: 1, Text: "{{", Message: "is not known here"}}
	}
	return nil
}

func (strict) CheckText(string) []definition.TemplateError { return nil }
func (strict) Asks(c definition.Content) bool              { return strings.Contains(c.Text, "survey") }

func TestASendAsksWhatItsJourneyAsks(t *testing.T) {
	t.Parallel()
	refs := references()
	refs.Templates = strict{}
	refs.Texts["letters"]["style.html"] = "<p>style</p>"
	refs.Journeys = map[string]bool{"first": true, "silent": false}
	survey := func(text string) *v1alpha1.NurtureScenario {
		return scenario(t, strings.Replace(abandonedCart, `text: "?"`, text, 1))
	}
	s, missing, errs := definition.FromScenario(survey(`text: "survey", survey: {journeyRef: {name: first}}`), nil, refs)
	if len(missing) > 0 || len(errs) > 0 || s.Steps[6].Send.Survey != "Journey/shop/first" {
		t.Errorf("missing %v, errors %v, meaning %+v", missing, errs, s.Steps[6].Send)
	}
	for text, want := range map[string]string{
		`text: "survey"`: `spec.steps[6].send.survey: Required value: a text speaks of survey: say whose it is by survey: {journeyRef: {name: …}}`,
		`text: "?", survey: {journeyRef: {name: silent}}`: `spec.steps[6].send.survey.journeyRef.name: Invalid value: "silent": the Journey asks nothing: ` +
			`give barriers there a signal answer: true, or remove survey here`,
	} {
		if _, _, errs := definition.FromScenario(survey(text), nil, refs); len(errs) != 1 || errs[0].Error() != want {
			t.Errorf("%s\ngot:  %v\nwant: %s", text, errs, want)
		}
	}
	_, missing, _ = definition.FromScenario(survey(`text: "?", survey: {journeyRef: {name: next}}`), nil, refs)
	wanted := []definition.Missing{{Kind: "Journey", Name: "next", Field: "spec.steps[6].send.survey.journeyRef.name"}}
	if diff := cmp.Diff(wanted, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestTemplateErrorsNameWhereTheTextStands(t *testing.T) {
	t.Parallel()
	refs := references()
	refs.Templates = strict{}
	_, _, errs := definition.FromScenario(scenario(t, abandonedCart), nil, refs)
	want := `spec.steps[2].send.languages[0].templateRef: Invalid value: "{{": line 1: is not known here`
	if len(errs) != 1 || errs[0].Error() != want || definition.Reason(errs) != v1alpha1.ReasonInvalidTemplate {
		t.Errorf("got:  %v (%s)\nwant: %s", errs, definition.Reason(errs), want)
	}
}

func TestFromChannel(t *testing.T) {
	t.Parallel()
	var channel v1alpha1.MessageChannel
	if err := yaml.UnmarshalStrict([]byte(`
metadata: {namespace: shop, name: mail}
spec:
  workspaceRef: {name: default}
  smtp: {host: smtp.example.com, encryption: TLS, from: shop@example.com}
  limits: {messages: 10, per: 1s}
  breaker: {complaints: "0.3%"}
  tracking: {clicks: true}
`), &channel); err != nil {
		t.Fatal(err)
	}
	if _, errs := definition.FromChannel(&channel, nil); len(errs) != 1 || errs[0].Field != "spec.tracking" {
		t.Errorf("tracking without a public address: %v", errs)
	}
	ws := &v1alpha1.Workspace{Spec: v1alpha1.WorkspaceSpec{PublicURL: "https://go.example.com"}}
	got, errs := definition.FromChannel(&channel, ws)
	want := definition.Channel{
		Namespace: "shop", Name: "mail", Medium: definition.SMTP, Address: "contact.attributes.email", Guarantee: definition.AtMostOnce,
		Limits: definition.Limits{Messages: 10, Per: time.Second, Retries: 8, RetryFor: day},
		SMTP: &definition.SMTPSettings{
			Host: "smtp.example.com", Port: 465, Encryption: definition.ImplicitTLS, From: "shop@example.com", Connections: 4,
		},
		Breaker:  &definition.Breaker{Complaints: 30, Of: 200, Pause: time.Hour},
		Tracking: definition.Tracking{Clicks: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, meaning (-want +got):\n%s", errs, diff)
	}
}

func TestFromPolicy(t *testing.T) {
	t.Parallel()
	ws := &v1alpha1.Workspace{Spec: v1alpha1.WorkspaceSpec{TimeZone: "Europe/Moscow", Policy: &v1alpha1.MessagingPolicy{
		QuietHours:   &v1alpha1.QuietHours{From: "21:00", To: "09:00"},
		FrequencyCap: &v1alpha1.FrequencyCap{Messages: 3, Per: "7d", Action: v1alpha1.PolicyActionDrop},
		Consent:      &v1alpha1.ConsentPolicy{Topics: []v1alpha1.ConsentTopic{{Name: "offers", DoubleOptIn: true}}},
		Holidays:     []v1alpha1.Date{"2026-01-01"},
	}}}
	got, errs := definition.FromPolicy(ws)
	want := definition.Policy{
		TimeZone: "Europe/Moscow", Zone: "contact.attributes.timezone", Language: "contact.attributes.language",
		QuietFrom: "21:00", QuietTo: "09:00", CapMessages: 3, CapPer: 7 * day, CapDrop: true, ConsentExplicit: true,
		Topics: []definition.Topic{{Name: "offers", DoubleOptIn: true}}, Holidays: []string{"2026-01-01"},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, meaning (-want +got):\n%s", errs, diff)
	}
	ws.Spec.Policy.Zone = "event.data.zone"
	ws.Spec.Policy.Holidays = []v1alpha1.Date{"2026-02-30"}
	if _, errs := definition.FromPolicy(ws); len(errs) != 1 || errs[0].Field != "spec.policy.holidays[0]" {
		t.Errorf("a day that does not exist: %v", errs)
	}
	ws.Spec.Policy.Holidays = nil
	if _, errs := definition.FromPolicy(ws); len(errs) != 1 || errs[0].Type != field.ErrorTypeInvalid || errs[0].Field != "spec.policy.zone" {
		t.Errorf("a zone by an event: %v", errs)
	}
}
