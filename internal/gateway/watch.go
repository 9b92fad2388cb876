// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
)

// watchInterval is how often the feeds' file is looked at. A mounted Secret is replaced by moving links, which watching by
// notifications easily misses, and reading a small file costs nothing.
const watchInterval = time.Second

// WatchFile serves the feeds that the file at path holds, as JSON of definition.Feeds, and follows its changes until ctx
// ends. While there is no file nothing changes; nor when it cannot be read, which is logged once for each content.
func (g *Gateway) WatchFile(ctx context.Context, path string) {
	var last []byte
	ticks := time.NewTicker(watchInterval)
	defer ticks.Stop()
	for {
		content, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist): // not written yet
		case err != nil:
			g.log.Error("Could not read the feeds", "path", path, "error", err)
		case !bytes.Equal(content, last):
			last = content
			g.load(content)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (g *Gateway) load(content []byte) {
	feeds, err := parseFeeds(content)
	if err != nil {
		g.log.Error("Kept the feeds as they were", "error", err)
		return
	}
	if err := g.SetFeeds(feeds); err != nil {
		g.log.Error("Could not serve every feed", "error", err)
	}
	g.log.Info("Serving feeds", "feeds", len(feeds.Feeds), "version", feeds.Version)
}

func parseFeeds(content []byte) (definition.Feeds, error) {
	var feeds definition.Feeds
	if err := json.Unmarshal(content, &feeds); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return feeds, fmt.Errorf("parse feeds: broken JSON at byte %d", syntax.Offset) // the file holds keys: quote nothing
		}
		return feeds, errors.New("parse feeds: a value has the wrong type")
	}
	return feeds, nil
}
