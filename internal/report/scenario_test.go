// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

const scenarioKey = "NurtureScenario/default/abandoned-cart"

var noon = event.At(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))

// cart is a scenario of four steps with a letter that is tried in two forms.
func cart() *report.Outline {
	outline := report.OutlineOf(&definition.Scenario{
		Goal: &definition.Goal{Event: "order.completed"}, Holdout: 1000,
		Steps: []definition.Step{
			{Name: "remind", Send: &definition.Send{Variants: []definition.Variant{{Name: "plain"}, {Name: "warm"}}, Winner: &definition.Winner{By: definition.ByClicks, Sample: 500}}},
			{Name: "clicked", WaitFor: &definition.WaitFor{}},
			{Name: "coupon", Send: &definition.Send{Variants: []definition.Variant{{}}}},
			{Name: "stop", Exit: &definition.ExitStep{}},
		},
	})
	return &outline
}

// single sums up contacts who entered once.
func once(entered, reached int64) aggregate.Arm {
	return aggregate.Arm{Contacts: entered, N: entered, X: reached, NN: entered, NX: reached, XX: reached}
}

func aMonth() aggregate.Scenario {
	return aggregate.Scenario{
		Key: scenarioKey, Version: "00aa", Entered: 3120, HeldOut: 312, Active: 844,
		Refused:   map[string]int64{"Reentry": 41, "TooOld": 5, "Audience": 0},
		Exited:    map[string]int64{"Goal": 611, "Done": 1200, "ExitEvent": 153},
		Message:   aggregate.Message{Claimed: 5301, Sent: 5290, Failed: 4, InDoubt: 7, Deferred: 19, Skipped: map[string]int64{"Unsubscribed": 80, "NoAddress": 12}},
		Converted: 611, Value: 1_527_500_500_000,
		Steps: map[string]aggregate.Step{
			"remind": {
				Arrived: 2808, Active: 10, Converted: 400, Value: 1_000_000_000_000,
				Message:  aggregate.Message{Claimed: 2716, Sent: 2710, Clicked: 310, Opened: 900, Unsubscribed: 20, InDoubt: 7, Failed: 4, Skipped: map[string]int64{"Unsubscribed": 60, "NoAddress": 12, "Expired": 2}},
				Ways:     map[string]int64{"clicked": 2786},
				Variants: map[string]aggregate.Share{"plain": {Sent: 1360, Clicked: 100, Converted: 150}, "warm": {Sent: 1350, Clicked: 210, Converted: 250, Value: 600_000_000}},
			},
			"clicked": {Arrived: 2786, Active: 834, Ways: map[string]int64{"coupon": 1500, "stop": 300, "": 2}},
			"coupon":  {Arrived: 1500, Converted: 211, Message: aggregate.Message{Claimed: 1490, Sent: 1490, Delivered: 1400}, Value: 527_500_500_000},
			"stop":    {Arrived: 300},
			"sms":     {Arrived: 60, Active: 3},
			"gone":    {Arrived: 60},
		},
		Versions: map[string]aggregate.Share{"00aa": {Entered: 120, Sent: 90}, "00bb": {Entered: 3000, Sent: 5200, Converted: 611, Value: 1_527_500_500_000}},
		Treated:  once(2500, 500), Held: once(280, 26),
		Faults: map[string]int64{"spec.steps[2].send.html": 3},
	}
}

func TestScenarioStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		scenario func() aggregate.Scenario
		winners  map[string]string
	}{
		"a month of abandoned carts": {aMonth, map[string]string{"remind": "warm"}},
		"nobody has entered yet":     {func() aggregate.Scenario { return aggregate.Scenario{Version: "00aa"} }, nil},
		"a scenario that is late": {func() aggregate.Scenario {
			s := aMonth()
			s.Overdue, s.Oldest = 12, noon-event.Time(90*time.Minute/time.Microsecond)
			s.Treated, s.Held = once(2500, 500), once(280, 50)
			return s
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := report.ScenarioStatus(cart(), tt.winners, &report.ScenarioNumbers{Scenario: tt.scenario()}, noon)
			compareGolden(t, "scenario-"+strings.ReplaceAll(name, " ", "-")+".yaml", got)
		})
	}
}

func TestScenarioStatusIsBounded(t *testing.T) {
	t.Parallel()
	s := aMonth()
	outline := &report.Outline{}
	for i := range 100 {
		name := fmt.Sprintf("step-%d", i)
		outline.Steps = append(outline.Steps, report.OutlineStep{Name: name, Variants: []string{"a", "b"}})
		s.Steps[name] = aggregate.Step{Ways: map[string]int64{"a": 2, "b": 1}}
		s.Exited[fmt.Sprintf("Reason%d", i)] = int64(i)
		s.Versions[name] = aggregate.Share{Entered: int64(i)}
		s.Faults[strings.Repeat("x", 200)+name] = 1
	}
	got := report.ScenarioStatus(outline, nil, &report.ScenarioNumbers{Scenario: s}, noon)
	lengths := []int{len(got.Steps), len(got.Variants), len(got.Ways), len(got.Versions), len(got.Exited), len(got.Faults)}
	if diff := cmp.Diff([]int{64, 16, 32, 4, 16, 2}, lengths); diff != "" {
		t.Errorf("lengths of steps, variants, ways, versions, exits and faults (-want +got):\n%s", diff)
	}
	var exits int64
	for _, exit := range got.Exited {
		exits += exit.Count
	}
	if last := got.Exited[15]; exits != 611+1200+153+99*100/2 || last.Reason != "Other" {
		t.Errorf("the exits add up to %d and the last is %s; want all of them, with the rest under Other", exits, last.Reason)
	}
}

func TestScenarioVisibleEqualIgnoresTimes(t *testing.T) {
	t.Parallel()
	late := func(by time.Duration) *v1alpha1.NurtureScenarioStatus {
		s := aMonth()
		s.Overdue, s.Oldest = 1, noon-event.Time(by/time.Microsecond)
		status := report.ScenarioStatus(cart(), nil, &report.ScenarioNumbers{Scenario: s}, noon)
		status.Conditions = []metav1.Condition{{Type: "Ready", LastTransitionTime: metav1.NewTime(time.Unix(int64(by), 0))}}
		return &status
	}
	if !report.ScenarioVisibleEqual(late(time.Hour), late(2*time.Hour)) {
		t.Error("that something is later than before is worth a write, want none")
	}
	if report.ScenarioVisibleEqual(late(time.Second), late(time.Hour)) {
		t.Error("that something is late is worth no write, want one")
	}
}

func scenarioPartition(number int, edit func(*aggregate.Scenario)) aggregate.Partition {
	s := aMonth()
	edit(&s)
	return aggregate.Partition{Partition: number, Clock: noon + event.Time(number), NextDue: noon + 100, Scenarios: []aggregate.Scenario{{Key: "NurtureScenario/default/other"}, s}}
}

func TestMergeScenarioAddsUpEverything(t *testing.T) {
	t.Parallel()
	two, three := int64(2), int64(3)
	first := scenarioPartition(0, func(s *aggregate.Scenario) { s.Reach, s.Oldest, s.Pending = &two, 700, "00cc" })
	second := scenarioPartition(1, func(s *aggregate.Scenario) { s.Reach, s.Pending = &three, "00cc" })
	for range 2 { // a report that is read again is as it was
		got, err := report.MergeScenario(scenarioKey, 2, []aggregate.Partition{second, first})
		if err != nil {
			t.Fatal(err)
		}
		s := got.Scenario
		if s.Version != "00aa" || s.Pending != "00cc" || *s.Reach != 5 || s.Oldest != 700 || got.From != noon+1 || got.Until != noon+100 {
			t.Fatalf("version %s, pending %s, reach %d, oldest %d, from %d until %d", s.Version, s.Pending, *s.Reach, s.Oldest, got.From, got.Until)
		}
		one := aMonth()
		for what, pair := range map[string][2]int64{
			"entered":  {s.Entered, one.Entered},
			"held out": {s.HeldOut, one.HeldOut},
			"exits":    {s.Exited["Goal"], one.Exited["Goal"]},
			"skipped":  {s.Steps["remind"].Message.Skipped["NoAddress"], one.Steps["remind"].Message.Skipped["NoAddress"]},
			"ways":     {s.Steps["clicked"].Ways[""], one.Steps["clicked"].Ways[""]},
			"variants": {s.Steps["remind"].Variants["warm"].Clicked, one.Steps["remind"].Variants["warm"].Clicked},
			"versions": {s.Versions["00bb"].Converted, one.Versions["00bb"].Converted},
			"squares":  {s.Treated.NN, one.Treated.NN},
			"value":    {int64(s.Value), int64(one.Value)},
			"faults":   {s.Faults["spec.steps[2].send.html"], one.Faults["spec.steps[2].send.html"]},
		} {
			if pair[0] != 2*pair[1] {
				t.Errorf("%s are %d, want twice %d", what, pair[0], pair[1])
			}
		}
	}
}

func TestMergeScenarioWhileVersionsDiffer(t *testing.T) {
	t.Parallel()
	two := int64(2)
	reports := []aggregate.Partition{
		scenarioPartition(0, func(s *aggregate.Scenario) { s.Reach, s.Pending = &two, "00cc" }),
		scenarioPartition(1, func(s *aggregate.Scenario) { s.Version = "00bb" }),
	}
	got, err := report.MergeScenario(scenarioKey, 2, reports)
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Scenario; s.Version != "" || s.Pending != "" || s.Reach != nil || s.Entered != 6240 {
		t.Errorf("version %q, pending %q, reach %v, entered %d; want the sum, of no one version", s.Version, s.Pending, s.Reach, s.Entered)
	}
	for version, want := range map[string]int{"00aa": 0, "00bb": 1, "00cc": 0} {
		if active := report.ActiveIn(scenarioKey, version, 2, reports); active != want {
			t.Errorf("%s is entered in %d partitions, want %d", version, active, want)
		}
	}
	if _, err := report.MergeScenario(scenarioKey, 3, reports); err == nil || err.Error() != "add up "+scenarioKey+": no report from partition 2" {
		t.Errorf("with a silent partition the error is %v", err)
	}
	if _, err := report.MergeScenario("NurtureScenario/default/new", 2, reports); err == nil || !strings.Contains(err.Error(), "no numbers yet in partitions 0, 1") {
		t.Errorf("of a scenario that nobody knows yet the error is %v", err)
	}
}

func TestWinners(t *testing.T) {
	t.Parallel()
	shares := func(plain, warm aggregate.Share) map[string]aggregate.Step {
		return map[string]aggregate.Step{"remind": {Variants: map[string]aggregate.Share{"plain": plain, "warm": warm}}}
	}
	byConversions := cart()
	byConversions.Steps[0].Winner = &definition.Winner{By: definition.ByConversions, Sample: 500}
	undrawn := cart()
	undrawn.Steps[0].Winner = nil
	tests := map[string]struct {
		outline *report.Outline
		steps   map[string]aggregate.Step
		before  map[string]string
		want    map[string]string
	}{
		"the better one":             {cart(), shares(aggregate.Share{Sent: 700, Clicked: 35}, aggregate.Share{Sent: 690, Clicked: 90}), nil, map[string]string{"remind": "warm"}},
		"too few of one":             {cart(), shares(aggregate.Share{Sent: 499, Clicked: 5}, aggregate.Share{Sent: 690, Clicked: 90}), nil, nil},
		"it may be chance":           {cart(), shares(aggregate.Share{Sent: 700, Clicked: 70}, aggregate.Share{Sent: 690, Clicked: 85}), nil, nil},
		"conversions decide":         {byConversions, shares(aggregate.Share{Sent: 700, Clicked: 90, Converted: 20}, aggregate.Share{Sent: 690, Clicked: 9, Converted: 80}), nil, map[string]string{"remind": "warm"}},
		"who has won stays":          {cart(), shares(aggregate.Share{Sent: 700, Clicked: 35}, aggregate.Share{Sent: 690, Clicked: 90}), map[string]string{"remind": "plain"}, map[string]string{"remind": "plain"}},
		"unless it is not there":     {cart(), nil, map[string]string{"remind": "bold"}, nil},
		"or no winner is wanted":     {undrawn, shares(aggregate.Share{Sent: 700, Clicked: 35}, aggregate.Share{Sent: 690, Clicked: 90}), map[string]string{"remind": "warm"}, nil},
		"nothing has been sent yet":  {cart(), nil, nil, nil},
		"a step that is not written": {cart(), nil, map[string]string{"gone": "warm"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, report.Winners(tt.outline, tt.steps, tt.before)); diff != "" {
				t.Errorf("winners (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChannelStatus(t *testing.T) {
	t.Parallel()
	partition := func(number int, c aggregate.Channel) aggregate.Partition {
		c.Key = "MessageChannel/default/mail"
		return aggregate.Partition{Partition: number, Channels: []aggregate.Channel{c}}
	}
	reports := []aggregate.Partition{
		partition(0, aggregate.Channel{Message: aggregate.Message{Sent: 10, Failed: 2, InDoubt: 1}, Suppressed: 4, Waiting: 3, Oldest: noon - event.Time(time.Hour/time.Microsecond)}),
		partition(1, aggregate.Channel{Message: aggregate.Message{Sent: 5, Deferred: 7, Bounced: 1, Complained: 1, Delivered: 9}, PausedUntil: noon + event.Time(time.Hour/time.Microsecond), PauseReason: "Bounces"}),
		{Partition: 2},
	}
	sum, err := report.MergeChannel("MessageChannel/default/mail", 3, reports)
	if err != nil {
		t.Fatal(err)
	}
	got := report.ChannelStatus(&sum, noon)
	compareGolden(t, "channel.yaml", got)
	if later := report.ChannelStatus(&sum, noon+event.Time(2*time.Hour/time.Microsecond)); later.PausedUntil != nil || later.PauseReason != "" {
		t.Errorf("after the pause it is still shown: until %v", later.PausedUntil)
	}
	if later := report.ChannelStatus(&sum, noon+event.Time(time.Minute/time.Microsecond)); !report.ChannelVisibleEqual(&got, &later) {
		t.Error("a minute alone is worth a write, want none")
	}
	if _, err := report.MergeChannel("MessageChannel/default/mail", 4, reports); err == nil {
		t.Error("a sum over some partitions is given, want an error")
	}
}
