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
		Type:     rapid.String().Draw(t, "type"),
		Source:   rapid.String().Draw(t, "source"),
		ID:       rapid.String().Draw(t, "id"),
		Time:     event.Time(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "time")),
		Received: event.Time(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "received")),
		Flags:    event.Flags(rapid.Byte().Draw(t, "flags")),
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
	whole := event.Append(nil, &event.Event{Contact: "ann", Type: "page.viewed", Source: "web", ID: "1", Data: []byte(`{"a":1}`)})
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
