// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

var (
	shop   = v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop", UID: "w", Generation: 1}}
	cart   = v1alpha1.Funnel{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "cart", UID: "f", Generation: 1}}
	ofCart = client.ObjectKeyFromObject(&cart)
)

func TestASpecIsCompiledWhenWhatItDependsOnChanges(t *testing.T) {
	tests := map[string]struct {
		change func(cart *v1alpha1.Funnel, shop *v1alpha1.Workspace, references *string)
		again  bool
	}{
		"nothing": {change: func(*v1alpha1.Funnel, *v1alpha1.Workspace, *string) {}},
		"a status": {change: func(cart *v1alpha1.Funnel, _ *v1alpha1.Workspace, _ *string) {
			cart.ResourceVersion, cart.Status.ActiveVersion = "2", "9f86d081"
		}},
		"the spec":                {change: func(cart *v1alpha1.Funnel, _ *v1alpha1.Workspace, _ *string) { cart.Generation++ }, again: true},
		"another one of its name": {change: func(cart *v1alpha1.Funnel, _ *v1alpha1.Workspace, _ *string) { cart.UID = "g" }, again: true},
		"the workspace":           {change: func(_ *v1alpha1.Funnel, shop *v1alpha1.Workspace, _ *string) { shop.Generation++ }, again: true},
		"another workspace":       {change: func(_ *v1alpha1.Funnel, shop *v1alpha1.Workspace, _ *string) { shop.UID = "x" }, again: true},
		"what it names besides":   {change: func(_ *v1alpha1.Funnel, _ *v1alpha1.Workspace, references *string) { *references = "mail@2" }, again: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var m Memory[int, string]
			compiled := 0
			compile := func() int { compiled++; return compiled }
			later, workspace, references := cart.DeepCopy(), shop.DeepCopy(), "mail@1"
			m.Meaning(ofCart, OriginOf(later, workspace, references), compile)
			tc.change(later, workspace, &references)
			meaning := m.Meaning(ofCart, OriginOf(later, workspace, references), compile)
			if again := compiled == 2; again != tc.again || meaning != compiled {
				t.Errorf("compiled %d times, and the meaning is the one of time %d", compiled, meaning)
			}
		})
	}
}

func TestWhatWasAcceptedOutlivesALaterSpec(t *testing.T) {
	var m Memory[string, string]
	if accepted := m.Accepted(ofCart); accepted != nil {
		t.Errorf("before anything was accepted, Accepted() = %q", *accepted)
	}
	mean := func(generation int64, meaning string) string {
		later := cart.DeepCopy()
		later.Generation = generation
		return m.Meaning(ofCart, OriginOf(later, &shop, ""), func() string { return meaning })
	}
	m.Accept(ofCart, mean(1, "valid"))
	if now := mean(2, "wrong"); now != "wrong" {
		t.Errorf("the later spec means %q", now)
	}
	if accepted := m.Accepted(ofCart); accepted == nil || *accepted != "valid" {
		t.Errorf("Accepted() = %v, want what the earlier spec meant", accepted)
	}
	m.Forget(ofCart)
	if accepted := m.Accepted(ofCart); accepted != nil {
		t.Errorf("of a resource that is gone, Accepted() = %q", *accepted)
	}
}
