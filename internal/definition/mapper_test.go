// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

func at(t *testing.T, rfc3339 string) event.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, rfc3339)
	if err != nil {
		t.Fatal(err)
	}
	return event.At(parsed)
}

func TestMap(t *testing.T) {
	t.Parallel()
	crm := definition.Mapping{Contact: "body.lead.email", Type: "'deal.' + body.status", ID: "body.id", Time: "body.at", Drop: "body.test"}
	row := definition.Mapping{Contact: "body.user_id", Type: "body.event", Time: "body.timestamp", TimeZone: "Europe/Moscow"}
	tests := map[string]struct {
		mapping definition.Mapping
		message definition.Message
		want    event.Event
		drop    bool
	}{
		"a webhook, the data is the whole body": {
			mapping: crm,
			message: definition.Message{Body: []byte(`{"id": 77, "status": "won", "lead": {"email": "ann@example.com"}, "at": 1790000000}`)},
			want: event.Event{Contact: "ann@example.com", Type: "deal.won", ID: "77", Time: at(t, "2026-09-21T14:13:20Z"),
				Data: []byte(`{"id": 77, "status": "won", "lead": {"email": "ann@example.com"}, "at": 1790000000}`)},
		},
		"a message that is dropped": {
			mapping: crm,
			message: definition.Message{Body: []byte(`{"test": true}`)},
			drop:    true,
		},
		"a missing time and id are left to the caller": {
			mapping: crm,
			message: definition.Message{Body: []byte(`{"status":"new","lead":{"email":"ann"}}`)},
			want:    event.Event{Contact: "ann", Type: "deal.new", Data: []byte(`{"status":"new","lead":{"email":"ann"}}`)},
		},
		"a row of texts, times in a zone": {
			mapping: row,
			message: definition.Message{Row: map[string]string{"user_id": "u1", "event": "cart", "timestamp": "2024-03-13 10:21:14"}},
			want: event.Event{Contact: "u1", Type: "cart", Time: at(t, "2024-03-13T07:21:14Z"),
				Data: []byte(`{"event":"cart","timestamp":"2024-03-13 10:21:14","user_id":"u1"}`)},
		},
		"data that is made, missing fields left out": {
			mapping: definition.Mapping{Contact: "body.who", Type: "'sale'", Data: "{'total': double(body.sum), 'coupon': body.coupon, 'lines': body.lines, 'by': headers['x-by'], 'n': 2}"},
			message: definition.Message{Body: []byte(`{"who": 12, "sum": "9.5", "lines": [{"a": 1}, null]}`), Headers: map[string]string{"x-by": "crm \"1\""}},
			want:    event.Event{Contact: "12", Type: "sale", Data: []byte(`{"by":"crm \"1\"","lines":[{"a":1},null],"n":2,"total":9.5}`)},
		},
		"an event of a protocol keeps what is not mapped": {
			mapping: definition.Mapping{Contact: "event.data.account", Type: "'web.' + event.type"},
			message: definition.Message{Event: event.Event{ID: "e1", Source: "web", Type: "click", Time: 5, Data: []byte(`{"account": "a1"}`)}},
			want:    event.Event{ID: "e1", Source: "web", Type: "web.click", Contact: "a1", Time: 5, Data: []byte(`{"account": "a1"}`)},
		},
		"the protocol's contact or another": {
			mapping: definition.Mapping{Contact: "has(event.contact) ? event.contact : event.data.anonymous"},
			message: definition.Message{Event: event.Event{ID: "e1", Type: "click", Data: []byte(`{"anonymous": "x9"}`)}},
			want:    event.Event{ID: "e1", Type: "click", Contact: "x9", Data: []byte(`{"anonymous": "x9"}`)},
		},
		"no mapping at all": {
			message: definition.Message{Event: event.Event{ID: "e1", Source: "web", Type: "click", Contact: "ann"}},
			want:    event.Event{ID: "e1", Source: "web", Type: "click", Contact: "ann"},
		},
		"the address's query": {
			mapping: definition.Mapping{Contact: "query.contact", Type: "query['kind']"},
			message: definition.Message{Query: map[string]string{"contact": "ann", "kind": "opened"}},
			want:    event.Event{Type: "opened", Contact: "ann"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mapper, err := definition.NewMapper(tt.mapping)
			if err != nil {
				t.Fatal(err)
			}
			got, drop, err := mapper.Map(&tt.message)
			if err != nil {
				t.Fatal(err)
			}
			if drop != tt.drop {
				t.Errorf("drop is %t, want %t", drop, tt.drop)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("event differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMapTimes(t *testing.T) {
	t.Parallel()
	mapper, err := definition.NewMapper(definition.Mapping{Time: "body.at", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		`"2026-07-01T10:00:00Z"`:           "2026-07-01T10:00:00Z",
		`"2026-07-01T10:00:00.123456789Z"`: "2026-07-01T10:00:00.123456Z",
		`"2026-07-01T10:00:00+03:00"`:      "2026-07-01T07:00:00Z",
		`"2026-07-01 10:00:00-05:00"`:      "2026-07-01T15:00:00Z",
		`"2026-07-01T10:00:00"`:            "2026-07-01T08:00:00Z",
		`"2026-07-01 10:00:00.5"`:          "2026-07-01T08:00:00.5Z",
		`"2026-07-01 10:00"`:               "2026-07-01T08:00:00Z",
		`"2026-07-01"`:                     "2026-06-30T22:00:00Z",
		`" 2026-07-01 "`:                   "2026-06-30T22:00:00Z",
		`1782900000`:                       "2026-07-01T10:00:00Z",
		`1782900000.25`:                    "2026-07-01T10:00:00.25Z",
		`1782900000123`:                    "2026-07-01T10:00:00.123Z",
		`"1782900000"`:                     "2026-07-01T10:00:00Z",
		`""`:                               "1970-01-01T00:00:00Z",
		`null`:                             "1970-01-01T00:00:00Z",
	} {
		e, _, err := mapper.Map(&definition.Message{Event: event.Event{Contact: "ann", Type: "x"}, Body: []byte(`{"at": ` + value + `}`)})
		if err != nil {
			t.Errorf("%s: %v", value, err)
		} else if e.Time != at(t, want) {
			t.Errorf("%s is %v, want %s", value, e.Time.UTC(), want)
		}
	}
	for _, value := range []string{`"yesterday"`, `"2026-13-01"`, `true`, `-5`, `1e30`, `"NaN"`, `"0001-01-01T00:00:00Z"`, `{}`, `"01.07.2026"`} {
		_, _, err := mapper.Map(&definition.Message{Event: event.Event{Contact: "ann", Type: "x"}, Body: []byte(`{"at": ` + value + `}`)})
		var wrong *definition.MapError
		if !errors.As(err, &wrong) || wrong.Field != "time" || wrong.Missing {
			t.Errorf("%s: error %v, want one of the time", value, err)
		}
	}
}

func TestMapErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mapping definition.Mapping
		body    string
		want    definition.MapError
	}{
		"no contact": {definition.Mapping{Contact: "body.who", Type: "'x'"}, `{}`,
			definition.MapError{Field: "contact", Missing: true, Message: "the message has none: every event needs one"}},
		"no type": {definition.Mapping{Contact: "'ann'", Type: "body.kind"}, `{"kind": ""}`,
			definition.MapError{Field: "type", Missing: true, Message: "the message has none: every event needs one"}},
		"a contact that is an object": {definition.Mapping{Contact: "body.who", Type: "'x'"}, `{"who": {}}`,
			definition.MapError{Field: "contact", Message: "the value is neither a text nor a number nor a yes/no"}},
		"data that is a text": {definition.Mapping{Contact: "'ann'", Type: "'x'", Data: "body.who"}, `{"who": "secret"}`,
			definition.MapError{Field: "data", Message: "the value is not an object"}},
		"drop fails": {definition.Mapping{Drop: "body.test > 1"}, `{"test": "secret"}`,
			definition.MapError{Field: "drop", Message: `">" compares values of different kinds, such as a text with a number, at line 1, column 11`}},
		"a body that is not JSON": {definition.Mapping{Contact: "body.who"}, `who=ann`,
			definition.MapError{Field: "contact", Message: "the data is not valid JSON"}},
		"a body that is a list": {definition.Mapping{Contact: "'ann'", Type: "'x'"}, `[1]`,
			definition.MapError{Field: "data", Message: "the body is not a JSON object: write mapping.data"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mapper, err := definition.NewMapper(tt.mapping)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = mapper.Map(&definition.Message{Body: []byte(tt.body)})
			var got *definition.MapError
			if !errors.As(err, &got) {
				t.Fatalf("error %v is no MapError", err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewMapperNamesTheExpression(t *testing.T) {
	t.Parallel()
	_, err := definition.NewMapper(definition.Mapping{Contact: "bdy.email", Drop: "1"})
	for _, want := range []string{`spec.mapping.contact: line 1, column 1: "bdy": is not known here: did you mean "body"?`, "spec.mapping.drop: line 1, column 1: \"1\": gives a whole number where a yes or no is needed"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
	if _, err := definition.NewMapper(definition.Mapping{TimeZone: "Mars"}); err == nil {
		t.Error("a zone that is none was taken")
	}
}

// FuzzMap maps bodies of any bytes. What becomes an event has a contact, a type, JSON for data and a time that fits.
func FuzzMap(f *testing.F) {
	mapper, err := definition.NewMapper(definition.Mapping{
		Contact: "body.who", Type: "'deal.' + body.kind", Time: "body.at", ID: "body.id", Drop: "body.test",
		Data: "{'lines': body.lines, 'sum': body.sum * 2, 'all': body.all}", TimeZone: "Europe/Berlin",
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"who": 7, "kind": "won", "at": "2026-07-01 10:00", "lines": [1, {"a": "b"}, null], "sum": 4}`))
	f.Add([]byte(`{"who": "ann", "kind": "", "at": 1782900000123, "all": {"x": {"y": "\u0000"}}}`))
	f.Add([]byte(`{"test": true}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, drop, err := mapper.Map(&definition.Message{Body: body})
		if err != nil || drop {
			return
		}
		if e.Contact == "" || e.Type == "" || !json.Valid(e.Data) || e.Time < 0 || e.Time.UTC().Year() > 9999 {
			t.Fatalf("%q became an event with contact %q, type %q, time %v and data %q", body, e.Contact, e.Type, e.Time.UTC(), e.Data)
		}
	})
}

// FuzzCompileMeaning compiles definitions of any bytes, as a log could hold them.
func FuzzCompileMeaning(f *testing.F) {
	funnel := shop()
	form, _, err := funnel.Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(form))
	f.Fuzz(func(t *testing.T, form []byte) {
		program, err := new(definition.Compiler).CompileMeaning(form)
		if err == nil && (program.Location() == nil || len(program.Funnel().Stages) < 2) {
			t.Fatalf("%q compiled to %+v", form, program.Funnel())
		}
	})
}
