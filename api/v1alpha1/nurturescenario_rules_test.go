// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
)

const validNurtureScenario = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: NurtureScenario
metadata: {name: abandoned-cart}
spec:
  workspaceRef: {name: default}
  trigger: {event: {type: cart.saved}}
  steps:
  - {name: remind, send: {channelRef: {name: mail}, subject: "Your cart", html: "<p>It waits</p>"}}
`

// step is an edit that makes one step the only one.
func step(text string) string { return "spec: {steps: [{name: only, " + text + "}]}" }

// sending is an edit to a message that says more.
func sending(text string) string { return step("send: {channelRef: {name: mail}, " + text + "}") }

var nurtureScenarioRules = map[string]ruleCase{
	"accepts one letter": {edit: asItIs},
	"accepts the scenario of a shop": {edit: `
spec:
  trigger: {event: null, funnelDrop: {funnelRef: {name: shop}, stage: cart}}
  maxAge: 2h
  audience: "contact.attributes.country == 'RU'"
  entry: {reentry: AfterExit, cooldown: 7d, key: "event.data.cart_id", existing: Skip, onRepeat: Ignore}
  goal: {event: order.completed, value: "event.data.total", within: 7d}
  exits: [{event: cart.emptied}]
  holdout: "10%"
  steps:
  - {name: remind, title: Напоминание, send: {channelRef: {name: mail}, purpose: Marketing, topic: offers, subject: "...", html: "..."}}
  - {name: day, wait: {nextDay: "10:00"}}
  - {name: style, send: {channelRef: {name: mail}, subject: "...", templateRef: {name: letters, key: style.html}}}
  - {name: clicked, waitFor: {event: waymark.message.clicked, of: style, timeout: 2d, onTimeout: coupon}, then: stop}
  - {name: coupon, send: {channelRef: {name: mail}, text: "..."}}
  - {name: stop, exit: {reason: Done}}
  inFlight: Migrate
  redirects: {old-step: stop}
  suspend: true
  catchUp: Skip
  approvedVersion: 0123456789abcdef`},
	"accepts every kind of step": {edit: `
spec:
  steps:
  - {name: week, wait: {until: {weekday: Monday, at: "09:00"}}}
  - {name: noon, wait: {until: {time: "12:00"}}}
  - {name: webinar, wait: {until: {date: {attribute: trigger.data.at, offset: "-1h"}}, onPast: Exit, follow: true}}
  - {name: any, waitFor: {anyOf: [{event: order.completed, where: "event.data.total > 0", then: stop}, {condition: contact.attributes.vip}]}}
  - {name: who, branch: {cases: [{when: "contact.attributes.orders > 3", then: call}], else: half}}
  - {name: half, split: {ways: [{name: a, percent: 50%, then: stop}, {name: b, percent: 50%}]}}
  - {name: mark, set: {attributes: {won_back: "true"}}}
  - {name: coupon, webhook: {channelRef: {name: crm}, method: PUT, payload: "{}", store: coupon, onFailure: stop}}
  - {name: more, enter: {scenarioRef: {name: loyal}}}
  - {name: call, task: {channelRef: {name: crm}, title: Call, due: 1d, done: {event: call.made}, onOverdue: stop}}
  - {name: stop, exit: {}}`},
	"accepts variants in languages": {edit: sending(`
    variants: [
      {name: short, weight: 2, languages: [{language: ru, text: а}, {language: en, text: a}]},
      {name: long, languages: [{language: en, text: b}]}],
    fallback: en, language: contact.attributes.lang, winner: {by: Clicks, sample: 500},
    window: {weekdays: [Monday, Friday], from: "10:00", to: "19:00", skipHolidays: true}, expireAfter: 2d, adMark: Реклама`)},
	"accepts buttons": {edit: sending(`text: "?", buttons: [[{text: Да, data: "yes"}, {text: Сайт, url: "https://example.com"}]]`)},
	"accepts a birthday": {edit: `
spec: {trigger: {event: null, date: {attribute: contact.attributes.birthday, offset: "-3d", yearly: true, leapDay: March1}}, entry: {existing: Enrol}}`},
	"accepts a schedule":  {edit: `spec: {trigger: {event: null, schedule: {cron: "0 10 * * MON-FRI", zone: Contact}}}`},
	"accepts one instant": {edit: `spec: {trigger: {event: null, schedule: {at: "2026-12-31T10:00"}}}`},
	"accepts a segment":   {edit: `spec: {trigger: {event: null, segment: {where: "contact.attributes.orders >= 3"}}}`},
	"accepts a Segment":   {edit: `spec: {trigger: {event: null, segment: {segmentRef: {name: loyal}}}, segmentRef: {name: russian}}`},
	"refuses two segments": {edit: `spec: {trigger: {event: null, segment: {where: contact.attributes.vip, segmentRef: {name: loyal}}}}`,
		refused: "set exactly one of where and segmentRef"},
	"accepts the lead of others": {edit: `spec: {trigger: {event: null, enter: true}}`},

	"refuses a name with a dot": {edit: `metadata: {name: cart.shop}`,
		refused: "use at most 63 lower-case letters, digits and hyphens for the name of a NurtureScenario, without dots"},
	"refuses a scenario that nobody enters": {edit: `spec: {trigger: {event: null}}`,
		refused: "say who enters with exactly one of event, funnelDrop, segment, date, schedule and enter"},
	"refuses two triggers": {edit: `spec: {trigger: {enter: true}}`,
		refused: "say who enters with exactly one of event, funnelDrop, segment, date, schedule and enter"},
	"refuses enter: false": {edit: `spec: {trigger: {event: null, enter: false}}`,
		refused: "write enter: true, or remove enter and name another trigger"},
	"refuses a leap day without years": {edit: `spec: {trigger: {event: null, date: {attribute: contact.attributes.trial_end, leapDay: March1}}}`,
		refused: "leapDay belongs to yearly: true: remove it, or write yearly"},
	"refuses a schedule without times": {edit: `spec: {trigger: {event: null, schedule: {}}}`, refused: "set exactly one of cron and at"},
	"refuses to enrol whom an event once happened to": {edit: `spec: {entry: {existing: Enrol}}`,
		refused: "only who matches a segment or has a date is there already: write existing: Skip, or remove it"},
	"refuses a key without an event": {edit: `spec: {trigger: {event: null, schedule: {cron: "0 10 * * *"}}, entry: {key: event.id}}`,
		refused: "a date and a schedule bring no event from which a key could be taken: remove key"},
	"refuses a redirect into nothing": {edit: `spec: {redirects: {old: gone}}`,
		refused: "each redirect leads to a step that there is: correct the name behind the colon"},
	"refuses a redirect from a long name": {edit: fmt.Sprintf(`spec: {redirects: {%s: remind}}`, strings.Repeat("a", 64)),
		refused: "names of steps have at most 63 characters"},
	"refuses two steps of a name": {edit: `spec: {steps: [{name: a, wait: {for: 1d}}, {name: a, exit: {}}]}`,
		refused: "steps need different names: give each step a name of its own"},
	"refuses texts without end": {edit: sending("text: " + strings.Repeat("т", 12000) + ", html: " + strings.Repeat("h", 12001)),
		refused: "the texts and expressions of the steps have more than 24000 characters together: put long texts into ConfigMaps and name them with templateRef"},
	"refuses a step that does nothing": {edit: step("then: only"),
		refused: "say what the step does with exactly one of send, wait, waitFor, branch, split, set, webhook, enter, task and exit"},
	"refuses a step after the exit": {edit: step("exit: {}, then: only"), refused: "nothing follows an exit: remove then"},
	"refuses a message that says nothing": {edit: sending("topic: offers"),
		refused: "say what is sent in exactly one way: here (subject, html, text, payload, templateRef, buttons), in languages, or in variants"},
	"refuses a topic of what is owed": {edit: sending("text: a, purpose: Transactional, topic: offers"),
		refused: "nobody agrees to what they are owed: remove topic, or write purpose: Marketing"},
	"refuses a winner of one": {edit: sending("text: a, winner: {by: Clicks, sample: 5}"),
		refused: "winner decides between variants: write variants, or remove winner"},
	"refuses languages without a fallback": {edit: sending("languages: [{language: ru, text: а}]"),
		refused: "fallback names the language for people whose own there is no text in: write it beside languages, and only there"},
	"refuses a fallback that is not there": {edit: sending("languages: [{language: ru, text: а}], fallback: en"),
		refused: "fallback names one of languages: correct it"},
	"refuses a variant without the fallback": {
		edit:    sending("variants: [{name: a, languages: [{language: ru, text: а}]}, {name: b, text: b}], fallback: ru"),
		refused: "every variant needs a text in the language of fallback: add it, or correct fallback"},
	"refuses a variant that says nothing": {edit: sending("variants: [{name: a}, {name: b, text: b}]"),
		refused: "say what the variant says in exactly one way: here (subject, html, text, payload, templateRef, buttons), or in languages"},
	"refuses a button that does nothing": {edit: sending("text: a, buttons: [[{text: b}]]"), refused: "set exactly one of url and data"},
	"refuses a window that never closes": {edit: sending(`text: a, window: {from: "10:00"}`), refused: "write both from and to, or neither"},
	"refuses a window of no time": {edit: sending(`text: a, window: {from: "10:00", to: "10:00"}`),
		refused: "from and to are the same time: write when messages may leave, such as 10:00 to 19:00, or remove both"},
	"refuses a wait of two kinds": {edit: step(`wait: {for: 1d, nextDay: "10:00"}`),
		refused: "set exactly one of for, sinceEntry, nextDay and until"},
	"refuses onPast of no date": {edit: step(`wait: {for: 1d, onPast: Skip}`), refused: "onPast and follow belong to until.date: remove them"},
	"refuses to wait until two times": {edit: step(`wait: {until: {weekday: Monday, time: "10:00"}}`),
		refused: "set exactly one of weekday, time and date"},
	"refuses a time beside a time": {edit: step(`wait: {until: {time: "10:00", at: "10:00"}}`),
		refused: "at belongs to weekday: with date write it inside of it, and with time remove it"},
	"refuses to wait for nothing": {edit: step("waitFor: {timeout: 1d}"), refused: "set exactly one of event, condition and anyOf"},
	"refuses where of a condition": {edit: step("waitFor: {condition: contact.attributes.vip, where: event.data.a}"),
		refused: "where and of belong to event: with anyOf write them into each entry"},
	"refuses onTimeout without one": {edit: step("waitFor: {event: a, onTimeout: only}"),
		refused: "the wait never ends by itself: write timeout, or remove onTimeout"},
	"refuses to await nothing": {edit: step("waitFor: {anyOf: [{then: only}]}"), refused: "set exactly one of event and condition"},
	"refuses of of a condition": {edit: step("waitFor: {anyOf: [{condition: contact.attributes.vip, of: only}]}"),
		refused: "where and of belong to event: remove them"},
	"refuses some percents": {edit: step("split: {ways: [{name: a, percent: 50%}, {name: b}]}"),
		refused: "give every way a percent, or none of them"},
	"refuses a percent with a weight": {edit: step("split: {ways: [{name: a, percent: 50%, weight: 1}, {name: b, percent: 50%}]}"),
		refused: "set one of percent and weight"},
	"refuses an attribute without a name": {edit: step(`set: {attributes: {"": "true"}}`), refused: "names of attributes have 1 to 64 characters"},

	"refuses another workspace": {before: asItIs, edit: `spec: {workspaceRef: {name: other}}`,
		refused: "workspaceRef cannot change: create another NurtureScenario"},
	"accepts other steps": {before: asItIs, edit: step("exit: {}")},
}

var _ = Describe("NurtureScenario", func() { specs(validNurtureScenario, nurtureScenarioRules) })
