// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/sender"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// want is one effect as the book knows it.
type want struct {
	effect  nurture.Effect
	granted event.Time
	arrived event.Time
	refuse  bool
	exited  bool // its enrolment ended
	traits  string
}

// book is a fold that knows effects alone: it grants every claim that follows the last, and lets go of an effect with its result.
type book struct {
	offset  uint64
	wants   map[string]*want
	claims  []record.Claim
	results []event.MessageData
	others  []event.Event
	pauses  []record.Pause
	hidden  []record.Suppression
	fresh   []record.Suppression
	doubts  int
}

func (b *book) Offset() uint64 { return b.offset }

func (b *book) WantedChannels() (keys []string) {
	for _, w := range b.wants {
		if !slices.Contains(keys, w.effect.Channel) {
			keys = append(keys, w.effect.Channel)
		}
	}
	slices.Sort(keys)
	return keys
}

func (b *book) Wanted(key string, most int, skip func(string) bool) (found []nurture.Effect) {
	for _, w := range b.wants {
		if w.effect.Channel == key && !skip(w.effect.ID) && w.effect.NotBefore <= event.At(time.Now()) {
			found = append(found, w.effect)
		}
	}
	slices.SortFunc(found, func(a, b nurture.Effect) int { return strings.Compare(a.ID, b.ID) })
	return found[:min(most, len(found))]
}

func (b *book) Grant(contact, effect string) (nurture.Grant, bool, error) {
	w := b.wants[effect]
	if w == nil || !w.effect.Claimed || w.exited {
		return nurture.Grant{}, false, nil
	}
	return nurture.Grant{
		Effect: effect, Contact: contact, Attempt: w.effect.Attempt, Scenario: "NurtureScenario/sales/back", Step: "remind",
		Channel: w.effect.Channel, Kind: w.effect.Kind, Address: contact + "@example.com", Arrived: w.arrived, GrantedAt: w.granted,
		Traits: []byte(w.traits),
	}, true, nil
}

func (b *book) ClaimedToday(key string, _ event.Time) (n int64) {
	for _, c := range b.claims {
		if c.Attempt == 1 {
			n++
		}
	}
	return n
}

func (b *book) TakeSuppressed() []record.Suppression {
	fresh := b.fresh
	b.fresh = nil
	return fresh
}

func (b *book) step(t *testing.T, r *record.Record) {
	b.offset++
	switch r.Kind {
	case record.Claims:
		for _, c := range r.Claims.Claims {
			w := b.wants[c.Effect]
			if w == nil || w.refuse || c.Attempt != w.effect.Attempt+1 {
				continue
			}
			if w.effect.Claimed {
				b.doubts++
			}
			b.claims = append(b.claims, c)
			w.effect.Claimed, w.effect.Attempt, w.granted = true, c.Attempt, r.Claims.Time
		}
	case record.Pauses:
		b.pauses = append(b.pauses, r.Pauses...)
	case record.Suppressions:
		b.hidden = append(b.hidden, r.Suppressions...)
	case record.Events:
		for chunk := r.Chunk; len(chunk) > 0; {
			var e event.Event
			var err error
			if chunk, err = event.Next(chunk, &e); err != nil {
				t.Fatal(err)
			}
			b.take(t, e)
		}
	}
}

func (b *book) take(t *testing.T, e event.Event) {
	if e.Type == event.Identify {
		e.Data = slices.Clone(e.Data)
		b.others = append(b.others, e)
		delete(b.wants, e.ID)
		return
	}
	var data event.MessageData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		t.Fatal(err)
	}
	data.Kind = strings.TrimPrefix(e.Type, "waymark.message.")
	b.results = append(b.results, data)
	if data.Class == string(channel.AddressInvalid) {
		b.fresh = append(b.fresh, record.Suppression{Address: "of " + e.Contact, Class: data.Class})
	}
	w := b.wants[data.Effect]
	if w == nil {
		return
	}
	if e.Type == event.MessageDeferred {
		w.effect.Claimed, w.effect.NotBefore = false, data.RetryAt
		return
	}
	delete(b.wants, data.Effect)
}

// sink is a channel that remembers what it got and answers what the test says.
type sink struct {
	mu     sync.Mutex
	got    []channel.Message
	times  []time.Time
	answer func(m *channel.Message, try int) channel.Result
	tries  map[string]int
	takes  time.Duration
	probe  error
	probes int
	closed bool
}

func (s *sink) Send(ctx context.Context, m *channel.Message) channel.Result {
	s.mu.Lock()
	if s.tries == nil {
		s.tries = map[string]int{}
	}
	s.tries[m.ID]++
	s.got, s.times = append(s.got, *m), append(s.times, time.Now())
	answer, try, takes := s.answer, s.tries[m.ID], s.takes
	s.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return channel.Result{Outcome: channel.InDoubt, Err: ctx.Err()}
	}
	if answer == nil {
		return channel.Result{}
	}
	return answer(m, try)
}

func (s *sink) Probe(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probes++
	return s.probe
}

func (s *sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *sink) ids() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.got {
		ids = append(ids, s.got[i].ID)
	}
	return ids
}

// plain renders nothing but the step.
type plain struct{}

func (plain) Render(g *nurture.Grant, _ *definition.Delivery, _ *definition.DeliveryChannel) (channel.Message, error) {
	if g.Contact == "unrenderable" {
		return channel.Message{}, errors.New("html line 1: no such variable")
	}
	return channel.Message{Subject: "Hello", Text: g.Step}, nil
}

// bureau is partitions with a sender, and a book for each.
type bureau struct {
	t      *testing.T
	log    *eventlog.Memory
	sender *sender.Sender
	books  []*book
	owners []eventlog.Owner
	sinks  map[string]*sink
	broken map[string]error // of channels that cannot be opened

	stop    context.CancelFunc
	running sync.WaitGroup
	halted  chan struct{}
}

func newBureau(t *testing.T, partitions int) *bureau {
	b := &bureau{t: t, log: eventlog.NewMemory(partitions, time.Now), sinks: map[string]*sink{}, broken: map[string]error{}}
	for range partitions {
		b.books = append(b.books, &book{wants: map[string]*want{}})
	}
	b.start()
	synctest.Wait()
	return b
}

// start runs a sender, and folds its partitions, as a runner does.
func (b *bureau) start() {
	var owned []int
	for p := range b.books {
		owned = append(owned, p)
	}
	b.sender = sender.New(sender.Options{
		Log: b.log, Owned: owned, Now: func() event.Time { return event.At(time.Now()) }, Render: plain{}, Logger: quiet,
		Open: func(c definition.DeliveryChannel) (channel.Channel, error) {
			if err := b.broken[c.Name]; err != nil {
				return nil, err
			}
			if b.sinks[c.Name] == nil || b.sinks[c.Name].closed {
				b.sinks[c.Name] = &sink{}
			}
			return b.sinks[c.Name], nil
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	b.stop, b.halted = stop, make(chan struct{})
	b.owners = make([]eventlog.Owner, len(b.books))
	for p := range b.books {
		owner, err := b.log.TakeOver(ctx, p, record.EpochRecord{Epoch: 1})
		if err != nil {
			b.t.Fatal(err)
		}
		b.owners[p] = owner
		b.sender.Desk(p).Opened(owner.Opened())
		halted := b.halted
		b.running.Go(func() { b.fold(p, halted) })
	}
	b.running.Go(func() { b.sender.Run(ctx) })
}

// fold is the loop of a partition's life.
func (b *bureau) fold(p int, halted chan struct{}) {
	desk := b.sender.Desk(p)
	for {
		b.catchUp(p)
		if b.books[p].offset >= b.owners[p].Opened() {
			notes, err := desk.Turn(b.books[p], event.At(time.Now()))
			if err != nil {
				b.t.Error(err)
				return
			}
			for _, n := range notes {
				offset, err := b.owners[p].Append(context.Background(), &n.Record)
				if err != nil {
					b.t.Error(err)
					return
				}
				n.Appended(offset)
			}
			if len(notes) > 0 {
				continue
			}
		}
		select {
		case <-halted:
			return
		case <-desk.Woken():
		case <-time.After(desk.Until(time.Hour)):
		}
	}
}

func (b *bureau) catchUp(p int) {
	bounds, err := b.log.Bounds(context.Background(), p)
	if err != nil {
		b.t.Error(err)
		return
	}
	for b.books[p].offset < bounds.Last {
		entry, err := b.log.Get(context.Background(), p, b.books[p].offset+1)
		if err != nil {
			b.t.Error(err)
			return
		}
		r, err := record.Decode(entry.Stored)
		if err != nil {
			b.t.Error(err)
			return
		}
		b.books[p].step(b.t, &r)
	}
}

// leave ends the sender in order, and then the folding.
func (b *bureau) leave() {
	b.stop()
	time.Sleep(10 * time.Second)
	close(b.halted)
	b.running.Wait()
}

// mail is the settings of a mail channel.
func mail(name string, change ...func(*definition.DeliveryChannel)) definition.DeliveryChannel {
	c := definition.DeliveryChannel{Channel: definition.Channel{
		Namespace: "sales", Name: name, Medium: definition.SMTP, Guarantee: definition.AtMostOnce,
		SMTP:   &definition.SMTPSettings{Host: "mx", Port: 25, Connections: 4},
		Limits: definition.Limits{Retries: 3, RetryFor: 24 * time.Hour},
	}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func delivery(channels ...definition.DeliveryChannel) *definition.Delivery {
	return &definition.Delivery{Version: "1", Mode: sender.ModeLive, TimeZone: "Europe/Moscow", Channels: channels}
}

// wants makes effects wanted in partition 0, one for each contact; change says more of each.
func (b *bureau) wants(key string, contacts []string, change ...func(*want)) {
	synctest.Wait() // the fold rests
	now := event.At(time.Now())
	for _, c := range contacts {
		id := "effect-of-" + c
		w := &want{effect: nurture.Effect{ID: id, Contact: c, Channel: key, Kind: nurture.KindSend, NotBefore: now}, arrived: now}
		for _, f := range change {
			f(w)
		}
		b.books[0].wants[w.effect.ID] = w
	}
	b.sender.Desk(0).Wake()
}

const mailKey = "MessageChannel/sales/mail"

func contacts(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("c%04d", i))
	}
	return all
}

// outcomes counts results by what became of the message.
func (b *book) outcomes() map[string]int {
	counts := map[string]int{}
	for _, r := range b.results {
		word := r.Kind
		if r.Class != "" {
			word += "/" + r.Class
		}
		counts[word]++
	}
	return counts
}

// run runs a test in virtual time.
func run(t *testing.T, partitions int, test func(t *testing.T, b *bureau)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBureau(t, partitions)
		test(t, b)
		b.leave()
	})
}
