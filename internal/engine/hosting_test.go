// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

func wantSends(t *testing.T, d *desk, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, d.sends()); diff != "" {
		t.Fatalf("at %s these are sent (-want +got):\n%s", d.clock.UTC().Format(time.RFC3339), diff)
	}
}

var nothing = map[string]string{}

func TestAScenarioRunsFromItsApplyOn(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil)
	d.happens("ann", "cart", "{}") // before there is a scenario
	scenario := remind()
	d.step(hosting(t, remindKey, &scenario))
	d.later(time.Minute)
	d.happens("ann", "cart", "{}")
	wantSends(t, d, nothing)
	d.later(time.Hour)
	wantSends(t, d, map[string]string{"ann": "first"})
	d.later(day)
	wantSends(t, d, map[string]string{"ann": "second"})
	n := d.numbers()
	if n.Entered != 1 || n.Message.Sent != 2 || n.Active != 0 {
		t.Errorf("entered %d, sent %d, active %d, want 1, 2 and 0", n.Entered, n.Message.Sent, n.Active)
	}
}

func TestABuyerIsSentNothingMore(t *testing.T) {
	t.Parallel()
	d := reminding(t)
	d.later(time.Hour)
	wantSends(t, d, map[string]string{"ann": "first"})
	d.later(time.Hour)
	d.happens("ann", "order", "{}")
	d.later(2 * day)
	wantSends(t, d, nothing)
	if n := d.numbers(); n.Converted != 1 || n.Exited["Goal"] != 1 {
		t.Errorf("converted %d, exits %v, want 1 by the goal", n.Converted, n.Exited)
	}
}

func TestOnlyAClaimThatFollowsTheLastIsGranted(t *testing.T) {
	t.Parallel()
	d := reminding(t)
	d.later(time.Hour)
	effect := d.wanted()[0]
	claim := func(contact string, attempt int) int64 {
		d.step(record.Record{Kind: record.Claims, Claims: record.ClaimsRecord{
			Time: d.clock, Claims: []record.Claim{{Contact: contact, Effect: effect.ID, Attempt: attempt}},
		}})
		return d.numbers().Message.Claimed
	}
	for _, step := range []struct {
		name    string
		contact string
		attempt int
		want    int64
	}{
		{"of somebody else", "bob", 1, 0},
		{"the second first", "ann", 2, 0},
		{"the first", "ann", 1, 1},
		{"the first again", "ann", 1, 1},
	} {
		if got := claim(step.contact, step.attempt); got != step.want {
			t.Errorf("after a claim %s, %d are granted, want %d", step.name, got, step.want)
		}
	}
}

func TestADeferredMessageIsWantedAgainInTime(t *testing.T) {
	t.Parallel()
	d := reminding(t)
	d.later(time.Hour)
	grants := d.claims()
	if len(grants) != 1 {
		t.Fatalf("%d messages are granted, want 1", len(grants))
	}
	if wanted := d.wanted(); len(wanted) != 1 || !wanted[0].Claimed {
		t.Errorf("while it is under way, wanted is %v, want the message as claimed", wanted)
	}
	d.results(&grants[0], event.MessageDeferred)
	if d.fold.HasWanted() {
		t.Error("a message is wanted right after it was deferred")
	}
	d.later(10 * time.Minute)
	wantSends(t, d, map[string]string{"ann": "first"})
}

func TestWhatIsWantedIsKnownByChannel(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil)
	scenario := remind()
	d.step(hosting(t, remindKey, &scenario))
	d.knows("bob", `{"email":"bob@example.com"}`)
	d.happens("bob", "cart", "{}")
	d.happens("ann", "cart", "{}")
	if channels := d.fold.WantedChannels(); len(channels) != 0 || d.fold.HasWanted() || d.fold.Wanting() != 0 {
		t.Errorf("before anything is due, channels %v have something to send", channels)
	}
	d.later(time.Hour)
	if diff := cmp.Diff([]string{mailKey}, d.fold.WantedChannels()); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}
	names := func(effects []nurture.Effect) (all []string) {
		for _, e := range effects {
			all = append(all, e.Contact)
		}
		return all
	}
	if diff := cmp.Diff([]string{"ann", "bob"}, names(d.wanted())); diff != "" {
		t.Errorf("wanted (-want +got):\n%s", diff)
	}
	first := d.fold.Wanted(mailKey, 1, nil)
	rest := d.fold.Wanted(mailKey, 1, func(effect string) bool { return effect == first[0].ID })
	if diff := cmp.Diff([]string{"bob"}, names(rest)); diff != "" {
		t.Errorf("wanted but for what is in hand (-want +got):\n%s", diff)
	}
	channel := d.report().Channels[0]
	if channel.Waiting != 2 || channel.Oldest != d.clock {
		t.Errorf("%d are waiting since %v, want 2 since %v", channel.Waiting, channel.Oldest, d.clock)
	}
	d.claims()
	if n := d.fold.ClaimedToday(mailKey, d.clock); n != 2 {
		t.Errorf("%d were claimed today, want 2", n)
	}
}

func TestAnEditKeepsThoseInsideOnTheirVersion(t *testing.T) {
	t.Parallel()
	d := reminding(t)
	edited := remind()
	edited.Steps[0].Wait.For = 2 * time.Hour
	d.step(hosting(t, remindKey, &edited))
	d.knows("bob", `{"email":"bob@example.com"}`)
	d.happens("bob", "cart", "{}")
	d.later(time.Hour)
	wantSends(t, d, map[string]string{"ann": "first"})
	d.later(time.Hour)
	wantSends(t, d, map[string]string{"bob": "first"})
}

func TestMigrateLeadsThoseInsideToTheNewVersion(t *testing.T) {
	t.Parallel()
	d := reminding(t)
	d.later(30 * time.Minute)
	edited := remind()
	edited.InFlight = definition.Migrate
	edited.Steps[0].Wait.For = 20 * time.Minute // which have passed
	d.step(hosting(t, remindKey, &edited))
	wantSends(t, d, map[string]string{"ann": "first"})
}

func TestAHeldVersionLetsNobodyInAndTellsWhomItWould(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil)
	d.knows("bob", `{"email":"bob@example.com","plan":"pro"}`)
	d.knows("cy", `{"plan":"pro"}`)
	scenario := remind()
	scenario.Trigger = definition.Trigger{Segment: &definition.SegmentTrigger{Where: "contact.attributes.plan == 'pro'"}, MaxAge: day}
	scenario.Entry.Existing = true
	d.step(hosting(t, remindKey, &scenario, definition.Standing{Held: true}), ticking(d.clock))
	n := d.numbers()
	if n.Entered != 0 || n.Reach == nil || *n.Reach != 2 {
		t.Fatalf("entered %d, reach %v, want nobody and 2", n.Entered, n.Reach)
	}
	found := d.fold.Definitions()
	defined := found[len(found)-1]
	if defined.Active != "" || defined.Version == "" || string(defined.Standing) != `{"held":true}` {
		t.Errorf("while it is held it is defined as %+v", defined)
	}
	d.step(record.Record{Kind: record.Standing, Standing: record.StandingRecord{Key: remindKey, Standing: encoded(t, definition.Standing{})}})
	if n := d.numbers(); n.Entered != 2 || n.Reach != nil {
		t.Errorf("once approved, entered %d, reach %v, want 2 and none", n.Entered, n.Reach)
	}
}

func TestASuspendedScenarioGoesOnAsItIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		catchUp          definition.CatchUp
		atOnce, anHourOn map[string]string
	}{
		"what was due is sent at once":     {definition.CatchUpSend, map[string]string{"ann": "first"}, nothing},
		"what was due is left out":         {definition.CatchUpSkip, nothing, nothing},
		"everything is put off by as long": {definition.CatchUpShift, nothing, map[string]string{"ann": "first"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t, nil)
			scenario := remind()
			d.step(hosting(t, remindKey, &scenario))
			d.happens("ann", "cart", "{}")
			stand := func(s definition.Standing) {
				d.step(record.Record{Kind: record.Standing, Standing: record.StandingRecord{Key: remindKey, Standing: encoded(t, s)}})
			}
			stand(definition.Standing{Suspended: true})
			d.later(5 * time.Hour)
			wantSends(t, d, nothing)
			stand(definition.Standing{CatchUp: test.catchUp})
			wantSends(t, d, test.atOnce)
			d.later(time.Hour)
			wantSends(t, d, test.anHourOn)
		})
	}
}

func TestAWithdrawnScenarioGoesOnWithinADay(t *testing.T) {
	t.Parallel()
	scenario := remind()
	for name, test := range map[string]struct {
		away  time.Duration
		sends map[string]string
		exits map[string]int64
	}{
		"within a day it goes on": {20 * time.Hour, map[string]string{"ann": "first"}, nil},
		"then all is forgotten":   {25 * time.Hour, nothing, map[string]int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t, nil)
			d.step(hosting(t, remindKey, &scenario))
			d.happens("ann", "cart", "{}")
			d.step(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: remindKey}})
			d.later(test.away)
			wantSends(t, d, nothing)
			d.step(hosting(t, remindKey, &scenario))
			wantSends(t, d, test.sends)
			if entered := d.numbers().Entered; (entered == 1) != (len(test.sends) == 1) {
				t.Errorf("entered %d", entered)
			}
		})
	}
}

func TestASuppressedAddressIsSentNothing(t *testing.T) {
	t.Parallel()
	for name, records := range map[string]struct {
		said []record.Suppression
		want map[string]string
	}{
		"suppressed":           {[]record.Suppression{{Class: "Manual"}}, nothing},
		"and released":         {[]record.Suppression{{Class: "Manual"}, {Released: true}}, map[string]string{"ann": "first"}},
		"released for nothing": {[]record.Suppression{{Released: true}}, map[string]string{"ann": "first"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t, nil)
			scenario := remind()
			d.step(hosting(t, remindKey, &scenario))
			said := records.said
			for i := range said {
				said[i].Address = nurture.AddressHash(definition.SMTP, "ann@example.com")
			}
			d.step(record.Record{Kind: record.Suppressions, Suppressions: said})
			d.happens("ann", "cart", "{}")
			d.later(time.Hour)
			wantSends(t, d, records.want)
			if n := d.report().Suppressed; (n == 1) != (len(records.want) == 0) {
				t.Errorf("%d addresses are suppressed", n)
			}
		})
	}
}

func TestAPausedChannelSendsLater(t *testing.T) {
	t.Parallel()
	d := reminding(t)
	d.later(time.Hour)
	until := d.clock.Add(15 * time.Minute)
	d.step(record.Record{Kind: record.Pauses, Pauses: []record.Pause{{Channel: mailKey, Until: until, Reason: "Bounces"}}})
	wantSends(t, d, nothing)
	if channel := d.report().Channels[0]; channel.PausedUntil != until || channel.PauseReason != "Bounces" {
		t.Errorf("the channel is paused until %v by %q, want %v by Bounces", channel.PausedUntil, channel.PauseReason, until)
	}
	d.later(15 * time.Minute)
	wantSends(t, d, map[string]string{"ann": "first"})
}

func TestAScheduleLetsItsAudienceIn(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil)
	d.knows("bob", `{"email":"bob@example.com","plan":"pro"}`)
	scenario := remind()
	scenario.Trigger = definition.Trigger{Schedule: &definition.ScheduleTrigger{Cron: "0 18 * * *"}, MaxAge: 3 * day}
	scenario.Audience = "contact.attributes.plan == 'pro'"
	scenario.Steps = scenario.Steps[:1]
	d.step(hosting(t, remindKey, &scenario))
	report := d.report()
	if six := noon.Add(3 * time.Hour); report.NextDue != six { // 18:00 in Moscow
		t.Errorf("next due at %v, want %v", report.NextDue.UTC(), six.UTC())
	}
	d.later(4 * time.Hour)
	if n := d.numbers(); n.Entered != 1 {
		t.Errorf("entered %d, want 1", n.Entered)
	}
	d.later(50 * time.Hour) // two more instants, of which the last one counts
	if n := d.numbers(); n.Entered != 1+1 {
		t.Errorf("after two more days, entered %d, want 2", n.Entered)
	}
}

func TestAVisitorsScenarioEndsWhenItIsKnownWhoItIs(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil)
	scenario := remind()
	d.step(hosting(t, remindKey, &scenario))
	visitor := event.Anonymous("v")
	d.happens(visitor, "cart", "{}")
	identified := event.Event{Contact: "ann", Type: event.Identify, Source: "shop", ID: "who", Time: d.clock, Received: d.clock}
	d.step(chunk(event.Link(&identified, "v")))
	if n := d.numbers(); n.Exited["Merged"] != 1 || n.Active != 0 {
		t.Errorf("exits %v, active %d, want one by Merged", n.Exited, n.Active)
	}
	d.happens(visitor, "cart", "{}")
	if n := d.numbers(); n.Entered != 1 {
		t.Errorf("entered %d, want none after it is known who it is", n.Entered)
	}
	copied := event.Event{Contact: visitor, Type: "cart", Source: "shop", ID: "late", Time: d.clock, Received: d.clock}
	event.Forward(&copied, "ann")
	link := event.Link(&identified, "v")
	event.Forward(&link, "ann")
	d.step(chunk(link, copied))
	d.later(time.Hour)
	wantSends(t, d, map[string]string{"ann": "first"})
}

func TestADropOffLetsIn(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil)
	scenario := remind()
	scenario.Trigger = definition.Trigger{FunnelDrop: &definition.DropTrigger{Funnel: key, Stage: "cart"}, MaxAge: day}
	scenario.Steps = scenario.Steps[1:]
	d.step(hosting(t, remindKey, &scenario))
	d.later(time.Minute)
	signal := record.Signal{
		ID: "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", Key: key, Stage: "cart", Contact: "ann", Source: "shop", Event: "1", Time: d.clock, Due: d.clock, Type: "cart",
	}
	d.step(record.Record{Kind: record.Signals, Signals: []record.Signal{signal}})
	if n := d.numbers(); n.Entered != 1 {
		t.Fatalf("entered %d, want 1", n.Entered)
	}
	signal.Retracted = true
	d.step(record.Record{Kind: record.Signals, Signals: []record.Signal{signal}})
	if n := d.numbers(); n.Exited["TriggerRetracted"] != 1 {
		t.Errorf("exits %v, want one by TriggerRetracted", n.Exited)
	}
	wantSends(t, d, nothing)
}

// Whoever has a lesser term is not heard, and neither is an earlier generation of the same resource.
func TestAnOlderOperatorIsNotHeard(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil)
	scenario := remind()
	apply := hosting(t, remindKey, &scenario)
	apply.Apply.Leader, apply.Apply.UID, apply.Apply.Generation = 2, "u", 5
	d.step(apply)
	edited := remind()
	edited.Steps = edited.Steps[:2]
	older, outdated := hosting(t, remindKey, &edited), hosting(t, remindKey, &edited)
	older.Apply.Leader, older.Apply.UID, older.Apply.Generation = 1, "u", 6
	outdated.Apply.Leader, outdated.Apply.UID, outdated.Apply.Generation = 2, "u", 4
	d.step(older, outdated,
		record.Record{Kind: record.Standing, Standing: record.StandingRecord{Key: remindKey, Leader: 1, Standing: encoded(t, definition.Standing{Suspended: true})}},
		record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: remindKey, Leader: 1}},
	)
	found := d.fold.Definitions()
	want := []engine.Defined{
		{Key: mailKey, Version: found[0].Version, Active: found[0].Version},
		{Key: remindKey, Version: apply.Apply.Version, Active: apply.Apply.Version, UID: "u", Generation: 5},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("definitions (-want +got):\n%s", diff)
	}
}

func TestAScenarioIsWhatItWasAfterARestart(t *testing.T) {
	t.Parallel()
	store := state.NewMemory()
	d := openDesk(t, store)
	scenario := remind()
	d.step(hosting(t, remindKey, &scenario, definition.Standing{Winners: map[string]string{"first": ""}}))
	d.happens("ann", "cart", "{}")
	d.later(time.Hour)
	d.claims()
	address := nurture.AddressHash(definition.SMTP, "bob@example.com")
	d.step(record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{{Address: address, Time: d.clock}}},
		record.Record{Kind: record.Pauses, Pauses: []record.Pause{{Channel: mailKey, Until: d.clock.Add(time.Hour)}}})
	before, wanted, defined := d.report(), d.wanted(), d.fold.Definitions()
	if err := d.fold.Commit(true); err != nil {
		t.Fatal(err)
	}
	f, err := engine.Open(engine.Options{Compile: compile, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	d.fold = f
	for what, diff := range map[string]string{
		"report":      cmp.Diff(before, d.report()),
		"wanted":      cmp.Diff(wanted, d.wanted()),
		"definitions": cmp.Diff(defined, f.Definitions()),
	} {
		if diff != "" {
			t.Errorf("%s (-before +after):\n%s", what, diff)
		}
	}
	if n := d.report().Suppressed; n != 1 {
		t.Errorf("%d addresses are suppressed, want 1", n)
	}
}
