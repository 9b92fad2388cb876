// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package secrets

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

var name = types.NamespacedName{Namespace: "sales", Name: "key"}

// reading is a Reader over one store that plays cache and API server, and counts reads of the latter.
func reading(t *testing.T) (r *Reader, store client.Client, reads *int) {
	t.Helper()
	store = fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}, Data: map[string][]byte{"k": []byte("1")},
	}).Build()
	reads = new(int)
	live := interceptor.NewClient(store.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
			*reads++
			return c.Get(ctx, key, into, options...)
		},
	})
	return &Reader{Cached: store, Live: live}, store, reads
}

func read(t *testing.T, r *Reader) string {
	t.Helper()
	data, _, err := r.Data(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data["k"])
}

func TestASecretIsReadOnceWhileItStaysTheSame(t *testing.T) {
	r, _, reads := reading(t)
	for range 5 {
		if got := read(t, r); got != "1" {
			t.Fatalf("content %q, want 1", got)
		}
	}
	if *reads != 1 {
		t.Errorf("the API server was asked %d times, want once", *reads)
	}
}

func TestASecretIsReadAgainWhenItChangesOrIsForgotten(t *testing.T) {
	r, store, reads := reading(t)
	read(t, r)
	secret := &corev1.Secret{}
	if err := store.Get(t.Context(), name, secret); err != nil {
		t.Fatal(err)
	}
	secret.Data["k"] = []byte("2")
	if err := store.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); got != "2" {
		t.Errorf("content %q, want 2", got)
	}
	r.Forget(name)
	read(t, r)
	if *reads != 3 {
		t.Errorf("the API server was asked %d times, want 3", *reads)
	}
}

func TestASecretThatIsGone(t *testing.T) {
	r, store, _ := reading(t)
	read(t, r)
	if err := store.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}); err != nil {
		t.Fatal(err)
	}
	if data, found, err := r.Data(t.Context(), name); found || err != nil || len(data) > 0 {
		t.Errorf("Data() = %v, %t, %v; want nothing", data, found, err)
	}
}
