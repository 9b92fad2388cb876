// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// mapped is what a journey's status says of a story.
type mapped struct {
	conversion, weakest, why, fix, lever string
	barriers, improvements, levers       []string
}

func mappedBy(s *v1alpha1.JourneyStatus) mapped {
	m := mapped{
		conversion: s.Summary.Conversion, weakest: s.Summary.Weakest, why: s.Summary.Why, fix: s.Summary.Fix, lever: s.Summary.BestLever,
	}
	for _, b := range s.Barriers {
		text := b.Stage + "/" + b.Name
		if a := b.Association; a != nil {
			text += fmt.Sprintf(" %d %d %d %d", a.With.Dropped, a.With.Converted, a.Without.Dropped, a.Without.Converted)
		}
		m.barriers = append(m.barriers, text+": "+b.State)
	}
	for _, i := range s.Improvements {
		m.improvements = append(m.improvements, fmt.Sprintf("%s %s: %s to %s", i.Name, i.Verdict, percent(i.Before), percent(i.After)))
	}
	for _, l := range s.Levers {
		text := string(l.Kind)
		if l.Stage != "" {
			text += " " + l.Stage
		}
		text += " +" + string(l.Conversions.Estimate)
		if l.Profit != nil {
			text += ", profit " + string(l.Profit.Estimate)
		}
		m.levers = append(m.levers, text)
	}
	return m
}

func percent(r *v1alpha1.Rate) string {
	if r == nil {
		return "nothing"
	}
	return r.Percent
}

// journeyOf simulates a sample over a story and gives one of its journeys.
func journeyOf(t *testing.T, sample, name string, tell *story) *v1alpha1.Journey {
	t.Helper()
	lines, err := tell.lines()
	if err != nil {
		t.Fatal(err)
	}
	result, err := simulate.Run(t.Context(), simulate.Options{
		Manifests: []string{filepath.Join("../../config/samples", sample)}, Events: files(t, lines), Namespace: "default", Until: storyEnd,
	})
	if err != nil {
		t.Fatal(err)
	}
	j := journeysOf(t, result)[name]
	if j == nil {
		t.Fatalf("sample %s has no Journey %s", sample, name)
	}
	return j
}

// dealsStory: three deals on each of 56 days, 28 before there were case studies and 28 since. An engineer of the buyer asks and a director signs:
// a deal is one all the same. Every second buyer asks for a case study.
func dealsStory() *story {
	s := &story{source: "https://b2b.example", zone: "Asia/Yekaterinburg"}
	first := s.on("06-01 10:00")
	for n := range 168 {
		at := first.Add(time.Duration(n/3) * day)
		deal := fields{"deal_id": fmt.Sprintf("d-%d", n), "total": 1000000}
		engineer, director := fmt.Sprintf("engineer-%d", n), fmt.Sprintf("director-%d", n)
		s.somebody(at, engineer, traitsOf(engineer, n))
		s.tell(at, engineer, "request.received", deal)
		s.tell(at.Add(2*hour), engineer, "offer.sent", deal)
		s.tell(at.Add(day), director, "call.done", deal)
		since, asks := n >= 84, n%2 == 0
		if asks {
			s.tell(at.Add(2*day), engineer, "case.requested", fields{"deal_id": deal["deal_id"], "available": since})
		}
		var wins bool
		switch {
		case since:
			wins = n%7 < 5 // 60 of 84
		case asks:
			wins = n%14 == 0 // 6 of 42
		default:
			wins = n%4 == 1 // 21 of 42
		}
		if wins {
			s.tell(at.Add(20*day), director, "deal.won", deal)
		}
	}
	return s
}

// TestDealsRiseWithCaseStudies counts deals and not people, before and since there are case studies: 27 of 84 and 60 of 84.
func TestDealsRiseWithCaseStudies(t *testing.T) {
	t.Parallel()
	want := mapped{
		conversion: "51.79%",                                                           // 87 of 168
		weakest:    "offer→deal", why: "no-cases (44%)", fix: "cases-at-hand Improved", // 36 of the 81 that were lost
		lever: "10% fewer lost at offer→deal: +1.78M RUB",
		barriers: []string{
			"offer/no-cases 36 6 45 81: those who meet it leave more often",
			"request/no-offer: not counted: it has no signal",
			"offer/nobody-called 0 0 81 87: not enough data yet (0 of 26)", // everybody was called
		},
		improvements: []string{"case-studies Improved: 32.14% to 71.43%", "cases-at-hand Improved: 50.00% to 0.00%"},
		levers: []string{ // 22 % of a million for each deal, less 9000 for each further request
			"FewerDropOffs offer +8.1, profit 1782000.00",
			"MoreEntered +8.7, profit 1762800.00",
			"WinBack offer +4.2, profit 922821.43",
		},
	}
	got := mappedBy(&journeyOf(t, "b2b", "b2b", dealsStory()).Status)
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(mapped{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// deliveryStory: twenty newcomers on each of 14 days fill a cart, and half of them look up what delivery costs. In the first week it costs: one of
// ten then goes on, against six of ten of the others. In the second it is free, and six of ten go on in either case. Ten who bought before come
// again and only look.
func deliveryStory() *story {
	s := &story{source: "https://shop.example", zone: "Europe/Moscow"}
	buys := func(contact string, at time.Time) {
		s.tell(at, contact, "checkout.started", nil)
		s.tell(at.Add(hour/6), contact, "order.completed", fields{"total": 2000})
	}
	first := s.on("10-23 12:00")
	for n := range 280 {
		contact, at, of := fmt.Sprintf("newcomer-%d", n), first.Add(time.Duration(n/20)*day), n%20
		s.tell(at, contact, "page.viewed", fields{"path": "/"})
		s.tell(at.Add(hour/6), contact, "product.added", fields{"price": 2000})
		looks, free, wins := of < 10, n >= 140, of%10 < 6
		if looks && free {
			s.tell(at.Add(hour/5), contact, "delivery.priced", fields{"price": 0})
		}
		if looks && !free {
			s.tell(at.Add(hour/5), contact, "delivery.priced", fields{"price": 390})
			wins = of == 0
		}
		if wins {
			buys(contact, at.Add(hour/2))
		}
	}
	for _, c := range group("old", 10) {
		s.tell(s.on("10-10 12:00"), c, "page.viewed", fields{"path": "/"})
		buys(c, s.on("10-10 13:00"))
		s.tell(s.on("11-01 12:00"), c, "page.viewed", fields{"path": "/"})
	}
	return s
}

// TestTheSalonsWay holds the map of the salon over its story: 32 booked, 24 came, 13 bought a package; six did not come, two cancelled, one
// complained.
func TestTheSalonsWay(t *testing.T) {
	t.Parallel()
	journey := journeyOf(t, "salon", "salon", salonStory())
	want := []string{
		"booked/cancelled 2 0 6 24", "booked/no-show 6 0 2 24", "trial/complaint 1 0 10 13", "trial/price",
	}
	var barriers []string
	for _, b := range mappedBy(&journey.Status).barriers {
		counted, _, _ := strings.Cut(b, ":")
		barriers = append(barriers, counted)
	}
	slices.Sort(barriers)
	if diff := gocmp.Diff(want, barriers); diff != "" {
		t.Errorf("barriers (-want +got):\n%s", diff)
	}
	if got := journey.Status.Summary.Conversion; got != "40.63%" {
		t.Errorf("conversion is %s, want 13 of 32", got)
	}
	if l := journey.Status.Loyalty; l == nil || l.Buyers != 13 || l.Value != "182000.00" {
		t.Errorf("loyalty is %+v, want 13 buyers of packages for 14000", l)
	}
	back := journey.Status.WaysBack
	if len(back) != 2 || back[0].Scenario != "salon-no-show" || *back[0].Entered != 6 || *back[0].Converted != 3 {
		t.Errorf("ways back are %+v, want three of six who did not come back by salon-no-show", back)
	}
}

// askedStory: sixty leave a cart. Of them 34 answer why: twenty are not sure of the size, ten find delivery dear, and four say something else.
func askedStory() *story {
	s := &story{source: "https://clothes.example", zone: "Europe/Moscow"}
	for n := range 60 {
		contact, at := fmt.Sprintf("asked-%d", n), s.on("10-12 12:00").Add(time.Duration(n%10)*day)
		s.tell(at, contact, "page.viewed", nil)
		s.tell(at.Add(hour/6), contact, "product.added", fields{"price": 3000, "cart_id": contact})
		answer := "size"
		switch {
		case n >= 34:
			continue
		case n >= 30:
			answer = "something-else"
		case n >= 20:
			answer = "delivery"
		}
		s.tell(at.Add(2*day), contact, "waymark.survey.answered", fields{"journey": "Journey/default/clothes", "answer": answer})
	}
	return s
}

// TestWhoLeftACartSaysWhy counts the answers in the map of the clothing shop.
func TestWhoLeftACartSaysWhy(t *testing.T) {
	t.Parallel()
	var got []string
	for _, a := range journeyOf(t, "clothes", "clothes", askedStory()).Status.Survey {
		share := ""
		if a.Share != nil {
			share = string(a.Share.Estimate)
		}
		got = append(got, fmt.Sprintf("%s/%s %d of %d of %d: %s", a.Stage, a.Answer, a.Given, a.Answered, a.Asked, share))
	}
	want := []string{"cart/size 20 of 34 of 60: 58.8", "cart/delivery 10 of 34 of 60: 29.4", "cart/(other) 4 of 34 of 60: 11.8"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestTheCouponAsksWhy reads the letters of the clothing shop as they would leave.
func TestTheCouponAsksWhy(t *testing.T) {
	t.Parallel()
	var sends bytes.Buffer
	if _, err := simulate.Run(t.Context(), simulate.Options{
		Manifests: []string{"../../config/samples/clothes"}, Events: []string{"testdata/samples/clothes.jsonl"},
		Namespace: "default", Until: storyEnd, Sends: &sends,
	}); err != nil {
		t.Fatal(err)
	}
	answer := regexp.MustCompile(`<li><a href="https://go\.nitka\.example/w/s/[^"]+">([^<]+)</a></li>`)
	asking := 0
	for decoder := json.NewDecoder(&sends); decoder.More(); {
		var m simulate.Message
		if err := decoder.Decode(&m); err != nil {
			t.Fatal(err)
		}
		if m.Step != "coupon" {
			continue
		}
		asking++
		var offered []string
		for _, found := range answer.FindAllStringSubmatch(m.HTML, -1) {
			offered = append(offered, found[1])
		}
		want := []string{"Передумала", "Дорогая или долгая доставка", "Не уверена в размере", "Другое"}
		if diff := gocmp.Diff(want, offered); diff != "" {
			t.Fatalf("the letter to %s offers (-want +got):\n%s\n%s", m.Contact, diff, m.HTML)
		}
	}
	if asking != 27 {
		t.Errorf("%d letters ask, want the 27 with a coupon", asking)
	}
}

// TestFreeDeliveryHelpsNewcomers holds the numbers of the shop's map, which were counted from the story: before, 7 of 20 go on with a cart, and
// since then 12 of 20.
func TestFreeDeliveryHelpsNewcomers(t *testing.T) {
	t.Parallel()
	journey := journeyOf(t, "shop", "first-purchase", deliveryStory())
	want := mapped{
		conversion: "47.50%", weakest: "cart→checkout", why: "delivery-cost (43%)", fix: "free-delivery Improved", // 133 of 280; 63 of 147
		lever: "10% fewer lost at cart→checkout: +10.3K RUB",
		barriers: []string{
			"cart/delivery-cost 63 7 84 126: those who meet it leave more often",
			"cart/wrong-size: not counted: it has no signal",
		},
		improvements: []string{"free-delivery Improved: 35.00% to 60.00%"},
		levers: []string{ // 35 % of 2000 for each order, less 25 for each further visitor
			"FewerDropOffs cart +14.7, profit 10290.00",
			"MoreEntered +13.3, profit 8610.00",
			"WinBack cart +7.0, profit 4887.75",
		},
	}
	got := mappedBy(&journey.Status)
	got.barriers = slices.DeleteFunc(got.barriers, func(b string) bool { return strings.HasPrefix(b, "checkout/") }) // nobody is lost there
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(mapped{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if l := journey.Status.Loyalty; l == nil || l.Buyers != 143 || l.Purchases != 143 {
		t.Errorf("loyalty is %+v, want 143 buyers with a purchase each", l)
	}
	if met := journey.Status.Met; len(met) != 3 || met[1].Name != "looks-up-delivery" || met[1].With != (v1alpha1.Outcome{Dropped: 91, Converted: 49}) {
		t.Errorf("met are %+v, want 140 that look up delivery, of whom 49 go on", met)
	}
}

// TestSegmentsOfTheShop counts who belongs: 147 have not bought yet, and of 143 buyers, who all spent the same, the two thirds that bought last
// are the best. The first 45 of them bought before the third that parts the groups: ten on October 10th, and seven on each of five days.
func TestSegmentsOfTheShop(t *testing.T) {
	t.Parallel()
	lines, err := deliveryStory().lines()
	if err != nil {
		t.Fatal(err)
	}
	result, err := simulate.Run(t.Context(), simulate.Options{
		Manifests: []string{"../../config/samples/shop"}, Events: files(t, lines), Namespace: "default", Until: storyEnd,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][3]int64{}
	for _, resource := range result.Resources {
		if resource.GetKind() == "Segment" {
			var s v1alpha1.Segment
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, &s); err != nil {
				t.Fatal(err)
			}
			got[s.Name] = [3]int64{*s.Status.Summary.Size, *s.Status.Summary.Entered, *s.Status.Summary.Left}
		}
	}
	want := map[string][3]int64{"newcomers": {147, 280, 133}, "best": {98, 98, 0}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("size, entered and left (-want +got):\n%s", diff)
	}
}
