// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/sender"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// bureau is partitions with a sender, and a book for each.
type bureau struct {
	t      *testing.T
	log    *eventlog.Memory
	sender *sender.Sender
	counts *sender.Metrics // of the sender that runs
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

// wantTries wants so many tries of the channel mail to be counted, by what became of them.
func (b *bureau) wantTries(want map[string]int) {
	b.t.Helper()
	var text strings.Builder
	if len(want) > 0 {
		text.WriteString("# HELP waymark_messages_total Tries to send a message, by channel and what became of it.\n# TYPE waymark_messages_total counter\n")
	}
	for outcome, n := range want {
		fmt.Fprintf(&text, "waymark_messages_total{channel=%q,outcome=%q} %d\n", mailKey, outcome, n)
	}
	if err := testutil.CollectAndCompare(b.counts, strings.NewReader(text.String()), "waymark_messages_total"); err != nil {
		b.t.Error(err)
	}
}

// start runs a sender, and folds its partitions, as a runner does.
func (b *bureau) start() {
	var owned []int
	for p := range b.books {
		owned = append(owned, p)
	}
	b.counts = sender.NewMetrics()
	b.sender = sender.New(sender.Options{
		Metrics: b.counts, Log: b.log, Owned: owned, Now: func() event.Time { return event.At(time.Now()) }, Render: plain{}, Logger: quiet,
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
