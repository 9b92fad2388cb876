// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package feedset

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

// Entry is a feed with what it comes to.
type Entry struct {
	Feed       *v1alpha1.EventFeed
	Resolution Resolution
}

// Assemble gives what a workspace's ingest is to serve: every feed that can be served, and of a feed that cannot be served any more
// what was served last, because an edit that is wrong must not turn away events. Of two feeds with one write key the older one
// has it, since the key alone tells the feed of a request on Segment's paths.
func Assemble(served definition.Feeds, entries []Entry) (definition.Feeds, error) {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(
			a.Feed.CreationTimestamp.Compare(b.Feed.CreationTimestamp.Time),
			cmp.Compare(a.Feed.Namespace, b.Feed.Namespace),
			cmp.Compare(a.Feed.Name, b.Feed.Name),
		)
	})
	taken := map[string]bool{}
	var feeds []definition.Feed
	for _, entry := range entries {
		feed, ok := entry.Resolution.Feed, entry.Resolution.Usable()
		if !ok {
			feed, ok = Find(served, entry.Feed.Namespace, entry.Feed.Name)
		}
		if !ok || slices.ContainsFunc(feed.WriteKeys, func(key string) bool { return taken[key] }) {
			continue
		}
		for _, key := range feed.WriteKeys {
			taken[key] = true
		}
		feeds = append(feeds, feed)
	}
	return definition.NewFeeds(feeds)
}

// Find gives one of the feeds.
func Find(feeds definition.Feeds, namespace, name string) (definition.Feed, bool) {
	for _, feed := range feeds.Feeds {
		if feed.Namespace == namespace && feed.Name == name {
			return feed, true
		}
	}
	return definition.Feed{}, false
}

// KeyIsTaken says whether another feed has one of the feed's write keys.
func KeyIsTaken(feeds definition.Feeds, feed definition.Feed) bool {
	return slices.ContainsFunc(feeds.Feeds, func(other definition.Feed) bool {
		if other.Namespace == feed.Namespace && other.Name == feed.Name {
			return false
		}
		return slices.ContainsFunc(feed.WriteKeys, func(key string) bool { return slices.Contains(other.WriteKeys, key) })
	})
}
