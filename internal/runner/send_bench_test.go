// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/sender"
)

// quick takes every message at once and notes when, by whom to.
type quick struct {
	mu    sync.Mutex
	times map[string]time.Time
	count int
}

func (q *quick) Send(_ context.Context, m *channel.Message) channel.Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count++
	if m.Subject == "Now" {
		q.times[m.To] = time.Now()
	}
	return channel.Result{}
}
func (q *quick) Probe(context.Context) error { return nil }
func (q *quick) Close() error                { return nil }

func (q *quick) at(to string) (time.Time, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at, sent := q.times[to]
	return at, sent
}

func (q *quick) sent() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// crowd counts the messages of which the time does not matter.
func (q *quick) crowd() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count - len(q.times)
}

// startSendingPlane is a plane on disk whose one channel is quick.
func startSendingPlane(b *testing.B) (*diskPlane, *quick) {
	b.Helper()
	q := &quick{times: map[string]time.Time{}}
	p := startDiskPlane(b, func(o *runner.Options, log eventlog.Log) {
		o.NewSender = func(owned []int, now func() event.Time) *sender.Sender {
			return sender.New(sender.Options{
				Log: log, Owned: owned, Now: now, Render: &sender.Letters{}, Logger: quiet,
				Open: func(definition.DeliveryChannel) (channel.Channel, error) { return q, nil },
			})
		}
	})
	c := hook()
	c.Webhook.Concurrency = 64
	p.Sender().SetDelivery(&definition.Delivery{
		Version: "1", Mode: sender.ModeLive, Workspace: "shop", TimeZone: "UTC", Channels: []definition.DeliveryChannel{{Channel: c}},
	})
	return p, q
}

// arrive appends an event of a type for each of n contacts.
func (p *diskPlane) arrive(b *testing.B, kind string, n int) {
	b.Helper()
	const batch, senders = 500, 4
	var arriving sync.WaitGroup
	for s := range senders {
		arriving.Go(func() {
			for from := s * batch; from < n; from += senders * batch {
				events := make([]event.Event, 0, batch)
				now := event.At(time.Now())
				for i := from; i < min(from+batch, n); i++ {
					id := kind + strconv.Itoa(i)
					events = append(events, event.Event{Contact: id, Type: kind, Source: "bench", ID: id, Time: now, Received: now})
				}
				if err := p.appender.Append(b.Context(), events); err != nil {
					b.Error(err)
				}
			}
		})
	}
	arriving.Wait()
}

// BenchmarkSend is the way of b.N contacts through a wait, a branch and a send: from the event to the result in the log.
func BenchmarkSend(b *testing.B) {
	p, q := startSendingPlane(b)
	s, h := back(), hook()
	s.Exits = nil
	s.Steps = []definition.Step{
		waits("pause", time.Second),
		{Name: "which", Branch: &definition.Branch{Cases: []definition.Case{{When: "event.type == 'cart'", Then: "send"}}, Else: "end"}},
		sends("send", "Your cart, {{ contact.name | default: 'friend' }}"), {Name: "end", Exit: &definition.ExitStep{}},
	}
	p.mustApply(b, []control.Definition{canonical(b, hookKey, &h, ""), canonical(b, backKey, &s, "")})
	b.ResetTimer()
	p.arrive(b, "cart", b.N)
	for q.sent() < b.N {
		time.Sleep(10 * time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "enrolments/s")
}

// pace is the time between two events of BenchmarkEventToSend.
const pace = 10 * time.Millisecond

// BenchmarkEventToSend is how long it takes from an event to the message that it starts: while nothing else goes on, and while the timers of
// burst contacts, all due at one instant, ring and send. Then events come from that instant on until the last of the crowd has its message. They
// come at their pace however long others wait, and each is timed from when it was to come, so a standstill shows in all that fall into it.
func BenchmarkEventToSend(b *testing.B) {
	for _, burst := range []int{0, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("burst=%d", burst), func(b *testing.B) {
			p, q := startSendingPlane(b)
			due := time.Now().Add(20*time.Second + time.Duration(burst)*time.Second/20_000) // all are inside and written by then
			crowd, now, h := back(), back(), hook()
			crowd.Trigger.Event.Event = "visit"
			crowd.Exits = nil
			crowd.Steps = []definition.Step{
				{Name: "pause", Wait: &definition.Wait{Date: "'" + due.UTC().Format(time.RFC3339Nano) + "'", At: "00:00", OnPast: definition.PastContinue}},
				sends("then", "Then"),
			}
			now.Steps = []definition.Step{sends("now", "Now")}
			p.mustApply(b, []control.Definition{
				canonical(b, hookKey, &h, ""), canonical(b, backKey, &now, ""), canonical(b, "NurtureScenario/sales/crowd", &crowd, ""),
			})
			p.arrive(b, "visit", burst)
			if burst > 0 {
				if left := time.Until(due); left <= 0 {
					b.Fatalf("the crowd took %v too long to arrive", -left)
				}
				time.Sleep(time.Until(due))
			}
			b.ResetTimer()
			var all []time.Duration
			for b.Loop() {
				all = append(all, p.eventsToSend(b, q, burst, len(all))...)
			}
			slices.Sort(all)
			for name, at := range map[string]int{"p50-ms": len(all) / 2, "p99-ms": len(all) * 99 / 100, "max-ms": len(all) - 1} {
				b.ReportMetric(float64(all[at].Microseconds())/1000, name)
			}
			b.ReportMetric(float64(len(all)), "events")
		})
	}
}

// eventsToSend lets events come for a while and until the crowd has its messages, and gives how long each took to start a message.
func (p *diskPlane) eventsToSend(b *testing.B, q *quick, crowd, from int) []time.Duration {
	b.Helper()
	const least = 100
	began := time.Now()
	var arriving sync.WaitGroup
	n := 0
	for ; n < least || q.crowd() < crowd; n++ {
		time.Sleep(time.Until(began.Add(time.Duration(n) * pace)))
		id := "now" + strconv.Itoa(from+n)
		arriving.Go(func() {
			now := event.At(time.Now())
			if err := p.appender.Append(b.Context(), []event.Event{{Contact: id, Type: "cart", Source: "bench", ID: id, Time: now, Received: now}}); err != nil {
				b.Error(err)
			}
		})
	}
	arriving.Wait()
	waits := make([]time.Duration, n)
	for i := range waits {
		at, sent := q.at("now" + strconv.Itoa(from+i))
		for ; !sent; at, sent = q.at("now" + strconv.Itoa(from+i)) {
			time.Sleep(pace)
		}
		waits[i] = at.Sub(began.Add(time.Duration(i) * pace))
	}
	return waits
}
