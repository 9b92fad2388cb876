// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
)

// watchInterval is how often the delivery's file is looked at: a mounted Secret is replaced by moving links, and reading a small file costs
// nothing.
const watchInterval = time.Second

// WatchFile works with the delivery that the file at path holds, as JSON of definition.Delivery, and follows its changes until ctx ends. While
// there is no file nothing changes; nor when it is broken, which is logged once for each content. Follow is told of each delivery.
func (s *Sender) WatchFile(ctx context.Context, path string, follow func(*definition.Delivery)) {
	var last []byte
	ticks := time.NewTicker(watchInterval)
	defer ticks.Stop()
	for {
		content, err := os.ReadFile(path) //nolint:gosec // the path is the operator's choice
		switch {
		case errors.Is(err, fs.ErrNotExist): // not written yet
		case err != nil:
			s.opts.Logger.Error("the delivery cannot be read", "path", path, "error", err.Error())
		case !bytes.Equal(content, last):
			last = content
			delivery, err := parseDelivery(content)
			if err != nil {
				s.opts.Logger.Error("the delivery was kept as it was", "error", err.Error())
				break
			}
			s.SetDelivery(delivery)
			follow(delivery)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// Modes of a delivery.
const (
	// ModeLive sends to whom messages are for.
	ModeLive = "Live"
	// ModeRedirect sends all to one address.
	ModeRedirect = "Redirect"
	// ModeDryRun sends nothing.
	ModeDryRun = "DryRun"
)

func parseDelivery(content []byte) (*definition.Delivery, error) {
	var d definition.Delivery
	if err := json.Unmarshal(content, &d); err != nil {
		if syntax, is := errors.AsType[*json.SyntaxError](err); is {
			return nil, fmt.Errorf("parse the delivery: broken JSON at byte %d", syntax.Offset) // the file holds secrets: quote nothing
		}
		return nil, errors.New("parse the delivery: a value has the wrong type")
	}
	switch d.Mode {
	case ModeLive, ModeRedirect, ModeDryRun:
		return &d, nil
	}
	return nil, errors.New("parse the delivery: mode is none of Live, Redirect and DryRun")
}

// SetDelivery works with other channels or settings from now on. Channels whose settings and secrets did not change are not touched; what is
// in flight through one that changed or went ends with what it had.
func (s *Sender) SetDelivery(d *definition.Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving() {
		return
	}
	s.delivery.Store(d)
	named := map[string]bool{setLine: true}
	for i := range d.Channels {
		c := &d.Channels[i]
		key := definition.Key(definition.KindChannel, c.Namespace, c.Name)
		named[key] = true
		l := s.lines[key]
		if l == nil {
			l = newLine(s, key)
			s.lines[key] = l
		}
		l.set(*c)
	}
	for key, l := range s.lines {
		if !named[key] {
			delete(s.lines, key)
			s.closing.Go(l.stop)
		}
	}
	s.opts.Logger.Info("delivery in force", "version", d.Version, "mode", d.Mode, "channels", len(d.Channels))
	s.wake()
}

// set makes settings those of the line.
func (l *line) set(c definition.DeliveryChannel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != nil && reflect.DeepEqual(l.settings, c) {
		return
	}
	now := time.Now()
	opened, err := l.sender.opts.Open(c)
	if err != nil { // what there was goes on
		l.reach.failed("the channel cannot be opened: "+err.Error(), now)
		l.sender.opts.Logger.Error("a channel cannot be opened", "channel", l.key, "error", err.Error())
		return
	}
	if l.open == nil || l.settings.Limits != c.Limits {
		l.pace = newPace(c.Limits, l.sender.share(), now)
	}
	if old := l.open; old != nil {
		l.sender.closing.Go(func() { old.close(l) })
	}
	resumes := l.breaker.stopped(now)
	l.breaker = breaker{bounds: c.Breaker}
	l.settings, l.open = c, &handle{Channel: opened}
	l.reach.dueAt = now // look at it at once
	if resumes {
		l.sender.pause(l.key, pause{})
	}
}
