// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/internal/controller/children"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// nudgeAfter is how long a pod may take to see new Secrets before the kubelet is asked once more.
const nudgeAfter = 10 * time.Second

// apply does what was planned. It goes on after a volume that cannot grow, as all else works without.
func (r *Reconciler) apply(ctx context.Context, o *observation, planned *steps) error {
	if !planned.deploy {
		return nil
	}
	wrote, err := r.Applier.Apply(ctx, o.workspace, planned.children...)
	if wrote {
		r.forgetSecrets(o)
	}
	if err != nil {
		return err
	}
	if planned.dropBudget {
		if err := r.Client.Delete(ctx, o.budget); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete PodDisruptionBudget %s: %w", o.budget.Name, err)
		}
	}
	notExpandable, err := r.applyPods(ctx, o, planned)
	if err != nil {
		return err
	}
	if err := r.nudgePods(ctx, o, planned); err != nil {
		return err
	}
	if planned.policy != nil {
		r.Plane.Offer(o.name(), *planned.policy)
	}
	if planned.endpoints != nil {
		if err := r.Plane.Connect(o.name(), resources.Partitions(o.workspace), planned.endpoints); err != nil {
			return err
		}
	}
	if notExpandable != nil {
		return notExpandable
	}
	return nil
}

// applyPods grows the volumes, then brings the StatefulSet to its declared state.
func (r *Reconciler) applyPods(ctx context.Context, o *observation, planned *steps) (*NotExpandableError, error) {
	err := r.growClaims(ctx, o, planned.grow)
	var notExpandable *NotExpandableError
	if err != nil && !errors.As(err, &notExpandable) {
		return nil, err
	}
	keepSize := notExpandable != nil
	if !keepSize {
		if leaving, err := r.replaceStatefulSet(ctx, o); leaving || err != nil {
			return nil, err // once it is gone, its pods are given to the next one
		}
	}
	_, err = r.Applier.Apply(ctx, o.workspace, statefulSet(*o, r.Deployment, keepSize))
	return notExpandable, err
}

// forgetSecrets makes the next pass read what this one may have written.
func (r *Reconciler) forgetSecrets(o *observation) {
	for _, name := range []string{
		resources.AuthoritySecretName(o.workspace.Name), resources.RunnerSecretName(o.workspace.Name),
		resources.ManagerSecretName(o.workspace.Name), resources.FeedsSecretName(o.workspace.Name),
		resources.DeliverySecretName(o.workspace.Name), resources.LinkKeysSecretName(o.workspace.Name),
	} {
		r.Secrets.Forget(types.NamespacedName{Namespace: o.workspace.Namespace, Name: name})
	}
}

// nudgePods makes the kubelet bring mounted Secrets up to date: it does so when a pod changes, and else only now and then.
func (r *Reconciler) nudgePods(ctx context.Context, o *observation, planned *steps) error {
	late := isLate(o, planned)
	for i := range o.pods {
		pod := &o.pods[i]
		if !pod.DeletionTimestamp.IsZero() || pod.Status.Phase != corev1.PodRunning {
			continue // a pod that starts mounts what there is then
		}
		value, due := nudge(pod.Annotations[resources.MountsAnnotation], planned.mounts, late, o.now)
		if !due {
			continue
		}
		patched := pod.DeepCopy()
		if patched.Annotations == nil {
			patched.Annotations = map[string]string{}
		}
		patched.Annotations[resources.MountsAnnotation] = value
		err := r.Client.Patch(ctx, patched, client.MergeFrom(pod), client.FieldOwner(children.FieldManager))
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("annotate pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

// isLate says whether the pods answer and serve other feeds, or send by other channels, than they should.
func isLate(o *observation, planned *steps) bool {
	return o.view.State == plane.Connected &&
		(!o.view.ServesFeeds(planned.feeds.Version) || !o.view.HasDelivery(planned.delivery.Version))
}

// nudge gives the annotation that a pod should have: what it should mount, and when that was last said. It is said again while the
// pod is late, because the kubelet may have looked at the Secret a moment too early.
func nudge(current, wanted string, late bool, now time.Time) (value string, due bool) {
	said, at, _ := strings.Cut(current, "@")
	if said == wanted {
		seconds, err := strconv.ParseInt(at, 10, 64)
		if !late || (err == nil && now.Sub(time.Unix(seconds, 0)) < nudgeAfter) {
			return current, false
		}
	}
	return wanted + "@" + strconv.FormatInt(now.Unix(), 10), true
}

// digest identifies contents that anybody may see.
func digest(contents ...[]byte) string {
	hash := sha256.New()
	for _, content := range contents {
		_, _ = fmt.Fprintf(hash, "%d ", len(content)) // a hash never fails
		_, _ = hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
