// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// arrival is one thing that happens to a runner whom two operators call.
type arrival struct {
	call    control.Definitions
	restart bool
	// loses says that the restart finds no state and folds the log again.
	loses bool
}

// drawArrivals gives calls of two operators, each numbered as it was made, in the order in which they arrive. When the runner restarts, what
// was under way to it is gone with its connection, so that only calls made later come.
func drawArrivals(t *rapid.T) (all []arrival) {
	keys := []string{"Funnel/shop/a", "Funnel/shop/b", "Funnel/shop/c"}
	var made []control.Definitions
	for leader := uint64(1); leader <= 2; leader++ {
		for call := range rapid.IntRange(1, 5).Draw(t, "calls") {
			set := control.Definitions{Leader: leader, Call: uint64(call) + 1}
			for _, key := range keys {
				switch rapid.IntRange(0, 2).Draw(t, "version of "+key) {
				case 1:
					set.Definitions = append(set.Definitions, funnel(t, key, "visit", "order"))
				case 2:
					set.Definitions = append(set.Definitions, funnel(t, key, "visit", "cart", "order"))
				}
			}
			made = append(made, set)
		}
	}
	newest := map[uint64]uint64{} // call by term, of what has arrived
	restarted := false
	for _, call := range rapid.Permutation(made).Draw(t, "order of arrival") {
		if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
			all = append(all, arrival{restart: true, loses: rapid.Bool().Draw(t, "loses its state")})
			restarted = true
		}
		if restarted && call.Call < newest[call.Leader] {
			continue
		}
		newest[call.Leader] = max(newest[call.Leader], call.Call)
		all = append(all, arrival{call: call})
	}
	return all
}

// Whatever the order in which calls of an old and a new operator arrive, also around restarts: what runs is what the newest of them said.
func TestTheNewestCallDecides(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		arrivals := drawArrivals(rt)
		var want, got map[string]string
		var failed error
		synctest.Test(t, func(t *testing.T) { want, got, failed = runsAfter(t, arrivals) })
		if failed != nil {
			rt.Fatal(failed)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("what runs is not what the newest call said (-want +got):\n%s", diff)
		}
	})
}

// runsAfter gives the versions by key that the newest call wants, and those that run.
func runsAfter(t *testing.T, arrivals []arrival) (want, got map[string]string, err error) {
	p := newPlane(t, 1)
	p.start()
	defer func() { p.stop() }()
	var newest control.Definitions
	for _, a := range arrivals {
		if a.restart {
			p.stop()
			if a.loses {
				p.states[0] = state.NewMemory()
			}
			p.start()
			time.Sleep(time.Second)
			continue
		}
		_, err := p.Apply(t.Context(), a.call)
		outdated := a.call.Leader < newest.Leader || a.call.Leader == newest.Leader && a.call.Call < newest.Call
		switch {
		case outdated != (errors.Is(err, control.ErrOlderLeader) || errors.Is(err, control.ErrOlderCall)):
			return nil, nil, errors.Join(errors.New("a call was judged wrongly"), err)
		case !outdated && err != nil:
			return nil, nil, err
		case !outdated:
			newest = a.call
		}
	}
	time.Sleep(time.Second)
	want, got = map[string]string{}, map[string]string{}
	for _, d := range newest.Definitions {
		want[d.Key] = d.Version
	}
	for key, d := range p.report().Partitions[0].Funnels {
		got[key] = d.Active + d.Pending
	}
	return want, got, nil
}

func TestAnEarlierOperatorIsRefusedAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		p.apply(4, funnel(t, shop, "visit", "order"))
		p.apply(5, funnel(t, shop, "visit", "order")) // a new operator changes nothing
		time.Sleep(time.Second)
		p.stop()
		p.start()
		defer p.stop()
		time.Sleep(time.Second)
		_, err := p.Apply(t.Context(), control.Definitions{Leader: 4})
		if !errors.Is(err, control.ErrOlderLeader) {
			t.Errorf("got error %v, want ErrOlderLeader", err)
		}
		if n := p.count(0, record.Remove); n != 0 {
			t.Error("an operator that was replaced withdrew a definition")
		}
	})
}

func TestADefinitionThatComesBackGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.start()
		defer p.stop()
		p.apply(1, funnel(t, shop, "visit", "order"))
		p.send("visit", contacts(3)...)
		time.Sleep(time.Second)
		p.apply(1)
		p.send("visit", contacts(5)...)
		time.Sleep(time.Minute)
		if _, shown := p.report().Partitions[0].Funnels[shop]; shown {
			t.Error("a withdrawn funnel is reported")
		}
		again := funnel(t, shop, "visit", "order")
		again.UID = "another"
		p.apply(1, again)
		p.wantEntered(shop, 5, 0) // at once
		if n := p.count(0, record.Activate); n != 1 {
			t.Errorf("it was computed %d times, want once", n)
		}
		p.apply(1)
		time.Sleep(24*time.Hour + time.Minute)
		err := p.states[0].Scan([]byte("a"), []byte("b"), func(key, _ []byte) (bool, error) {
			t.Errorf("a day after the withdrawal numbers are kept under %x", key)
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		p.apply(1, again)
		time.Sleep(time.Second)
		if n := p.count(0, record.Activate); n != 2 {
			t.Errorf("a day after it was withdrawn it was computed %d times, want once more", n)
		}
	})
}

// An operator that has just started does not know the last valid spec. It asks to keep what there is, and is told what that was made from.
func TestWhatIsKeptIsGivenBackWithItsSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 2)
		p.start()
		first := funnel(t, shop, "visit", "order")
		first.Source = []byte(`{"spec":"as it was"}`)
		p.apply(1, first)
		time.Sleep(2 * time.Second)
		p.stop()
		p.start()
		defer p.stop()
		time.Sleep(time.Second)
		applied := p.apply(2, control.Definition{Key: shop}, control.Definition{Key: "Funnel/shop/new"})
		want := []control.Definition{{Key: shop, Version: first.Version, UID: first.UID, Generation: 1, Source: first.Source}}
		if diff := cmp.Diff(want, applied.Kept); diff != "" {
			t.Errorf("what is kept differs (-want +got):\n%s", diff)
		}
		if applied = p.apply(2, first); applied.Kept != nil {
			t.Errorf("nothing was to be kept, yet %+v is", applied.Kept)
		}
	})
}
