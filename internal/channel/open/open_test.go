// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package open_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/internal/channel/open"
	"github.com/waymark-dev/waymark/internal/definition"
)

func TestEachMediumOpensItsChannel(t *testing.T) {
	mail := definition.SMTPSettings{Host: "mail", Port: 25, Encryption: definition.NoEncryption, From: "a@b.example"}
	for name, c := range map[string]struct {
		channel definition.DeliveryChannel
		want    string
		listens bool
	}{
		"mail":    {definition.DeliveryChannel{Channel: definition.Channel{Medium: definition.SMTP, SMTP: &mail}}, "*smtp.Channel", false},
		"webhook": {definition.DeliveryChannel{Channel: definition.Channel{Medium: definition.Webhook, Webhook: &definition.WebhookSettings{URL: "http://x/"}}}, "*webhook.Channel", false},
		"bot": {definition.DeliveryChannel{
			Channel: definition.Channel{Medium: definition.Telegram, Telegram: &definition.BotSettings{Updates: true}},
			Secrets: definition.ChannelSecrets{Token: "1:a"},
		}, "*telegram.Channel", true},
		"silent bot": {definition.DeliveryChannel{
			Channel: definition.Channel{Medium: definition.Telegram, Telegram: &definition.BotSettings{}},
			Secrets: definition.ChannelSecrets{Token: "1:a"},
		}, "*telegram.Channel", false},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := open.Channel(c.channel)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			if got := fmt.Sprintf("%T", opened); got != c.want {
				t.Errorf("got a %s, want a %s", got, c.want)
			}
			if got := open.Listener(c.channel, opened) != nil; got != c.listens {
				t.Errorf("listens is %t, want %t", got, c.listens)
			}
		})
	}
}

func TestErrorsNameWhatIsWrong(t *testing.T) {
	bot := definition.Channel{Namespace: "shop", Name: "bot", Medium: definition.Telegram, Telegram: &definition.BotSettings{}}
	for want, c := range map[string]definition.DeliveryChannel{
		"secret's token": {Channel: bot, Secrets: definition.ChannelSecrets{Token: "hunter2"}},
		`medium is ""`:   {Channel: definition.Channel{Namespace: "shop", Name: "bot"}},
		"telegram.apiURL": {
			Channel: definition.Channel{Namespace: "shop", Name: "bot", Medium: definition.Telegram, Telegram: &definition.BotSettings{APIURL: "bot"}},
			Secrets: definition.ChannelSecrets{Token: "1:a"},
		},
	} {
		_, err := open.Channel(c)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "shop/bot") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want it to name shop/bot and %s", err, want)
		}
	}
}
