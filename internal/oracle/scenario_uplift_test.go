// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/stats"
)

// TestHoldoutOfNothingIsWorthNothing runs scenarios that send nothing, again and again, over people with one to four enrolments each who buy
// by a habit of their own. Who is held out then differs from the others by chance alone: on average by nothing, and in about 95 of 100
// scenarios by less than the interval says.
func TestHoldoutOfNothingIsWorthNothing(t *testing.T) {
	t.Parallel()
	const runs, people = 300, 250
	random := rand.New(rand.NewPCG(7, 11))
	covered, sum := 0, 0.0
	for run := range runs {
		difference := holdOut(t, random, fmt.Sprint("nothing", run), people)
		sum += difference.Estimate
		if !difference.Significant() {
			covered++
		}
	}
	if share := float64(covered) / runs; share < 0.92 || share > 0.985 { // 95 % and two or three standard errors
		t.Errorf("the interval holds no difference in %.3f of the cases, want about 0.95", share)
	}
	if mean := sum / runs; mean < -0.01 || mean > 0.01 {
		t.Errorf("the mean difference is %.4f, want about 0", mean)
	}
}

// holdOut gives by how much those who are not held out seem to buy more often.
func holdOut(t *testing.T, random *rand.Rand, name string, people int) stats.Difference {
	t.Helper()
	p := newPlay(t)
	p.tick(at(t, "2026-11-02 00:00"))
	p.applyScenario(scenarioKey(name), definition.Scenario{
		Trigger: definition.Trigger{Event: &definition.EventMatch{Event: "cart"}, MaxAge: day},
		Entry:   definition.Entry{Reentry: definition.ReentryAlways, OnRepeat: definition.RepeatIgnore, Key: "event.data.cart"},
		Goal:    &definition.Goal{Event: "order", Within: day}, Holdout: 5000,
		Steps: []definition.Step{{Name: "wait", Wait: &definition.Wait{For: time.Hour}}},
	}, nil)
	var events []event.Event
	for n := range people {
		habit := random.Float64() * random.Float64()
		for cart := range 1 + random.IntN(4) {
			e := event.Event{
				Contact: fmt.Sprint("person-", n), Type: "cart", Source: "shop", ID: fmt.Sprint(n, "/", cart), Time: p.clock, Received: p.clock,
				Data: []byte(fmt.Sprintf(`{"cart": %d}`, cart)),
			}
			events = append(events, e)
			if random.Float64() < habit {
				e.Type, e.ID = "order", e.ID+"/order"
				events = append(events, e)
			}
		}
	}
	p.events(events...)
	p.tick(p.clock.Add(2 * day))
	numbers := p.truth.Scenarios()[scenarioKey(name)]
	difference, enough := stats.Compare(clusters(numbers.Held), clusters(numbers.Treated), stats.Z95)
	if !enough || numbers.Held.Contacts+numbers.Treated.Contacts != int64(people) {
		t.Fatalf("too little to compare: %+v", numbers)
	}
	return difference
}

func clusters(a aggregate.Arm) stats.Clusters {
	return stats.Clusters{
		Trials: float64(a.N), Successes: float64(a.X), TrialsSquared: float64(a.NN), Cross: float64(a.NX), SuccessesSquared: float64(a.XX),
	}
}
