// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventfeed

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/children"
	"github.com/waymark-dev/waymark/internal/controller/feedset"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/resources"
)

// NewKey draws a write key of 130 random bits in letters and digits, which every SDK takes.
func NewKey() string { return rand.Text() }

// ensureWriteKey makes the Secret with the write key of a feed that names none. A key that is there is never replaced: senders
// have it.
func (r *Reconciler) ensureWriteKey(ctx context.Context, feed *v1alpha1.EventFeed) error {
	if feed.Spec.HTTP == nil || feed.Spec.HTTP.WriteKeySecretRef != nil {
		return nil
	}
	name, key := feedset.WriteKey(feed)
	data, _, err := r.Secrets.Data(ctx, name)
	if err != nil {
		return fmt.Errorf("read write key: %w", err)
	}
	if len(data[key]) > 0 {
		return nil
	}
	child := children.Child{Desired: resources.WriteKeySecret(feed, r.NewKey()), Live: secrets.Metadata()}
	if _, err := r.Applier.Apply(ctx, feed, child); err != nil {
		return fmt.Errorf("make write key: %w", err)
	}
	r.Secrets.Forget(name)
	return nil
}
