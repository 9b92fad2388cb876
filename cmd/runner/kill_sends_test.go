// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

const (
	hookKey  = "MessageChannel/sales/hook"
	onceKey  = "MessageChannel/sales/once"
	leastKey = "MessageChannel/sales/least"
	backKey  = "NurtureScenario/sales/back"
)

// world is what messages go to. It outlives the runner.
type world struct {
	hook, once, least *inbox.Inbox
	delivery          definition.Delivery
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{hook: inbox.New(""), once: inbox.New(""), least: inbox.New("")}
	hooks := httptest.NewServer(w.hook.Handler())
	t.Cleanup(hooks.Close)
	limits := definition.Limits{Retries: 10, RetryFor: time.Hour}
	channels := []definition.Channel{
		{
			Name: "hook", Medium: definition.Webhook, Guarantee: definition.AtLeastOnce,
			Webhook: &definition.WebhookSettings{URL: hooks.URL + "/webhook", Timeout: 5 * time.Second, Concurrency: 8},
		},
		{Name: "least", Medium: definition.SMTP, Guarantee: definition.AtLeastOnce, SMTP: mailServer(t, w.least)},
		{Name: "once", Medium: definition.SMTP, Guarantee: definition.AtMostOnce, SMTP: mailServer(t, w.once)},
	}
	w.delivery = definition.Delivery{Version: "1", Mode: "Live", Workspace: "shop", TimeZone: "UTC"}
	for _, c := range channels {
		c.Namespace, c.Limits, c.Address = "sales", limits, "contact.attributes.email"
		w.delivery.Channels = append(w.delivery.Channels, definition.DeliveryChannel{Channel: c})
	}
	slow := inbox.Behaviour{DelayMillis: 3} // so that kills come while messages are under way
	for _, i := range []*inbox.Inbox{w.hook, w.once, w.least} {
		if err := i.Behave(slow); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// mailServer serves an inbox by SMTP.
func mailServer(t *testing.T, i *inbox.Inbox) *definition.SMTPSettings {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := i.MailServer(io.Discard)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return &definition.SMTPSettings{
		Host: "127.0.0.1", Port: int32(listener.Addr().(*net.TCPAddr).Port), Encryption: definition.NoEncryption,
		From: "shop@example.com", Connections: 4,
	}
}

// definitions are the scenario and what it works with: two webhooks and two mails for each contact, with waits between them.
func (w *world) definitions(t *testing.T) (all []control.Definition) {
	t.Helper()
	for i := range w.delivery.Channels {
		all = append(all, defined(t, "MessageChannel/sales/"+w.delivery.Channels[i].Name, &w.delivery.Channels[i].Channel))
	}
	send := func(name, key string) definition.Step {
		return definition.Step{Name: name, Send: &definition.Send{
			Channel: key, Purpose: definition.Transactional, Variants: []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{
				"": {Subject: name, Text: "For {{ contact.email }}"},
			}}},
		}}
	}
	wait := func(name string, d time.Duration) definition.Step {
		return definition.Step{Name: name, Wait: &definition.Wait{For: d}}
	}
	return append(all, defined(t, backKey, &definition.Scenario{
		TimeZone: "UTC", InFlight: definition.Pin,
		Trigger: definition.Trigger{Event: &definition.EventMatch{Event: "cart"}, MaxAge: time.Hour},
		Entry:   definition.Entry{Reentry: definition.ReentryNever, OnRepeat: definition.RepeatIgnore, Key: "event.data.cart"},
		Steps: []definition.Step{
			send("first", hookKey), wait("short", time.Second), send("once", onceKey), send("least", leastKey), wait("long", 2*time.Second),
			send("last", hookKey),
		},
	}))
}

// shoppers leave carts behind, each a cart of their own, until they are told to stop. They post again what was not acknowledged.
func shoppers(ctx context.Context, p *pod, number int, most int64) (acked int64) {
	for batch := 0; ctx.Err() == nil && acked < most; batch++ {
		var events []cloudEvent
		for i := range 5 {
			id := fmt.Sprintf("%d-%d-%d", number, batch, i)
			made := cloudEvent{SpecVersion: "1.0", Source: "test", Subject: "c" + id, Time: time.Now().UTC()}
			made.ID, made.Type, made.Data = "i"+id, "identify", map[string]any{"traits": map[string]string{"email": "c" + id + "@example.com"}}
			events = append(events, made)
			made.ID, made.Type, made.Data = "e"+id, "cart", map[string]string{"cart": "k" + id}
			events = append(events, made)
		}
		for p.post(ctx, events) != nil {
			select {
			case <-ctx.Done():
				return acked
			case <-time.After(10 * time.Millisecond):
			}
		}
		acked += 5
		time.Sleep(20 * time.Millisecond)
	}
	return acked
}

// TestKillsWhileSending is the promise of channels: whenever the process dies, an idempotent receiver has every message once, AtMostOnce sends
// none twice, AtLeastOnce loses none, and whatever was sent twice or not at all is counted as in doubt.
func TestKillsWhileSending(t *testing.T) {
	t.Parallel()
	const kills = 200
	w, p := newWorld(t), newPod(t)
	content, err := json.Marshal(w.delivery)
	if err != nil {
		t.Fatal(err)
	}
	p.write("delivery.json", content)
	p.start()
	p.applyAll(w.definitions(t)...)
	ctx, stop := context.WithCancel(t.Context())
	var shopping sync.WaitGroup
	var mu sync.Mutex
	var contacts int64
	for number := range 3 {
		shopping.Go(func() {
			acked := shoppers(ctx, p, number, 1500)
			mu.Lock()
			defer mu.Unlock()
			contacts += acked
		})
	}
	for kill := range kills {
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		p.kill()
		p.startUnready()
		if kill%2 == 0 {
			p.awaitReady()
		}
	}
	p.awaitReady()
	stop()
	shopping.Wait()
	parts := waitForScenario(p)
	p.terminate()
	w.check(t, p, parts, contacts)
}

// waitForScenario waits until everybody has passed the scenario.
func waitForScenario(p *pod) (parts []aggregate.Partition) {
	p.t.Helper()
	p.eventually("passed", func() error {
		parts = p.report().Partitions
		for _, part := range parts {
			for _, s := range part.Scenarios {
				if s.Active > 0 {
					time.Sleep(200 * time.Millisecond)
					return fmt.Errorf("partition %d: %d are inside", part.Partition, s.Active)
				}
			}
			for _, c := range part.Channels {
				if c.Waiting > 0 {
					return fmt.Errorf("partition %d: %d wait for %s", part.Partition, c.Waiting, c.Key)
				}
			}
		}
		return nil
	})
	return parts
}

// logged is what the log says of messages: how often each was claimed, and what became of it.
type logged struct {
	claims  map[string]int
	results map[string]event.MessageData // by effect, the last
	doubts  map[string]bool              // that were left in doubt
}

func (w *world) check(t *testing.T, p *pod, parts []aggregate.Partition, contacts int64) {
	t.Helper()
	log, err := eventlog.OpenJetStream(t.Context(), eventlog.JetStreamOptions{
		Dir: filepath.Join(p.dir, "data", "log"), Partitions: 2, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	told := logged{map[string]int{}, map[string]event.MessageData{}, map[string]bool{}}
	var entered int64
	channels := map[string]aggregate.Message{}
	for _, part := range parts {
		clean := foldOnce(t, log, part, map[string]bool{})
		if diff := cmp.Diff(clean, part, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("partition %d differs from one clean fold of its log (-clean +lived):\n%s", part.Partition, diff)
		}
		told.read(t, log, part)
		for _, s := range part.Scenarios {
			entered += s.Entered
		}
		for _, c := range part.Channels {
			sum := channels[c.Key]
			sum.Claimed, sum.Sent, sum.InDoubt = sum.Claimed+c.Message.Claimed, sum.Sent+c.Message.Sent, sum.InDoubt+c.Message.InDoubt
			channels[c.Key] = sum
		}
	}
	if entered < contacts || contacts < 1000 {
		t.Errorf("%d contacts entered, %d were acknowledged; want all of them, and more than a thousand", entered, contacts)
	}
	hook, once, least := seen(w.hook), seen(w.once), seen(w.least)
	told.compare(t, "hook", hook, told.of(hookKey), channels[hookKey], true)
	told.compare(t, "least", least, told.of(leastKey), channels[leastKey], true)
	told.compare(t, "once", once, told.of(onceKey), channels[onceKey], false)
	if int64(len(hook)) != 2*entered || int64(len(least)) != entered {
		t.Errorf("%d contacts entered; %d different webhooks and %d different mails arrived, want %d and %d", entered, len(hook), len(least), 2*entered, entered)
	}
	t.Logf("%d contacts; in doubt: %d of %d webhooks, %d of %d mails sent at least once, %d of %d sent at most once", entered,
		channels[hookKey].InDoubt, channels[hookKey].Claimed, channels[leastKey].InDoubt, channels[leastKey].Claimed, channels[onceKey].InDoubt,
		channels[onceKey].Claimed)
}

// seen counts arrivals by id.
func seen(i *inbox.Inbox) map[string]int {
	counts := map[string]int{}
	for _, m := range i.Messages() {
		counts[m.ID]++
	}
	return counts
}

// compare compares what arrived with what was claimed. Again: a message in doubt is sent again, else it is not.
func (l *logged) compare(t *testing.T, name string, arrived map[string]int, effects []string, m aggregate.Message, again bool) {
	t.Helper()
	var twice, never int64
	for _, effect := range effects {
		n := arrived[effect]
		switch {
		case n > 1 && (!again || l.claims[effect] < 2):
			t.Errorf("%s: message %s arrived %d times for %d claims", name, effect, n, l.claims[effect])
		case n > 1:
			twice++
		case n == 0 && (again || !l.doubts[effect]):
			t.Errorf("%s: message %s never arrived and is not in doubt: %+v", name, effect, l.results[effect])
		case n == 0:
			never++
		}
	}
	for id := range arrived {
		if l.claims[id] == 0 {
			t.Errorf("%s: message %s arrived and was never claimed", name, id)
		}
	}
	if covered := twice + never; covered > m.InDoubt || m.Claimed != int64(len(effects)) {
		t.Errorf("%s: %d arrived twice or never, %d are counted in doubt; %d are counted as claimed, the log has %d", name, covered, m.InDoubt, m.Claimed, len(effects))
	}
	t.Logf("%s: %d messages, %d arrived more than once, %d never, %d are counted in doubt", name, len(effects), twice, never, m.InDoubt)
}

// of gives the effects of a channel that ended.
func (l *logged) of(key string) (effects []string) {
	for effect, data := range l.results {
		if data.Channel == key {
			effects = append(effects, effect)
		}
	}
	return effects
}

func (l *logged) read(t *testing.T, log eventlog.Log, part aggregate.Partition) {
	t.Helper()
	for offset := uint64(1); offset <= part.Offset; offset++ {
		entry, err := log.Get(t.Context(), part.Partition, offset)
		if err != nil {
			t.Fatal(err)
		}
		r, err := record.Decode(entry.Stored)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Claims.Claims {
			l.claims[c.Effect]++
		}
		for chunk := r.Chunk; len(chunk) > 0; {
			var e event.Event
			if chunk, err = event.Next(chunk, &e); err != nil {
				t.Fatal(err)
			}
			l.note(t, &e)
		}
	}
}

func (l *logged) note(t *testing.T, e *event.Event) {
	t.Helper()
	switch e.Type {
	case event.MessageSent, event.MessageFailed, event.MessageInDoubt:
	default:
		return
	}
	var data event.MessageData
	if err := json.Unmarshal(e.Data, &data); err != nil || data.Effect == "" {
		t.Fatal(errors.Join(err, errors.New("a result without its effect: "+strconv.Quote(e.ID))))
	}
	l.results[data.Effect] = data
	if e.Type == event.MessageInDoubt {
		l.doubts[data.Effect] = true
	}
}
