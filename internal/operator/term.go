// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// leaseName is the Lease by which managers agree on who leads.
const leaseName = "manager." + v1alpha1.GroupName

// termAnnotation on the Lease keeps the highest term that any leader has taken.
const termAnnotation = v1alpha1.GroupName + "/term"

// termTaker gives a leader a term that is higher than that of every leader before it. Runners write terms into their logs and ignore
// older ones for ever, so a term must grow also when the Lease is deleted, the operator is installed anew, or a node's clock is
// behind: it is the time in milliseconds, or one more than the last leader's if that is later.
type termTaker struct {
	reader client.Reader
	writer client.Writer
	lease  types.NamespacedName // empty without leader election
	clock  clock.PassiveClock
}

func (t *termTaker) take(ctx context.Context) (uint64, error) {
	term := uint64(t.clock.Now().UnixMilli())
	if t.lease.Name == "" {
		return term, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	lease := &coordinationv1.Lease{}
	if err := t.reader.Get(ctx, t.lease, lease); err != nil {
		return 0, fmt.Errorf("read Lease %s: %w", t.lease, err)
	}
	if last, err := strconv.ParseUint(lease.Annotations[termAnnotation], 10, 64); err == nil {
		term = max(term, last+1)
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{termAnnotation: strconv.FormatUint(term, 10)}},
	})
	if err != nil {
		return 0, fmt.Errorf("encode term: %w", err)
	}
	patched := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: t.lease.Namespace, Name: t.lease.Name}}
	if err := t.writer.Patch(ctx, patched, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return 0, fmt.Errorf("write term into Lease %s: %w", t.lease, err)
	}
	return term, nil
}
