// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle/scenarios"
	"github.com/waymark-dev/waymark/internal/record"
)

// control does what a line says that is no event; false when it is one.
func (p *play) control(t *testing.T, x *scenarioExample, words []string, edited map[string]any) bool {
	t.Helper()
	key := scenarioKey(mainScenario)
	switch words[0] {
	case "clock":
	case "edit":
		p.applyScenario(key, meaningOf(t, edited, x.Policy.TimeZone), nil)
	case "hold":
		p.applyScenario(key, meaningOf(t, edited, x.Policy.TimeZone), &definition.Standing{Held: true})
	case "approve":
		p.stand(key, definition.Standing{})
	case "suspend":
		p.stand(key, definition.Standing{Suspended: true})
	case "resume":
		p.stand(key, definition.Standing{CatchUp: definition.CatchUp(words[1])})
	case "winner":
		p.stand(key, definition.Standing{Winners: map[string]string{words[1]: words[2]}})
	case "remove":
		p.add(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: key}})
		p.tick(p.clock)
	case "pause":
		until, _ := lineTime(t, strings.Join(words[3:], " ")+" .")
		p.add(record.Record{Kind: record.Pauses, Pauses: []record.Pause{{Channel: channelKey(words[1]), Until: until, Reason: "Policy"}}})
	case "suppress":
		p.add(record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{{
			Address: scenarios.AddressHash(definition.SMTP, words[1]), Class: "Manual", Time: p.clock,
		}}})
	default:
		return false
	}
	return true
}

// happen adds the event of a line.
func (p *play) happen(t *testing.T, line string, words []string, number int) {
	t.Helper()
	contact := contactOf(words[0])
	kinds := map[string]string{
		"opens": event.MessageOpened, "clicks": event.MessageClicked, "unsubscribes": event.ConsentWithdrawn, "bounces": event.MessageBounced,
		"complains": event.MessageComplained, "replies": event.MessageReplied, "receives": event.MessageDelivered,
	}
	switch kind, engages := kinds[words[1]]; {
	case engages:
		var m event.MessageData
		for _, f := range p.truth.Facts() {
			if f.What == scenarios.Sent && f.Contact == contact && f.Step == words[2] {
				m = event.MessageData{Effect: f.Effect, Enrolment: f.Enrolment, Step: f.Step, Scenario: f.Scenario, Machine: strings.Contains(line, "machine")}
			}
		}
		when, _ := lineTime(t, line)
		p.events(event.Event{
			Contact: contact, Type: kind, Source: "links", ID: fmt.Sprint(number), Time: when, Received: max(when, p.clock), Data: mustJSON(t, m),
		})
	case words[1] == "drops", words[1] == "retracts":
		when, _ := lineTime(t, line)
		_, data, _ := strings.Cut(line, "{")
		s := record.Signal{
			ID: "drop of " + words[0], Key: "Funnel/shop/sales", Stage: words[2], Contact: contact, Source: "test", Event: "1", Time: when.Add(-time.Hour),
			Due: when, Type: "cart", Retracted: words[1] == "retracts",
		}
		if data != "" {
			s.Data, _ = yaml.YAMLToJSON([]byte("{" + data))
		}
		p.add(record.Record{Kind: record.Signals, Signals: []record.Signal{s}})
	default:
		p.add(parse(t, line, number))
	}
	p.forward()
}
