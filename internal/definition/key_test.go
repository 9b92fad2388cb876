// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"testing"

	"github.com/waymark-dev/waymark/internal/definition"
)

func TestSplitKeyIsTheReverseOfKey(t *testing.T) {
	key := definition.Key(definition.KindScenario, "sales", "cart")
	if key != "NurtureScenario/sales/cart" {
		t.Errorf("the key is %s; logs have NurtureScenario/sales/cart", key)
	}
	kind, namespace, name, ok := definition.SplitKey(key)
	if kind != definition.KindScenario || namespace != "sales" || name != "cart" || !ok {
		t.Errorf("%s is split into %q, %q and %q, %v", key, kind, namespace, name, ok)
	}
	if kind, _, _, ok := definition.SplitKey("Funnel/cart"); kind != definition.KindFunnel || ok {
		t.Errorf("what has no namespace is of kind %q and a key: %v", kind, ok)
	}
}
