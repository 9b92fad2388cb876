// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"encoding/json"

	"github.com/waymark-dev/waymark/internal/report"
)

// sourceOf is what the runners keep beside a version: when the spec that exists now is wrong, an operator that has just started learns
// from it how to write down the numbers of the version that goes on.
func sourceOf(outline *report.Outline) json.RawMessage {
	encoded, err := json.Marshal(outline)
	if err != nil {
		return nil // only a restart of the operator would miss it
	}
	return encoded
}

// outlineFrom reads what sourceOf wrote; nil when it cannot be known.
func outlineFrom(source json.RawMessage) *report.Outline {
	outline := &report.Outline{}
	if len(source) == 0 || json.Unmarshal(source, outline) != nil {
		return nil
	}
	return outline
}
