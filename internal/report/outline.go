// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/waymark-dev/waymark/internal/definition"

// Outline is what writing down a scenario's numbers needs to know of it. It is kept beside the version, so that its numbers can be
// written also while a later spec is wrong.
type Outline struct {
	// Steps are in the order of the spec.
	Steps []OutlineStep `json:"steps"`
	// Compared says that there are a goal and a holdout, so that it can be told what the scenario brings.
	Compared bool `json:"compared,omitempty"`
}

// OutlineStep is one step of an outline.
type OutlineStep struct {
	Name string `json:"name"`
	// Variants are the names of a message's variants, where there are several.
	Variants []string `json:"variants,omitempty"`
	// Winner ends the draw between them; nil never does.
	Winner *definition.Winner `json:"winner,omitempty"`
}

// OutlineOf gives the outline of a scenario.
func OutlineOf(scenario *definition.Scenario) Outline {
	outline := Outline{Compared: scenario.Goal != nil && scenario.Holdout > 0}
	for i := range scenario.Steps {
		step := OutlineStep{Name: scenario.Steps[i].Name}
		if send := scenario.Steps[i].Send; send != nil && len(send.Variants) > 1 {
			step.Winner = send.Winner
			for _, variant := range send.Variants {
				step.Variants = append(step.Variants, variant.Name)
			}
		}
		outline.Steps = append(outline.Steps, step)
	}
	return outline
}
