// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package inbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/open"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

const signingKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// sink is a running sink and the channels to it.
type sink struct {
	url      string
	channels map[string]channel.Channel
}

func start(t *testing.T) *sink {
	t.Helper()
	box := inbox.New(signingKey)
	web := httptest.NewServer(box.Handler())
	t.Cleanup(web.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mail := box.MailServer(io.Discard)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = mail.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = mail.Close()
		_ = listener.Close()
		<-served
	})
	s := &sink{url: web.URL, channels: map[string]channel.Channel{}}
	for name, settings := range map[string]definition.DeliveryChannel{
		"smtp": {Channel: definition.Channel{Medium: definition.SMTP, SMTP: &definition.SMTPSettings{
			Host: "127.0.0.1", Port: int32(listener.Addr().(*net.TCPAddr).Port), Encryption: definition.NoEncryption,
			From: "shop@example.com", FromName: "Магазин", Connections: 2,
		}}},
		"webhook": {
			Channel: definition.Channel{Medium: definition.Webhook, Webhook: &definition.WebhookSettings{URL: web.URL + "/webhook/crm", Timeout: 5 * time.Second}},
			Secrets: definition.ChannelSecrets{SigningKeys: []string{signingKey}},
		},
		"telegram": {
			Channel: definition.Channel{Medium: definition.Telegram, Telegram: &definition.BotSettings{APIURL: web.URL + "/telegram"}},
			Secrets: definition.ChannelSecrets{Token: "1:a"},
		},
	} {
		opened, err := open.Channel(settings)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = opened.Close() })
		s.channels[name] = opened
	}
	return s
}

// call asks the sink for something and gives back what it answered.
func (s *sink) call(t *testing.T, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s answered %d %s: %v", method, path, response.StatusCode, answer, err)
	}
	return answer
}

func (s *sink) messages(t *testing.T) []inbox.Message {
	t.Helper()
	var messages []inbox.Message
	if err := json.Unmarshal(s.call(t, http.MethodGet, "/messages", ""), &messages); err != nil {
		t.Fatal(err)
	}
	return messages
}

func (s *sink) send(t *testing.T, through, id string) channel.Outcome {
	t.Helper()
	to := "anna@example.org"
	if through == "telegram" {
		to = "77"
	}
	return s.channels[through].Send(context.Background(), &channel.Message{
		ID: id, To: to, Subject: "Привет", Text: "Текст", HTML: "<p>Текст</p>", Time: time.Now(), Unsubscribe: "http://go.example.com/u/1",
	}).Outcome
}

func TestEveryChannelArrives(t *testing.T) {
	s := start(t)
	for _, name := range []string{"smtp", "webhook", "telegram"} {
		if err := s.channels[name].Probe(context.Background()); err != nil {
			t.Errorf("%s: probe: %v", name, err)
		}
		if got := s.send(t, name, "m1"); got != channel.Accepted {
			t.Errorf("%s: got outcome %d, want it accepted", name, got)
		}
	}
	got := s.messages(t)
	want := []inbox.Message{
		{Channel: "smtp", ID: "m1", To: "anna@example.org", Subject: "Привет", Text: "Текст", HTML: "<p>Текст</p>"},
		{Channel: "webhook", ID: "m1", To: "anna@example.org", Subject: "Привет", Text: "Текст", HTML: "<p>Текст</p>"},
		{Channel: "telegram", ID: "1", To: "77", Text: "Текст"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(inbox.Message{}, "Time", "Headers")); diff != "" {
		t.Fatalf("messages (-want +got):\n%s", diff)
	}
	if header := got[0].Headers["List-Unsubscribe"]; header != "<http://go.example.com/u/1>" {
		t.Errorf("List-Unsubscribe is %q", header)
	}
	s.call(t, http.MethodDelete, "/messages", "")
	if left := s.messages(t); len(left) != 0 {
		t.Errorf("%d messages are left", len(left))
	}
}

func TestSinkMisbehavesAsTold(t *testing.T) {
	type seen struct{ Repeated, Dropped bool }
	for name, c := range map[string]struct {
		behaviour string
		outcomes  []channel.Outcome
		kept      []seen
	}{
		"rejects":         {`{"reject": "^(anna@|77$)"}`, []channel.Outcome{channel.Rejected}, nil},
		"drops":           {`{"dropEvery": 2}`, []channel.Outcome{channel.Accepted, channel.InDoubt}, []seen{{}, {Repeated: true, Dropped: true}}},
		"loses":           {`{"loseEvery": 2}`, []channel.Outcome{channel.Accepted, channel.InDoubt, channel.Accepted}, []seen{{}, {Repeated: true}}},
		"defers, slowly":  {`{"deferEvery": 1, "delayMillis": 1}`, []channel.Outcome{channel.Deferred}, nil},
		"takes all again": {`{}`, []channel.Outcome{channel.Accepted}, []seen{{}}},
	} {
		for _, through := range []string{"smtp", "webhook", "telegram"} {
			t.Run(name+" "+through, func(t *testing.T) {
				s := start(t)
				s.call(t, http.MethodPut, "/behaviour", c.behaviour)
				for i, want := range c.outcomes {
					if got := s.send(t, through, "same"); got != want {
						t.Errorf("try %d: got outcome %d, want %d", i, got, want)
					}
				}
				var kept []seen
				for _, m := range s.messages(t) {
					// A bot's messages have no id that could be the same.
					kept = append(kept, seen{m.Repeated || through == "telegram" && len(kept) > 0, m.Dropped})
				}
				if diff := cmp.Diff(c.kept, kept); diff != "" {
					t.Errorf("kept (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestUnsignedWebhooksAreRefused(t *testing.T) {
	s := start(t)
	response, err := http.Post(s.url+"/webhook", "application/json", bytes.NewReader([]byte(`{}`)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized || len(s.messages(t)) != 0 {
		t.Errorf("got %d and %d messages, want 401 and none", response.StatusCode, len(s.messages(t)))
	}
}

func TestUpdatesReachTheBotOnce(t *testing.T) {
	s := start(t)
	s.call(t, http.MethodPost, "/updates", `{"chat": 77, "text": "hello"}`)
	fetch := func(offset string) string {
		return string(s.call(t, http.MethodGet, "/telegram/bot1:a/getUpdates?offset="+offset, ""))
	}
	if got := fetch("0"); !strings.Contains(got, `"hello"`) {
		t.Errorf("got %s, want the update", got)
	}
	if got := fetch("2"); strings.Contains(got, `"hello"`) {
		t.Errorf("got %s, want nothing after it was confirmed", got)
	}
}
