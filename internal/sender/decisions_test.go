// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestWhatFollowsFromATry(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	for name, test := range map[string]struct {
		result    channel.Result
		attempt   int
		waited    time.Duration // since the arrival at the step
		guarantee definition.Guarantee
		kind      string // of what is told; empty: nothing is
		class     string
		least     time.Duration // until the next try
	}{
		"it was taken":                        {channel.Result{}, 1, 0, atMostOnce, event.MessageSent, "", 0},
		"there is no such address":            {channel.Result{Outcome: channel.Rejected, Class: channel.AddressInvalid}, 1, 0, atMostOnce, event.MessageFailed, "AddressInvalid", 0},
		"the person blocked the bot":          {channel.Result{Outcome: channel.Rejected, Class: channel.Blocked}, 1, 0, atMostOnce, event.MessageFailed, "Blocked", 0},
		"the content is refused":              {channel.Result{Outcome: channel.Rejected, Class: channel.Content}, 1, 0, atMostOnce, event.MessageFailed, "Content", 0},
		"no room for now":                     {channel.Result{Outcome: channel.Deferred, Class: channel.MailboxFull}, 1, 0, atMostOnce, event.MessageDeferred, "MailboxFull", 30 * time.Second},
		"the third try waits longer":          {channel.Result{Outcome: channel.Deferred, Class: channel.MailboxFull}, 3, 0, atMostOnce, event.MessageDeferred, "MailboxFull", 2 * minute},
		"the receiver says how long":          {channel.Result{Outcome: channel.Deferred, Class: channel.Throttled, RetryAfter: 9 * minute}, 1, 0, atMostOnce, event.MessageDeferred, "Throttled", 9 * minute},
		"the last try":                        {channel.Result{Outcome: channel.Deferred, Class: channel.Unreachable}, 4, 0, atMostOnce, event.MessageFailed, "Unreachable", 0},
		"the time is over":                    {channel.Result{Outcome: channel.Deferred, Class: channel.Unreachable}, 1, time.Hour, atMostOnce, event.MessageFailed, "Unreachable", 0},
		"wrong credentials lose no message":   {channel.Result{Outcome: channel.Deferred, Class: channel.Credentials}, 4, 0, atMostOnce, event.MessageDeferred, "Credentials", 4 * minute},
		"in doubt, and never twice":           {channel.Result{Outcome: channel.InDoubt, Class: channel.Unreachable}, 1, 0, atMostOnce, event.MessageInDoubt, "Unreachable", 0},
		"in doubt, and tried again":           {channel.Result{Outcome: channel.InDoubt, Class: channel.Unreachable}, 1, 0, atLeastOnce, "", "", 30 * time.Second},
		"in doubt after all tries is just so": {channel.Result{Outcome: channel.InDoubt, Class: channel.Unreachable}, 4, 0, atLeastOnce, event.MessageInDoubt, "Unreachable", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := event.At(noon)
			g := &nurture.Grant{Effect: "e", Attempt: test.attempt, Arrived: now.Add(-test.waited)}
			c := &definition.Channel{Guarantee: test.guarantee, Limits: definition.Limits{Retries: 3, RetryFor: time.Hour}}
			got := judge(test.result, g, c, now)
			if got.tell == nil {
				if test.kind != "" || got.after < test.least || got.after > 2*test.least {
					t.Fatalf("nothing is told and it waits %v, want %s", got.after, test.kind)
				}
				return
			}
			wait := time.Duration(0)
			if got.tell.retryAt != 0 {
				wait = got.tell.retryAt.UTC().Sub(noon)
			}
			if got.tell.kind != test.kind || got.tell.class != test.class || wait < test.least || wait > 2*test.least {
				t.Errorf("got %+v, next try after %v", got.tell, wait)
			}
		})
	}
}

func TestRetriesAreTheSameWhereverTheyAreAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		effect, attempt := rapid.String().Draw(t, "effect"), rapid.IntRange(1, 100).Draw(t, "attempt")
		got := retryAfter(effect, attempt, 0)
		if got != retryAfter(effect, attempt, 0) || got < firstRetry || got > lastRetry*(100+jitter)/100 {
			t.Fatalf("try %d of %q waits %v", attempt, effect, got)
		}
		if next := retryAfter(effect, attempt, got+time.Hour); next != got+time.Hour {
			t.Fatalf("a receiver that asks for %v is asked again after %v", got+time.Hour, next)
		}
	})
}

func TestWhenAChannelStops(t *testing.T) {
	t.Parallel()
	var (
		good   = channel.Result{}
		bounce = channel.Result{Outcome: channel.Rejected, Class: channel.AddressInvalid}
		down   = channel.Result{Outcome: channel.Deferred, Class: channel.Unreachable}
		refuse = channel.Result{Outcome: channel.Deferred, Class: channel.Policy}
		slow   = channel.Result{Outcome: channel.Deferred, Class: channel.Throttled, RetryAfter: 10 * time.Second}
		full   = channel.Result{Outcome: channel.Deferred, Class: channel.MailboxFull}
	)
	bounds := &definition.Breaker{Bounces: 2000, Complaints: 1000, Of: 10, Pause: 10 * time.Minute}
	times := func(n int, r channel.Result) (all []channel.Result) {
		for range n {
			all = append(all, r)
		}
		return all
	}
	for name, test := range map[string]struct {
		bounds     *definition.Breaker
		results    []channel.Result
		complaints int64
		want       pause // relative to noon
		rests      time.Duration
	}{
		"all goes well":                       {bounds, times(30, good), 0, pause{}, 0},
		"too few to judge":                    {bounds, times(9, bounce), 0, pause{}, 0},
		"bounces at the bound":                {bounds, append(times(8, good), bounce, bounce), 0, pause{}, 0},
		"bounces over the bound":              {bounds, append(times(7, good), bounce, bounce, bounce), 0, pause{noon.Add(10 * time.Minute), ReasonBounces}, 10 * time.Minute},
		"bounces of long ago":                 {bounds, append(times(2, bounce), times(10, good)...), 0, pause{}, 0},
		"complaints that come later":          {bounds, times(10, good), 2, pause{noon.Add(10 * time.Minute), ReasonComplaints}, 10 * time.Minute},
		"no bounds":                           {nil, times(50, bounce), 9, pause{}, 0},
		"the receiver refuses us":             {nil, []channel.Result{refuse}, 0, pause{noon.Add(refusedPause), ReasonPolicy}, refusedPause},
		"the receiver is down":                {nil, times(3, down), 0, pause{}, time.Second},
		"once is no outage":                   {nil, []channel.Result{down, good, down, down}, 0, pause{}, 0},
		"the receiver asks to wait":           {nil, []channel.Result{slow}, 0, pause{}, 10 * time.Second},
		"full mailboxes are the people's own": {nil, times(20, full), 0, pause{}, 0},
		"what was under way changes nothing":  {nil, append([]channel.Result{refuse}, times(5, good)...), 0, pause{noon.Add(refusedPause), ReasonPolicy}, refusedPause},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := breaker{bounds: test.bounds}
			var got pause
			for _, r := range test.results {
				if p, stops := b.note(r, noon); stops && p.reason != "" {
					got = p
				}
			}
			if p, stops := b.told(0, test.complaints, noon); stops {
				got = p
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(pause{})); diff != "" {
				t.Errorf("the pause differs (-want +got):\n%s", diff)
			}
			n, again := b.allows(noon)
			if test.rests == 0 && n <= 1 || test.rests > 0 && (n != 0 || again != noon.Add(test.rests)) {
				t.Errorf("%d may be under way, again at %v; want a rest of %v", n, again, test.rests)
			}
		})
	}
}

func TestAChannelThatStoppedIsTriedByOneMessage(t *testing.T) {
	t.Parallel()
	b := breaker{}
	refuse := channel.Result{Outcome: channel.Deferred, Class: channel.Policy}
	now := noon
	for _, length := range []time.Duration{refusedPause, 2 * refusedPause, 4 * refusedPause} { // each longer than the one before
		if p, stops := b.note(refuse, now); !stops || p.until != now.Add(length) {
			t.Fatalf("the pause is until %v, want %v from %v", p.until, length, now)
		}
		now = now.Add(length)
		if n, _ := b.allows(now); n != 1 {
			t.Fatalf("%d may be under way after the pause, want 1", n)
		}
	}
	b.note(channel.Result{}, now)
	if n, _ := b.allows(now); n <= 1 {
		t.Errorf("%d may be under way after one got through", n)
	}
}

func TestTheRateHoldsInAnyStretch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limits := definition.Limits{
			Messages: rapid.Int64Range(1, 500).Draw(t, "messages"), Per: time.Duration(rapid.IntRange(1, 600).Draw(t, "per")) * time.Second,
		}
		replicas := rapid.IntRange(1, int(min(limits.Messages, 4))).Draw(t, "replicas")
		var left []time.Time
		paces := make([]pace, replicas)
		for i := range paces {
			paces[i] = newPace(limits, 1/float64(replicas), noon)
		}
		for now := noon; len(left) < 3*int(limits.Messages)+5 && now.Before(noon.Add(5*limits.Per)); now = now.Add(limits.Per / 97) {
			for i := range paces {
				for n, _ := paces[i].tokens(now); n > 0; n-- {
					if !paces[i].take(now) {
						t.Fatalf("a token that was there cannot be taken")
					}
					left = append(left, now)
				}
			}
		}
		for i := int(limits.Messages); i < len(left); i++ {
			if d := left[i].Sub(left[i-int(limits.Messages)]); d < limits.Per {
				t.Fatalf("%d messages left in %v, want at most %d in %v", limits.Messages+1, d, limits.Messages, limits.Per)
			}
		}
		if least := int(limits.Messages) / replicas * replicas; len(left) < least {
			t.Fatalf("%d messages left in five stretches of %d", len(left), limits.Messages)
		}
	})
}

func TestAWarmUpsBoundGrows(t *testing.T) {
	t.Parallel()
	w := &definition.WarmUp{Since: "2026-11-20", First: 50, GrowthPercent: 150, Until: 200}
	for day, want := range map[string]int64{"2026-11-19": 50, "2026-11-20": 50, "2026-11-21": 75, "2026-11-22": 112, "2026-11-23": 168, "2026-11-24": -1} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for p := range 4 {
			bound, bounded := warmUpBound(w, at, p, 4)
			if !bounded {
				bound, sum = 0, -1
			}
			sum += bound
		}
		if sum != want {
			t.Errorf("on %s %d messages may leave, want %d (-1: any number)", day, sum, want)
		}
	}
}

func TestAPressNamesItsMessage(t *testing.T) {
	t.Parallel()
	const effect = "00112233445566778899aabbccddeeff"
	for name, test := range map[string]struct{ effect, data, wantEffect string }{
		"short data":             {effect, "yes", effect},
		"no room for the id":     {effect, string(make([]byte, 60)), ""},
		"an effect without a id": {"other", "yes", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pressed := PressData(test.effect, test.data)
			gotEffect, gotData := ReadPress(pressed)
			if gotEffect != test.wantEffect || gotData != test.data || len(pressed) > mostPress {
				t.Errorf("read %q and %q of %d bytes, want %q and %q", gotEffect, gotData, len(pressed), test.wantEffect, test.data)
			}
		})
	}
}
