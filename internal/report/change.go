// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/stats"
)

// previous compares the recent days with those before. Nil while there is nobody to compare with, or the log lacks a part of them.
func (c *counted) previous() *v1alpha1.PreviousPeriod {
	recent, before := c.n.Funnel.Recent, c.n.Funnel.Before
	begins := event.At(startOf(c.spans.Before.First, c.setting.Zone))
	if c.spans.Before.Len() == 0 || before.Entered == 0 || c.n.ExactSince > begins {
		return nil
	}
	later, earlier := compared(c.spans.Recent, recent), compared(c.spans.Before, before)
	return &v1alpha1.PreviousPeriod{
		From: earlier.From, To: earlier.To,
		Entered: earlier.Entered, Converted: earlier.Converted, Conversion: earlier.Conversion,
		Recent: &later,
		Change: c.change(),
	}
}

func compared(days definition.Days, of aggregate.Comparison) v1alpha1.ComparedDays {
	return v1alpha1.ComparedDays{
		From: date(days.First), To: date(days.Last),
		Entered: of.Entered, Converted: of.Completed, Conversion: rate(of.Completed, of.Entered),
	}
}

// change is how much the conversion differs between the compared days. Nil while nobody came on one side.
func (c *counted) change() *v1alpha1.RateChange {
	earlier, later := clusters(c.n.Funnel.Before), clusters(c.n.Funnel.Recent)
	if earlier.Trials == 0 || later.Trials == 0 {
		return nil
	}
	difference, enough := stats.Compare(earlier, later, c.criticalValue())
	points := int32(math.Round(difference.Estimate * basisPoints))
	change := &v1alpha1.RateChange{BasisPoints: points}
	if !enough {
		change.Text = tooFew
		return change
	}
	margin := int32(math.Round(difference.Margin() * basisPoints))
	change.MarginBasisPoints, change.Significant = &margin, difference.Significant()
	if change.Significant {
		change.Text = signed(points, 100, 2) + "pp"
	} else {
		change.Text = signed(points, 10, 1) + "pp ±" + signed(margin, 10, 1)[1:]
	}
	return change
}

// tooFew is written in place of a change while nothing can be said about chance.
const tooFew = "unclear"

// signed writes hundredths of a percent as percent with a sign and so many decimals; unit is ten to the power of decimals.
func signed(points, unit int32, decimals int) string {
	shown := int32(math.Round(float64(points) * float64(unit) / 100))
	sign := '+'
	if shown < 0 {
		sign, shown = '-', -shown
	}
	return fmt.Sprintf("%c%d.%0*d", sign, shown/unit, decimals, shown%unit)
}

// criticalValue is for looks once a day. Where the compared days grow with the calendar, nothing is taken for granted about how much
// one look has in common with the next.
func (c *counted) criticalValue() float64 {
	if p := c.fn.Spec.Period; p != nil && p.Calendar != "" {
		return stats.CriticalValue(stats.ChangeAlpha, stats.ChangeLooks, 0)
	}
	return stats.CriticalValue(stats.ChangeAlpha, stats.ChangeLooks, stats.SlidingCorrelation(c.spans.Recent.Len()))
}

func clusters(of aggregate.Comparison) stats.Clusters {
	return stats.Clusters{
		Trials: float64(of.Entered), Successes: float64(of.Completed),
		TrialsSquared: float64(of.EnteredSquared), Cross: float64(of.Cross), SuccessesSquared: float64(of.CompletedSquared),
	}
}

// designEffect says for how many independent ones a unit stands in, because one contact may have several.
func (c *counted) designEffect() float64 { return clusters(c.n.Funnel.Recent).DesignEffect() }
