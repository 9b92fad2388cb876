// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package deliveryset

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/resources"
)

const (
	// rotateAfter is how long a key signs new links. Those that it signed are accepted for as long again, so a link works for half a
	// year at least.
	rotateAfter = 183 * 24 * time.Hour
	// keptKeys are accepted; the first of them signs.
	keptKeys = 2
	// keyBytes is the length of a key.
	keyBytes = 32
)

// LinkKey signs links in messages.
type LinkKey struct {
	// Key is in base64.
	Key string `json:"key"`
	// Since is when it was drawn.
	Since time.Time `json:"since"`
}

// NewLinkKey draws a key that cannot be guessed.
func NewLinkKey() string {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // it never fails
	return base64.StdEncoding.EncodeToString(key)
}

// Rotate gives the keys for now, the newest first, and when they are next to be looked at.
func Rotate(keys []LinkKey, now time.Time, draw func() string) (rotated []LinkKey, next time.Time) {
	if len(keys) == 0 || !now.Before(keys[0].Since.Add(rotateAfter)) {
		keys = append([]LinkKey{{Key: draw(), Since: now.UTC().Truncate(time.Second)}}, keys...)
	}
	keys = keys[:min(len(keys), keptKeys)]
	return keys, keys[0].Since.Add(rotateAfter)
}

// LinkKeys reads the keys of a workspace; none before the first time.
func (r *Resolver) LinkKeys(ctx context.Context, workspace *v1alpha1.Workspace) ([]LinkKey, error) {
	name := types.NamespacedName{Namespace: workspace.Namespace, Name: resources.LinkKeysSecretName(workspace.Name)}
	data, found, err := r.Secrets.Data(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read link keys of workspace %s/%s: %w", workspace.Namespace, workspace.Name, err)
	}
	var keys []LinkKey
	if !found {
		return nil, nil
	}
	if err := json.Unmarshal(data[resources.LinkKeysFile], &keys); err != nil {
		// Drawing others would break every link that was ever sent, so that is left to people.
		return nil, fmt.Errorf("read link keys of workspace %s/%s: Secret %s holds no list of keys under %q: restore it, or delete it to draw new ones",
			workspace.Namespace, workspace.Name, name.Name, resources.LinkKeysFile)
	}
	return keys, nil
}

// EncodeLinkKeys writes keys as LinkKeys reads them.
func EncodeLinkKeys(keys []LinkKey) ([]byte, error) {
	content, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("encode link keys: %w", err)
	}
	return content, nil
}
