// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"fmt"
	"maps"
	"time"
)

// appointment is a visit in the salon.
type appointment struct {
	id     string
	client string
	starts time.Time
	trial  bool
}

func (v appointment) data() fields {
	return fields{"appointment_id": v.id, "procedure": "Чистка лица", "master": "Светлана", "starts_at": v.starts.UTC().Format(time.RFC3339), "trial": v.trial}
}

// birthdays of clients who told theirs: two in time, one of whom is sent nothing, one in spring.
var birthdays = map[string]string{"silent-1": "1990-10-25", "silent-2": "1988-11-05", "silent-3": "1995-03-08", "stranger-1": "1992-10-30"}

// salonClient books a visit in three days, having agreed to the topics.
func salonClient(s *story, client string, i int, booked time.Time, trial bool, topics ...string) appointment {
	v := appointment{id: "v-" + client, client: client, starts: booked.Add(3 * day), trial: trial}
	traits := traitsOf(client, i)
	traits["next_visit"] = v.starts.UTC().Format(time.RFC3339)
	if birthday := birthdays[client]; birthday != "" {
		traits["birthday"] = birthday
	}
	s.somebody(booked, client, traits, topics...)
	s.tell(booked, client, "appointment.booked", v.data())
	return v
}

// moves puts a visit off.
func (v appointment) moves(s *story, at, to time.Time) {
	s.tell(at, v.client, "identify", fields{"traits": fields{"next_visit": to.UTC().Format(time.RFC3339)}})
	v.starts = to
	s.tell(at, v.client, "appointment.moved", v.data())
}

// salonStory: two dozen trial procedures and what became of those clients, six who did not come, two who cancelled, two who moved.
func salonStory() *story {
	s := &story{source: "https://salon.example", zone: "Europe/Moscow"}
	first := s.on("10-01 12:00")
	i := 0
	trial := func(client string, topics ...string) time.Time {
		booked := first.Add(time.Duration(i%12) * day)
		v := salonClient(s, client, i, booked, true, topics...)
		done := v.starts.Add(hour)
		s.tell(done, client, "procedure.done", fields{"procedure": "Чистка лица", "master": "Светлана", "price": 3500, "trial": true})
		i++
		return done
	}
	buys := func(client string, at time.Time) {
		s.tell(at, client, "package.bought", fields{"procedures": 5, "total": 14000})
	}
	for _, c := range group("early", 4) { // buy before any letter
		buys(c, trial(c, "care", "offers").Add(2*day))
	}
	for _, c := range group("care", 5) { // buy after the advice
		buys(c, trial(c, "care", "offers").Add(5*day))
	}
	for _, c := range group("offer", 3) { // buy after the offer
		buys(c, trial(c, "care", "offers").Add(26*day))
	}
	for _, c := range group("clicker", 2) { // look at the offer; one buys after the last letter
		done := trial(c, "care", "offers")
		s.tell(done.Add(25*day), c, "waymark.message.clicked", fields{"scenario": "salon-trial", "step": "offer", "url": "https://magnolia.example/package?from=offer"})
		if c == "clicker-1" {
			buys(c, done.Add(28*day))
		}
	}
	for _, c := range group("silent", 5) {
		trial(c, "care", "offers")
	}
	for _, c := range group("leaver", 2) { // want no more letters after the first
		s.tell(trial(c, "care", "offers").Add(5*day), c, "consent.withdrawn", fields{"method": "Phone"})
	}
	trial("stranger-1") // never agreed to anything
	s.tell(trial("angry-1", "care", "offers").Add(4*day), "angry-1", "client.complained", nil)

	// One without an address: nothing can be sent.
	v := appointment{id: "v-nameless-1", client: "nameless-1", starts: first.Add(3 * day), trial: true}
	s.somebody(first, "nameless-1", fields{"first_name": "Лида", "next_visit": v.starts.UTC().Format(time.RFC3339)})
	s.tell(first, "nameless-1", "appointment.booked", v.data())
	s.tell(v.starts.Add(hour), "nameless-1", "procedure.done", fields{"procedure": "Чистка лица", "price": 3500, "trial": true})
	// The present for her birthday brings one back.
	present := appointment{id: "v-silent-2-2", client: "silent-2", starts: s.on("11-09 12:00")}
	s.tell(s.on("11-06 12:00"), "silent-2", "identify", fields{"traits": fields{"next_visit": present.starts.UTC().Format(time.RFC3339)}})
	s.tell(s.on("11-06 12:00"), "silent-2", "appointment.booked", present.data())
	salonTurns(s, first.Add(14*day))
	return s
}

// salonTurns are the visits that did not go as planned.
func salonTurns(s *story, first time.Time) {
	for i, c := range group("absent", 6) {
		v := salonClient(s, c, i, first.Add(time.Duration(i)*day), true, "care", "offers")
		missed := v.starts.Add(hour / 2)
		s.tell(missed, c, "appointment.missed", v.data())
		again := map[string]time.Duration{"absent-1": day, "absent-2": day, "absent-3": 4 * day}[c]
		if again > 0 { // two after the friendly word, one after the present
			next := appointment{id: v.id + "-2", client: c, starts: missed.Add(again + 3*day)}
			s.tell(missed.Add(again), c, "identify", fields{"traits": fields{"next_visit": next.starts.UTC().Format(time.RFC3339)}})
			s.tell(missed.Add(again), c, "appointment.booked", next.data())
		}
	}
	for i, c := range group("cancels", 2) {
		v := salonClient(s, c, i, first.Add(time.Duration(i)*day), true, "care")
		s.tell(first.Add(time.Duration(i+1)*day), c, "appointment.cancelled", v.data())
	}
	before := salonClient(s, "moves-1", 3, first, false)
	before.moves(s, first.Add(day), first.Add(8*day))
	after := salonClient(s, "moves-2", 4, first, false)
	after.moves(s, first.Add(2*day+3*hour), first.Add(6*day)) // three hours after the reminder
}

// lawyerStory: a score of leads who want the guide, and how far they confirm, read and come.
func lawyerStory() *story {
	s := &story{source: "https://lawyer.example", zone: "Europe/Moscow"}
	first := s.on("10-06 11:00") // a Tuesday
	i := 0
	lead := func(contact, guide string) time.Time {
		at := first.Add(time.Duration(i%2)*day + time.Duration(i/8)*7*day) // Tuesdays and Wednesdays of three weeks
		s.somebody(at, contact, traitsOf(contact, i), "practice")
		s.tell(at, contact, "guide.requested", fields{"guide": guide})
		i++
		return at
	}
	confirms := func(contact string, at time.Time) {
		s.tell(at, contact, "waymark.consent.given", fields{"method": "DoubleOptIn", "confirmed": true})
	}
	for _, c := range group("reader", 6) { // read all of it
		at := lead(c, "tenant-rights")
		confirms(c, at.Add(hour))
		if c == "reader-1" {
			s.tell(at.Add(30*day), c, "guide.requested", fields{"guide": "tenant-rights"})
		}
	}
	for _, c := range group("client", 4) { // come after the letter about small business
		at := lead(c, "tenant-rights")
		confirms(c, at.Add(hour))
		s.tell(at.Add(2*day), c, "waymark.message.clicked", fields{"scenario": "lawyer-tenant", "step": "cases", "url": "https://pravobereg.example/cases/arenda"})
		s.tell(at.Add(7*day+4*hour), c, "consultation.booked", nil)
		if c <= "client-2" {
			s.tell(at.Add(15*day), c, "contract.signed", fields{"fee": 90000})
		}
	}
	for _, c := range group("late", 2) { // come after the last letter
		at := lead(c, "tenant-rights")
		confirms(c, at.Add(hour))
		s.tell(at.Add(14*day), c, "consultation.booked", nil)
	}
	for _, c := range group("slow", 3) { // confirm when they are asked again
		confirms(c, lead(c, "tenant-rights").Add(2*day+5*hour))
	}
	for _, c := range group("nobody", 4) {
		lead(c, "tenant-rights")
	}
	at := lead("leaver-1", "tenant-rights")
	confirms("leaver-1", at.Add(hour))
	s.tell(at.Add(2*day), "leaver-1", "consent.withdrawn", fields{"topic": "practice", "method": "Phone"})
	lead("other-1", "divorce")
	return s
}

// product is one of the clothing shop.
type product struct {
	sku, name string
	price     int
}

var products = []product{
	{"knit-01", "Свитер из мериноса", 3990}, {"dress-01", "Платье трикотажное", 3790}, {"shirt-01", "Рубашка льняная", 2790},
	{"coat-01", "Пальто шерстяное", 12990}, {"skirt-01", "Юбка миди", 2490},
}

// clothesStory: five dozen carts, most of which are left, and who comes back by which letter.
func clothesStory() *story {
	s := &story{source: "https://clothes.example", zone: "Europe/Moscow"}
	first := s.on("10-05 12:00")
	i := 0
	fills := func(contact, cart string, at time.Time) fields {
		p := products[i%len(products)]
		s.tell(at, contact, "page.viewed", fields{"utm_source": []string{"yandex", "vk", "direct"}[i%3]})
		item := fields{"cart_id": cart, "sku": p.sku, "name": p.name, "price": p.price}
		s.tell(at.Add(hour/6), contact, "product.added", item)
		i++
		return item
	}
	orders := func(contact string, item fields, at time.Time) {
		s.tell(at, contact, "checkout.started", fields{"cart_id": item["cart_id"]})
		order := fields{"order_id": fmt.Sprint(10000 + len(s.events)), "total": item["price"]}
		maps.Copy(order, fields{"cart_id": item["cart_id"]})
		s.tell(at.Add(hour/12), contact, "order.completed", order)
	}
	shopper := func(contact string, topics ...string) (time.Time, fields) {
		at := first.Add(time.Duration(i%16) * day)
		s.somebody(at, contact, traitsOf(contact, i), topics...)
		return at, fills(contact, "c-"+contact, at)
	}
	for _, c := range group("silent", 24) {
		shopper(c, "offers")
	}
	for _, c := range group("reminded", 8) { // buy in the evening of the reminder, three of them once more after a month
		at, item := shopper(c, "offers")
		orders(c, item, at.Add(6*hour))
		if c <= "reminded-3" {
			again := s.on("11-14 15:00")
			orders(c, fills(c, "c-"+c+"-2", again), again.Add(hour/3))
		}
	}
	for j, c := range group("styled", 8) { // look at the selection; half of them buy
		at, item := shopper(c, "offers")
		s.tell(at.Add(day), c, "waymark.message.clicked", fields{"scenario": "abandoned-cart", "step": "style", "url": "https://nitka.example/style"})
		if j%2 == 0 {
			orders(c, item, at.Add(day+hour))
		}
	}
	for _, c := range group("coupon", 6) { // buy the day after the coupon
		at, item := shopper(c, "offers")
		orders(c, item, at.Add(4*day))
	}
	for _, c := range group("empties", 4) {
		at, item := shopper(c, "offers")
		s.tell(at.Add(8*hour), c, "cart.emptied", fields{"cart_id": item["cart_id"]})
	}
	for _, c := range group("quick", 4) { // buy at once: no cart was left
		at, item := shopper(c, "offers")
		orders(c, item, at.Add(hour/2))
		if c == "quick-1" {
			s.tell(at.Add(2*day), c, "order.refunded", fields{"cart_id": item["cart_id"], "total": item["price"]})
		}
	}
	for _, c := range group("stranger", 3) { // never agreed to letters
		shopper(c)
	}
	for _, c := range group("leaver", 3) { // unsubscribe by the reminder
		at, _ := shopper(c, "offers")
		s.tell(at.Add(3*hour), c, "waymark.consent.withdrawn", fields{"topic": "offers", "method": "OneClick"})
	}
	return s
}
