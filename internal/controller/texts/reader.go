// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package texts reads ConfigMaps that hold the texts of messages. The operator watches only the metadata of ConfigMaps, and fetches the
// content of one when a scenario names it and it has changed.
package texts

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

// Metadata is an empty object of the type in which the operator's cache holds ConfigMaps.
func Metadata() *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: corev1.SchemeGroupVersion.String(), Kind: "ConfigMap"},
	}
}

// Texts is the content of a ConfigMap.
type Texts struct {
	// Version identifies the content among those of the same ConfigMap.
	Version string
	// Data are the texts by key. It must not be changed.
	Data map[string]string
}

// Reader reads the content of ConfigMaps.
type Reader struct {
	// Cached reads metadata from the cache.
	Cached client.Reader
	// Live reads from the API server.
	Live client.Reader

	mu    sync.Mutex
	known map[types.NamespacedName]Texts
}

// Read gives the content of a ConfigMap; found is false when there is none. What the cache has not seen yet comes later, with the event
// that tells of it: a missing text is waited for anyway.
func (r *Reader) Read(ctx context.Context, name types.NamespacedName) (texts Texts, found bool, err error) {
	metadata := Metadata()
	if err := r.Cached.Get(ctx, name, metadata); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(name)
			return Texts{}, false, nil
		}
		return Texts{}, false, fmt.Errorf("read metadata of ConfigMap %s: %w", name, err)
	}
	r.mu.Lock()
	known, held := r.known[name]
	r.mu.Unlock()
	if held && known.Version == metadata.ResourceVersion {
		return known, true, nil
	}
	content := &corev1.ConfigMap{}
	if err := r.Live.Get(ctx, name, content); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(name)
			return Texts{}, false, nil
		}
		return Texts{}, false, fmt.Errorf("read ConfigMap %s: %w", name, err)
	}
	texts = Texts{Version: content.ResourceVersion, Data: content.Data}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[types.NamespacedName]Texts{}
	}
	r.known[name] = texts
	return texts, true, nil
}

func (r *Reader) forget(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, name)
}
