// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package pages is what people reach by the links in their messages: redirects that count clicks, the picture that counts openings, and the
// pages on which they stop, choose and confirm what they are sent, and say why they left. Nothing but a POST changes anything. A choice is acknowledged only when
// it is durable; a click is never kept waiting for that.
package pages

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
)

// Source is the source of all events that come from links.
const Source = "waymark/links"

// Methods by which a person chose, in event.Consent.
const (
	OneClick    = "OneClick"
	Page        = "Page"
	Preferences = "Preferences"
	DoubleOptIn = "DoubleOptIn"
)

const (
	// clickPatience is how long a click waits for its event to be durable before the person is led on.
	clickPatience = 2 * time.Second
	// choicePatience is how long a choice waits.
	choicePatience = 20 * time.Second
	// repeatSpan is within which equal choices by equal links are one event. Later ones are others: a person who agreed again in between
	// must be able to withdraw by the same link.
	repeatSpan = 10 * time.Minute
	// maxForm bounds a form's bytes.
	maxForm = 64 << 10
)

// Appender makes events durable, as the gateway's does.
type Appender interface {
	Append(ctx context.Context, events []event.Event) error
}

// Options are what Pages work with. All are required.
type Options struct {
	Appender Appender
	Clock    interface{ Now() time.Time }
	// Log gets nothing of a person and no address.
	Log *slog.Logger
}

// Pages is an http.Handler for the paths that Serves names.
type Pages struct {
	Options

	settings atomic.Pointer[settings]
	watch    link.Watch
	counts   counts
}

// settings are what is served at one time.
type settings struct {
	keys   *link.Keys
	name   string // what people call the workspace
	topics []definition.Topic
	// asked gives what a journey asks; nil when it asks nothing.
	asked func(journey string) *definition.AskedSurvey
}

// New makes Pages that know no link yet.
func New(o Options) *Pages {
	p := &Pages{Options: o}
	p.settings.Store(&settings{keys: &link.Keys{}})
	return p
}

// SetDelivery serves the links of a workspace from now on; nil serves none. After an error all stays as it was.
func (p *Pages) SetDelivery(d *definition.Delivery) error {
	if d == nil {
		p.settings.Store(&settings{keys: &link.Keys{}})
		return nil
	}
	keys, err := link.NewKeys(d.LinkKeys)
	if err != nil {
		return fmt.Errorf("serve links: %w", err)
	}
	s := &settings{keys: keys, name: d.Title, topics: d.Topics, asked: d.Survey}
	if s.name == "" {
		s.name = d.Workspace
	}
	p.settings.Store(s)
	return nil
}

// Serves says whether a path is one of links. Those of a namespace that is called w have two or four parts, these have three.
func Serves(path string) bool {
	return strings.HasPrefix(path, link.Prefix) && strings.Count(strings.TrimSuffix(path, "/"), "/") == 3
}

// visit is one request by a link.
type visit struct {
	answer   http.ResponseWriter
	request  *http.Request
	settings *settings
	link     link.Link
	now      time.Time
	words    *words
}

// ServeHTTP answers a request for a link.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{answer: w, request: r, settings: p.settings.Load(), now: p.Clock.Now(), words: wordsFor(r.Header.Get("Accept-Language"))}
	setHeaders(w.Header())
	kind, token, ok := link.ParsePath(r.URL.Path)
	if ok {
		var err error
		v.link, err = v.settings.keys.Open(kind, token)
		ok = err == nil
	}
	if !ok {
		p.counts.add(0, invalid)
		v.show(http.StatusNotFound, page{Title: v.words.unknownTitle, Text: v.words.unknownText})
		return
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	onlyRead := kind == link.Click || kind == link.Open
	switch {
	case !reads && (onlyRead || r.Method != http.MethodPost):
		w.Header().Set("Allow", "GET, HEAD, POST")
		if onlyRead {
			w.Header().Set("Allow", "GET, HEAD")
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
	case kind == link.Click:
		p.click(v)
	case kind == link.Open:
		p.open(v)
	case kind == link.Survey:
		p.survey(v, reads)
	case reads:
		p.ask(v)
	default:
		p.choose(v)
	}
}

// click tells of a click and leads on, whether or not it could be told.
func (p *Pages) click(v *visit) {
	who := link.Classify(v.request, v.link.Issued, v.now)
	if p.watch.Follows(v.link.Contact+"\x00"+v.link.Effect, v.link.Target, v.now) == link.Machine {
		who = link.Machine
	}
	p.tell(v, event.MessageClicked, who)
	v.answer.Header().Set("Location", v.link.Target)
	v.answer.WriteHeader(http.StatusFound)
}

// pixel is a GIF of one transparent point.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

func (p *Pages) open(v *visit) {
	p.tell(v, event.MessageOpened, link.Classify(v.request, v.link.Issued, v.now))
	v.answer.Header().Set("Content-Type", "image/gif")
	_, _ = v.answer.Write([]byte(pixel)) // only the connection can fail, and nobody is left to tell
}

// tell appends what a person or a machine did with a message.
func (p *Pages) tell(v *visit, kind string, who link.Visitor) {
	l := v.link
	data := event.MessageData{
		Effect: l.Effect, Scenario: l.Scenario, Version: l.Version, Enrolment: l.Enrolment, Step: l.Step, Variant: l.Variant, Channel: l.Channel,
		URL: l.Target, Machine: who == link.Machine,
	}
	err := p.append(v, clickPatience, v.event(kind, rand.Text(), data))
	switch {
	case err != nil:
		p.counts.add(l.Kind, failed)
	case who == link.Machine:
		p.counts.add(l.Kind, byMachine)
	default:
		p.counts.add(l.Kind, byPerson)
	}
}

// append makes events durable, also when the person has left meanwhile.
func (p *Pages) append(v *visit, patience time.Duration, events ...event.Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.request.Context()), patience)
	defer cancel()
	err := p.Appender.Append(ctx, events)
	if err != nil {
		p.Log.Warn("Could not append what a link told", "type", events[0].Type, "error", err)
	}
	return err
}

func (v *visit) event(kind, id string, data any) event.Event {
	encoded, _ := json.Marshal(data) // of plain fields
	at := event.At(v.now)
	return event.Event{Contact: v.link.Contact, Type: kind, Source: Source, ID: id, Time: at, Received: at, Data: encoded}
}

// repeatable gives the id of a choice, which is the same when it is sent again within repeatSpan.
func (v *visit) repeatable(kind, topic string) string {
	h := sha256.New()
	for _, part := range []string{kind, v.link.Contact, v.link.Effect, v.link.Scenario, topic} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = h.Write(length[:]) // never fails, by hash.Hash
		_, _ = h.Write([]byte(part))
	}
	var span [8]byte
	binary.BigEndian.PutUint64(span[:], uint64(v.now.UnixMicro()/repeatSpan.Microseconds()))
	_, _ = h.Write(span[:])
	return hex.EncodeToString(h.Sum(nil)[:16])
}
