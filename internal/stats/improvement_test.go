// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/waymark-dev/waymark/internal/stats"
)

// spread gives so many days of alike trials from one on, with the successes of one after the other.
func spread(from, trials int64, successes ...int64) (days []stats.Day) {
	for i, x := range successes {
		days = append(days, stats.Day{Number: from + int64(i), Trials: trials, Successes: x})
	}
	return days
}

func TestImprove(t *testing.T) {
	t.Parallel()
	high, low := spread(7, 100, 30, 32, 28, 31, 29, 30, 30), spread(0, 100, 20, 22, 18, 21, 19, 20, 20)
	tests := map[string]struct {
		before, after []stats.Day
		lower         bool
		want          stats.Verdict
	}{
		"nobody before":                      {nil, high, false, stats.Collecting},
		"nobody after":                       {high, spread(14, 0, 0, 0), false, stats.Collecting},
		"more convert":                       {low, high, false, stats.Improved},
		"fewer convert":                      {high, low, false, stats.Worse},
		"fewer meet the barrier":             {high, low, true, stats.Improved},
		"more meet the barrier":              {low, high, true, stats.Worse},
		"the same":                           {low, low, false, stats.NoChange},
		"days differ more than the spans do": {spread(0, 100, 30, 2, 38, 11, 39, 10, 10), spread(7, 100, 20, 62, 8, 51, 9, 40, 20), false, stats.NoChange},
		"a few":                              {spread(0, 10, 2, 3, 1, 2, 2, 3, 2), spread(7, 10, 3, 3, 4, 2, 3, 3, 2), false, stats.NoChange},
		"weekdays differ, and all improve":   {spread(0, 100, 10, 50, 30, 70, 20, 40, 60), spread(7, 100, 20, 60, 40, 80, 30, 50, 70), false, stats.Improved},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if difference, got := stats.Improve(tt.before, tt.after, tt.lower); got != tt.want {
				t.Errorf("verdict is %s with %+v, want %s", got, difference, tt.want)
			}
		})
	}
}

// Where days are alike, it is the interval of table II, method 10, of Newcombe (1998): 56 of 70 less 48 of 80.
func TestImproveIsThePublishedIntervalForAlikeDays(t *testing.T) {
	t.Parallel()
	before := append(spread(0, 11, 6, 7, 7, 7, 7, 7), stats.Day{Number: 6, Trials: 14, Successes: 7})
	got, _ := stats.Improve(before, spread(7, 10, 8, 8, 8, 8, 8, 8, 8), false)
	if !near(got.Interval.Low, 0.0524, 4) || !near(got.Interval.High, 0.3339, 4) {
		t.Errorf("interval is %+v, want 0.0524 to 0.3339", got.Interval)
	}
}

// Twelve of 14 days are ten off what is expected, where five are usual: 24/7 times the variance, over six degrees of freedom, as the days give a
// level for each weekday and one more for the second span; Student's quantile is 2.4469 then.
func TestImproveCountsTheSpreadOfDays(t *testing.T) {
	t.Parallel()
	got, _ := stats.Improve(spread(0, 100, 40, 60, 40, 60, 40, 60, 50), spread(7, 100, 60, 40, 60, 40, 60, 40, 50), false)
	const student = 2.4469 / 1.9600
	effect := 24.0 / 7 * 14 / 6 * student * student
	half := stats.Wilson(350/effect, 700/effect, stats.Z95)
	reach := math.Hypot(0.5-half.Low, half.High-0.5)
	if !near(got.Interval.Low, -reach, 4) || !near(got.Interval.High, reach, 4) {
		t.Errorf("interval is %+v, want %.4f either way", got.Interval, reach)
	}
}

// season is a made-up shop whose days differ.
type season struct {
	weeks, visits int
	rate          float64
	// weekend is what the odds are multiplied by on a weekend, on which half as many come.
	weekend float64
	// moods is how far the logarithm of a day's odds strays.
	moods float64
	// campaigns make one day in ten three times as busy, with two thirds of the odds.
	campaigns bool
}

// days makes a span from a day on, whose odds are multiplied by a factor.
func (s season) days(draw *rand.Rand, source rand.Source, from int, factor float64) (days []stats.Day) {
	for number := from; number < from+7*s.weeks; number++ {
		mean, odds := float64(s.visits), s.rate/(1-s.rate)*factor*math.Exp(s.moods*draw.NormFloat64())
		if number%7 >= 5 {
			mean, odds = mean/2, odds*s.weekend
		}
		if s.campaigns && draw.IntN(10) == 0 {
			mean, odds = mean*3, odds*2/3
		}
		d := stats.Day{Number: int64(number), Trials: int64(distuv.Poisson{Lambda: mean, Src: source}.Rand())}
		if d.Trials > 0 {
			d.Successes = int64(distuv.Binomial{N: float64(d.Trials), P: odds / (1 + odds), Src: source}.Rand())
		}
		days = append(days, d)
	}
	return days
}

// compare gives the share of runs with each verdict, when the odds are multiplied by a factor, and the share of the intervals that hold the mean of
// all differences.
func (s season) compare(runs int, factor float64) (verdicts map[stats.Verdict]float64, held float64) {
	source := rand.NewPCG(19, uint64(s.visits))
	draw := rand.New(source)
	verdicts = map[stats.Verdict]float64{}
	differences, mean := make([]stats.Difference, runs), 0.0
	for run := range runs {
		difference, verdict := stats.Improve(s.days(draw, source, 0, 1), s.days(draw, source, 7*s.weeks, factor), false)
		verdicts[verdict] += 1 / float64(runs)
		mean += difference.Estimate / float64(runs)
		differences[run] = difference
	}
	for _, d := range differences {
		if d.Interval.Low <= mean && mean <= d.Interval.High {
			held += 1 / float64(runs)
		}
	}
	return verdicts, held
}

// Where nothing was improved, 95 % of the intervals hold nothing, whatever the weekdays are like.
func TestNothingImproved(t *testing.T) {
	t.Parallel()
	tests := map[string]season{
		"a week of alike days":                         {1, 200, 0.1, 1, 0, false},
		"four weeks of a small shop":                   {4, 30, 0.05, 1, 0, false},
		"four weeks, weekends at half the odds":        {4, 200, 0.1, 0.5, 0, false},
		"four weeks, weekends at three times the odds": {4, 1000, 0.04, 3, 0, false},
		"a week with moods":                            {1, 500, 0.1, 0.5, 0.2, false},
		"two weeks with moods":                         {2, 500, 0.4, 0.5, 0.2, false},
		"four weeks with moods":                        {4, 1000, 0.04, 1.5, 0.3, false},
		"four weeks with campaigns":                    {4, 500, 0.1, 0.5, 0.1, true},
		"twelve weeks with campaigns":                  {12, 200, 0.02, 2, 0.2, true},
		"most convert":                                 {4, 200, 0.95, 0.5, 0.1, false},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const runs = 2000
			got, _ := s.compare(runs, 1)
			t.Logf("%.1f %% NoChange, %.1f %% Improved, %.1f %% Worse", 100*got[stats.NoChange], 100*got[stats.Improved], 100*got[stats.Worse])
			// The standard error is half a point.
			if got[stats.NoChange] < 0.935 {
				t.Errorf("%.1f %% of the intervals hold that nothing changed, want at least 95 %%", 100*got[stats.NoChange])
			}
		})
	}
}

func TestRealImprovementsAreSeen(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		season season
		factor float64
		want   float64
	}{
		"10 % become 12 %, four weeks of 200":              {season{4, 200, 0.1, 0.5, 0, false}, 1.227, 0.75},
		"10 % become 12 %, four weeks of 200, days differ": {season{4, 200, 0.1, 0.5, 0.2, false}, 1.227, 0.55},
		"10 % become 12 %, four weeks of 1000":             {season{4, 1000, 0.1, 0.5, 0.1, false}, 1.227, 0.99},
		"40 % become 45 %, a week of 500":                  {season{1, 500, 0.4, 1, 0, false}, 1.227, 0.85},
		"60 % become 75 %, four weeks of 30, as deals do":  {season{4, 30, 0.6, 1, 0, false}, 2, 0.98},
		"4.5 % become 5.5 %, four weeks of 100":            {season{4, 100, 0.045, 1, 0, false}, 1.235, 0.25},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, held := tt.season.compare(1000, tt.factor)
			t.Logf("%.0f %% Improved, %.1f %% Worse, %.1f %% of the intervals hold it", 100*got[stats.Improved], 100*got[stats.Worse], 100*held)
			if held < 0.93 { // the standard error is 0.7 points
				t.Errorf("%.1f %% of the intervals hold the difference, want at least 95 %%", 100*held)
			}
			if got[stats.Improved] < tt.want {
				t.Errorf("%.0f %% of the runs saw it, want at least %.0f %%", 100*got[stats.Improved], 100*tt.want)
			}
		})
	}
}
