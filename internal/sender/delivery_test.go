// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/sender"
)

func TestTheDeliverysFileIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		s := sender.New(sender.Options{
			Log: eventlog.NewMemory(1, time.Now), Owned: []int{0}, Now: func() event.Time { return event.At(time.Now()) }, Render: plain{},
			Open:   func(definition.DeliveryChannel) (channel.Channel, error) { return &sink{}, nil },
			Logger: slog.New(slog.NewTextHandler(&said, nil)),
		})
		ctx, stop := context.WithCancel(t.Context())
		path := filepath.Join(t.TempDir(), "delivery.json")
		var told []string
		var watching sync.WaitGroup
		watching.Go(func() { s.WatchFile(ctx, path, func(d *definition.Delivery) { told = append(told, d.Version) }) })
		version := func() string {
			time.Sleep(2 * time.Second)
			synctest.Wait()
			_, version := s.Report()
			return version
		}
		if got := version(); got != "" {
			t.Errorf("version %q is in force without a file", got)
		}
		write := func(content []byte) {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d := delivery(mail("mail", func(c *definition.DeliveryChannel) { c.Secrets.Password = "hunter2" }))
		content, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		write(content)
		if got := version(); got != "1" || len(told) != 1 {
			t.Errorf("version %q is in force, told %q", got, told)
		}
		for _, broken := range []string{`{"version":"2","linkKeys":["hunter2"`, `{"version":"3","mode":"hunter2"}`, `{"version":"4","mode":{"hunter2":1}}`} {
			write([]byte(broken))
			if got := version(); got != "1" || len(told) != 1 {
				t.Errorf("after %s version %q is in force, told %q; want the last good one", broken, got, told)
			}
		}
		if strings.Contains(said.String(), "hunter2") {
			t.Errorf("a secret was logged:\n%s", said.String())
		}
		stop()
		watching.Wait()
	})
}
