// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package feedset finds out what the ingest of a workspace serves: which feeds, with which write keys. The workspace's controller
// hands that to the pods; the feed's controller compares it with what they report.
package feedset

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/resources"
)

// Resolution is what a feed comes to.
type Resolution struct {
	// Feed is the meaning of the feed with its write key; of use only if the rest is empty.
	Feed definition.Feed
	// Errors are what is wrong with the spec.
	Errors field.ErrorList
	// KeyReason and KeyMessage say why there is no usable write key: a reason of the API, and words for people.
	KeyReason, KeyMessage string
}

// Usable says whether the feed can be served.
func (r *Resolution) Usable() bool { return len(r.Errors) == 0 && r.KeyReason == "" }

// Resolver resolves feeds.
type Resolver struct {
	// Secrets holds the write keys.
	Secrets *secrets.Reader
}

// Resolve compiles a feed and reads its write key. A problem of the feed is part of the resolution; the error is one of reading.
func (r *Resolver) Resolve(ctx context.Context, workspace *v1alpha1.Workspace, feed *v1alpha1.EventFeed) (Resolution, error) {
	var resolution Resolution
	resolution.Feed, resolution.Errors = definition.FromFeed(feed, workspace)
	if feed.Spec.HTTP == nil {
		return resolution, nil
	}
	secret, key := WriteKey(feed)
	data, found, err := r.Secrets.Data(ctx, secret)
	if err != nil {
		return Resolution{}, fmt.Errorf("read write key of feed %s/%s: %w", feed.Namespace, feed.Name, err)
	}
	value, hasKey := data[key]
	switch {
	case !found:
		resolution.KeyReason, resolution.KeyMessage = v1alpha1.ReasonSecretNotFound, fmt.Sprintf("Secret %s does not exist yet: create it with the write key under %q", secret.Name, key)
	case !hasKey:
		resolution.KeyReason, resolution.KeyMessage = v1alpha1.ReasonSecretNotFound, fmt.Sprintf("Secret %s has no key %q: add it, or correct spec.http.writeKeySecretRef.key", secret.Name, key)
	case strings.TrimSpace(string(value)) == "":
		resolution.KeyReason, resolution.KeyMessage = v1alpha1.ReasonInvalidSecret, fmt.Sprintf("Secret %s has nothing under %q: write a key of at least one character", secret.Name, key)
	default:
		// Editors and `kubectl create secret --from-file` add a line break at the end that nobody means.
		resolution.Feed.WriteKeys = []string{strings.TrimSpace(string(value))}
	}
	return resolution, nil
}

// WriteKey names the Secret that holds the write key of an HTTP feed, and the key within it.
func WriteKey(feed *v1alpha1.EventFeed) (secret types.NamespacedName, key string) {
	secret = types.NamespacedName{Namespace: feed.Namespace, Name: resources.WriteKeySecretName(feed.Name)}
	if feed.Spec.HTTP != nil && feed.Spec.HTTP.WriteKeySecretRef != nil {
		secret.Name = feed.Spec.HTTP.WriteKeySecretRef.Name
		return secret, feed.Spec.HTTP.WriteKeySecretRef.Key
	}
	return secret, resources.WriteKeyKey
}

// Served reads what a workspace's pods are given to serve; it is empty before the first time.
func (r *Resolver) Served(ctx context.Context, workspace *v1alpha1.Workspace) (definition.Feeds, error) {
	name := types.NamespacedName{Namespace: workspace.Namespace, Name: resources.FeedsSecretName(workspace.Name)}
	data, found, err := r.Secrets.Data(ctx, name)
	if err != nil {
		return definition.Feeds{}, fmt.Errorf("read served feeds of workspace %s/%s: %w", workspace.Namespace, workspace.Name, err)
	}
	var served definition.Feeds
	if !found || len(data[resources.FeedsFile]) == 0 {
		return served, nil
	}
	if err := json.Unmarshal(data[resources.FeedsFile], &served); err != nil {
		// Somebody wrote into the Secret. It is made anew from the feeds.
		return definition.Feeds{}, nil
	}
	return served, nil
}
