// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

const botKey = "MessageChannel/sales/bot"

// talk is a bot that asks and thanks who presses yes.
func talk() *definition.Scenario {
	say := func(name, text string, buttons ...definition.Button) definition.Step {
		content := definition.Content{Text: text}
		if len(buttons) > 0 {
			content.Buttons = [][]definition.Button{buttons}
		}
		return definition.Step{Name: name, Send: &definition.Send{
			Channel: botKey, Purpose: definition.Transactional,
			Variants: []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{"": content}}},
		}}
	}
	return &definition.Scenario{
		TimeZone: "UTC", InFlight: definition.Pin,
		Trigger: definition.Trigger{Event: &definition.EventMatch{Event: "bot.started"}, MaxAge: time.Hour},
		Entry:   definition.Entry{Reentry: definition.ReentryAlways, OnRepeat: definition.RepeatIgnore},
		Steps: []definition.Step{
			say("ask", "Hello {{ contact.name | default: contact.telegram_name }}! A free consultation?",
				definition.Button{Text: "Yes", Data: "yes"}, definition.Button{Text: "No", Data: "no"}),
			{Name: "answer", WaitFor: &definition.WaitFor{
				AnyOf:   []definition.Awaited{{Event: "waymark.message.pressed", Of: "ask", Where: "event.data.press == 'yes'", Then: "thanks"}},
				Timeout: time.Hour, OnTimeout: "end",
			}},
			say("thanks", "Thank you"),
			{Name: "end", Exit: &definition.ExitStep{}},
		},
	}
}

func TestABotTalksWithWhoStartsIt(t *testing.T) {
	t.Parallel()
	people := inbox.New("")
	server := httptest.NewServer(people.Handler())
	t.Cleanup(server.Close)
	secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{3}, 32))
	bot := definition.DeliveryChannel{
		Channel: definition.Channel{
			Namespace: "sales", Name: "bot", Medium: definition.Telegram, Guarantee: definition.AtLeastOnce,
			Address: "contact.attributes.telegram_chat", Limits: definition.Limits{Retries: 3, RetryFor: time.Hour},
			Telegram: &definition.BotSettings{APIURL: server.URL + "/telegram", Updates: true},
		},
		Secrets: definition.ChannelSecrets{Token: "1:token"},
	}
	delivery, err := json.Marshal(definition.Delivery{
		Version: "1", Mode: "Live", Workspace: "shop", TimeZone: "UTC", LinkKeys: []string{secret}, PublicURL: "https://go.example",
		Channels: []definition.DeliveryChannel{bot},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := newPod(t)
	p.write("delivery.json", delivery)
	p.start()
	p.applyAll(defined(t, botKey, &bot.Channel), defined(t, backKey, talk()))

	says := func(chat string) (texts []string) {
		for _, m := range people.Messages() {
			if m.To == chat {
				texts = append(texts, m.Text)
			}
		}
		return texts
	}
	does := func(update string, args ...any) {
		if _, err := people.Update(fmt.Appendf(nil, update, args...)); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(chat string, want ...string) {
		p.eventually("heard", func() error {
			if got := says(chat); !slices.Equal(got, want) {
				return fmt.Errorf("chat %s got %q, want %q", chat, got, want)
			}
			return nil
		})
	}

	does(`{"chat": 77, "text": "/start promo", "firstName": "Anna"}`)
	hears("77", "Hello Anna! A free consultation?")
	time.Sleep(time.Second) // nobody presses before the runner has even noted that it was sent
	does(`{"chat": 77, "data": %q, "message": 1}`, people.Messages()[0].Buttons[0])
	hears("77", "Hello Anna! A free consultation?", "Thank you")

	// A start link of ours joins the chat to the contact that it was made for, whose name the bot then knows.
	keys, err := link.NewKeys([]string{secret})
	if err != nil {
		t.Fatal(err)
	}
	token, err := keys.SealStart("boris")
	if err != nil {
		t.Fatal(err)
	}
	known := cloudEvent{SpecVersion: "1.0", ID: "1", Source: "crm", Type: "identify", Subject: "boris", Time: time.Now().UTC(),
		Data: map[string]any{"traits": map[string]string{"name": "Boris Petrov"}}}
	p.eventually("posted", func() error { return p.post(t.Context(), []cloudEvent{known}) })
	does(`{"chat": 88, "text": "/start %s", "firstName": "B"}`, token)
	hears("88", "Hello Boris Petrov! A free consultation?")
	p.terminate()
}

// defined gives the definition of a meaning.
func defined(t *testing.T, key string, meaning interface {
	Canonical() (json.RawMessage, string, error)
}) control.Definition {
	t.Helper()
	form, version, err := meaning.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return control.Definition{Key: key, Version: version, UID: key, Generation: 1, Meaning: form}
}
