// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"strconv"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/stats"
)

// uplift compares those who were treated with those who were held out.
func uplift(treated, held *aggregate.Arm) *v1alpha1.ScenarioUplift {
	status := &v1alpha1.ScenarioUplift{Text: tooFew, Treated: scenarioArm(treated), Held: scenarioArm(held)}
	if treated.N == 0 || held.N == 0 {
		return status
	}
	of, by := arm(held), arm(treated)
	difference, enough := stats.Uplift(of, by)
	status.Difference = points(difference.Estimate)
	if enough {
		status.Low, status.High = points(difference.Interval.Low), points(difference.Interval.High)
		if difference.Significant() {
			estimate, margin := int32(math.Round(difference.Estimate*basisPoints)), int32(math.Round(difference.Margin()*basisPoints))
			status.Text = signed(estimate, 10, 1) + "pp ±" + signed(margin, 10, 1)[1:]
			return status
		}
	}
	status.NeededHeld = neededHeld(of, by)
	return status
}

func scenarioArm(of *aggregate.Arm) *v1alpha1.ScenarioArm {
	return &v1alpha1.ScenarioArm{Entries: of.N, Reached: of.X, Rate: rate(of.X, of.N)}
}

func arm(of *aggregate.Arm) stats.Arm {
	return stats.Arm{
		People: float64(of.Contacts),
		Clusters: stats.Clusters{
			Trials: float64(of.N), Successes: float64(of.X),
			TrialsSquared: float64(of.NN), Cross: float64(of.NX), SuccessesSquared: float64(of.XX),
		},
	}
}

// points writes a difference of shares in percentage points with two decimals: "7.12".
func points(difference float64) v1alpha1.Decimal {
	hundredths := math.Round(difference * basisPoints)
	if hundredths == 0 {
		hundredths = 0 // and not a negative nothing
	}
	return v1alpha1.Decimal(strconv.FormatFloat(hundredths/100, 'f', 2, 64))
}

// neededHeld gives two leading digits, as more of them would claim to know what is guessed; nil where no number that can be reached suffices.
func neededHeld(held, treated stats.Arm) *int64 {
	const unreachable = 1e9
	needed := stats.Needed(held, treated)
	if !(needed < unreachable) {
		return nil
	}
	unit := math.Pow10(max(int(math.Ceil(math.Log10(max(needed, 1))))-2, 0))
	rounded := max(int64(math.Ceil(needed/unit)*unit), int64(held.Trials)+1)
	return &rounded
}
