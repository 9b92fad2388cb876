// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

const order = `{
	"total": 1999.5, "items": [{"sku": "A-1", "price": 10, "gift": true}, {"sku": "B-2", "price": 20}, {"sku": "C-3"}],
	"customer": {"city": "Казань", "vip": true, "since": null}, "note": "", "coupon": "AUTUMN", "weight": "12.5", "qty": 3, "zone": "Pacific/Honolulu"
}`

func orderEvent() *event.Event {
	return &event.Event{
		Contact: "ann", Type: "order.completed", Source: "shop", ID: "o-1", Data: []byte(order),
		Time: event.At(time.Date(2026, 10, 5, 9, 30, 0, 0, time.UTC)),
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source string
		want   bool
	}{
		"a number is compared with a whole number":  {`event.data.total > 1000`, true},
		"a number is compared with a double":        {`event.data.total == 1999.5`, true},
		"a constant may stand first":                {`1000 < event.data.total`, true},
		"a text is compared":                        {`event.data.coupon == 'AUTUMN'`, true},
		"a nested field":                            {`event.data.customer.city == 'Казань'`, true},
		"fields of the event itself":                {`event.type == 'order.completed' && event.source != 'crm' && event.id.startsWith('o-')`, true},
		"the time of the event":                     {`event.time >= timestamp('2026-10-05T00:00:00Z') && event.time.getHours('Europe/Moscow') == 12`, true},
		"a part of the time by its zone":            {`event.time.getDayOfWeek('Asia/Tokyo') * 100 + event.time.getHours('+05:30') == 115`, true},
		"a zone from data":                          {`event.time.getHours(event.data.zone) == 23`, true},
		"a part of the time and a number from data": {`event.time.getHours('America/New_York') - event.data.qty == 2`, true},
		"one of several":                            {`event.data.coupon in ['SPRING', 'AUTUMN']`, true},
		"a yes or no by itself":                     {`event.data.customer.vip`, true},
		"tests of texts":                            {`event.data.coupon.startsWith('AU') && event.data.coupon.contains('TUM') && event.data.coupon.lowerAscii() == 'autumn'`, true},
		"a regular expression":                      {`event.data.coupon.matches('^[A-Z]+$')`, true},
		"some item of a list":                       {`event.data.items.exists(i, i.price > 15)`, true},
		"all items of a list, one lacks the field":  {`event.data.items.all(i, i.price > 5)`, false},
		"a yes or no of an item that may lack it":   {`event.data.items.exists(i, i.gift)`, true},
		"not all items are gifts":                   {`event.data.items.all(i, i.gift)`, false},
		"size of a list":                            {`size(event.data.items) == 3`, true},
		"arithmetic with a whole number":            {`event.data.qty * 2 == 6 && event.data.qty + size(event.data.items) == 6`, true},
		"arithmetic goes on with the result":        {`(event.data.qty * 2 + 1) * 2 == 14 && 2 - event.data.qty < 0`, true},
		"different kinds are never equal":           {`event.data.coupon == 5`, false},
		"different kinds are unequal":               {`event.data.coupon != 5`, true},
		"a missing field equals nothing":            {`event.data.refund == 0`, false},
		"a missing field differs from nothing":      {`event.data.refund != 0`, false},
		"a missing field is not above":              {`event.data.refund > 0`, false},
		"no comparison with a missing field holds":  {`!(event.data.refund > 0) && !(event.data.refund <= 0)`, true},
		"a missing nested field":                    {`event.data.delivery.city == 'Казань'`, false},
		"a field of a text is missing":              {`event.data.coupon.name == 'x'`, false},
		"a field of a list is missing":              {`event.data.items.price > 1`, false},
		"a position that a list lacks is missing":   {`event.data.items[7].price > 1`, false},
		"a null is missing":                         {`event.data.customer.since != 'x'`, false},
		"a missing yes or no reads as no":           {`event.data.urgent`, false},
		"and its opposite as yes":                   {`!event.data.urgent`, true},
		"also beside others":                        {`event.data.urgent || event.data.total > 1`, true},
		"a missing side does not hide the other":    {`event.data.refund > 0 || event.data.coupon == 'AUTUMN'`, true},
		"a missing condition takes the second way":  {`event.data.urgent ? false : true`, true},
		"has finds what is there":                   {`has(event.data.total) && has(event.data.customer.city)`, true},
		"has finds an empty text":                   {`has(event.data.note)`, true},
		"has does not find what is missing":         {`has(event.data.refund)`, false},
		"has does not find a null":                  {`has(event.data.customer.since)`, false},
		"has does not find below what is missing":   {`has(event.data.delivery.city)`, false},
		"a default for what is missing":             {`event.data.?refund.orValue(0) == 0`, true},
		"a search in what is missing":               {`'x' in event.data.tags`, false},
		"a text test on what is missing":            {`event.data.tag.startsWith('a')`, false},
		"a text is turned into a number":            {`double(event.data.weight) > 12`, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			condition, err := expression.NewCondition(expression.OnEvent, tt.source)
			if err != nil {
				t.Fatalf("compile %s: %v", tt.source, err)
			}
			var s expression.Scratch
			s.Load(orderEvent())
			got, fault := condition.Holds(&s)
			if fault != nil {
				t.Fatalf("%s failed: %v", tt.source, fault)
			}
			if got != tt.want {
				t.Errorf("%s is %t, want %t", tt.source, got, tt.want)
			}
		})
	}
}

func TestFaultsNameThePlaceAndNoData(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ source, want string }{
		"ordering a text and a number":     {`event.data.coupon > 5`, `">" compares values of different kinds, such as a text with a number, at line 1, column 19`},
		"ordering a number and a text":     {`event.data.total < 'x'`, `"<" compares values of different kinds, such as a text with a number, at line 1, column 18`},
		"a text as a condition":            {`event.data.coupon`, `a value that is not true or false is used as a condition at line 1, column 11`},
		"a text as part of a condition":    {`event.data.total > 1 && event.data.coupon`, `a value that is not true or false is used as a condition at line 1, column 35`},
		"a text test on a number":          {`event.data.total.startsWith('1')`, `"startsWith()" has a value of the wrong kind at line 1, column 28`},
		"arithmetic with a text":           {`event.data.coupon * 2 > 1`, `a value in the expression has a kind that does not fit, such as a text where a number is needed`},
		"arithmetic with an object":        {`event.data.total * event.data.customer > 1.0`, `"*" has values that it cannot compute with at line 1, column 18`},
		"a zone from data that is none":    {`event.time.getHours(event.data.coupon) > 5`, `the time zone is none that is known`},
		"a text that is no number":         {`double(event.data.coupon) > 1.0`, `"double()" has a value of the wrong kind at line 1, column 7`},
		"fault inside of a loop":           {`event.data.items.all(i, i.sku > 1)`, `">" compares values of different kinds, such as a text with a number, at line 1, column 31`},
		"a text as the test of a negation": {`!event.data.coupon`, `a value that is not true or false is used as a condition at line 1, column 12`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			condition, err := expression.NewCondition(expression.OnEvent, tt.source)
			if err != nil {
				t.Fatalf("compile %s: %v", tt.source, err)
			}
			var s expression.Scratch
			s.Load(orderEvent())
			got, fault := condition.Holds(&s)
			if got || fault == nil {
				t.Fatalf("%s is %t without a fault", tt.source, got)
			}
			if diff := cmp.Diff(tt.want, fault.Message); diff != "" {
				t.Errorf("fault of %s (-want +got):\n%s", tt.source, diff)
			}
		})
	}
}

func TestDataThatIsNotJSONIsAFault(t *testing.T) {
	t.Parallel()
	for _, source := range []string{`event.data.total > 1`, `event.data.items.exists(i, i.gift)`, `has(event.data.total)`} {
		condition, err := expression.NewCondition(expression.OnEvent, source)
		if err != nil {
			t.Fatalf("compile %s: %v", source, err)
		}
		var s expression.Scratch
		s.Load(&event.Event{Data: []byte(`{"total": 5`)})
		if _, fault := condition.Holds(&s); fault == nil || fault.Message != "the data is not valid JSON" {
			t.Errorf("%s: fault %v, want that the data is not valid JSON", source, fault)
		}
	}
}

func TestCostIsBoundedWhileEvaluating(t *testing.T) {
	t.Parallel()
	source := `event.data.items.exists(i, event.data.items.exists(j, i == j + 1.0))`
	condition, err := expression.NewCondition(expression.OnEvent, source)
	if err != nil {
		t.Fatalf("compile %s: %v", source, err)
	}
	var s expression.Scratch
	s.Load(&event.Event{Data: []byte(`{"items":[` + strings.Repeat("1,", 5000) + `1]}`)})
	if _, fault := condition.Holds(&s); fault == nil || !strings.Contains(fault.Message, "takes too long") {
		t.Errorf("fault %v, want that it takes too long", fault)
	}
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source, data string
		want         aggregate.Micros
		absent       bool
		fault        string
	}{
		"a number":                         {source: `event.data.total`, data: `{"total": 1999.5}`, want: 1_999_500_000},
		"a whole number":                   {source: `event.data.total`, data: `{"total": 7}`, want: 7_000_000},
		"a negative number":                {source: `event.data.total`, data: `{"total": -0.25}`, want: -250_000},
		"a decimal that doubles lack":      {source: `event.data.total`, data: `{"total": 0.1}`, want: 100_000},
		"half a micro is rounded away":     {source: `event.data.total`, data: `{"total": 0.0000005}`, want: 1},
		"minus half a micro too":           {source: `event.data.total`, data: `{"total": -0.0000005}`, want: -1},
		"less than half a micro is not":    {source: `event.data.total`, data: `{"total": 0.00000049}`, want: 0},
		"with an exponent":                 {source: `event.data.total`, data: `{"total": 1.5e3}`, want: 1_500_000_000},
		"a text":                           {source: `event.data.total`, data: `{"total": " 12.345678 "}`, want: 12_345_678},
		"a text of more digits":            {source: `event.data.total`, data: `{"total": "123456789012.1234565"}`, want: 123_456_789_012_123_457},
		"an expression":                    {source: `event.data.price * event.data.qty`, data: `{"price": 2.5, "qty": 3}`, want: 7_500_000},
		"an expression with a constant":    {source: `event.data.price * 100`, data: `{"price": 2.5}`, want: 250_000_000},
		"a constant":                       {source: `1`, want: 1_000_000},
		"the number of items":              {source: `size(event.data.items)`, data: `{"items": [1, 2]}`, want: 2_000_000},
		"a missing field is none":          {source: `event.data.total`, data: `{}`, absent: true},
		"no data is none":                  {source: `event.data.total`, absent: true},
		"null is none":                     {source: `event.data.total`, data: `{"total": null}`, absent: true},
		"an empty text is none":            {source: `event.data.total`, data: `{"total": ""}`, absent: true},
		"a product with a missing is none": {source: `event.data.price * event.data.qty`, data: `{"price": 2.5}`, absent: true},
		"a sum over a missing is none":     {source: `event.data.order.total + 1`, data: `{"order": 5}`, absent: true},
		"words are a fault":                {source: `event.data.total`, data: `{"total": "a lot"}`, fault: "neither a number"},
		"two points are a fault":           {source: `event.data.total`, data: `{"total": "1.2.3"}`, fault: "neither a number"},
		"an object is a fault":             {source: `event.data.total`, data: `{"total": {}}`, fault: "neither a number"},
		"a yes is a fault":                 {source: `event.data.total`, data: `{"total": true}`, fault: "neither a number"},
		"too large a number":               {source: `event.data.total`, data: `{"total": 1e13}`, fault: "too large"},
		"too large a text":                 {source: `event.data.total`, data: `{"total": "99999999999999999999"}`, fault: "too large"},
		"too large by one":                 {source: `event.data.total`, data: `{"total": "1000000000000.000001"}`, fault: "too large"},
		"an infinite number":               {source: `event.data.total`, data: `{"total": 1e999}`, fault: "too large"},
		"division by nothing":              {source: `event.data.total / 0`, data: `{"total": 1}`, fault: "too large"},
		"nothing by nothing":               {source: `event.data.total / 0`, data: `{"total": 0}`, fault: "neither a number"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			amount, err := expression.NewAmount(expression.OnEvent, tt.source)
			if err != nil {
				t.Fatalf("compile %s: %v", tt.source, err)
			}
			var s expression.Scratch
			s.Load(&event.Event{Data: []byte(tt.data)})
			got, present, fault := amount.Micros(&s)
			switch {
			case tt.fault != "":
				if fault == nil || !strings.Contains(fault.Message, tt.fault) {
					t.Errorf("fault %v, want one with %q", fault, tt.fault)
				}
			case fault != nil:
				t.Errorf("fault %v", fault)
			case got != tt.want || present == tt.absent:
				t.Errorf("got %d, present %t; want %d, present %t", got, present, tt.want, !tt.absent)
			}
		})
	}
}

func TestConditionsOnTheContact(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source, attributes string
		want, asks         bool
	}{
		"an attribute":                      {"contact.attributes.country == 'RU'", `{"country":"RU"}`, true, true},
		"another value":                     {"contact.attributes.country == 'RU'", `{"country":"DE"}`, false, true},
		"a missing attribute":               {"contact.attributes.orders < 1", `{}`, false, true},
		"no attributes at all":              {"contact.attributes.orders < 1", ``, false, true},
		"whether there is one":              {"!has(contact.attributes.vip)", `{"country":"RU"}`, true, true},
		"beside the event":                  {"event.data.price > 10 && contact.attributes.vip", `{"vip":true}`, true, true},
		"a condition that asks for neither": {"true", `{}`, true, false},
		"one that asks for the event alone": {"event.data.price > 10", `{}`, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			condition, err := expression.NewCondition(expression.OnContact, tt.source)
			if err != nil {
				t.Fatal(err)
			}
			var s expression.Scratch
			s.Load(&event.Event{Contact: "ann", Type: "a", Source: "s", ID: "1", Data: []byte(`{"price": 20}`)})
			s.LoadContact([]byte(tt.attributes))
			holds, fault := condition.Holds(&s)
			if fault != nil || holds != tt.want {
				t.Errorf("got %t and fault %v, want %t", holds, fault, tt.want)
			}
			if asks := condition.ReadsContact(); asks != tt.asks {
				t.Errorf("got that it asks for the contact: %t, want %t", asks, tt.asks)
			}
		})
	}
}
