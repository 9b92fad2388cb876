// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package deliveryset

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

// Entry is a channel with what it comes to.
type Entry struct {
	Channel    *v1alpha1.MessageChannel
	Resolution Resolution
}

// Assemble gives what a workspace's sender is to work with: every channel that can be used, and of one that cannot be any more what was
// handed over last, because an edit that is wrong must not keep messages back. The journeys are those that may use the workspace.
func Assemble(delivered definition.Delivery, workspace *v1alpha1.Workspace, entries []Entry, journeys []v1alpha1.Journey, keys []LinkKey) (definition.Delivery, error) {
	delivery := definition.Delivery{
		Mode:      string(v1alpha1.DeliveryModeLive),
		PublicURL: workspace.Spec.PublicURL,
		Workspace: workspace.Name,
		TimeZone:  cmp.Or(workspace.Spec.TimeZone, v1alpha1.DefaultTimeZone),
		Currency:  workspace.Spec.Currency,
		Topics:    topics(workspace),
		Surveys:   definition.Surveys(journeys),
	}
	if d := workspace.Spec.Delivery; d != nil {
		delivery.Mode, delivery.To = string(d.Mode), d.To
	}
	for _, key := range keys {
		delivery.LinkKeys = append(delivery.LinkKeys, key.Key)
	}
	for _, entry := range entries {
		channel, ok := entry.Resolution.Channel, entry.Resolution.Usable()
		if !ok {
			channel, ok = Find(delivered, entry.Channel.Namespace, entry.Channel.Name)
		}
		if ok {
			delivery.Channels = append(delivery.Channels, channel)
		}
	}
	slices.SortFunc(delivery.Channels, func(a, b definition.DeliveryChannel) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	content, err := json.Marshal(delivery)
	if err != nil {
		return definition.Delivery{}, fmt.Errorf("encode delivery: %w", err)
	}
	// The keys of links are among what is hashed and cannot be guessed, so nothing else can be guessed from the hash.
	sum := sha256.Sum256(content)
	delivery.Version = hex.EncodeToString(sum[:8])
	return delivery, nil
}

func topics(workspace *v1alpha1.Workspace) []definition.Topic {
	policy := workspace.Spec.Policy
	if policy == nil || policy.Consent == nil {
		return nil
	}
	var list []definition.Topic
	for _, topic := range policy.Consent.Topics {
		list = append(list, definition.Topic{Name: topic.Name, Title: topic.Title, DoubleOptIn: topic.DoubleOptIn})
	}
	return list
}

// Find gives one of the channels.
func Find(delivery definition.Delivery, namespace, name string) (definition.DeliveryChannel, bool) {
	for _, channel := range delivery.Channels {
		if channel.Namespace == namespace && channel.Name == name {
			return channel, true
		}
	}
	return definition.DeliveryChannel{}, false
}
