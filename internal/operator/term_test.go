// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

var lease = types.NamespacedName{Namespace: "waymark-system", Name: leaseName}

// leading is a store with a Lease, and leaders whose clocks can be set.
func leading(t *testing.T) (store client.Client, lead func(clock time.Time) uint64) {
	t.Helper()
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	store = fake.NewClientBuilder().WithScheme(scheme).WithObjects(newLease()).Build()
	return store, func(clock time.Time) uint64 {
		t.Helper()
		taker := termTaker{reader: store, writer: store, lease: lease, clock: clocktesting.NewFakePassiveClock(clock)}
		term, err := taker.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return term
	}
}

func newLease() *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: lease.Namespace, Name: lease.Name}}
}

func TestEveryLeaderHasAHigherTerm(t *testing.T) {
	store, lead := leading(t)
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	first := lead(noon)
	if second := lead(noon.Add(time.Minute)); second <= first {
		t.Errorf("a minute later: term %d after %d", second, first)
	}
	second := lead(noon.Add(-time.Hour))
	if second <= first {
		t.Errorf("on a node whose clock is behind: term %d after %d", second, first)
	}
	if err := store.Delete(t.Context(), newLease()); err != nil {
		t.Fatal(err)
	}
	if err := store.Create(t.Context(), newLease()); err != nil {
		t.Fatal(err)
	}
	if third := lead(noon.Add(2 * time.Minute)); third <= second {
		t.Errorf("after the Lease was deleted: term %d after %d", third, second)
	}
}

func TestWithoutALeaseTheTermIsTheTime(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	taker := termTaker{clock: clocktesting.NewFakePassiveClock(noon)}
	if term, err := taker.take(t.Context()); err != nil || term != uint64(noon.UnixMilli()) {
		t.Errorf("take() = %d, %v; want the time in milliseconds", term, err)
	}
}

func TestALeaderWithoutItsLeaseDoesNotStart(t *testing.T) {
	store, _ := leading(t)
	if err := store.Delete(t.Context(), newLease()); err != nil {
		t.Fatal(err)
	}
	taker := termTaker{reader: store, writer: store, lease: lease, clock: clocktesting.NewFakePassiveClock(time.Now())}
	if term, err := taker.take(t.Context()); err == nil {
		t.Errorf("take() = %d, want an error", term)
	}
}
