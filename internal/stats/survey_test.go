// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/stats"
)

func asked(people, price, other int64) stats.Respondents {
	return stats.Respondents{People: people, Answers: map[string]int64{"price": price, "": other}}
}

func TestWeigh(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		groups           []stats.Respondents
		enough           bool
		effective, share float64
		low, high        float64
		bounds           stats.Interval
	}{
		// The interval is that of Newcombe (1998), of 81 of 263.
		"one group": {
			[]stats.Respondents{asked(526, 81, 182)},
			true, 263, 0.3080, 0.2553, 0.3662, stats.Interval{Low: 81.0 / 526, High: (81.0 + 263) / 526},
		},
		"groups that answer alike": {
			[]stats.Respondents{asked(200, 81, 19), asked(326, 0, 163)},
			true, 263, 0.3080, 0.2553, 0.3662, stats.Interval{Low: 81.0 / 526, High: (81.0 + 263) / 526},
		},
		// Half of the people are of either group, so that half of the share is of each: 0.9 and 0.1. The weights are 5 and 45 times 1 or 10, so
		// that 100 answers say as much as 100² · 1/(100·(0.9·(5/9)² + 0.1·5²)) = 36.
		"those who pay little answer more": {
			[]stats.Respondents{asked(500, 81, 9), asked(500, 1, 9)},
			true, 36, 0.5, 0.3447, 0.6553, stats.Interval{Low: 0.082, High: 0.982},
		},
		// 9 answers and none are taken together with the next: 12 of 33.
		"small groups are taken together": {
			[]stats.Respondents{asked(60, 3, 6), asked(40, 0, 0), asked(100, 9, 15)},
			true, 33, 12.0 / 33, 0.2219, 0.5338, stats.Interval{Low: 12.0 / 200, High: 179.0 / 200},
		},
		"a few": {
			[]stats.Respondents{asked(1000, 5, 24)},
			false, 29, 5.0 / 29, 0.0760, 0.3455, stats.Interval{Low: 0.005, High: 0.976},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stats.Weigh(tt.groups)
			price := got.Answers["price"]
			if got.Enough() != tt.enough || !near(got.Effective, tt.effective, 6) {
				t.Errorf("enough: %v, effective %v; want %v and %v", got.Enough(), got.Effective, tt.enough, tt.effective)
			}
			if !near(price.Share, tt.share, 4) || !near(price.Interval.Low, tt.low, 4) || !near(price.Interval.High, tt.high, 4) {
				t.Errorf("share is %.4f %+v, want %.4f (%.4f to %.4f)", price.Share, price.Interval, tt.share, tt.low, tt.high)
			}
			if !near(price.Bounds.Low, tt.bounds.Low, 9) || !near(price.Bounds.High, tt.bounds.High, 9) {
				t.Errorf("bounds are %+v, want %+v", price.Bounds, tt.bounds)
			}
		})
	}
}

func TestNobodyAnswered(t *testing.T) {
	t.Parallel()
	for name, groups := range map[string][]stats.Respondents{"nobody left": nil, "nobody answered": {{People: 50}}} {
		got := stats.Weigh(groups)
		if got.Enough() || got.Answered != 0 || len(got.Answers) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSharesAddUpAndLieWithinTheBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.Respondents {
			given := rapid.MapOfN(rapid.SampledFrom([]string{"price", "error", "later", ""}), rapid.Int64Range(0, 40), 0, 4).Draw(t, "answers")
			r := stats.Respondents{People: rapid.Int64Range(0, 500).Draw(t, "silent"), Answers: given}
			for _, count := range given {
				r.People += count
			}
			return r
		}), 0, 8).Draw(t, "groups")
		got := stats.Weigh(groups)
		sum, people := 0.0, int64(0)
		for _, g := range groups {
			people += g.People
		}
		for answer, a := range got.Answers {
			sum += a.Share
			const rounding = 1e-9
			if a.Share < a.Bounds.Low-rounding || a.Share > a.Bounds.High+rounding || a.Share < a.Interval.Low-rounding || a.Share > a.Interval.High+rounding {
				t.Fatalf("%q is %+v", answer, a)
			}
		}
		if got.People != people || got.Answered > 0 && (!near(sum, 1, 9) || got.Effective > float64(got.Answered)+1e-6) {
			t.Fatalf("shares add up to %v, in %+v", sum, got)
		}
	})
}

// Those who pay little leave for the price and answer four times as often. Weighed by what they pay the shares are right, and as sure as they say;
// unweighed they are wrong.
func TestWeighedSharesHoldTheTruth(t *testing.T) {
	t.Parallel()
	const runs, people = 1000, 1000
	draw := rand.New(rand.NewPCG(29, 30))
	of := [2]struct{ blames, answers float64 }{{0.6, 0.4}, {0.2, 0.1}}
	const truth = 0.4
	held, heldUnweighed, bounded := 0, 0, 0
	for range runs {
		groups := []stats.Respondents{asked(0, 0, 0), asked(0, 0, 0)}
		everybody := 0
		for range people {
			side := draw.IntN(2)
			blames, answers := draw.Float64() < of[side].blames, draw.Float64() < of[side].answers
			groups[side].People++
			if blames {
				everybody++
			}
			switch {
			case answers && blames:
				groups[side].Answers["price"]++
			case answers:
				groups[side].Answers[""]++
			}
		}
		weighed := stats.Weigh(groups).Answers["price"]
		if weighed.Interval.Low <= truth && truth <= weighed.Interval.High {
			held++
		}
		one := asked(people, groups[0].Answers["price"]+groups[1].Answers["price"], groups[0].Answers[""]+groups[1].Answers[""])
		if in := stats.Weigh([]stats.Respondents{one}).Answers["price"].Interval; in.Low <= truth && truth <= in.High {
			heldUnweighed++
		}
		if share := float64(everybody) / people; weighed.Bounds.Low <= share && share <= weighed.Bounds.High {
			bounded++
		}
	}
	t.Logf("%d of %d intervals hold the truth, %d of those unweighed, and %d of the bounds", held, runs, heldUnweighed, bounded)
	if held < 935 || heldUnweighed > 300 || bounded != runs {
		t.Errorf("%d of %d intervals hold the truth, %d of those unweighed, and %d of the bounds; want 95 %%, few, and all", held, runs, heldUnweighed, bounded)
	}
}
