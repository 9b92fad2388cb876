// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package secrets reads Secrets without keeping those that nobody asked for: the operator watches only their metadata, and
// fetches the content of a Secret when it is needed and has changed.
package secrets

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Metadata is an empty object of the type in which the operator's cache holds Secrets.
func Metadata() *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: corev1.SchemeGroupVersion.String(), Kind: "Secret"},
	}
}

// Reader reads the content of Secrets.
type Reader struct {
	// Cached reads metadata from the cache.
	Cached client.Reader
	// Live reads from the API server.
	Live client.Reader

	mu    sync.Mutex
	known map[types.NamespacedName]content
}

type content struct {
	resourceVersion string
	data            map[string][]byte
}

// Data gives the content of a Secret; found is false when there is none. The content must not be changed.
func (r *Reader) Data(ctx context.Context, key types.NamespacedName) (data map[string][]byte, found bool, err error) {
	if data, ok := r.unchanged(ctx, key); ok {
		return data, true, nil
	}
	// The cache may be behind, also when it knows of no such Secret, so the API server has the last word.
	secret := &corev1.Secret{}
	if err := r.Live.Get(ctx, key, secret); err != nil {
		if apierrors.IsNotFound(err) {
			r.Forget(key)
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("read Secret %s: %w", key, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[types.NamespacedName]content{}
	}
	r.known[key] = content{resourceVersion: secret.ResourceVersion, data: secret.Data}
	return secret.Data, true, nil
}

// Forget makes the next read ask the API server. Who writes a Secret forgets it, because the cache will be behind for a moment.
func (r *Reader) Forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, key)
}

func (r *Reader) unchanged(ctx context.Context, key types.NamespacedName) (map[string][]byte, bool) {
	r.mu.Lock()
	known, ok := r.known[key]
	r.mu.Unlock()
	if !ok {
		return nil, false
	}
	metadata := Metadata()
	if err := r.Cached.Get(ctx, key, metadata); err != nil || metadata.ResourceVersion != known.resourceVersion {
		return nil, false
	}
	return known.data, true
}
