// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"fmt"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

func benchmarked() map[string]definition.Scenario {
	return map[string]definition.Scenario{coupon: {
		Trigger: definition.Trigger{Event: &definition.EventMatch{Event: "product.added", Where: "event.data.price > 0"}, MaxAge: time.Hour},
		Entry:   definition.Entry{Key: "event.data.cart"},
		Goal:    &definition.Goal{Event: "order.completed", Value: "event.data.total", Within: 7 * day},
		Exits:   []definition.EventMatch{{Event: "cart.emptied"}},
		Steps: []definition.Step{
			pause("wait", time.Hour),
			{Name: "which", Branch: &definition.Branch{Cases: []definition.Case{{When: "contact.attributes.vip", Then: "vip"}}}},
			send("usual"), stop("end"), send("vip"),
		},
	}}
}

// BenchmarkEnrolment takes a contact through a wait, a branch and a message with its claim and its result; it is stored and read again after
// each of the four.
func BenchmarkEnrolment(b *testing.B) {
	g := newStage(b, benchmarked())
	attributes := []byte(`{"email":"anna@example.com","vip":true,"city":"Kazan"}`)
	now, serial := event.At(g.now), 0
	b.ReportAllocs()
	for b.Loop() {
		serial++
		name := fmt.Sprintf("customer-%d", serial)
		s := &Subject{Name: name, State: new(Contact), Now: now, Attributes: attributes}
		store := func() {
			state, err := ReadContact(s.State.Append(nil))
			if err != nil {
				b.Fatal(err)
			}
			s.State = state
		}
		g.world.Event(s, &event.Event{
			Contact: name, Type: "product.added", Source: "shop", ID: name, Time: now, Received: now, Data: []byte(`{"cart":"c-1001","price":9.5}`),
		}, nil)
		store()
		s.Now = now.Add(time.Hour)
		g.world.Ring(s)
		wanted := s.State.Wanted(&g.world, s.Now)
		if len(wanted) != 1 {
			b.Fatalf("%d messages wanted", len(wanted))
		}
		store()
		if !g.world.Claim(s, &record.Claim{Contact: name, Effect: wanted[0].ID, Attempt: 1}) {
			b.Fatal("not granted")
		}
		store()
		data := fmt.Appendf(nil, `{"effect":%q,"scenario":%q,"step":"vip","channel":%q,"kind":"Send","attempt":1}`, wanted[0].ID, coupon, mail)
		g.world.Event(s, &event.Event{
			Contact: name, Type: event.MessageSent, Source: "waymark", ID: wanted[0].ID, Time: s.Now, Received: s.Now, Data: data,
		}, nil)
		store()
	}
	if done := g.scenario(coupon).Tally.Exited[Done]; done != int64(serial) {
		b.Fatalf("%d of %d came through", done, serial)
	}
	b.ReportMetric(float64(serial)/b.Elapsed().Seconds(), "enrolments/s")
}

// BenchmarkBystander gives events that no scenario waits for to a contact that waits.
func BenchmarkBystander(b *testing.B) {
	g := newStage(b, benchmarked())
	g.happens("anna", "product.added", `{"cart":"c1","price":1}`)
	s := &Subject{Name: "anna", State: g.people["anna"].state, Now: event.At(g.now)}
	e := g.event("anna", event.MessageOpened, `{"effect":"00000000000000000000000000000000"}`)
	b.ReportAllocs()
	for b.Loop() {
		g.world.Event(s, e, nil)
	}
}

func TestAWaitingContactIsSmall(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: func() definition.Scenario {
		s := benchmarked()[coupon]
		s.Steps = append([]definition.Step{send("remind")}, s.Steps...)
		return s
	}()})
	g.identify("anna", anna())
	g.happens("anna", "product.added", `{"cart":"c-1001","price":9.5}`)
	if size := len(g.people["anna"].state.Append(nil)); size > 120 {
		t.Errorf("who wants a message takes %d bytes", size)
	}
	g.pass(time.Minute)
	g.got("anna", "remind")
	if size := len(g.people["anna"].state.Append(nil)); size > 220 {
		t.Errorf("who was sent a message and waits takes %d bytes", size)
	}
}
