// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway takes events in over HTTP: CloudEvents, the Segment HTTP Tracking API and webhooks of any shape. It
// answers that it took an event only when the log holds it durably, and tells the sender of everything that it refuses
// what is wrong, where, and what to do.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/pages"
)

// Appender makes events durable.
type Appender interface {
	// Append returns nil when all events are durable. It may keep the events and their memory for longer than the call.
	// After an error any part of them may have been kept; sending them again is harmless, as their identities stay.
	// An error that has a method RetryAfter() time.Duration says when to try again; one that has a method
	// StorageFull() bool which gives true says that space must be made first.
	Append(ctx context.Context, events []event.Event) error
}

// Clock tells the time of receipt.
type Clock interface{ Now() time.Time }

// Options are what a Gateway works with.
type Options struct {
	// Appender takes the events. Required.
	Appender Appender
	// Clock defaults to the wall clock.
	Clock Clock
	// Log defaults to slog's default logger. No record holds anything of a message.
	Log *slog.Logger
	// MaxBodiesBytes bounds the memory of all requests' bodies at once; requests over it are told to come back. It
	// defaults to 128 MiB.
	MaxBodiesBytes int64
}

// Gateway is an http.Handler that serves HTTP EventFeeds, and the links in messages.
type Gateway struct {
	appender Appender
	clock    Clock
	log      *slog.Logger
	memory   budget

	links   *pages.Pages
	feeds   atomic.Pointer[feedSet]
	unknown *counts // of requests to no feed

	setting sync.Mutex         // guards counts, and lets one SetFeeds run at a time
	counts  map[string]*counts // by the feed's key
}

var _ http.Handler = (*Gateway)(nil)

// New makes a Gateway that serves no feeds yet.
func New(o Options) *Gateway {
	g := &Gateway{
		appender: o.Appender, clock: o.Clock, log: o.Log, memory: budget{limit: o.MaxBodiesBytes},
		unknown: newCounts(), counts: make(map[string]*counts),
	}
	if g.clock == nil {
		g.clock = wallClock{}
	}
	if g.log == nil {
		g.log = slog.Default()
	}
	if g.memory.limit <= 0 {
		g.memory.limit = 128 << 20
	}
	g.links = pages.New(pages.Options{Appender: g.appender, Clock: g.clock, Log: g.log})
	g.feeds.Store(&feedSet{})
	return g
}

// SetDelivery serves the links of a workspace's messages from now on; nil serves none. After an error all stays as it was.
func (g *Gateway) SetDelivery(d *definition.Delivery) error { return g.links.SetDelivery(d) }

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// request is one request on its way through the gateway.
type request struct {
	http   *http.Request
	answer http.ResponseWriter
	route
	feeds    *feedSet
	feed     *feed // nil until it is known
	received time.Time
	parsed   gjson.Result // the body of a Segment call, which is needed to find the feed
}

// ServeHTTP takes in one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if pages.Serves(r.URL.Path) {
		g.links.ServeHTTP(w, r)
		return
	}
	where, known := parseRoute(r.URL.Path)
	q := &request{http: r, answer: w, route: where, feeds: g.feeds.Load(), received: g.clock.Now()}
	if known && where.feed != "" {
		q.feed = q.feeds.byPath[where.feed]
		known = q.feed != nil
	}
	switch {
	case !known:
		g.refuse(q, one(unknownFeed()))
	case r.Method == http.MethodOptions:
		preflight(w, r, q.allowedOrigins())
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST, OPTIONS")
		p := unsupported("", r.Method, "send events with POST", "the method is not POST")
		p.status = http.StatusMethodNotAllowed
		g.refuse(q, one(p))
	case where.call == callMetrics:
		q.succeed(nil)
	default:
		g.ingest(q)
	}
}

// ingest reads, checks and appends what a request brings.
func (g *Gateway) ingest(q *request) {
	body, release, problem := g.receive(q)
	defer release()
	if problem != nil {
		g.refuse(q, one(problem))
		return
	}
	messages, ps := q.read(body)
	a := &admission{
		feed: q.feed, request: q.http, received: event.At(q.received), segment: q.call != noCall, problems: ps,
	}
	if len(messages) > 0 {
		a.admit(messages)
	}
	if a.problems.total > 0 && (q.call != callBatch || a.problems.listed[0].Index == nil) {
		g.refuse(q, a.problems) // nothing is taken: the sender corrects it and sends all of it again
		return
	}
	if problem = g.append(q, a); problem != nil {
		ps = one(problem)
		ps.counts[problem.Reason] = max(1, len(a.events)) // each event met it
		g.refuse(q, ps)
		return
	}
	q.feed.counts.accept(a)
	q.feed.counts.refuse(&a.problems) // Segment's batches drop what is wrong and are answered with success
	q.succeed(a)
}

// receive authorises the request and reads its body. The key of a Segment call may be in the body, and only it may tell
// the feed.
func (g *Gateway) receive(q *request) (body []byte, release func(), problem *Problem) {
	key := shownKey(q.http)
	keyInBody := q.call != noCall && key == ""
	release = func() {}
	if !keyInBody {
		if problem = q.authorise(key); problem != nil {
			return nil, release, problem
		}
	}
	limit := q.feeds.segmentMaxBody
	if q.feed != nil {
		limit = q.feed.MaxBodyBytes
	}
	body, release, problem = readBody(q.http, limit, &g.memory)
	if problem != nil || q.call == noCall {
		return body, release, problem
	}
	if q.parsed, problem = parseJSON(body); problem != nil {
		return nil, release, problem
	}
	if keyInBody {
		problem = q.authorise(segmentKey(q.parsed))
	}
	return body, release, problem
}

// authorise finds the feed, where the path does not name it, and checks the key.
func (q *request) authorise(key string) *Problem {
	if q.feed == nil {
		owners := q.feeds.byKey[hashKey(key)]
		if key == "" || len(owners) == 0 {
			return unauthorized(key)
		}
		if len(owners) > 1 {
			p := unauthorized(key)
			p.Error = "several feeds share this write key"
			p.Hint = "send to /{namespace}/{feed}/v1 instead of /v1, or give each EventFeed its own key"
			return p
		}
		q.feed = owners[0]
	}
	if problem := q.checkOrigin(); problem != nil {
		return problem
	}
	if !q.feed.admits(key) {
		return unauthorized(key)
	}
	return nil
}

func (q *request) allowedOrigins() []string {
	if q.feed != nil {
		return q.feed.AllowOrigins
	}
	return q.feeds.segmentOrigins
}

// checkOrigin holds a browser's request against the feed's list and lets the page read the answer.
func (q *request) checkOrigin() *Problem {
	origin := q.http.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	if !originAllowed(q.feed.AllowOrigins, origin) {
		return foreignOrigin(origin)
	}
	allowOrigin(q.answer, origin)
	return nil
}

// append makes the events durable.
func (g *Gateway) append(q *request, a *admission) *Problem {
	if problem := q.feed.limit(q.received, len(a.events)); problem != nil || len(a.events) == 0 {
		return problem
	}
	err := g.appender.Append(q.http.Context(), slices.Concat(a.events, a.told))
	if err == nil {
		return nil
	}
	var full interface{ StorageFull() bool }
	if errors.As(err, &full) && full.StorageFull() {
		return unavailable(retryAfter(err, 30*time.Second), "the event log's storage is full",
			"try again after the time in Retry-After; nothing that was acknowledged is lost")
	}
	if q.http.Context().Err() == nil {
		g.log.Warn("Could not append events", "feed", q.feed.key, "events", len(a.events), "error", err)
	}
	return unavailable(retryAfter(err, time.Second), "the event log cannot take events now", "try again after the time in Retry-After")
}

func retryAfter(err error, otherwise time.Duration) time.Duration {
	var hint interface{ RetryAfter() time.Duration }
	if errors.As(err, &hint) && hint.RetryAfter() > 0 {
		return hint.RetryAfter()
	}
	return otherwise
}

// refuse counts the problems and answers with them.
func (g *Gateway) refuse(q *request, ps problems) {
	if q.feed != nil {
		q.feed.counts.refuse(&ps)
	} else {
		g.unknown.refuse(&ps)
	}
	if ps.listed[0].status == http.StatusUnauthorized {
		q.answer.Header().Set("WWW-Authenticate", `Basic realm="write key"`)
	}
	ps.write(q.answer)
}

// read reads the body by the protocol that the request speaks.
func (q *request) read(body []byte) ([]message, problems) {
	media, _, err := mime.ParseMediaType(q.http.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	protocol, read := q.reader(media, body)
	if read == nil {
		return nil, one(unsupported("Content-Type", media, q.feed.mediaHint(), "the feed does not take bodies of this media type"))
	}
	if !q.feed.speaks(protocol) {
		p := unsupported("", protocol, q.feed.mediaHint(), "the feed does not take %s", protocol)
		return nil, one(p)
	}
	return read()
}

// reader chooses the protocol and its reader. Pages that say farewell send JSON as text/plain, which spares a preflight.
func (q *request) reader(media string, body []byte) (protocol string, read func() ([]message, problems)) {
	switch {
	case q.call != noCall:
		s := &segmentReader{source: q.feed.key, received: event.At(q.received)}
		return protocolSegment, func() ([]message, problems) { return s.read(q.call, q.parsed) }
	case media == "application/cloudevents-batch+json":
		return protocolCloudEvents, func() ([]message, problems) { return new(cloudEventsReader).readBatch(body) }
	case media == "application/cloudevents+json":
		return protocolCloudEvents, func() ([]message, problems) { return new(cloudEventsReader).readOne(body) }
	case q.http.Header.Get("Ce-Specversion") != "" || q.http.Header.Get("Ce-Id") != "":
		return protocolCloudEvents, func() ([]message, problems) { return readBinary(q.http.Header, body) }
	case media == "application/x-www-form-urlencoded":
		return protocolWebhook, func() ([]message, problems) { return readForm(body, q.feed.key) }
	case media == "" || media == "text/plain" || isJSONMedia(media):
		return protocolWebhook, func() ([]message, problems) { return readWebhook(body, q.feed.key) }
	default:
		return "", nil
	}
}

// succeed answers that everything was taken. Segment's libraries want 200; to CloudEvents, 202 says that the event is safe
// and its effects are to come.
func (q *request) succeed(a *admission) {
	status, answer := http.StatusAccepted, append(make([]byte, 0, 64), '{')
	if q.call != noCall {
		status, answer = http.StatusOK, append(answer, `"success":true,`...)
	}
	accepted := 0
	if a != nil {
		accepted = len(a.events)
	}
	answer = strconv.AppendInt(append(answer, `"accepted":`...), int64(accepted), 10)
	if a != nil {
		answer = a.appendProblems(answer)
	}
	q.answer.Header().Set("Content-Type", "application/json")
	q.answer.WriteHeader(status)
	_, _ = q.answer.Write(append(answer, '}', '\n')) // only the connection can fail, and nobody is left to tell
}

func unknownFeed() *Problem {
	return &Problem{
		Reason: UnknownFeed, Error: "there is no such feed here", status: http.StatusNotFound,
		Hint: "send to /{namespace}/{name of the EventFeed}, or Segment calls to /v1/{call}; a new EventFeed takes some seconds",
	}
}
