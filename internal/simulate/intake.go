// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/simulate/eventfile"
	"github.com/waymark-dev/waymark/internal/simulate/virtual"
)

// Bounds of an event, as ingest has them.
const (
	maxAttributeBytes = 255 // of a contact, a type or an id
	maxSourceBytes    = 1024
	maxEventBytes     = 256 << 10
)

const controlCharacter = "contains a control character or is not valid UTF-8"

// reservedPrefix begins the types that only Waymark itself may use.
const reservedPrefix = "waymark."

// The span of times that Waymark can mean.
var (
	earliest = event.At(time.Date(1970, 1, 1, 0, 0, 0, 1000, time.UTC)) // zero is what unset clocks say
	latest   = event.At(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
)

// intake turns messages into events and keeps them for each number of partitions that a workspace has.
type intake struct {
	feed  *feed      // nil without one
	until event.Time // later events have not happened yet; 0 is no such bound
	// asked are the types of events whose data some funnel asks for, unless it is allAsked. Of others only who and when is kept, to tell
	// duplicates and for funnels that watch every act.
	asked     map[string]bool
	allAsked  bool
	timelines map[int][]*timeline

	// joins is set when some contacts are joined.
	joins bool

	events, after int64
	first, last   event.Time
}

func newIntake(p *plan, through *feed, until event.Time) *intake {
	in := &intake{feed: through, until: until, asked: map[string]bool{}, timelines: map[int][]*timeline{}}
	for _, f := range p.funnels {
		types, every := f.meaning.Types()
		for _, t := range types {
			in.asked[t] = true
		}
		in.allAsked = in.allAsked || every && f.meaning.CorrelateBy != ""
	}
	in.allAsked = in.allAsked || len(p.scenarios)+len(p.segments)+len(p.journeys) > 0 // they may ask of anything
	for _, w := range p.workspaces {
		if !w.counts() {
			continue
		}
		partitions := w.partitions()
		if in.timelines[partitions] == nil {
			for range partitions {
				in.timelines[partitions] = append(in.timelines[partitions], &timeline{})
			}
		}
	}
	return in
}

// counts says whether something in the workspace looks at events.
func (w *workspace) counts() bool {
	return len(w.funnels)+len(w.scenarios)+len(w.segments)+len(w.journeys) > 0
}

func (w *workspace) partitions() int { return int(w.resource.Spec.EventLog.Partitions) }

// take takes in one line of a file. A table's row is read with the feed's mapping. A CloudEvent stands for itself; it passes through
// the feed where that takes CloudEvents.
func (in *intake) take(file string, line int, m *definition.Message) error {
	mapped := m.Row != nil
	if mapped {
		if err := in.canMap(); err != nil {
			return err
		}
		m.Event.Source = in.feed.resource.Namespace + "/" + in.feed.resource.Name
	}
	own := !mapped && isRecorded(m.Event.Type)
	passes := mapped || !own && in.feed != nil && slices.Contains(in.feed.meaning.Protocols, string(v1alpha1.HTTPProtocolCloudEvents))
	if m.Event.Contact == "" && m.AnonymousID != "" {
		m.Event.Contact = event.Anonymous(m.AnonymousID)
	}
	e := m.Event
	if passes && in.feed.mapper != nil {
		var drop bool
		var err error
		if e, drop, err = in.feed.mapper.Map(m); err != nil {
			return mappingProblem(err)
		}
		if drop {
			in.feed.counts.Dropped++
			return nil
		}
	}
	if mapped && e.ID == "" {
		e.ID = fmt.Sprintf("%s:%010d", file, line) // texts of equal length are in the order of the lines
	}
	if err := check(&e, mapped, own); err != nil {
		return err
	}
	if id, anonymous := event.AnonymousID(e.Contact); anonymous && id != m.AnonymousID {
		return &eventfile.Problem{Field: "subject", Message: controlCharacter}
	}
	if passes {
		if !in.feed.meaning.Allows(e.Type) {
			in.feed.reject(v1alpha1.RejectionTypeNotAllowed)
			return nil
		}
	}
	told, refused, err := relate(&e, m.AnonymousID, !passes || !in.feed.meaning.Public)
	if err != nil {
		return err
	}
	if refused {
		in.feed.reject(v1alpha1.RejectionNotTrusted)
		return nil
	}
	if passes {
		in.feed.counts.Accepted++
	}
	in.keep(&e)
	for i := range told {
		in.joins = true
		in.keep(&told[i])
	}
	return nil
}

// relate gives what others are to be told about the event's contact, as ingest does.
func relate(e *event.Event, anonymousID string, trusted bool) (told []event.Event, refused bool, err error) {
	said := event.Statement{Type: e.Type, AnonymousID: anonymousID}
	if said.Type != event.Identify && said.Type != event.AliasType {
		return nil, false, nil
	}
	if said.Type == event.AliasType {
		var data struct {
			PreviousID string `json:"previousId"`
		}
		if json.Unmarshal(e.Data, &data) == nil { // of another type it names nobody
			said.PreviousID = data.PreviousID
		}
	}
	for _, id := range []struct{ field, value string }{{"anonymousid", said.AnonymousID}, {"data.previousId", said.PreviousID}} {
		if id.value == "" {
			continue
		}
		if err := checkAttribute(id.field, id.value, maxAttributeBytes); err != nil {
			return nil, false, err
		}
	}
	told, refused = event.Relate(e, said, trusted)
	return told, refused, nil
}

// canMap says what is missing to read a table.
func (in *intake) canMap() error {
	const needs = "is a table, which is read with the mapping of an EventFeed: "
	switch {
	case in.feed == nil:
		return &eventfile.Problem{Message: needs + "add one with -f"}
	case in.feed.mapper == nil:
		return &eventfile.Problem{Message: fmt.Sprintf("%sEventFeed %s has no spec.mapping", needs, in.feed.resource.Name)}
	}
	m := in.feed.meaning.Mapping
	for _, part := range []struct{ name, expression string }{{"contact", m.Contact}, {"type", m.Type}, {"time", m.Time}} {
		if part.expression == "" {
			return &eventfile.Problem{Message: fmt.Sprintf("%sEventFeed %s has no spec.mapping.%s", needs, in.feed.resource.Name, part.name)}
		}
	}
	return nil
}

// mappingProblem keeps the part of the mapping that failed.
func mappingProblem(err error) error {
	if failed, ok := errors.AsType[*definition.MapError](err); ok {
		return &eventfile.Problem{Field: "mapping." + failed.Field, Message: failed.Message}
	}
	return &eventfile.Problem{Field: "mapping", Message: err.Error()}
}

// check holds an event against the rules of ingest. Its fields are named as they are in the file.
func check(e *event.Event, mapped, own bool) error {
	names := [...]string{"subject", "type", "id", "source", "time", "data"}
	if mapped {
		names = [...]string{"mapping.contact", "mapping.type", "mapping.id", "source", "mapping.time", "mapping.data"}
	}
	contact, _ := event.AnonymousID(e.Contact)
	for i, attribute := range [...]struct {
		value string
		limit int
	}{{contact, maxAttributeBytes}, {e.Type, maxAttributeBytes}, {e.ID, maxAttributeBytes}, {e.Source, maxSourceBytes}} {
		if err := checkAttribute(names[i], attribute.value, attribute.limit); err != nil {
			return err
		}
	}
	switch size := len(e.Contact) + len(e.Type) + len(e.ID) + len(e.Source) + len(e.Data); {
	case strings.HasPrefix(e.Type, reservedPrefix) && !own:
		return &eventfile.Problem{Field: names[1], Message: "types that begin with waymark. are Waymark's own: choose another type"}
	case e.Time == 0:
		return &eventfile.Problem{Field: names[4], Message: "is missing: a file has no time of arrival that could stand for it"}
	case e.Time < earliest || e.Time > latest:
		return &eventfile.Problem{Field: names[4], Message: fmt.Sprintf("%s lies before 1970 or after 9999", e.Time.UTC().Format(time.RFC3339))}
	case len(e.Data) > 0 && e.Data[0] != '{':
		return &eventfile.Problem{Field: names[5], Message: "is no JSON object"}
	case size > maxEventBytes:
		return &eventfile.Problem{Field: names[5], Message: fmt.Sprintf("the event has %d bytes, more than %d", size, maxEventBytes)}
	}
	return nil
}

func checkAttribute(name, value string, limit int) error {
	switch {
	case strings.TrimSpace(value) == "":
		return &eventfile.Problem{Field: name, Message: "is missing or empty: every event needs one"}
	case len(value) > limit:
		return &eventfile.Problem{Field: name, Message: fmt.Sprintf("has %d bytes, more than %d", len(value), limit)}
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7F }):
		return &eventfile.Problem{Field: name, Message: controlCharacter}
	}
	return nil
}

func (f *feed) reject(reason v1alpha1.RejectionReason) {
	f.counts.Rejected++
	i, found := slices.BinarySearchFunc(f.counts.Rejections, reason, func(r v1alpha1.RejectionCount, reason v1alpha1.RejectionReason) int {
		return cmp.Compare(r.Reason, reason)
	})
	if !found {
		f.counts.Rejections = slices.Insert(f.counts.Rejections, i, v1alpha1.RejectionCount{Reason: reason})
	}
	f.counts.Rejections[i].Count++
}

// isRecorded says whether events of a type are Waymark's own and may yet be in a file: what people did with messages, and what they agreed to.
func isRecorded(eventType string) bool {
	return virtual.IsReaction(eventType) || eventType == event.ConsentGiven || eventType == event.ConsentWithdrawn || eventType == event.SurveyAnswered
}

// keep puts an event on the timelines, as appended at its own time.
func (in *intake) keep(e *event.Event) {
	if in.until != 0 && e.Time > in.until {
		in.after++
		return
	}
	in.events++
	in.last = max(in.last, e.Time)
	if in.first == 0 || e.Time < in.first {
		in.first = e.Time
	}
	e.Received = e.Time
	if !in.allAsked && !in.asked[e.Type] && e.Type != event.Identify && !strings.HasPrefix(e.Type, reservedPrefix) {
		e.Data = nil
	}
	for partitions, timelines := range in.timelines {
		timelines[event.Partition(e.Contact, partitions)].add(e)
	}
}
