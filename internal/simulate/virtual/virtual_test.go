// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/simulate/virtual"
)

const (
	cartKey = "NurtureScenario/shop/cart"
	mailKey = "MessageChannel/shop/mail"
	day     = 24 * time.Hour
)

// morning is when every test begins.
var morning = event.At(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC))

func after(d time.Duration) event.Time { return morning.Add(d) }

// cart reminds of a cart after an hour, and offers a coupon a day later to who did not click.
func cart() definition.Scenario {
	return definition.Scenario{
		TimeZone: "UTC",
		Trigger:  definition.Trigger{Event: &definition.EventMatch{Event: "cart.saved"}, MaxAge: day},
		Goal:     &definition.Goal{Event: "order.completed", Value: "event.data.total", Within: 7 * day},
		Steps: []definition.Step{
			{Name: "hour", Wait: &definition.Wait{For: time.Hour}},
			letter("remind"),
			{Name: "clicked", WaitFor: &definition.WaitFor{
				AnyOf: []definition.Awaited{{Event: event.MessageClicked, Of: "remind", Then: "stop"}}, Timeout: day,
			}},
			letter("coupon"),
			{Name: "stop", Exit: &definition.ExitStep{}},
		},
	}
}

func letter(name string) definition.Step {
	return definition.Step{Name: name, Send: &definition.Send{
		Channel:  mailKey,
		Variants: []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{"": {Subject: name, Text: "Hello"}}}},
	}}
}

func mail() definition.Channel {
	return definition.Channel{
		Namespace: "shop", Name: "mail", Medium: definition.SMTP,
		SMTP: &definition.SMTPSettings{Host: "mail.example.com", Port: 587, Encryption: definition.StartTLS, From: "shop@example.com", Connections: 1},
	}
}

// meaning is a definition that has one stored form.
type meaning interface {
	Canonical() (form json.RawMessage, version string, err error)
}

func apply(t testing.TB, key string, m meaning) record.Record {
	t.Helper()
	form, version, err := m.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form}}
}

// list is a log in memory.
type list struct{ events []event.Event }

func (l *list) Next() (encoded []byte, at event.Time, more bool) {
	if len(l.events) == 0 {
		return nil, 0, false
	}
	e := &l.events[0]
	l.events = l.events[1:]
	return event.Append(nil, e), e.Time, true
}

// spread puts events into the logs of so many partitions.
func spread(events []event.Event, partitions int) []virtual.Events {
	lists := make([]*list, partitions)
	logs := make([]virtual.Events, partitions)
	for i := range lists {
		lists[i] = &list{}
		logs[i] = lists[i]
	}
	slices.SortStableFunc(events, func(a, b event.Event) int { return int(a.Time - b.Time) })
	for i := range events {
		e := events[i]
		e.Received = e.Time
		l := lists[event.Partition(e.Contact, partitions)]
		l.events = append(l.events, e)
	}
	return logs
}

// happening makes an event; its id is where it stands in the test.
func happening(at time.Duration, contact, kind, data string) event.Event {
	return event.Event{
		Contact: contact, Type: kind, Source: "shop", ID: fmt.Sprintf("%s/%s/%s", contact, kind, at), Time: after(at), Data: []byte(data),
	}
}

func knows(contact string) event.Event {
	return happening(0, contact, event.Identify, fmt.Sprintf(`{"traits":{"email":"%s@example.com"}}`, contact))
}

// sending is one message that left.
type sending struct {
	At            time.Duration
	Contact, Step string
}

type run struct {
	sent    []sending
	notes   []nurture.Note
	result  *virtual.Result
	outcome virtual.Outcome
}

func (r *run) play(t testing.TB, partitions int, until time.Duration, events []event.Event, starting ...record.Record) {
	t.Helper()
	channel := mail()
	result, err := virtual.Run(t.Context(), virtual.Options{
		Start: morning, Starting: append([]record.Record{apply(t, mailKey, &channel)}, starting...),
		Logs: spread(events, partitions), Until: after(until), Joined: true,
		Send: func(g *nurture.Grant) virtual.Outcome {
			r.sent = append(r.sent, sending{time.Duration(g.GrantedAt-morning) * time.Microsecond, g.Contact, g.Step})
			return r.outcome
		},
		Watch: func(n *nurture.Note) { r.notes = append(r.notes, *n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.result = result
}

// scenario adds up the few numbers that tests look at.
func (r *run) scenario(key string) (sum aggregate.Scenario) {
	sum.Exited = map[string]int64{}
	for i := range r.result.Reports {
		for _, s := range r.result.Reports[i].Scenarios {
			if s.Key != key {
				continue
			}
			sum.Entered += s.Entered
			sum.Active += s.Active
			sum.Message.Sent += s.Message.Sent
			sum.Message.Failed += s.Message.Failed
			sum.Converted += s.Converted
			sum.Value = sum.Value.Plus(s.Value)
			for reason, n := range s.Exited {
				sum.Exited[reason] += n
			}
		}
	}
	return sum
}

func TestMessagesLeaveAtTheInstantThatTheyAreWanted(t *testing.T) {
	t.Parallel()
	scenario := cart()
	var r run
	r.play(t, 2, 10*day, []event.Event{
		knows("ann"), knows("bob"), knows("cy"), knows("dan"),
		happening(2*time.Hour, "ann", "cart.saved", `{}`),
		happening(2*time.Hour, "bob", "cart.saved", `{}`),
		happening(2*time.Hour, "cy", "cart.saved", `{}`),
		happening(150*time.Minute, "bob", "order.completed", `{"total":10}`), // before the reminder
		happening(5*time.Hour, "ann", event.MessageClicked, `{"step":"remind"}`),
		happening(5*time.Hour, "dan", event.MessageClicked, `{"step":"remind"}`), // was sent nothing
		happening(30*time.Hour, "cy", "order.completed", `{"total":20}`),         // after the coupon
	}, apply(t, cartKey, &scenario))
	want := []sending{
		{3 * time.Hour, "ann", "remind"}, {3 * time.Hour, "cy", "remind"}, {27 * time.Hour, "cy", "coupon"},
	}
	slices.SortStableFunc(r.sent, func(a, b sending) int { return int(a.At - b.At) })
	slices.SortStableFunc(r.sent[:2], func(a, b sending) int { return int(a.Contact[0]) - int(b.Contact[0]) })
	if diff := cmp.Diff(want, r.sent); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	got := r.scenario(cartKey)
	if got.Entered != 3 || got.Message.Sent != 3 || got.Converted != 1 || got.Exited["Goal"] != 1 || got.Exited["Done"] != 2 {
		t.Errorf("the numbers are %+v; cy's order counts, and bob's came before any message", got)
	}
	if r.result.Unsent != 1 {
		t.Errorf("%d events were about messages that nobody was sent, want that of dan", r.result.Unsent)
	}
}
