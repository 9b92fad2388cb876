// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
)

// defaultMaxBodyBytes bounds a body where the feed's definition does not.
const defaultMaxBodyBytes = 1 << 20

// protocol names are those of definition.Feed.Protocols.
const (
	protocolCloudEvents = "CloudEvents"
	protocolSegment     = "Segment"
	protocolWebhook     = "Webhook"
)

// feedSet is all that a gateway serves at one time. It never changes, so that a request sees one state.
type feedSet struct {
	version        string
	byPath         map[string]*feed
	byKey          map[keyHash][]*feed // those that speak Segment
	segmentOrigins []string            // of any feed that speaks Segment, for preflights that show no key
	segmentMaxBody int64               // likewise
}

// feed is one HTTP EventFeed in service.
type feed struct {
	definition.Feed

	key     string // namespace/name
	keys    []keyHash
	limiter *rate.Limiter
	counts  *counts

	mapper *definition.Mapper // nil: the feed has no mapping
	fault  error              // the mapping does not compile
}

// counts is what came through a feed since the gateway started. They outlive changes of the feed.
type counts struct {
	accepted, dropped, clamped, lastEvent atomic.Int64

	refused map[Reason]*atomic.Int64 // every reason is in it from the start, so that the map never changes
}

func newCounts() *counts {
	c := &counts{refused: make(map[Reason]*atomic.Int64)}
	for _, reason := range Reasons() {
		c.refused[reason] = new(atomic.Int64)
	}
	return c
}

func (c *counts) refuse(ps *problems) {
	for reason, n := range ps.counts {
		c.refused[reason].Add(int64(n))
	}
}

func (c *counts) accept(a *admission) {
	c.accepted.Add(int64(len(a.events)))
	c.dropped.Add(int64(a.dropped))
	c.clamped.Add(int64(a.clamped))
	if len(a.events) > 0 {
		c.lastEvent.Store(int64(a.received))
	}
}

// SetFeeds replaces all feeds at once. Requests under way finish with those they began with. The error joins what is
// wrong with single feeds; the others are served all the same, and a feed whose new mapping does not compile goes on with
// the one it had.
func (g *Gateway) SetFeeds(feeds definition.Feeds) error {
	g.setting.Lock()
	defer g.setting.Unlock()
	old := g.feeds.Load()
	set := &feedSet{
		version: feeds.Version,
		byPath:  make(map[string]*feed, len(feeds.Feeds)),
		byKey:   make(map[keyHash][]*feed, len(feeds.Feeds)),
	}
	var faults []error
	for _, d := range feeds.Feeds {
		f, err := g.newFeed(d, old)
		if err != nil {
			faults = append(faults, err)
		}
		set.add(f)
	}
	g.feeds.Store(set)
	return errors.Join(faults...)
}

func (s *feedSet) add(f *feed) {
	s.byPath[f.key] = f
	if !f.speaks(protocolSegment) {
		return
	}
	s.segmentOrigins = append(s.segmentOrigins, f.AllowOrigins...)
	s.segmentMaxBody = max(s.segmentMaxBody, f.MaxBodyBytes)
	for _, key := range f.keys {
		s.byKey[key] = append(s.byKey[key], f)
	}
}

func (g *Gateway) newFeed(d definition.Feed, old *feedSet) (*feed, error) {
	f := &feed{Feed: d, key: d.Namespace + "/" + d.Name}
	if f.MaxBodyBytes <= 0 {
		f.MaxBodyBytes = defaultMaxBodyBytes
	}
	for _, key := range d.WriteKeys {
		f.keys = append(f.keys, hashKey(key))
	}
	f.counts = g.countsOf(f.key)
	before := old.byPath[f.key]
	f.limiter = newLimiter(d, before)
	if d.Mapping == (definition.Mapping{}) {
		return f, nil
	}
	f.mapper, f.fault = definition.NewMapper(d.Mapping)
	if f.fault == nil {
		return f, nil
	}
	err := fmt.Errorf("feed %s: %w", f.key, f.fault)
	if before != nil && before.fault == nil {
		f.Mapping, f.mapper, f.fault = before.Mapping, before.mapper, nil
	}
	return f, err
}

// newLimiter keeps the limiter of before where the rate is the same, so that a reload grants no burst.
func newLimiter(d definition.Feed, before *feed) *rate.Limiter {
	if d.EventsPerSecond <= 0 {
		return nil
	}
	burst := d.Burst
	if burst <= 0 {
		burst = 2 * d.EventsPerSecond
	}
	if before != nil && before.limiter != nil && before.EventsPerSecond == d.EventsPerSecond && before.limiter.Burst() == burst {
		return before.limiter
	}
	return rate.NewLimiter(rate.Limit(d.EventsPerSecond), burst)
}

// countsOf gives the counts of a feed, which are the same ones for as long as the gateway lives.
func (g *Gateway) countsOf(key string) *counts {
	if c, found := g.counts[key]; found {
		return c
	}
	c := newCounts()
	g.counts[key] = c
	return c
}

func (f *feed) speaks(protocol string) bool { return slices.Contains(f.Protocols, protocol) }

// mediaHint tells a sender what the feed takes.
func (f *feed) mediaHint() string {
	var takes []string
	if f.speaks(protocolCloudEvents) {
		takes = append(takes, "CloudEvents as application/cloudevents+json or application/cloudevents-batch+json or with ce- headers")
	}
	if f.speaks(protocolSegment) {
		takes = append(takes, "Segment calls at /v1/{call} below the feed's path")
	}
	if f.speaks(protocolWebhook) {
		takes = append(takes, "JSON objects as application/json and forms as application/x-www-form-urlencoded")
	}
	return "the feed takes " + strings.Join(takes, "; ")
}

// limit takes n events from the feed's rate.
func (f *feed) limit(now time.Time, n int) *Problem {
	if f.limiter == nil || n == 0 {
		return nil
	}
	if n > f.limiter.Burst() {
		return tooLarge("", "send smaller batches, or raise spec.http.rateLimit.burst of the EventFeed",
			"the request holds %d events, more than the %d that may come at once", n, f.limiter.Burst())
	}
	reservation := f.limiter.ReserveN(now, n)
	delay := reservation.DelayFrom(now)
	if delay == 0 {
		return nil
	}
	reservation.CancelAt(now)
	return &Problem{
		Reason: RateLimited, Error: fmt.Sprintf("the feed takes %d events per second", f.EventsPerSecond), status: 429,
		Hint: "try again after the time in Retry-After, or raise spec.http.rateLimit of the EventFeed", retryAfter: delay,
	}
}

// Report counts what came through each feed that is served now, in the order of their keys, and says which version of the
// feeds that is.
func (g *Gateway) Report() (feeds []control.Feed, version string) {
	set := g.feeds.Load()
	for _, f := range set.byPath {
		report := control.Feed{
			Key: f.key, Accepted: f.counts.accepted.Load(), Dropped: f.counts.dropped.Load(),
			Clamped: f.counts.clamped.Load(), LastEvent: f.counts.lastEvent.Load(),
		}
		for reason, n := range f.counts.refused {
			if count := n.Load(); count > 0 {
				if report.Refused == nil {
					report.Refused = make(map[string]int64, 4)
				}
				report.Refused[string(reason)] = count
			}
		}
		feeds = append(feeds, report)
	}
	slices.SortFunc(feeds, func(a, b control.Feed) int { return strings.Compare(a.Key, b.Key) })
	return feeds, set.version
}
