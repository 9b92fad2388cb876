// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package bot

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/open"
	"github.com/waymark-dev/waymark/internal/channel/telegram"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
)

// Options are what Listeners work with. All but Release and Logger are required.
type Options struct {
	// Append makes events durable: see gateway.Appender.
	Append func(ctx context.Context, events []event.Event) error
	// Now is the time that events are received at.
	Now func() event.Time
	// Release lets messages go to a chat again whose person came back. Nil lets nobody.
	Release func(medium definition.Medium, address string)
	// Logger defaults to slog's default. No record holds anything of a person.
	Logger *slog.Logger
}

// Listeners hear the bots of a delivery, one for each channel whose bot is to listen. One process may hear a bot: run them where the first
// partition is owned.
type Listeners struct {
	opts Options
	ctx  context.Context //nolint:containedctx // listeners come and go within the life of all

	mu      sync.Mutex
	running map[Channel]*listening
	all     sync.WaitGroup
}

// listening is one listener and what it was made of.
type listening struct {
	settings definition.DeliveryChannel
	linkKeys []string
	stop     context.CancelFunc
	done     chan struct{}
}

// NewListeners makes listeners that hear until ctx ends, from SetDelivery on.
func NewListeners(ctx context.Context, opts Options) *Listeners {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Release == nil {
		opts.Release = func(definition.Medium, string) {}
	}
	return &Listeners{opts: opts, ctx: ctx, running: map[Channel]*listening{}}
}

// SetDelivery hears the bots of a delivery and no others. A bot is heard anew when its settings, its token or the link keys change.
func (l *Listeners) SetDelivery(d *definition.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	named := map[Channel]bool{}
	for i := range d.Channels {
		c := d.Channels[i]
		if c.Telegram == nil || !c.Telegram.Updates {
			continue
		}
		key := Channel{c.Namespace, c.Name}
		named[key] = true
		if was := l.running[key]; was != nil {
			if reflect.DeepEqual(was.settings, c) && reflect.DeepEqual(was.linkKeys, d.LinkKeys) {
				continue
			}
			l.end(key)
		}
		l.begin(key, c, d.LinkKeys)
	}
	for key := range l.running {
		if !named[key] {
			l.end(key)
		}
	}
}

// end waits until the former listener has ended: two of them would disturb each other. Lock should be held.
func (l *Listeners) end(key Channel) {
	was := l.running[key]
	was.stop()
	<-was.done
	delete(l.running, key)
}

// begin starts a listener. Lock should be held.
func (l *Listeners) begin(key Channel, c definition.DeliveryChannel, linkKeys []string) {
	logger := l.opts.Logger.With("channel", key.key())
	opened, err := open.Channel(c)
	if err != nil {
		logger.Error("the bot cannot be heard", "error", err.Error())
		return
	}
	keys, err := link.NewKeys(linkKeys)
	if err != nil {
		logger.Error("start links are not read", "error", err.Error())
		keys = nil
	}
	listener := open.Listener(c, opened)
	if listener == nil {
		return
	}
	listener.Report = func(err error) {
		if err == nil {
			logger.Info("the bot is heard again")
			return
		}
		logger.Warn("the bot is not heard now", "error", err.Error())
	}
	ctx, stop := context.WithCancel(l.ctx)
	one := &listening{settings: c, linkKeys: linkKeys, stop: stop, done: make(chan struct{})}
	l.running[key] = one
	l.all.Go(func() {
		defer close(one.done)
		defer closeChannel(opened, logger)
		err := listener.Listen(ctx, func(ctx context.Context, updates []telegram.Update) error {
			return l.take(ctx, key, updates, keys)
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			logger.Error("the bot is no longer heard", "error", err.Error())
		}
	})
}

func closeChannel(c channel.Channel, logger *slog.Logger) {
	if err := c.Close(); err != nil {
		logger.Warn("a bot's connections were not closed", "error", err.Error())
	}
}

// take makes the events of updates durable.
func (l *Listeners) take(ctx context.Context, c Channel, updates []telegram.Update, keys *link.Keys) error {
	var events []event.Event
	for i := range updates {
		made, err := Events(c, &updates[i], keys, l.opts.Now())
		if err != nil {
			return err
		}
		events = append(events, made...)
		if updates[i].Started {
			l.opts.Release(definition.Telegram, updates[i].ChatID)
		}
	}
	return l.opts.Append(ctx, events)
}

// Wait waits until all have ended, as they do with their context.
func (l *Listeners) Wait() { l.all.Wait() }
