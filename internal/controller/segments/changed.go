// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package segments

import (
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Changed lets a controller that watches Segments hear of those that come or go, or that mean something else: by their spec or by their cuts.
func Changed() builder.Predicates { return builder.WithPredicates(changes) }

var changes = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return spelled(e.ObjectOld) != spelled(e.ObjectNew)
}})

func spelled(object client.Object) string {
	segment, is := object.(*v1alpha1.Segment)
	if !is {
		return ""
	}
	return CutsOf(segment)
}
