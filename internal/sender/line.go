// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"context"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// setLine is the key under which effects wait that need no channel.
const setLine = ""

const (
	// botConcurrency is how many messages a bot sends at a time; dryConcurrency how many are made at a time that need nobody's answer.
	botConcurrency = 8
	dryConcurrency = 64
	// leastAhead and mostAhead bound for how long what leaves is claimed ahead: twice as long as claims and results take to be written while
	// nobody has to wait. What a busy machine adds to that must not let more be claimed, which would make it busier.
	leastAhead = 30 * time.Millisecond
	mostAhead  = 100 * time.Millisecond
	// mostInLine bounds how many messages of a channel are claimed and not yet told of.
	mostInLine = 5000
)

// line is one channel: what was granted waits in it and is sent by as many goroutines as the channel bears. It outlives changes of the
// channel's settings.
type line struct {
	sender *Sender
	key    string
	// orphan is set when the delivery has not the channel.
	orphan bool

	mu       sync.Mutex
	settings definition.DeliveryChannel
	open     *handle // nil while it cannot be opened, and of a line without a channel
	pace     pace
	breaker  breaker
	queue    []job
	sending  int // goroutines
	inLine   int // claimed, waiting, being sent or being told of
	// inLineOf counts them by partition.
	inLineOf map[*Desk]int
	meter    meter
	// claiming and telling are how long a claim took until it was folded, and a result until it was durable.
	claiming, telling shortest
	hungry            bool // somebody found no room
	stopped           bool
	drained           chan struct{} // closed, once, when stopped and nothing is in line
	reach             reach
	feedback          feedback
}

// job is a message that was granted.
type job struct {
	item  *item
	grant nurture.Grant
}

// handle is an open channel, which is closed when nobody sends through it any more.
type handle struct {
	channel.Channel
	users sync.WaitGroup
}

func newLine(s *Sender, key string) *line {
	return &line{sender: s, key: key, inLineOf: map[*Desk]int{}, drained: make(chan struct{})}
}

func newSetLine(s *Sender) *line { return newLine(s, setLine) }

// newOrphanLine makes a line for the messages of a channel that the delivery has not: the fold says what becomes of them.
func newOrphanLine(s *Sender, key string) *line {
	l := newLine(s, key)
	l.orphan = true
	return l
}

// guarantee says what is done about a message in doubt. What needs no channel may be done twice.
func (l *line) guarantee() definition.Guarantee {
	if l.key == setLine || l.orphan {
		return atLeastOnce
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settings.Guarantee
}

// concurrency is how many messages are sent at a time. Lock should be held.
func (l *line) concurrency() int {
	switch {
	case l.key == setLine, l.orphan:
		return dryConcurrency
	case l.settings.SMTP != nil:
		return max(int(l.settings.SMTP.Connections), 1)
	case l.settings.Webhook != nil:
		return max(int(l.settings.Webhook.Concurrency), 1)
	}
	return botConcurrency
}

// room says how many messages of a partition may be claimed now, and when to ask again if that is known. claimedToday is asked for a warm-up.
func (l *line) room(d *Desk, claimedToday func() int64, today event.Time) (n int, again time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.stopped || l.orphan && l.sender.leaving() {
		return 0, time.Time{}
	}
	if l.key != setLine && !l.orphan {
		if l.open == nil {
			return 0, time.Time{}
		}
		if n, again = l.allowed(d, claimedToday, today, now); n == 0 {
			return 0, again
		}
	} else {
		n = mostInLine
	}
	places := min(l.concurrency()+l.ahead(now), mostInLine)
	share := places / len(l.sender.opts.Owned) // no partition waits because others were quicker
	n = min(n, max(places-l.inLine, share-l.inLineOf[d]))
	if l.orphan {
		n = min(n, orphansAtOnce-l.inLine)
	}
	if n <= 0 {
		l.hungry = true
		return 0, time.Time{}
	}
	return n, time.Time{}
}

// ahead is how many are claimed beyond those that are being sent. What is claimed when the process dies is in doubt, so that is no more than
// leaves while claims and results are written. Lock should be held.
func (l *line) ahead(now time.Time) int {
	writing := min(max(2*(l.claiming.lately(now)+l.telling.lately(now)), leastAhead), mostAhead)
	return int(int64(l.meter.lastSecond(now)) * int64(writing) / int64(time.Second))
}

// allowed is what the channel's limits leave. Lock should be held.
func (l *line) allowed(d *Desk, claimedToday func() int64, today event.Time, now time.Time) (n int, again time.Time) {
	n, again = l.breaker.allows(now)
	if n == 1 {
		n -= l.inLine
		l.hungry = l.hungry || n <= 0
	}
	if n <= 0 {
		return 0, again
	}
	if w := l.settings.Limits.WarmUp; w != nil {
		if bound, bounded := warmUpBound(w, l.sender.localDay(today), d.partition, l.sender.opts.Log.Partitions()); bounded {
			if n = int(min(int64(n), bound-claimedToday()-d.unsettled(l))); n <= 0 {
				return 0, now.Add(time.Minute) // the day may end
			}
		}
	}
	tokens, next := l.pace.tokens(now)
	if tokens == 0 {
		return 0, next
	}
	return min(n, tokens), time.Time{}
}

// take takes a place in the line and a token.
func (l *line) take(d *Desk) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped || !l.pace.take(time.Now()) {
		return false
	}
	l.add(d)
	return true
}

// enter takes a place without a token: for what is not sent.
func (l *line) enter(d *Desk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(d)
}

// add counts one more in line. Lock should be held.
func (l *line) add(d *Desk) {
	l.inLine++
	l.inLineOf[d]++
}

// unused gives the token back.
func (l *line) unused() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace.unused(time.Now())
}

// told notes how long a result took to be durable.
func (l *line) told(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.telling.note(time.Now(), took)
}

// left gives the place back, and wakes the desks that found none.
func (l *line) left(d *Desk) {
	l.mu.Lock()
	l.inLine--
	if l.inLineOf[d]--; l.inLineOf[d] == 0 {
		delete(l.inLineOf, d)
	}
	hungry := l.hungry
	l.hungry = false
	l.drain()
	l.mu.Unlock()
	if hungry {
		l.sender.wake()
	}
}

// push lets a granted message be sent.
func (l *line) push(it *item, g nurture.Grant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.claiming.note(now, now.Sub(it.claimed))
	l.queue = append(l.queue, job{it, g})
	if l.sending < l.concurrency() {
		l.sending++
		go l.send()
	}
}

// send sends what waits until nothing does.
func (l *line) send() {
	for {
		l.mu.Lock()
		if len(l.queue) == 0 || l.sending > l.concurrency() {
			l.sending--
			l.mu.Unlock()
			return
		}
		next := l.queue[0]
		l.queue[0] = job{}
		l.queue = l.queue[1:]
		stopped, settings, open := l.stopped, l.settings, l.open
		if open != nil {
			open.users.Add(1)
		}
		l.mu.Unlock()
		if stopped {
			next.item.tell(&next.grant, stale(l.sender.opts.Now()))
		} else {
			l.try(next, &settings, open)
		}
		if open != nil {
			open.users.Done()
		}
	}
}

// stop lets nothing more be claimed, and waits until what was claimed is dealt with or the sender gives up.
func (l *line) stop() {
	l.mu.Lock()
	l.stopped = true
	l.drain()
	open := l.open
	l.mu.Unlock()
	l.sender.wake()
	select {
	case <-l.drained:
	case <-l.sender.telling.Done():
	}
	if open != nil {
		open.close(l)
	}
}

// drain notes when all is dealt with. Lock should be held.
func (l *line) drain() {
	if !l.stopped || l.inLine > 0 {
		return
	}
	select {
	case <-l.drained:
	default:
		close(l.drained)
	}
}

func (h *handle) close(l *line) {
	h.users.Wait()
	if err := h.Close(); err != nil {
		l.sender.opts.Logger.Warn("a channel was not closed", "channel", l.key, "error", err.Error())
	}
}

// sendTimeout bounds one try, unless the channel's settings do.
const sendTimeout = time.Minute

// deliver hands a message to the channel.
func (l *line) deliver(h *handle, m *channel.Message) channel.Result {
	ctx, cancel := context.WithTimeout(l.sender.sending, sendTimeout)
	defer cancel()
	return h.Send(ctx, m)
}

// shortest is the shortest that something took in the last seconds.
type shortest struct {
	began     time.Time // of now
	now, last time.Duration
}

func (s *shortest) roll(now time.Time) {
	const span = 5 * time.Second
	if now.Sub(s.began) < span {
		return
	}
	s.last = s.now
	if now.Sub(s.began) >= 2*span {
		s.last = 0
	}
	s.began, s.now = now, 0
}

func (s *shortest) note(now time.Time, took time.Duration) {
	s.roll(now)
	if s.now == 0 || took < s.now {
		s.now = took
	}
}

// lately is 0 when nothing was noted in the last seconds.
func (s *shortest) lately(now time.Time) time.Duration {
	s.roll(now)
	if s.last == 0 || s.now != 0 && s.now < s.last {
		return s.now
	}
	return s.last
}

// meter counts what leaves in a second.
type meter struct {
	second    int64
	now, last int
}

func (m *meter) roll(now time.Time) {
	if s := now.Unix(); s != m.second {
		m.last = 0
		if s == m.second+1 {
			m.last = m.now
		}
		m.second, m.now = s, 0
	}
}

func (m *meter) count(now time.Time) {
	m.roll(now)
	m.now++
}

func (m *meter) lastSecond(now time.Time) int {
	m.roll(now)
	return max(m.last, m.now)
}

// stale is told of what was granted too long ago.
func stale(now event.Time) outcome {
	return outcome{kind: event.MessageDeferred, class: ClassStale, retryAt: now}
}
