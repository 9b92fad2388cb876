// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package open makes channels of their settings. It stands apart from the package channel, which the channels themselves import.
package open

import (
	"fmt"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/smtp"
	"github.com/waymark-dev/waymark/internal/channel/telegram"
	"github.com/waymark-dev/waymark/internal/channel/webhook"
	"github.com/waymark-dev/waymark/internal/definition"
)

// Channel makes a channel. It connects to nothing. Errors name the channel and the setting or secret that is wrong, and show no secret.
func Channel(c definition.DeliveryChannel) (channel.Channel, error) {
	var opened channel.Channel
	var err error
	switch {
	case c.Medium == definition.SMTP && c.SMTP != nil:
		opened, err = smtp.New(*c.SMTP, c.Secrets)
	case c.Medium == definition.Webhook && c.Webhook != nil:
		opened, err = webhook.New(*c.Webhook, c.Secrets)
	case c.Medium == definition.Telegram && c.Telegram != nil:
		opened, err = telegram.New(*c.Telegram, c.Secrets)
	default:
		err = fmt.Errorf("the medium is %q and its settings are missing", c.Medium)
	}
	if err != nil {
		return nil, fmt.Errorf("channel %s/%s: %w", c.Namespace, c.Name, err)
	}
	return opened, nil
}

// Listener makes the listener of an opened channel whose bot is to listen; nil for other channels.
func Listener(c definition.DeliveryChannel, opened channel.Channel) *telegram.Listener {
	bot, ok := opened.(*telegram.Channel)
	if !ok || c.Telegram == nil || !c.Telegram.Updates {
		return nil
	}
	return bot.Listener()
}
