// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package children

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/resources"
)

func shop() *v1alpha1.Workspace {
	return &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop", UID: "6a1f"}}
}

// store keeps objects in memory and counts what is applied.
func store(t *testing.T, objects ...client.Object) (c client.Client, applied *int) {
	t.Helper()
	applied = new(int)
	return fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(objects...).
		WithInterceptorFuncs(interceptor.Funcs{
			Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
				*applied++
				return c.Apply(ctx, o, options...)
			},
		}).Build(), applied
}

func ingest(workspace *v1alpha1.Workspace) Child {
	return Child{Desired: resources.IngestService(workspace), Live: &corev1.Service{}}
}

func apply(t *testing.T, a *Applier, child Child) (wrote bool) {
	t.Helper()
	wrote, err := a.Apply(t.Context(), shop(), child)
	if err != nil {
		t.Fatal(err)
	}
	return wrote
}

func TestAChildIsAppliedOnce(t *testing.T) {
	c, applied := store(t)
	a := &Applier{Client: c}
	for range 5 {
		apply(t, a, ingest(shop()))
	}
	if *applied != 1 {
		t.Errorf("applied %d times, want once", *applied)
	}
}

func TestAChildIsAppliedAgainAfterSomebodyChangedIt(t *testing.T) {
	c, applied := store(t)
	a := &Applier{Client: c}
	apply(t, a, ingest(shop()))
	service := &corev1.Service{}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "sales", Name: "shop-ingest"}, service); err != nil {
		t.Fatal(err)
	}
	service.Spec.Selector = map[string]string{"app": "other"}
	if err := c.Update(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	if !apply(t, a, ingest(shop())) || *applied != 2 {
		t.Errorf("applied %d times, want twice", *applied)
	}
}

func TestAChangedChildIsApplied(t *testing.T) {
	c, applied := store(t)
	a := &Applier{Client: c}
	apply(t, a, ingest(shop()))
	changed := resources.IngestService(shop()).WithAnnotations(map[string]string{"example.com/team": "sales"})
	if !apply(t, a, Child{Desired: changed, Live: &corev1.Service{}}) || *applied != 2 {
		t.Errorf("applied %d times, want twice", *applied)
	}
}

func TestWhoseAnObjectIs(t *testing.T) {
	another := []metav1.OwnerReference{{APIVersion: "v1", Kind: "Workspace", Name: "shop", UID: "before", Controller: new(true)}}
	ours := map[string]string{resources.ManagedByLabel: resources.ManagedBy}
	tests := map[string]struct {
		labels  map[string]string
		owners  []metav1.OwnerReference
		refused bool
	}{
		"somebody else's":                  {refused: true},
		"of a workspace of the same name":  {labels: ours, owners: another, refused: true},
		"left over from an orphan's owner": {labels: ours},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := store(t, &corev1.Service{ObjectMeta: metav1.ObjectMeta{
				Namespace: "sales", Name: "shop-ingest", Labels: tc.labels, OwnerReferences: tc.owners,
			}})
			_, err := (&Applier{Client: c}).Apply(t.Context(), shop(), ingest(shop()))
			if refused := err != nil && strings.Contains(err.Error(), "sales/shop-ingest exists"); refused != tc.refused {
				t.Errorf("Apply() error %v, want it refused: %t", err, tc.refused)
			}
		})
	}
}
