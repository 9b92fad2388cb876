// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// spelling is a field of a meaning that its resource spells in another way: a wait for one event, say, is a list of one in the meaning.
type spelling struct{ meant, written string }

// spell notes how the resource spells a field of the meaning.
func (r *scenarioReader) spell(meant, written *field.Path) {
	r.spelt = append(r.spelt, spelling{meant.String(), written.String()})
}

// written gives errors the fields as the resource spells them.
func (r *scenarioReader) written(errs field.ErrorList) field.ErrorList {
	for _, err := range errs {
		for _, s := range r.spelt {
			if rest, found := strings.CutPrefix(err.Field, s.meant); found {
				err.Field = s.written + rest
				break
			}
		}
	}
	return errs
}
