// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import "time"

// Event is a CloudEvent of the shop. It is encoded as one in JSON.
type Event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Origin      string    `json:"source"`
	Type        string    `json:"type"`
	Contact     string    `json:"subject"`
	Time        time.Time `json:"time"`
	Data        Data      `json:"data"`
}

// Data is what an event tells; each type uses some of the fields. Money is in roubles.
type Data struct {
	Path     string `json:"path,omitempty"`
	Product  string `json:"product,omitempty"`
	Title    string `json:"title,omitempty"`
	Category string `json:"category,omitempty"`
	Price    int    `json:"price,omitempty"`
	Quantity int    `json:"quantity,omitempty"`
	CartID   string `json:"cart_id,omitempty"`
	Items    int    `json:"items,omitempty"`
	Total    int    `json:"total,omitempty"`
	Payment  string `json:"payment,omitempty"`
	Code     string `json:"code,omitempty"`
	Source   string `json:"utm_source"`
	Device   string `json:"device"`
	City     string `json:"city"`
	// Traits of an identify.
	Traits map[string]string `json:"traits,omitempty"`
}

// Types of the shop's events.
const (
	typePage     = "page.viewed"
	typeProduct  = "product.viewed"
	typeAdded    = "product.added"
	typeCheckout = "checkout.started"
	typeFault    = "checkout.error"
	typeOrder    = "order.completed"
	typeDelivery = "delivery.priced" // the price of delivery was looked up
	typeIdentify = "identify"
)

// systems tell of the events: the site of what people look at, the shop's server of what they pay.
var systems = map[string]string{
	typePage: "https://shop.example/web", typeProduct: "https://shop.example/web", typeAdded: "https://shop.example/web",
	typeDelivery: "https://shop.example/web", typeIdentify: "https://shop.example/web",
	typeCheckout: "https://shop.example/checkout", typeFault: "https://shop.example/checkout", typeOrder: "https://shop.example/checkout",
}
