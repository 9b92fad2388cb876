// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
)

const shopJourney = `
metadata: {namespace: shop, name: first-purchase}
spec:
  workspaceRef: {name: default}
  funnelRef: {name: shop}
  segment: {where: contact.attributes.orders < 1}
  purchase: {event: order.completed, value: event.data.total}
  satisfaction: {event: score.given, score: event.data.score}
  survey: {by: event.data.device}
  suggest: {ignore: [ping]}
  stages:
  - name: visit
    touchpoints: [{name: page, medium: Web, event: page.viewed, where: "event.data.page == 'home'"}, {name: letter, medium: Email, scenarioRef: {name: abandoned-cart}}]
    behaviours: [{name: hesitates, when: {event: cart.saved}, response: {scenarioRef: {name: abandoned-cart}}}]
    waysBack: [{action: a call}]
  - name: cart
    barriers:
    - {name: delivery, category: Price, signals: [{answer: true}, {event: checkout.error, where: "event.data.code == 'price'"}, {event: reply.sent, absentFor: 1h}]}
    - {name: trust, category: Trust}
    improvements: [{name: free, barrier: delivery, since: "2026-10-01T00:00:00Z", metric: BarrierShare, span: 2w}]
  - {name: purchase, owner: shop-team}
  - {name: review, event: review.left, where: event.data.stars > 0, within: 14d}
  - {name: friend, anyOf: [{event: friend.invited, where: event.data.new}], within: 90d}
`

func journey(t testing.TB, text string) *v1alpha1.Journey {
	t.Helper()
	var jr v1alpha1.Journey
	if err := yaml.UnmarshalStrict([]byte(text), &jr); err != nil {
		t.Fatal(err)
	}
	return &jr
}

func journeyReferences() definition.JourneyReferences {
	return definition.JourneyReferences{
		Funnels:   map[string]*v1alpha1.Funnel{"shop": shopFunnel()},
		Segments:  map[string]definition.Segment{"loyal": loyal()},
		Scenarios: map[string]bool{"abandoned-cart": true},
	}
}

func TestFromJourney(t *testing.T) {
	t.Parallel()
	got, missing, errs := definition.FromJourney(journey(t, shopJourney), nil, journeyReferences())
	if len(missing) > 0 || len(errs) > 0 {
		t.Fatal(missing, errs)
	}
	funnel, _, errs := definition.FromFunnel(shopFunnel(), nil, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	funnel.SignalMaxAge = 0
	funnel.Segment = &definition.Segment{TimeZone: "UTC", Where: "contact.attributes.orders < 1", Lateness: 90 * day}
	want := definition.Journey{
		Funnel: funnel,
		Probes: []definition.Probe{
			{Kind: definition.ProbeTouchpoint, Name: "page", Stage: 0, Field: "spec.stages[0].touchpoints[0]",
				Signs: []definition.Sign{{Event: "page.viewed", Where: "event.data.page == 'home'"}}},
			{Kind: definition.ProbeBehaviour, Name: "hesitates", Stage: 0, Field: "spec.stages[0].behaviours[0]",
				Signs: []definition.Sign{{Event: "cart.saved", Field: "when"}}},
			{Kind: definition.ProbeBarrier, Name: "delivery", Stage: 1, Field: "spec.stages[1].barriers[0]", Signs: []definition.Sign{
				{Event: "checkout.error", Where: "event.data.code == 'price'", Field: "signals[1]"},
				{Event: "reply.sent", AbsentFor: time.Hour, Field: "signals[2]"}}},
		},
		Suggest: true, SuggestIgnore: []string{"ping"},
		Beyond: []definition.BeyondStage{
			{Name: "review", Matches: []definition.EventMatch{{Event: "review.left", Where: "event.data.stars > 0"}}, Within: 14 * day, Field: "spec.stages[3]"},
			{Name: "friend", Matches: []definition.EventMatch{{Event: "friend.invited", Where: "event.data.new"}}, Within: 90 * day, Field: "spec.stages[4]"},
		},
		Survey:       &definition.Survey{Journey: "Journey/shop/first-purchase", Answers: []string{"delivery"}, By: "event.data.device", Within: 30 * day},
		Purchase:     &definition.Purchase{Event: "order.completed", Value: "event.data.total", ChurnAfter: 90 * day},
		Satisfaction: &definition.Satisfaction{Event: "score.given", Score: "event.data.score"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("meaning (-want +got):\n%s", diff)
	}
}

func TestWhatIsOnlyWrittenOnAMapIsNoPartOfItsMeaning(t *testing.T) {
	t.Parallel()
	version := func(text string) string {
		j, missing, errs := definition.FromJourney(journey(t, text), nil, journeyReferences())
		if len(missing) > 0 || len(errs) > 0 {
			t.Fatal(missing, errs)
		}
		_, version, err := j.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	written := strings.NewReplacer("owner: shop-team", "owner: another, customer: {emotion: -1}", "span: 2w", "span: 4w").Replace(shopJourney)
	if written == shopJourney || version(written) != version(shopJourney) {
		t.Error("an owner changes what is counted")
	}
	if version(strings.Replace(shopJourney, "absentFor: 1h", "absentFor: 2h", 1)) == version(shopJourney) {
		t.Error("another signal counts the same")
	}
}

func TestFromJourneyErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ old, new, want string }{
		"no stage of the funnel": {"name: purchase, owner", "name: payment, owner",
			`spec.stages[2].name: Invalid value: "payment": Funnel "shop" has no such stage: write one of its stages (visit, cart, purchase), or event and within for a stage after them`},
		"a slip in a stage": {"- name: cart", "- name: card",
			`Funnel "shop" has no such stage: did you mean "cart"? Its stages are visit, cart, purchase`},
		"stages in another order": {"  - name: visit\n", "  - {name: purchase}\n  - name: visit\n",
			`spec.stages[1].name: Invalid value: "visit": in the funnel it comes before "purchase": put it before that one here too`},
		"a stage of the funnel after one beyond": {"  - {name: purchase, owner: shop-team}\n  - {name: review, event: review.left, where: event.data.stars > 0, within: 14d}\n",
			"  - {name: review, event: review.left, within: 14d}\n  - {name: purchase}\n",
			`spec.stages[3].name: Invalid value: "purchase": it is a stage of the funnel: put it before the stages that come after the funnel's`},
		"a stage beyond by the name of one of the funnel": {"name: review", "name: cart",
			`spec.stages[3].name: Invalid value: "cart": Funnel "shop" has a stage of this name`},
		"a stage beyond without end": {"{name: review, event: review.left, where: event.data.stars > 0, within: 14d}", "{name: review, event: review.left}",
			`spec.stages[3].within: Required value`},
		"a condition of a stage beyond": {"event.data.new", "event.dat.new",
			`spec.stages[4].anyOf[0].where: Invalid value: "event.dat.new": line 1, column 6: "dat": is no field of event: did you mean "event.data"?`},
		"a condition of a signal": {"event.data.code ==", "event.data.code =",
			`spec.stages[1].barriers[0].signals[1].where: Invalid value: "event.data.code = 'price'": line 1, column 17`},
		"a condition of a behaviour": {"{event: cart.saved}", "{event: cart.saved, where: contact.attributes.vip}", `spec.stages[0].behaviours[0].when.where`},
		"a property of the survey":   {"by: event.data.device", "by: event.device", `spec.survey.by: Invalid value: "event.device"`},
		"an event where nobody leaves": {"owner: shop-team", "touchpoints: [{name: a, medium: Web, event: x}]",
			`spec.stages[2].touchpoints[0].event: Invalid value: "a": nobody is seen to leave after the last stage of the funnel`},
		"an answer where nobody leaves": {"owner: shop-team", "barriers: [{name: a, category: Other, signals: [{answer: true}]}]",
			`spec.stages[2].barriers[0].signals[0].answer: Invalid value: true: nobody is seen to leave`},
		"an improvement of no barrier": {"barrier: delivery", "barrier: deliver",
			`spec.stages[1].improvements[0].barrier: Invalid value: "deliver": the stage has no such barrier: did you mean "delivery"?`},
		"the share of a barrier that nothing tells of": {"barrier: delivery", "barrier: trust",
			`spec.stages[1].improvements[0].metric: Invalid value: "BarrierShare": no event tells of the barrier`},
		"a span of days":         {"span: 2w", "span: 10d", `spec.stages[1].improvements[0].span: Invalid value: "10d": must be whole weeks`},
		"a segment with a trait": {"contact.attributes.orders < 1", "contact.traits.orders < 1", `spec.segment.where: Invalid value: "contact.traits.orders < 1": line 1, column 15: "orders": is no trait of this segment`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(shopJourney, tt.old, tt.new, 1)
			if text == shopJourney {
				t.Fatal("the edit of the test itself changes nothing")
			}
			_, missing, errs := definition.FromJourney(journey(t, text), nil, journeyReferences())
			if len(missing) > 0 {
				t.Errorf("missing: %v", missing)
			}
			if len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), tt.want) {
				t.Fatalf("got:  %v\nwant: %s", errs.ToAggregate(), tt.want)
			}
		})
	}
}

func TestAJourneyWaitsForWhatItNames(t *testing.T) {
	t.Parallel()
	refs := journeyReferences()
	delete(refs.Scenarios, "abandoned-cart")
	refs.Funnels["shop"].Spec.Stages[1].Where = "event.data.price >"
	_, missing, errs := definition.FromJourney(journey(t, shopJourney), nil, refs)
	if len(errs) > 0 || len(missing) != 1 || missing[0].Kind != "Funnel" || missing[0].Field != "spec.funnelRef.name" ||
		!strings.Contains(missing[0].Error(), `the Funnel "shop" cannot be used yet: spec.stages[1].where`) {
		t.Errorf("a funnel that is wrong: errors %v, missing %v", errs, missing)
	}
	refs.Funnels["shop"] = shopFunnel()
	want := []definition.Missing{
		{Kind: "NurtureScenario", Name: "abandoned-cart", Field: "spec.stages[0].touchpoints[1].scenarioRef.name"},
		{Kind: "NurtureScenario", Name: "abandoned-cart", Field: "spec.stages[0].behaviours[0].response.scenarioRef.name"},
	}
	_, missing, errs = definition.FromJourney(journey(t, shopJourney), nil, refs)
	if diff := cmp.Diff(want, missing); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, missing (-want +got):\n%s", errs, diff)
	}
	delete(refs.Funnels, "shop")
	if _, missing, errs = definition.FromJourney(journey(t, shopJourney), nil, refs); len(errs) > 0 || missing[0].Error() != `spec.funnelRef.name: there is no Funnel "shop" yet in this namespace and workspace` {
		t.Errorf("no funnel: errors %v, missing %v", errs, missing)
	}
}

func TestAJourneyAndItsFunnelMayEachHaveASegment(t *testing.T) {
	t.Parallel()
	refs := journeyReferences()
	refs.Funnels["shop"].Spec.SegmentRef = &v1alpha1.SegmentReference{Name: "loyal"}
	other := loyal()
	other.Where, other.Traits = "contact.traits.visits > 1 // often", []definition.Trait{{Name: "visits", Function: definition.TraitCount, Event: "page.viewed"}, other.Traits[0]}
	refs.Segments["often"] = other
	clash := loyal()
	clash.Traits[0].Within = time.Hour
	refs.Segments["clash"] = clash
	compile := func(segment string) (definition.Journey, error) {
		jr := journey(t, shopJourney)
		jr.Spec.Segment, jr.Spec.SegmentRef = nil, &v1alpha1.SegmentReference{Name: segment}
		j, missing, errs := definition.FromJourney(jr, nil, refs)
		if len(missing) > 0 {
			t.Fatal(missing)
		}
		return j, errs.ToAggregate()
	}
	both, err := compile("often")
	if err != nil {
		t.Fatal(err)
	}
	if got := both.Funnel.Segment; len(got.Traits) != 7 || got.Traits[6].Name != "visits" || got.Days != 0 {
		t.Errorf("both segments are %+v", got)
	}
	same, err := compile("loyal")
	if err != nil || same.Funnel.Segment.Where != loyal().Where {
		t.Errorf("the same segment twice: error %v, %+v", err, same.Funnel.Segment)
	}
	if _, err := compile("clash"); err == nil || !strings.Contains(err.Error(), `spec.segmentRef: Invalid value: "orders": Funnel "shop" counts within a Segment that computes another trait of this name`) {
		t.Errorf("error %v", err)
	}
	refs.Funnels["shop"].Spec.SegmentRef, refs.Funnels["shop"].Spec.Unit = nil, &v1alpha1.FunnelUnit{By: "event.data.deal_id"}
	if _, err := compile("loyal"); err == nil || !strings.Contains(err.Error(), "counts something else by unit: remove it") || !strings.Contains(err.Error(), "answers are people's") {
		t.Errorf("error of deals in a segment: %v", err)
	}
}

func TestFromSegment(t *testing.T) {
	t.Parallel()
	var seg v1alpha1.Segment
	if err := yaml.UnmarshalStrict([]byte(`
metadata: {namespace: shop, name: loyal}
spec:
  workspaceRef: {name: default}
  where: contact.traits.value_rank > 1
  traits:
  - {name: value, function: Sum, event: order.completed, where: event.data.total > 0, of: event.data.total, within: 90d}
  - {name: value_rank, function: Rank, of: value, ranks: 3}
`), &seg); err != nil {
		t.Fatal(err)
	}
	cuts := []aggregate.Micros{1, 2}
	want := definition.Segment{
		TimeZone: "Europe/Moscow", Where: "contact.traits.value_rank > 1", Days: 30, SignalMaxAge: time.Hour, Lateness: 120 * day,
		Traits: []definition.Trait{
			{Name: "value", Function: definition.TraitSum, Event: "order.completed", Where: "event.data.total > 0", Of: "event.data.total", Within: 90 * day},
			{Name: "value_rank", Function: definition.TraitRank, Of: "value", Ranks: 3, Cuts: cuts},
		},
	}
	got, errs := definition.FromSegment(&seg, moscow(), map[string][]aggregate.Micros{"value_rank": cuts, "gone": {1}})
	if diff := cmp.Diff(want, got); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, meaning (-want +got):\n%s", errs, diff)
	}
	got, errs = definition.FromSegment(&seg, nil, map[string][]aggregate.Micros{"value_rank": {1, 2, 3}})
	if len(errs) > 0 || got.Traits[1].Cuts != nil {
		t.Errorf("cuts of other ranks: errors %v, cuts %v", errs, got.Traits[1].Cuts)
	}
	seg.Spec.Traits[0].Of = "event.total"
	_, errs = definition.FromSegment(&seg, nil, nil)
	if len(errs) != 1 || errs[0].Field != "spec.traits[0].of" || definition.Reason(errs) != v1alpha1.ReasonInvalidExpression {
		t.Errorf("errors of an expression: %v", errs)
	}
}

func TestAFunnelWaitsForItsSegment(t *testing.T) {
	t.Parallel()
	fn := shopFunnel()
	fn.Spec.SegmentRef = &v1alpha1.SegmentReference{Name: "loyal"}
	_, missing, errs := definition.FromFunnel(fn, nil, nil)
	want := []definition.Missing{{Kind: "Segment", Name: "loyal", Field: "spec.segmentRef.name"}}
	if diff := cmp.Diff(want, missing); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, missing (-want +got):\n%s", errs, diff)
	}
	f, missing, errs := definition.FromFunnel(fn, nil, map[string]definition.Segment{"loyal": loyal()})
	if len(missing) > 0 || len(errs) > 0 || f.Segment == nil || f.Segment.Where != loyal().Where {
		t.Errorf("missing %v, errors %v, segment %+v", missing, errs, f.Segment)
	}
	fn.Spec.Unit, fn.Spec.CorrelateBy = &v1alpha1.FunnelUnit{By: "event.data.deal_id"}, "event.data.cart_id"
	_, _, errs = definition.FromFunnel(fn, nil, map[string]definition.Segment{"loyal": loyal()})
	if len(errs) != 2 || errs[0].Field != "spec.correlateBy" || errs[1].Field != "spec.segmentRef" {
		t.Errorf("errors of deals: %v", errs)
	}
	fn = shopFunnel()
	fn.Spec.Unit, fn.Spec.Stages[1].Where = &v1alpha1.FunnelUnit{By: "event.data.deal_id"}, "contact.attributes.vip"
	_, _, errs = definition.FromFunnel(fn, nil, nil)
	if len(errs) != 1 || errs[0].Field != "spec.stages[1].where" || !strings.Contains(errs[0].Detail, `line 1, column 1: "contact": is not known here: what is counted by unit is no contact`) {
		t.Errorf("errors of a deal's attributes: %v", errs)
	}
}

func TestAScenarioOfASegment(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("funnelDrop: {funnelRef: {name: shop}, stage: cart}", "segment: {segmentRef: {name: loyal}}",
		"holdout:", "segmentRef: {name: russian}\n  holdout:").Replace(abandonedCart)
	refs := references()
	refs.Segments = map[string]bool{"loyal": true}
	_, missing, errs := definition.FromScenario(scenario(t, text), nil, refs)
	want := []definition.Missing{{Kind: "Segment", Name: "russian", Field: "spec.segmentRef.name"}}
	if diff := cmp.Diff(want, missing); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, missing (-want +got):\n%s", errs, diff)
	}
	refs.Segments["russian"] = true
	s, missing, errs := definition.FromScenario(scenario(t, text), nil, refs)
	if len(missing) > 0 || len(errs) > 0 || s.Segment != "Segment/shop/russian" || s.Trigger.Segment.Segment != "Segment/shop/loyal" {
		t.Errorf("missing %v, errors %v, scenario %+v", missing, errs, s.Trigger.Segment)
	}
	existing := strings.Replace(text, "cooldown: 7d", "existing: Enrol", 1)
	if _, _, errs = definition.FromScenario(scenario(t, existing), nil, refs); len(errs) != 1 || errs[0].Field != "spec.entry.existing" {
		t.Errorf("errors of members who are there already: %v", errs)
	}
	refs.Units = map[string]bool{"shop": true}
	_, _, errs = definition.FromScenario(scenario(t, abandonedCart), nil, refs)
	if len(errs) != 1 || errs[0].Field != "spec.trigger.funnelDrop.funnelRef.name" || !strings.Contains(errs[0].Detail, "is no person") {
		t.Errorf("errors of a drop of deals: %v", errs)
	}
}
