// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/stats"
)

// Winners gives, by step, the variants that everybody is to be sent from now on: those that won before, as long as the spec still has
// them and asks for a winner, and those that the numbers decide now. Nil when there are none.
func Winners(outline *Outline, steps map[string]aggregate.Step, before map[string]string) map[string]string {
	var winners map[string]string
	for i := range outline.Steps {
		step := &outline.Steps[i]
		won := before[step.Name]
		if step.Winner == nil || len(step.Variants) < 2 {
			continue
		}
		if !slices.Contains(step.Variants, won) {
			won = winner(step, steps[step.Name].Variants)
		}
		if won == "" {
			continue
		}
		if winners == nil {
			winners = map[string]string{}
		}
		winners[step.Name] = won
	}
	return winners
}

// winner gives the best variant; empty as long as a variant has been sent too rarely, or chance may explain that one is ahead.
func winner(step *OutlineStep, shares map[string]aggregate.Share) string {
	groups := make([]stats.Clusters, len(step.Variants))
	for i, name := range step.Variants {
		share := shares[name]
		if share.Sent < max(step.Winner.Sample, 1) {
			return ""
		}
		reached := share.Clicked
		if step.Winner.By == definition.ByConversions {
			reached = share.Converted
		}
		groups[i] = shareOf(share.Sent, min(reached, share.Sent))
	}
	best, sure := stats.Best(groups)
	if !sure {
		return ""
	}
	return step.Variants[best]
}

// shareOf takes messages for independent: nearly everybody is sent one of a step's messages once.
func shareOf(sent, reached int64) stats.Clusters {
	n, x := float64(sent), float64(reached)
	return stats.Clusters{Trials: n, Successes: x, TrialsSquared: n, Cross: x, SuccessesSquared: x}
}
