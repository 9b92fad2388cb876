// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package texts

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

func TestContentIsReadOnlyWhenItHasChanged(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	letters := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "letters"}, Data: map[string]string{"a.html": "one"}}
	reads := 0
	store := fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
			if _, whole := into.(*corev1.ConfigMap); whole {
				reads++
			}
			return c.Get(ctx, key, into, options...)
		},
	}).Build()
	reader := &Reader{Cached: store, Live: store}
	name := types.NamespacedName{Namespace: "sales", Name: "letters"}
	expect := func(what string, text string, found bool, wantReads int) {
		t.Helper()
		got, is, err := reader.Read(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if is != found || got.Data["a.html"] != text || reads != wantReads {
			t.Errorf("%s: found %v with %q after %d reads, want %v with %q after %d", what, is, got.Data["a.html"], reads, found, text, wantReads)
		}
	}
	expect("before it is there", "", false, 0)
	if err := store.Create(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	expect("when it is there", "one", true, 1)
	expect("again", "one", true, 1)
	letters.Data["a.html"] = "two"
	if err := store.Update(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	expect("when it has changed", "two", true, 2)
	if err := store.Delete(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	expect("when it is gone", "", false, 2)
}
