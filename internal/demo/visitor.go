// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// visitor is one visitor while their story is told.
type visitor struct {
	shop   Shop
	r      *rand.Rand
	id     int
	source origin
	device gadget
	city   string

	carts  int
	events []Event
}

// deliveryPrice is what delivery costs while it is not free, in roubles.
const deliveryPrice = 390

// cart is what a visitor put together.
type cart struct {
	id    string
	items int
	total int // roubles
}

// live tells the visitor's story from the first visit on.
func (v *visitor) live(at time.Time) {
	left, added := v.browse(at), fillsCart*v.source.interest
	for v.r.Float64() >= added {
		if v.r.Float64() >= comesAgain {
			return
		}
		left = v.browse(v.shop.laterDay(v.r, left, 9))
		added = fillsCartLater * v.source.interest
	}
	c, filled := v.fill(left)
	if v.buy(c, filled) && v.r.Float64() < buysAgain {
		again := v.browse(v.shop.laterDay(v.r, filled, 20))
		c, filled = v.fill(again)
		v.buy(c, filled)
	}
}

// browse looks at some pages and products, and says when the visitor was done.
func (v *visitor) browse(at time.Time) time.Time {
	v.tell(at, typePage, Data{Path: "/"})
	for range v.r.IntN(3) {
		at = at.Add(spread(v.r, 5*time.Second, 90*time.Second))
		v.tell(at, typePage, Data{Path: "/catalog/" + pick(v.r, products).category})
	}
	for range v.r.IntN(4) {
		at = at.Add(spread(v.r, 8*time.Second, 2*time.Minute))
		v.tell(at, typeProduct, about(pick(v.r, products)))
	}
	return at
}

// fill puts one to three products into a new cart.
func (v *visitor) fill(at time.Time) (cart, time.Time) {
	v.carts++
	c := cart{id: fmt.Sprintf("c%06d-%d", v.id, v.carts)}
	if v.carts == 1 && v.r.Float64() < isKnown {
		v.tell(at, typeIdentify, Data{Traits: map[string]string{"email": fmt.Sprintf("v%06d@shop.example", v.id)}})
	}
	for range 1 + pick(v.r, cartSizes) {
		at = at.Add(spread(v.r, 10*time.Second, 4*time.Minute))
		p := pick(v.r, products)
		data := about(p)
		data.Quantity, data.CartID = 1, c.id
		v.tell(at, typeAdded, data)
		c.items++
		c.total += p.price
	}
	return c, at
}

// buy goes on from a cart to an order, or not; it tells whether there was an order.
func (v *visitor) buy(c cart, filled time.Time) bool {
	begins := beginsToPay
	if v.r.Float64() < looksUpDelivery {
		looked := filled.Add(spread(v.r, 2*time.Second, 15*time.Second))
		d := Data{CartID: c.id, Price: deliveryPrice}
		if v.shop.freeDelivery(looked) {
			d.Price = 0
		} else {
			begins = beginsToPayDear
		}
		v.tell(looked, typeDelivery, d)
	}
	at := filled.Add(spread(v.r, 20*time.Second, 25*time.Minute))
	if v.r.Float64() >= begins*v.device.patience {
		if v.r.Float64() >= returnsToCart*v.source.interest {
			return false
		}
		at = v.comeBack(filled)
	}
	for {
		v.tell(at, typeCheckout, Data{CartID: c.id, Items: c.items, Total: c.total})
		if done := at.Add(spread(v.r, 40*time.Second, 9*time.Minute)); v.pays(c, done) {
			v.tell(done, typeOrder, Data{CartID: c.id, Items: c.items, Total: c.total, Payment: pick(v.r, payments)})
			return true
		}
		if v.r.Float64() >= triesAgain {
			return false
		}
		at = v.shop.laterDay(v.r, at, 4)
	}
}

// comeBack returns to a cart that was left: some hours later or, mostly, on another day.
func (v *visitor) comeBack(filled time.Time) time.Time {
	at := filled.Add(spread(v.r, 70*time.Minute, 5*time.Hour))
	if v.r.Float64() < 0.7 {
		at = v.shop.laterDay(v.r, filled, 7)
	}
	v.tell(at, typePage, Data{Path: "/cart"})
	return at.Add(spread(v.r, 15*time.Second, 3*time.Minute))
}

// pays tells whether the order is paid. When it is not, the shop's system sometimes says why.
func (v *visitor) pays(c cart, at time.Time) bool {
	odds, fault := paysOrder*v.device.patience, Data{CartID: c.id, Code: "delivery_price"}
	if v.shop.badWeekend(at) {
		odds, fault.Code = paysOnBadWeekend, "payment_failed"
	}
	if v.r.Float64() < odds {
		return true
	}
	if v.r.Float64() < 0.6 {
		v.tell(at, typeFault, fault)
	}
	return false
}

// tell adds an event of the visitor.
func (v *visitor) tell(at time.Time, kind string, d Data) {
	d.Source, d.Device, d.City = v.source.name, v.device.name, v.city
	v.events = append(v.events, Event{
		SpecVersion: "1.0", ID: fmt.Sprintf("v%06d-%d", v.id, len(v.events)), Origin: systems[kind], Type: kind,
		Contact: fmt.Sprintf("v%06d", v.id), Time: at.UTC(), Data: d,
	})
}

func about(p product) Data {
	return Data{Product: p.sku, Title: p.title, Category: p.category, Price: p.price}
}
