// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package bot_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/bot"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

// log is a log that fails when the test says.
type log struct {
	mu     sync.Mutex
	fails  int
	events []event.Event
}

func (l *log) append(_ context.Context, events []event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.fails--
		return errors.New("the log is not available")
	}
	l.events = append(l.events, events...)
	return nil
}

func (l *log) has(kind string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

func TestListenersHearTheBotsOfTheDelivery(t *testing.T) {
	t.Parallel()
	people := inbox.New("")
	server := httptest.NewServer(people.Handler())
	defer server.Close()
	written := &log{fails: 1}
	var released []string
	var mu sync.Mutex
	ctx, stop := context.WithCancel(t.Context())
	listeners := bot.NewListeners(ctx, bot.Options{
		Append: written.append, Now: func() event.Time { return event.At(time.Now()) }, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Release: func(_ definition.Medium, address string) {
			mu.Lock()
			defer mu.Unlock()
			released = append(released, address)
		},
	})
	d := &definition.Delivery{LinkKeys: []string{secret}, Channels: []definition.DeliveryChannel{{
		Channel: definition.Channel{
			Namespace: "sales", Name: "bot", Medium: definition.Telegram,
			Telegram: &definition.BotSettings{APIURL: server.URL + "/telegram", Updates: true},
		},
		Secrets: definition.ChannelSecrets{Token: "1:token"},
	}}}
	listeners.SetDelivery(d)
	listeners.SetDelivery(d) // the same: nothing changes
	for _, u := range []string{
		`{"chat": 77, "text": "/start offers"}`,
		`{"chat": 77, "text": "hello"}`,
	} {
		if _, err := people.Update([]byte(u)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both are told, though the log failed at first", func() bool {
		return written.has(bot.Started) == 1 && written.has(event.MessageReplied) == 1
	})
	mu.Lock()
	if !slices.Contains(released, "77") {
		t.Errorf("released %v, want the chat that started the bot", released)
	}
	mu.Unlock()

	listeners.SetDelivery(&definition.Delivery{}) // waits until it is no longer heard
	if _, err := people.Update([]byte(`{"chat": 77, "text": "anybody?"}`)); err != nil {
		t.Fatal(err)
	}
	listeners.SetDelivery(d)
	eventually(t, "what was said meanwhile is heard", func() bool { return written.has(event.MessageReplied) == 2 })
	stop()
	listeners.Wait()
}
