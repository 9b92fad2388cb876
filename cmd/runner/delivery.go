// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/waymark-dev/waymark/internal/bot"
	"github.com/waymark-dev/waymark/internal/channel/open"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/sender"
)

// newSender makes what sends messages.
func (w *workspace) newSender(owned []int, now func() event.Time) *sender.Sender {
	return sender.New(sender.Options{
		Log: w.log, Owned: owned, Now: now, Open: open.Channel, Render: &sender.Letters{}, Logger: w.logger, Metrics: w.sending,
	})
}

// listeners hear the workspace's bots.
func (w *workspace) listeners(ctx context.Context) *bot.Listeners {
	return bot.NewListeners(ctx, bot.Options{
		Append: w.appender.Append, Now: w.runner.Now, Release: w.runner.Sender().Release, Logger: w.logger,
	})
}

// deliver tells all that work with the delivery, besides the sender, of each one. Bots are heard where the first partition is owned: one
// process may hear a bot.
func (w *workspace) deliver(listeners *bot.Listeners) func(*definition.Delivery) {
	return func(d *definition.Delivery) {
		if err := w.gateway.SetDelivery(d); err != nil {
			w.logger.Error("the links in messages are not served", "error", err.Error())
		}
		if w.config.replica == 0 {
			listeners.SetDelivery(d)
		}
	}
}
