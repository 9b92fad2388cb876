// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

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

func (b *book) NextWanted(key string, most int, skip func(string) bool) (found []nurture.Effect) {
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

func (b *book) ClaimedToday(string, event.Time) (n int64) {
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
			w.effect.Claimed, w.effect.Attempt, w.effect.Ended, w.granted = true, c.Attempt, w.exited, r.Claims.Time
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

// plain renders nothing but the step.
type plain struct{}

func (plain) Render(g *nurture.Grant, _ *definition.Delivery, _ *definition.DeliveryChannel) (channel.Message, error) {
	if g.Contact == "unrenderable" {
		return channel.Message{}, errors.New("html line 1: no such variable")
	}
	return channel.Message{Subject: "Hello", Text: g.Step}, nil
}
