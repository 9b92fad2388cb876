// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/event"
)

func anyEvent(t *rapid.T) event.Event {
	return event.Event{
		Contact:  rapid.String().Draw(t, "contact"),
		Origin:   rapid.String().Draw(t, "origin"),
		Type:     rapid.String().Draw(t, "type"),
		Source:   rapid.String().Draw(t, "source"),
		ID:       rapid.String().Draw(t, "id"),
		Time:     event.Time(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "time")),
		Received: event.Time(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "received")),
		Flags:    rapid.SampledFrom([]event.Flags{0, event.Clamped, event.Public, event.Clamped | event.Public}).Draw(t, "flags"),
		KeyID:    rapid.Uint32().Draw(t, "key"),
		Data:     rapid.SliceOf(rapid.Byte()).Draw(t, "data"),
	}
}

func TestChunkRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Custom(anyEvent)).Draw(t, "events")
		var chunk []byte
		for i := range want {
			chunk = event.Append(chunk, &want[i])
		}
		var got []event.Event
		for rest := chunk; len(rest) > 0; {
			var e event.Event
			var err error
			if rest, err = event.Next(rest, &e); err != nil {
				t.Fatalf("decode: %v", err)
			}
			got = append(got, e)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("events differ after a round trip (-want +got):\n%s", diff)
		}
	})
}

func TestNextRefusesACutChunk(t *testing.T) {
	t.Parallel()
	whole := event.Append(nil, &event.Event{Contact: "ann", Type: "page.viewed", Source: "web", ID: "1", Data: []byte(`{"a":1}`), Origin: "bob"})
	for cut := range whole {
		var e event.Event
		if _, err := event.Next(whole[:cut], &e); !errors.Is(err, event.ErrCorrupt) {
			t.Errorf("%d of %d bytes: got error %v, want ErrCorrupt", cut, len(whole), err)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(event.Append(nil, &event.Event{Contact: "ann", Type: "page.viewed", Source: "web", ID: "1"}))
	f.Fuzz(func(t *testing.T, chunk []byte) {
		var e event.Event
		rest, err := event.Next(chunk, &e)
		if err == nil && len(rest) >= len(chunk) {
			t.Fatalf("decoding consumed nothing of %d bytes", len(chunk))
		}
	})
}

func TestClamp(t *testing.T) {
	t.Parallel()
	receipt := event.At(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))
	tests := map[string]struct {
		time event.Time
		want event.Event
	}{
		"past times stay":                   {time: receipt - 1, want: event.Event{Time: receipt - 1, Received: receipt}},
		"a skew of exactly 5 minutes stays": {time: receipt.Add(5 * time.Minute), want: event.Event{Time: receipt.Add(5 * time.Minute), Received: receipt}},
		"later is set to the receipt":       {time: receipt.Add(5*time.Minute) + 1, want: event.Event{Time: receipt, Received: receipt, Flags: event.Clamped}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := event.Event{Time: tt.time, Received: receipt}
			got.Clamp()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("clamped event differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPartitionNeverChanges(t *testing.T) {
	t.Parallel()
	for contact, want := range map[string]int{"": 1, "ann": 0, "user_0042": 1, "Иван": 0} {
		if got := event.Partition(contact, 4); got != want {
			t.Errorf("Partition(%q, 4) = %d, want %d: stored logs would be split otherwise", contact, got, want)
		}
	}
}

func TestAnonymousIdsAreApart(t *testing.T) {
	t.Parallel()
	contact := event.Anonymous("ann")
	if contact == "ann" {
		t.Error("the visitor ann and the contact ann are one")
	}
	if id, anonymous := event.AnonymousID(contact); id != "ann" || !anonymous {
		t.Errorf("got %q, %t of an anonymous contact, want ann", id, anonymous)
	}
	if id, anonymous := event.AnonymousID("ann"); id != "ann" || anonymous {
		t.Errorf("got %q, %t of a known contact, want ann and that it is known", id, anonymous)
	}
}

func TestRelate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		contact   string
		statement event.Statement
		public    bool
		want      []string // who is told what
		refused   bool
	}{
		"identify links":                        {"ann", event.Statement{Type: "identify", AnonymousID: "v"}, true, []string{"\x01v waymark.linked"}, false},
		"identify without a visitor":            {"ann", event.Statement{Type: "identify"}, true, nil, false},
		"identify of a visitor":                 {event.Anonymous("v"), event.Statement{Type: "identify", AnonymousID: "v"}, true, nil, false},
		"another type says nothing":             {"ann", event.Statement{Type: "page", AnonymousID: "v"}, false, nil, false},
		"alias of the visitor links":            {"ann", event.Statement{Type: "alias", AnonymousID: "v", PreviousID: "v"}, true, []string{"\x01v waymark.linked"}, false},
		"alias joins known contacts":            {"ann", event.Statement{Type: "alias", PreviousID: "anna"}, false, []string{"ann waymark.aliased", "anna waymark.aliased", "\x01anna waymark.linked"}, false},
		"alias in public joins none":            {"ann", event.Statement{Type: "alias", PreviousID: "anna"}, true, nil, true},
		"alias of a contact with itself":        {"ann", event.Statement{Type: "alias", PreviousID: "ann"}, true, nil, false},
		"alias of a visitor, whom nobody knows": {event.Anonymous("v"), event.Statement{Type: "alias", PreviousID: "anna"}, false, nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, refused := event.Relate(&event.Event{Contact: tt.contact}, tt.statement, !tt.public)
			var got []string
			for _, e := range told {
				got = append(got, e.Contact+" "+e.Type)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || refused != tt.refused {
				t.Errorf("refused is %t, want %t; told differs (-want +got):\n%s", refused, tt.refused, diff)
			}
		})
	}
}

func TestLinksAndAliasesSayWhom(t *testing.T) {
	t.Parallel()
	identified := event.Event{Contact: "ann", Type: "identify", Source: "web", ID: "7", Time: 3, Received: 4, Flags: event.Public, Data: []byte(`{}`)}
	link := event.Link(&identified, "visitor-1")
	want := event.Event{
		Contact: event.Anonymous("visitor-1"), Type: event.Linked, Source: "web", ID: "7", Time: 3, Received: 4, Flags: event.Public,
		Data: []byte(`{"contact":"ann"}`),
	}
	if diff := cmp.Diff(want, link); diff != "" {
		t.Errorf("the link differs (-want +got):\n%s", diff)
	}
	if to, ok := event.LinkedTo(&link); !ok || to != "ann" {
		t.Errorf("got that it is linked to %q, %t, want ann", to, ok)
	}
	aliases := event.Alias(&identified, "anna")
	for i, contact := range []string{"ann", "anna"} {
		if a, b, ok := event.Aliases(&aliases[i]); aliases[i].Contact != contact || !ok || a != "ann" || b != "anna" {
			t.Errorf("got that %q was told of %q and %q, %t, want that %s was of ann and anna", aliases[i].Contact, a, b, ok, contact)
		}
	}
	for name, e := range map[string]event.Event{
		"no data":       {Type: event.Linked},
		"another shape": {Type: event.Linked, Data: []byte(`{"contact":1}`)},
		"an anonymous":  {Type: event.Linked, Data: []byte(`{"contact":"\u0001x"}`)},
	} {
		if to, ok := event.LinkedTo(&e); ok {
			t.Errorf("%s: got a link to %q", name, to)
		}
	}
}
