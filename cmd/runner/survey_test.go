// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

const firstKey = "Journey/sales/first"

// asks is a scenario that asks who left a cart for the reason, and first the journey whose question it is: a cart is given up after a second.
func asks() (*definition.Scenario, *definition.Journey) {
	scenario := &definition.Scenario{
		TimeZone: "UTC", InFlight: definition.Pin,
		Trigger: definition.Trigger{Event: &definition.EventMatch{Event: "cart.left"}, MaxAge: time.Hour},
		Entry:   definition.Entry{Reentry: definition.ReentryAlways, OnRepeat: definition.RepeatIgnore},
		Steps: []definition.Step{{Name: "ask", Send: &definition.Send{
			Channel: botKey, Purpose: definition.Transactional, Survey: firstKey,
			Variants: []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{
				"": {Text: "{% for a in survey.answers %}{{ a.name }} {{ a.url }}\n{% endfor %}"},
			}}},
		}}},
	}
	stage := func(name string, dropAfter time.Duration) definition.Stage {
		return definition.Stage{Name: name, Matches: []definition.EventMatch{{Event: name}}, DropAfter: dropAfter}
	}
	journey := &definition.Journey{
		Funnel: definition.Funnel{
			Window: 24 * time.Hour, Period: definition.Period{RollingDays: 30}, TimeZone: "UTC", Order: definition.Ordered,
			EntryPolicy: definition.LatestStart, Lateness: time.Hour,
			Stages: []definition.Stage{stage("cart.left", time.Second), stage("order", 0)},
		},
		Survey: &definition.Survey{Journey: firstKey, Answers: []string{"price", "size"}, Within: 24 * time.Hour},
	}
	return scenario, journey
}

// TestASurveyIsAnsweredByALink goes the whole way: a message with a link for each answer, a person who follows one and presses the button,
// and the journey that counts the answer of one who left.
func TestASurveyIsAnsweredByALink(t *testing.T) {
	t.Parallel()
	people := inbox.New("")
	server := httptest.NewServer(people.Handler())
	t.Cleanup(server.Close)
	bot := definition.DeliveryChannel{
		Channel: definition.Channel{
			Namespace: "sales", Name: "bot", Medium: definition.Telegram, Guarantee: definition.AtLeastOnce,
			Address: "contact.attributes.telegram_chat", Limits: definition.Limits{Retries: 3, RetryFor: time.Hour},
			Telegram: &definition.BotSettings{APIURL: server.URL + "/telegram"},
		},
		Secrets: definition.ChannelSecrets{Token: "1:token"},
	}
	delivery, err := json.Marshal(definition.Delivery{
		Version: "1", Mode: "Live", Workspace: "shop", TimeZone: "UTC", PublicURL: "https://go.example",
		LinkKeys: []string{base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{3}, 32))},
		Channels: []definition.DeliveryChannel{bot},
		Surveys: []definition.AskedSurvey{{Journey: firstKey, Answers: []definition.AskedAnswer{
			{Name: "price", Title: "Too expensive"}, {Name: "size", Title: "Not my size"},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := newPod(t)
	p.write("delivery.json", delivery)
	p.start()
	scenario, journey := asks()
	p.applyAll(defined(t, botKey, &bot.Channel), defined(t, backKey, scenario), defined(t, firstKey, journey))

	said := func(id, kind string, data any) cloudEvent {
		return cloudEvent{SpecVersion: "1.0", ID: id, Source: "site", Type: kind, Subject: "anna", Time: time.Now().UTC(), Data: data}
	}
	known := said("1", "identify", map[string]any{"traits": map[string]string{"telegram_chat": "77"}})
	p.eventually("posted", func() error { return p.post(t.Context(), []cloudEvent{known, said("2", "cart.left", nil)}) })
	links := map[string]string{}
	p.eventually("asked", func() error {
		for _, m := range people.Messages() {
			for line := range strings.Lines(m.Text) {
				if answer, address, found := strings.Cut(strings.TrimSpace(line), " "); found {
					links[answer] = "http://" + p.ingest + strings.TrimPrefix(address, "https://go.example")
				}
			}
		}
		if len(links) != 3 {
			return fmt.Errorf("links are %v", links)
		}
		return nil
	})
	visit := func(method, address, form, says string) error {
		request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
		if err != nil {
			return err
		}
		request.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) AppleWebKit/537.36 Gecko/20100101 Firefox/140.0")
		request.Header.Set("Accept-Language", "en")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		page, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK || !bytes.Contains(page, []byte(says)) {
			return fmt.Errorf("%s answered %s:\n%s", method, response.Status, page)
		}
		return nil
	}
	for _, answer := range []string{"price", "size"} { // the latter is what they say in the end
		p.eventually("shown", func() error { return visit(http.MethodGet, links[answer], "", "What stopped you?") })
		time.Sleep(2 * time.Second) // nobody follows two links of a message at once
		p.eventually("answered", func() error { return visit(http.MethodPost, links[answer], "answer="+answer, "Your answer is") })
		time.Sleep(2 * time.Second)
	}
	p.eventually("counted", func() error {
		got := map[string]int64{}
		var dropped int64
		for _, part := range p.report().Partitions {
			for _, f := range part.Funnels {
				if f.Journey == nil || len(f.Journey.Survey) == 0 {
					continue
				}
				group := f.Journey.Survey[0][""]
				dropped += group.Dropped
				for answer, n := range group.Answers {
					got[answer] += n
				}
			}
		}
		if diff := cmp.Diff(map[string]int64{"size": 1}, got); diff != "" || dropped != 1 {
			return fmt.Errorf("%d left, answers (-want +got):\n%s", dropped, diff)
		}
		return nil
	})
	p.terminate()
}
