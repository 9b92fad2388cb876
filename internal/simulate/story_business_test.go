// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// agencyStory: readers of the blog and people who ask for a consultation, with managers who call in time, late or never.
func agencyStory() *story {
	s := &story{source: "https://agency.example", zone: "Europe/Moscow"}
	wednesday := s.on("10-07 15:00")
	interests := []string{"seo", "ads", ""}
	i := 0
	reads := func(contact string, articles int) {
		traits := traitsOf(contact, i)
		if interest := interests[i%len(interests)]; interest != "" {
			traits["interest"] = interest
		}
		s.tell(wednesday.Add(-4*day), contact, "page.viewed", fields{"from": "search"})
		s.somebody(wednesday.Add(-3*day), contact, traits, "blog")
		for n := range articles {
			at := wednesday.Add(time.Duration(n-articles+1) * hour)
			s.tell(at, contact, "article.read", fields{"article": fmt.Sprintf("article-%d", n+1)})
			s.tell(at, contact, "identify", fields{"traits": fields{"articles_read": n + 1}})
		}
		i++
	}
	for _, c := range group("reader", 6) {
		reads(c, 3)
	}
	for _, c := range group("asks", 4) { // by the letter of Tuesday
		reads(c, 4)
	}
	for _, c := range group("glancer", 3) {
		reads(c, 2)
	}
	for _, c := range group("leaver", 2) {
		reads(c, 3)
		s.tell(wednesday.Add(day), c, "consent.withdrawn", fields{"topic": "blog", "method": "Phone"})
	}
	for j, c := range slices.Concat(group("asks", 4), group("direct", 6)) {
		at := s.on("10-14 12:00")
		if strings.HasPrefix(c, "direct") {
			s.tell(at.Add(-hour), c, "page.viewed", fields{"from": "search"})
			s.tell(at.Add(-hour/2), c, "case.read", fields{"case": "mebel"})
			s.somebody(at, c, traitsOf(c, j), "blog")
		}
		agencyDeal(s, c, at)
	}
	return s
}

// agencyDeal is what happens after somebody has asked for a consultation.
func agencyDeal(s *story, contact string, asked time.Time) {
	about := fields{"request_id": "r-" + contact, "topic": "seo"}
	s.tell(asked, contact, "consultation.requested", about)
	called := asked.Add(2 * hour)
	switch contact {
	case "asks-1", "asks-2", "direct-1", "direct-2": // sign after the letter about questions
		s.tell(called, contact, "call.done", about)
		s.tell(called.Add(3*day), contact, "proposal.sent", about)
		s.tell(called.Add(9*day), contact, "contract.signed", fields{"request_id": about["request_id"], "fee": 250000})
	case "asks-3", "direct-3": // called by the head of sales; the proposal is late; they never answer
		called = asked.Add(10 * hour)
		s.tell(called, contact, "call.done", about)
		s.tell(called.Add(8*day), contact, "proposal.sent", about)
	case "asks-4", "direct-4": // nobody calls
	case "direct-5": // no proposal is made
		s.tell(called, contact, "call.done", about)
	case "direct-6": // says no
		s.tell(called, contact, "call.done", about)
		s.tell(called.Add(day), contact, "lead.lost", about)
	}
}

// b2bStory: a dozen offers with case studies, and two requests that were never answered.
func b2bStory() *story {
	s := &story{source: "https://b2b.example", zone: "Asia/Yekaterinburg"}
	monday := s.on("09-07 12:00")
	i := 0
	offered := func(contact, industry string, total int) (time.Time, fields) {
		at := monday.Add(time.Duration(i%2) * 7 * day)
		deal := fields{"deal_id": "d-" + contact, "total": total, "objects": i%5 + 1}
		if industry != "" {
			deal["industry"] = industry
		}
		traits := traitsOf(contact, i)
		traits["company"], traits["company_id"], traits["phone"] = fmt.Sprintf("Заказчик-%d", i+1), contact, "+7 343 000-00-00"
		s.somebody(at.Add(-3*day), contact, traits)
		s.tell(at.Add(-3*day), contact, "request.received", fields{"deal_id": deal["deal_id"]})
		s.tell(at, contact, "offer.sent", deal)
		i++
		return at, deal
	}
	called := func(contact string, deal fields, at time.Time) {
		s.tell(at, contact, "call.done", fields{"deal_id": deal["deal_id"]})
	}
	won := func(contact string, deal fields, at time.Time) {
		s.tell(at, contact, "deal.won", fields{"deal_id": deal["deal_id"], "total": deal["total"]})
	}
	for _, c := range group("warehouse", 3) { // decide by the calculation
		at, deal := offered(c, "warehouse", 1200000)
		called(c, deal, at.Add(2*day+3*hour))
		won(c, deal, at.Add(10*day))
	}
	for _, c := range group("factory", 3) { // talk, and decide nothing
		at, deal := offered(c, "factory", 2500000)
		called(c, deal, at.Add(2*day+3*hour))
		called(c, deal, at.Add(30*day))
	}
	for _, c := range group("pilot", 2) { // called late, convinced by the pilot
		at, deal := offered(c, "", 800000)
		called(c, deal, at.Add(4*day+3*hour))
		won(c, deal, at.Add(20*day))
	}
	for _, c := range group("lost", 2) {
		at, deal := offered(c, "", 600000)
		s.tell(at.Add(3*day), c, "deal.lost", fields{"deal_id": deal["deal_id"]})
	}
	offered("forgotten-1", "", 400000)
	at, deal := offered("corrected-1", "", 990000) // the second offer is cheaper
	deal["total"] = 950000
	s.tell(at.Add(day), "corrected-1", "offer.sent", deal)
	won("corrected-1", deal, at.Add(3*day))
	for _, c := range group("unanswered", 2) {
		s.tell(monday, c, "request.received", fields{"deal_id": "d-" + c})
	}
	return s
}

// messengerStory: people who start the bot by different links and talk to it more or less.
func messengerStory() *story {
	s := &story{source: "https://messenger.example", zone: "Europe/Moscow"}
	chat := 2000
	minute := time.Minute
	starts := func(name, link string) (string, time.Time) {
		chat++
		contact := fmt.Sprintf("telegram:%d", chat)
		at := s.on("10-05 12:00").Add(time.Duration(chat%10) * day)
		s.somebody(at, contact, fields{"telegram_chat": fmt.Sprint(chat), "telegram_name": name, "telegram_language": "ru"})
		s.tell(at, contact, "bot.started", fields{"start": link, "channel": "MessageChannel/default/messenger-bot"})
		return contact, at
	}
	presses := func(contact string, at time.Time, buttons ...string) time.Time {
		for _, press := range buttons {
			at = at.Add(2 * minute)
			s.tell(at, contact, "waymark.message.pressed", fields{"press": press})
		}
		return at
	}
	closes := func(contact string, at time.Time) {
		s.tell(at, contact, "dialog.closed", fields{"manager": "Марина"})
	}
	for i, name := range firstNames[:5] { // the whole tunnel; four pay
		c, at := starts(name, "blog")
		last := presses(c, at, "choose", "silent", "trial", "evening")
		closes(c, last.Add(hour))
		if i < 4 {
			s.tell(last.Add(day), c, "lesson.paid", fields{"total": 6900})
		}
	}
	for _, name := range firstNames[:3] { // by the link on the page with the prices
		c, at := starts(name, "prices")
		closes(c, presses(c, at, "trial", "morning").Add(hour))
	}
	for _, name := range firstNames[:4] { // never answer
		starts(name, "vk")
	}
	for _, name := range firstNames[:2] { // wake up by the reminder, and fall asleep again
		c, at := starts(name, "vk")
		presses(c, at.Add(3*hour), "choose", "fluent")
	}
	for _, name := range firstNames[:2] { // ask in their own words, and wait
		c, at := starts(name, "")
		s.tell(at.Add(4*minute), c, "waymark.message.replied", fields{"text": "А детей учите?"})
	}
	c, at := starts(firstNames[5], "vk")
	s.tell(at.Add(minute), c, "bot.left", fields{"channel": "MessageChannel/default/messenger-bot"})
	c, at = starts(firstNames[6], "vk") // presses Start twice
	s.tell(at.Add(10*minute), c, "bot.started", fields{"start": "", "channel": "MessageChannel/default/messenger-bot"})
	return s
}
