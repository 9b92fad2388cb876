// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package children brings the objects that a custom resource consists of to their declared state, by server-side apply, and
// leaves the API server alone while they are there already.
package children

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/internal/resources"
)

// FieldManager is who Waymark is among those who own fields of an object.
const FieldManager = "waymark"

// Child is one object that should exist.
type Child struct {
	// Desired is what Waymark wants of it.
	Desired runtime.ApplyConfiguration
	// Live is an empty object of the type in which the operator's cache holds the kind.
	Live client.Object
}

// Applier applies children. It remembers what it applied last, so that a pass in which nothing changed sends nothing.
type Applier struct {
	// Client reads Live objects from the cache and applies.
	Client client.Client

	mu      sync.Mutex
	applied map[types.UID]applied
}

// applied is how an object was left.
type applied struct {
	wanted          [sha256.Size]byte
	resourceVersion string
	generation      int64
}

// Apply brings children to their declared state in their order and stops at the first error. Wrote says whether anything was sent.
// An object of the same name that somebody else made is never taken over: the error names it.
func (a *Applier) Apply(ctx context.Context, owner client.Object, children ...Child) (wrote bool, err error) {
	for _, child := range children {
		sent, err := a.apply(ctx, owner, child)
		wrote = wrote || sent
		if err != nil {
			return wrote, err
		}
	}
	return wrote, nil
}

func (a *Applier) apply(ctx context.Context, owner client.Object, child Child) (sent bool, err error) {
	content, err := json.Marshal(child.Desired)
	if err != nil {
		return false, fmt.Errorf("encode child of %s: %w", client.ObjectKeyFromObject(owner), err)
	}
	desired := &unstructured.Unstructured{}
	if err := json.Unmarshal(content, desired); err != nil {
		return false, fmt.Errorf("decode child of %s: %w", client.ObjectKeyFromObject(owner), err)
	}
	wanted := sha256.Sum256(content)
	live, err := a.live(ctx, desired, child.Live)
	if err != nil {
		return false, err
	}
	options := []client.ApplyOption{client.FieldOwner(FieldManager)}
	if live != nil {
		if !belongsTo(live, owner) {
			return false, fmt.Errorf("%s %s exists and is not part of %s: rename one of the two",
				desired.GetKind(), client.ObjectKeyFromObject(desired), client.ObjectKeyFromObject(owner))
		}
		if a.isAsLeft(live, wanted) {
			return false, nil
		}
		// The object is ours, so what somebody else wrote into our fields goes.
		options = append(options, client.ForceOwnership)
	}
	if err := a.send(ctx, desired, content, live, options); err != nil {
		if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return false, nil // nothing can be made here any more, and the owner goes with its namespace
		}
		return true, fmt.Errorf("apply %s %s: %w", desired.GetKind(), client.ObjectKeyFromObject(desired), err)
	}
	a.remember(desired, wanted)
	return true, nil
}

// send applies; desired becomes the API server's answer. A list whose entries are told apart by a key, such as a Service's ports, can
// hold an entry of somebody else that leaves no room for ours. In an object of ours such a list is put back as a whole first.
func (a *Applier) send(ctx context.Context, desired *unstructured.Unstructured, content []byte, live client.Object, options []client.ApplyOption) error {
	wanted := desired.DeepCopy()
	err := a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), options...)
	if live == nil || !apierrors.IsInvalid(err) {
		return err
	}
	putBack := client.RawPatch(types.MergePatchType, content)
	if patchErr := a.Client.Patch(ctx, live, putBack, client.FieldOwner(FieldManager)); patchErr != nil {
		return err // the first answer says what is wrong with what is wanted
	}
	desired.Object = wanted.Object
	return a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), options...)
}

// live reads the object from the cache; nil when it is not there.
func (a *Applier) live(ctx context.Context, desired *unstructured.Unstructured, into client.Object) (client.Object, error) {
	key := client.ObjectKeyFromObject(desired)
	if err := a.Client.Get(ctx, key, into); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read %s %s: %w", desired.GetKind(), key, err)
	}
	return into, nil
}

// belongsTo says whether an object is the owner's: it is controlled by it, or it was made by Waymark and nobody controls it any
// more, as after a deletion that orphaned it.
func belongsTo(object, owner client.Object) bool {
	controller := metav1.GetControllerOf(object)
	if controller == nil {
		return object.GetLabels()[resources.ManagedByLabel] == resources.ManagedBy
	}
	return controller.UID == owner.GetUID()
}

// isAsLeft says whether the object is as Apply left it and should still be so. An object with a generation changes it with its
// spec; the resource version, which every report of its state changes too, is looked at only where there is none.
func (a *Applier) isAsLeft(live client.Object, wanted [sha256.Size]byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	left, known := a.applied[live.GetUID()]
	if !known || left.wanted != wanted {
		return false
	}
	if left.generation > 0 {
		return left.generation == live.GetGeneration()
	}
	return left.resourceVersion == live.GetResourceVersion()
}

// remember keeps how the answer of the API server describes the object.
func (a *Applier) remember(object *unstructured.Unstructured, wanted [sha256.Size]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.applied == nil {
		a.applied = map[types.UID]applied{}
	}
	a.applied[object.GetUID()] = applied{
		wanted:          wanted,
		resourceVersion: object.GetResourceVersion(),
		generation:      object.GetGeneration(),
	}
}
