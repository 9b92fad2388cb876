// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

var shop = types.NamespacedName{Namespace: "sales", Name: "shop"}

func workspace(admits ...string) *v1alpha1.Workspace {
	return &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop.Namespace, Name: shop.Name},
		Spec:       v1alpha1.WorkspaceSpec{AllowedNamespaces: admits},
	}
}

func funnel(namespace string, reference v1alpha1.WorkspaceReference) *v1alpha1.Funnel {
	return &v1alpha1.Funnel{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "funnel"},
		Spec:       v1alpha1.FunnelSpec{WorkspaceRef: reference},
	}
}

func cache(t *testing.T, objects ...client.Object) Roster {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	byWorkspace := func(o client.Object) []string { return []string{workspaceOf(o).String()} }
	return Roster{Reader: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithIndex(&v1alpha1.Funnel{}, WorkspaceIndex, byWorkspace).Build()}
}

func TestFunnels(t *testing.T) {
	here := funnel("sales", v1alpha1.WorkspaceReference{Name: "shop"})
	guest := funnel("web", v1alpha1.WorkspaceReference{Name: "shop", Namespace: "sales"})
	elsewhere := funnel("other", v1alpha1.WorkspaceReference{Name: "shop"})
	tests := map[string]struct {
		admits []string
		want   []string
	}{
		"its own namespace alone": {want: []string{"sales/funnel"}},
		"a guest's namespace":     {admits: []string{"web"}, want: []string{"sales/funnel", "web/funnel"}},
		"every namespace":         {admits: []string{"*"}, want: []string{"sales/funnel", "web/funnel"}},
		"another namespace":       {admits: []string{"press"}, want: []string{"sales/funnel"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := cache(t, workspace(tc.admits...), here, guest, elsewhere).Funnels(t.Context(), shop)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range found {
				got = append(got, name.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("funnels (-want +got):\n%s", diff)
			}
		})
	}
}

// If a workspace that is gone had no funnels, the runners would be told to drop them all, and its retained volume with them.
func TestAWorkspaceThatIsGoneHasNoRoster(t *testing.T) {
	going := workspace()
	going.Finalizers = []string{"foregroundDeletion"}
	going.DeletionTimestamp = &metav1.Time{Time: metav1.Now().Time}
	for name, objects := range map[string][]client.Object{"gone": nil, "going": {going}} {
		t.Run(name, func(t *testing.T) {
			if found, err := cache(t, objects...).Funnels(t.Context(), shop); err == nil {
				t.Errorf("Funnels() = %v, want an error", found)
			}
		})
	}
}
