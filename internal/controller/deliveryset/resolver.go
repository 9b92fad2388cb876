// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package deliveryset finds out what the sender of a workspace works with: which channels, with which secrets, and by which keys links
// are signed. The workspace's controller hands that to the pods; the channel's controller compares it with what they report.
package deliveryset

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/resources"
)

// Resolution is what a channel comes to.
type Resolution struct {
	// Channel is the meaning of the channel with its secrets; of use only if the rest is empty.
	Channel definition.DeliveryChannel
	// Errors are what is wrong with the spec.
	Errors field.ErrorList
	// SecretReason and SecretMessage say which secret cannot be used: a reason of the API, and words for people.
	SecretReason, SecretMessage string
}

// Usable says whether messages can be sent by the channel.
func (r *Resolution) Usable() bool { return len(r.Errors) == 0 && r.SecretReason == "" }

// Resolver resolves channels.
type Resolver struct {
	// Secrets holds what channels name.
	Secrets *secrets.Reader
}

// Resolve compiles a channel and reads its secrets. A problem of the channel is part of the resolution; the error is one of reading.
func (r *Resolver) Resolve(ctx context.Context, workspace *v1alpha1.Workspace, channel *v1alpha1.MessageChannel) (Resolution, error) {
	var resolution Resolution
	resolution.Channel.Channel, resolution.Errors = definition.FromChannel(channel, workspace)
	for _, u := range uses(channel) {
		name := types.NamespacedName{Namespace: channel.Namespace, Name: u.ref.Name}
		data, found, err := r.Secrets.Data(ctx, name)
		if err != nil {
			return Resolution{}, fmt.Errorf("read secrets of channel %s/%s: %w", channel.Namespace, channel.Name, err)
		}
		value, hasKey := data[u.ref.Key]
		switch {
		case !found:
			resolution.SecretReason, resolution.SecretMessage = v1alpha1.ReasonSecretNotFound, fmt.Sprintf(
				"Secret %s does not exist yet: create it with the key %q, as %s says", u.ref.Name, u.ref.Key, u.path)
		case !hasKey:
			resolution.SecretReason, resolution.SecretMessage = v1alpha1.ReasonSecretNotFound, fmt.Sprintf(
				"Secret %s has no key %q: add it, or correct %s.key", u.ref.Name, u.ref.Key, u.path)
		default:
			if problem := u.take(&resolution.Channel.Secrets, value); problem != "" {
				resolution.SecretReason, resolution.SecretMessage = v1alpha1.ReasonInvalidSecret, fmt.Sprintf(
					"Secret %s under %q, which %s names: %s", u.ref.Name, u.ref.Key, u.path, problem)
			}
		}
	}
	return resolution, nil
}

// Delivered reads what a workspace's pods are given; it is empty before the first time.
func (r *Resolver) Delivered(ctx context.Context, workspace *v1alpha1.Workspace) (definition.Delivery, error) {
	name := types.NamespacedName{Namespace: workspace.Namespace, Name: resources.DeliverySecretName(workspace.Name)}
	data, found, err := r.Secrets.Data(ctx, name)
	if err != nil {
		return definition.Delivery{}, fmt.Errorf("read delivery of workspace %s/%s: %w", workspace.Namespace, workspace.Name, err)
	}
	var delivered definition.Delivery
	if !found || json.Unmarshal(data[resources.DeliveryFile], &delivered) != nil {
		return definition.Delivery{}, nil // somebody wrote into the Secret: it is made anew from the channels
	}
	return delivered, nil
}
