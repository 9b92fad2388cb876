// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package demo plays a plausible clothing shop: what its visitors do in some weeks, and how the shop's systems deliver it, with
// repetitions, delays and disorder. The same seed and day give the same visitors, so that playing twice changes nothing.
package demo

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Shop says which time of which shop is played.
type Shop struct {
	// Seed chooses among the possible visitors.
	Seed uint64
	// Visitors is how many people come in all the days.
	Visitors int
	// Days is how many days are played, the one of Now included; at least 1.
	Days int
	// Now is when the play ends. What would happen later has not happened yet.
	Now time.Time
}

// moscow is where the shop is; its clock has not been changed since 2014.
var moscow = time.FixedZone("MSK", 3*60*60)

// Odds of a visitor, tuned so that some 4.5 % of them buy. The weak place is the way from the cart to the checkout.
const (
	fillsCart        = 0.163 // on the first visit
	fillsCartLater   = 0.095 // on each further visit
	comesAgain       = 0.26  // after a visit without a cart
	beginsToPay      = 0.315 // with a cart, at once
	beginsToPayDear  = 0.06  // the same, after a look at what delivery costs
	looksUpDelivery  = 0.45  // with a cart
	isKnown          = 0.6   // by an address, once there is a cart
	returnsToCart    = 0.115 // after leaving a cart: hours or days later
	paysOrder        = 0.56  // once at the checkout
	paysOnBadWeekend = 0.17  // once at the checkout, while payments fail
	triesAgain       = 0.20  // after a checkout without an order, on another day
	buysAgain        = 0.07  // after an order, weeks later
)

// Odds of a message on its way.
const (
	deliveredTwice = 0.005
	deliveredLate  = 0.012
)

// Deliver gives all events in the order in which they arrive: a few twice, a few hours late, many slightly out of order.
func (s Shop) Deliver() []Event {
	type delivery struct {
		event   Event
		arrival time.Time
	}
	mail := s.random(1 << 40)
	var deliveries []delivery
	for i := range s.Visitors {
		for _, e := range s.visitor(i) {
			arrival := e.Time.Add(spread(mail, 50*time.Millisecond, 4*time.Second))
			if mail.Float64() < deliveredLate { // a telephone without a network
				arrival = e.Time.Add(spread(mail, time.Hour, 30*time.Hour))
			}
			deliveries = append(deliveries, delivery{e, arrival})
			if mail.Float64() < deliveredTwice { // an answer that was lost
				deliveries = append(deliveries, delivery{e, arrival.Add(spread(mail, time.Second, 10*time.Minute))})
			}
		}
	}
	slices.SortStableFunc(deliveries, func(a, b delivery) int { return cmp.Compare(a.arrival.UnixNano(), b.arrival.UnixNano()) })
	events := make([]Event, len(deliveries))
	for i, d := range deliveries {
		events[i] = d.event
	}
	return events
}

// random gives the random numbers of one visitor, or of another stream. They do not depend on how many others there are.
func (s Shop) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(s.Seed, stream)) } //nolint:gosec // a play, not a secret

// midnight is the start of the day that is n days after the first.
func (s Shop) midnight(n int) time.Time {
	now := s.Now.In(moscow)
	return time.Date(now.Year(), now.Month(), now.Day()-(s.Days-1)+n, 0, 0, 0, 0, moscow)
}

// badWeekend tells whether payments fail: on the last whole weekend that ended at least a week ago.
func (s Shop) badWeekend(t time.Time) bool {
	monday := s.midnight(s.Days-1).AddDate(0, 0, -7)
	for monday.Weekday() != time.Monday {
		monday = monday.AddDate(0, 0, -1)
	}
	return t.Before(monday) && !t.Before(monday.AddDate(0, 0, -2))
}

// FreeSince is the day, counted from the first, on which delivery becomes free: before, it keeps people from paying.
const FreeSince = 7

// freeDelivery tells whether delivery costs nothing.
func (s Shop) freeDelivery(t time.Time) bool { return !t.Before(s.midnight(FreeSince)) }

// visitor gives all that one visitor does until now, in order of time.
func (s Shop) visitor(number int) []Event {
	r := s.random(uint64(number))
	v := &visitor{shop: s, r: r, id: number, source: pick(r, sources), device: pick(r, devices), city: pick(r, cities)}
	v.live(s.moment(r, s.arrivalDay(r)))
	slices.SortStableFunc(v.events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return slices.DeleteFunc(v.events, func(e Event) bool { return e.Time.After(s.Now) })
}

// arrivalDay chooses the day on which a visitor first comes, by how busy the days of the week are.
func (s Shop) arrivalDay(r *rand.Rand) int {
	days := make([]weighted[int], s.Days)
	for n := range days {
		days[n] = weighted[int]{n, weekdays[s.midnight(n).Weekday()]}
	}
	return pick(r, days)
}

// moment chooses a time of a day, by how busy the hours are.
func (s Shop) moment(r *rand.Rand, day int) time.Time {
	return s.midnight(day).Add(time.Duration(pick(r, hours)) * time.Hour).Add(spread(r, 0, time.Hour))
}

// laterDay gives a busy moment a few days after t, rather soon than late.
func (s Shop) laterDay(r *rand.Rand, t time.Time, most int) time.Time {
	days := 1 + int(float64(most)*r.Float64()*r.Float64())
	day := int(t.Sub(s.midnight(0))/(24*time.Hour)) + days
	return s.moment(r, day)
}

// spread is a random duration from least to most.
func spread(r *rand.Rand, least, most time.Duration) time.Duration {
	return (least + time.Duration(r.Float64()*float64(most-least))).Truncate(time.Millisecond)
}

// weighted is a choice and how often it is taken, against the others.
type weighted[T any] struct {
	choice T
	weight float64
}

func pick[T any](r *rand.Rand, from []weighted[T]) T {
	sum := 0.0
	for _, w := range from {
		sum += w.weight
	}
	at := r.Float64() * sum
	for _, w := range from {
		if at -= w.weight; at < 0 {
			return w.choice
		}
	}
	return from[len(from)-1].choice // a rounding error at the end
}
