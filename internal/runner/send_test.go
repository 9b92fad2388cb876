// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/sender"
)

const (
	hookKey = "MessageChannel/sales/hook"
	backKey = "NurtureScenario/sales/back"
)

// outbox is a channel that remembers what it got.
type outbox struct {
	mu     sync.Mutex
	got    []channel.Message
	times  map[string]time.Time // by whom to
	answer func(*channel.Message) channel.Result
}

func (o *outbox) Send(_ context.Context, m *channel.Message) channel.Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, *m)
	if o.times == nil {
		o.times = map[string]time.Time{}
	}
	o.times[m.To] = time.Now()
	if o.answer != nil {
		return o.answer(m)
	}
	return channel.Result{}
}
func (o *outbox) Probe(context.Context) error { return nil }
func (o *outbox) Close() error                { return nil }

// subjects are those of the messages to somebody.
func (o *outbox) subjects(to string) (subjects []string) {
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.got {
		if o.got[i].To == to {
			subjects = append(subjects, o.got[i].Subject)
		}
	}
	return subjects
}

func (o *outbox) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.got)
}

func hook() definition.Channel {
	return definition.Channel{
		Namespace: "sales", Name: "hook", Medium: definition.Webhook, Guarantee: definition.AtLeastOnce,
		Webhook: &definition.WebhookSettings{URL: "https://hooks.example", Timeout: time.Second, Concurrency: 16},
		Limits:  definition.Limits{Retries: 5, RetryFor: time.Hour},
	}
}

// sends is a step that sends a letter with a subject.
func sends(name, subject string) definition.Step {
	return definition.Step{Name: name, Send: &definition.Send{
		Channel: hookKey, Purpose: definition.Transactional,
		Variants: []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{"": {Subject: subject, Text: "."}}}},
	}}
}

func waits(name string, d time.Duration) definition.Step {
	return definition.Step{Name: name, Wait: &definition.Wait{For: d}}
}

// back sends to who left a cart: at once, and again after an hour.
func back() definition.Scenario {
	return definition.Scenario{
		TimeZone: "UTC", InFlight: definition.Pin,
		Trigger: definition.Trigger{Event: &definition.EventMatch{Event: "cart"}, MaxAge: time.Hour},
		Entry:   definition.Entry{Reentry: definition.ReentryAfterExit, OnRepeat: definition.RepeatIgnore},
		Exits:   []definition.EventMatch{{Event: "order"}},
		Steps:   []definition.Step{sends("remind", "Your cart, {{ contact.name | default: 'friend' }}"), waits("pause", time.Hour), sends("again", "Still there")},
	}
}

// canonical gives the definition of a meaning.
func canonical(t failer, key string, meaning interface {
	Canonical() (json.RawMessage, string, error)
}, standing string) control.Definition {
	t.Helper()
	form, version, err := meaning.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	d := control.Definition{Key: key, Version: version, UID: "uid-" + key, Generation: 1, Meaning: form}
	if standing != "" {
		d.Standing = json.RawMessage(standing)
	}
	return d
}

// sendingPlane is a plane with a sender, whose one channel is out.
func sendingPlane(t *testing.T, partitions int) (*plane, *outbox) {
	t.Helper()
	p, out := newPlane(t, partitions), &outbox{}
	p.opts = func(o *runner.Options) {
		o.NewSender = func(owned []int, now func() event.Time) *sender.Sender {
			return sender.New(sender.Options{
				Log: p.log, Owned: owned, Now: now, Render: &sender.Letters{}, Logger: quiet,
				Open: func(definition.DeliveryChannel) (channel.Channel, error) { return out, nil },
			})
		}
	}
	return p, out
}

// deliver gives the sender its channel.
func (p *plane) deliver(change ...func(*definition.DeliveryChannel)) {
	c := definition.DeliveryChannel{Channel: hook()}
	for _, f := range change {
		f(&c)
	}
	p.Sender().SetDelivery(&definition.Delivery{
		Version: "1", Mode: sender.ModeLive, Workspace: "shop", TimeZone: "UTC", Channels: []definition.DeliveryChannel{c},
	})
	synctest.Wait()
}

// scenario sums what partitions report of a scenario.
func scenario(report control.Report, key string) (sum aggregate.Scenario) {
	for _, part := range report.Partitions {
		for _, s := range part.Scenarios {
			if s.Key == key {
				sum.Entered += s.Entered
				sum.Active += s.Active
				sum.Message.Claimed += s.Message.Claimed
				sum.Message.Sent += s.Message.Sent
				sum.Message.InDoubt += s.Message.InDoubt
				sum.Message.Deferred += s.Message.Deferred
			}
		}
	}
	return sum
}

func TestAnEventStartsAScenarioThatSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, out := sendingPlane(t, 2)
		p.start()
		h, s := hook(), back()
		p.apply(1, canonical(t, hookKey, &h, ""), canonical(t, backKey, &s, ""))
		p.deliver()
		p.send("cart", "anna", "boris")
		time.Sleep(250 * time.Millisecond)
		if got := out.subjects("anna"); !slices.Equal(got, []string{"Your cart, friend"}) {
			t.Errorf("anna got %q within 250 ms", got)
		}
		p.send("order", "boris")
		time.Sleep(time.Hour + 300*time.Millisecond)
		if got := out.subjects("anna"); !slices.Equal(got, []string{"Your cart, friend", "Still there"}) {
			t.Errorf("anna got %q after an hour", got)
		}
		if got := out.subjects("boris"); len(got) != 1 {
			t.Errorf("boris, who ordered, got %q", got)
		}
		report := p.report()
		want := aggregate.Scenario{Entered: 2, Message: aggregate.Message{Claimed: 3, Sent: 3}}
		if got := scenario(report, backKey); got.Entered != want.Entered || got.Message.Sent != 3 || got.Message.Claimed != 3 || got.Active != 0 {
			t.Errorf("the scenario's numbers are %+v", got)
		}
		if len(report.Channels) != 1 || !report.Channels[0].Reachable || report.DeliveryVersion != "1" {
			t.Errorf("the channels are %+v of delivery %q", report.Channels, report.DeliveryVersion)
		}
		p.stop()
	})
}

func TestAStandingAloneMakesNoOtherVersion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, out := sendingPlane(t, 1)
		p.start()
		p.deliver()
		h, s := hook(), back()
		channel := canonical(t, hookKey, &h, "")
		p.apply(1, channel, canonical(t, backKey, &s, `{"suspended":true}`))
		p.send("cart", "anna")
		time.Sleep(time.Second)
		if n := out.count(); n > 0 {
			t.Errorf("a suspended scenario sent %d messages", n)
		}
		for range 2 { // the second call differs in nothing
			p.apply(1, channel, canonical(t, backKey, &s, `{}`))
		}
		p.send("cart", "boris")
		time.Sleep(time.Second)
		if got := out.subjects("boris"); len(got) != 1 {
			t.Errorf("boris got %q after the scenario was resumed", got)
		}
		if applies, standings := p.count(0, record.Apply), p.count(0, record.Standing); applies != 2 || standings != 1 {
			t.Errorf("the log has %d Apply and %d Standing records, want 2 and 1", applies, standings)
		}
		p.stop()
	})
}

func TestARestartSendsNothingTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, out := sendingPlane(t, 1)
		p.start()
		h, s := hook(), back()
		p.apply(1, canonical(t, hookKey, &h, ""), canonical(t, backKey, &s, ""))
		p.deliver()
		for i := range 50 {
			p.send("cart", fmt.Sprintf("c%02d", i))
		}
		for range 5 {
			p.stop()
			p.start()
			p.deliver()
			time.Sleep(17 * time.Minute)
		}
		for i := range 50 {
			if got := out.subjects(fmt.Sprintf("c%02d", i)); len(got) != 2 {
				t.Errorf("contact %d got %q, want both messages once", i, got)
			}
		}
		if got := scenario(p.report(), backKey); got.Message.InDoubt != 0 {
			t.Errorf("%d messages are in doubt after orderly restarts", got.Message.InDoubt)
		}
		p.stop()
	})
}

func TestApplyingOverALongHistorySendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, out := sendingPlane(t, 1)
		appender := eventlog.NewAppender(p.log, eventlog.AppenderOptions{})
		for hour := 90 * 24; hour > 0; hour-- { // somebody comes every hour, leaves a cart and is lost
			at := event.At(p.clock.Wall().Add(-time.Duration(hour) * time.Hour))
			for _, kind := range []string{"visit", "cart"} {
				e := event.Event{Contact: fmt.Sprintf("c%d", hour), Type: kind, Source: "test", ID: fmt.Sprintf("%s-%d", kind, hour), Time: at, Received: at}
				if err := appender.Append(t.Context(), []event.Event{e}); err != nil {
					t.Fatal(err)
				}
			}
		}
		appender.Close()
		p.start()
		h, s, lost := hook(), back(), back()
		lost.Trigger = definition.Trigger{FunnelDrop: &definition.DropTrigger{Funnel: shop}, MaxAge: 90 * 24 * time.Hour}
		s.Trigger.MaxAge = 90 * 24 * time.Hour
		p.apply(1, signalling(t), canonical(t, hookKey, &h, ""), canonical(t, backKey, &s, ""), canonical(t, "NurtureScenario/sales/lost", &lost, ""))
		p.deliver()
		time.Sleep(10 * time.Minute)
		if n := out.count(); n > 0 {
			t.Errorf("%d messages were sent to people of the past", n)
		}
		if stages := p.report().Partitions[0].Funnels[shop].Funnel.Stages; len(stages) == 0 || stages[0].Dropped == 0 {
			t.Errorf("the funnel has not counted its history: %+v", stages)
		}
		p.send("cart", "now")
		time.Sleep(time.Second)
		if got := out.subjects("now"); len(got) != 1 {
			t.Errorf("who comes now got %q, want one message", got)
		}
		p.stop()
	})
}

// flood appends events of one type for many contacts at one time.
func flood(t *testing.T, log eventlog.Log, kind string, contacts int) {
	t.Helper()
	appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
	defer appender.Close()
	now := event.At(time.Now())
	var events []event.Event
	for i := range contacts {
		id := kind + strconv.Itoa(i)
		events = append(events, event.Event{Contact: id, Type: kind, Source: "flood", ID: id, Time: now, Received: now})
	}
	if err := appender.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// While tens of thousands of timers are due at one instant, who comes now does not wait for them.
func TestABurstOfTimersDelaysNobodyWhoComesNow(t *testing.T) {
	t.Parallel()
	const waiting = 20_000
	synctest.Test(t, func(t *testing.T) {
		p, out := sendingPlane(t, 1)
		p.start()
		h, s := hook(), back()
		crowd := back()
		crowd.Trigger.Event.Event = "visit"
		crowd.Steps = []definition.Step{waits("pause", time.Hour), sends("then", "An hour later")}
		p.apply(1, canonical(t, hookKey, &h, ""), canonical(t, backKey, &s, ""), canonical(t, "NurtureScenario/sales/crowd", &crowd, ""))
		p.deliver()
		flood(t, p.log, "visit", waiting)
		time.Sleep(time.Hour)
		for i := range 20 {
			name := fmt.Sprintf("late%d", i)
			began := time.Now()
			p.send("cart", name)
			time.Sleep(250 * time.Millisecond)
			synctest.Wait()
			out.mu.Lock()
			at, sent := out.times[name]
			out.mu.Unlock()
			if !sent || at.Sub(began) > 250*time.Millisecond {
				t.Errorf("who came %d-th during the burst was not sent to in 250 ms", i)
			}
		}
		time.Sleep(time.Minute)
		if got := scenario(p.report(), "NurtureScenario/sales/crowd"); got.Message.Sent != waiting {
			t.Errorf("%d of the crowd were sent to, want %d", got.Message.Sent, waiting)
		}
		p.stop()
	})
}
