// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/waymark-dev/waymark/internal/definition"
)

// pace gives out the tokens of one channel's rate. Its caller locks.
type pace struct {
	limiter *rate.Limiter // nil is unbounded
	// spare tokens were taken and not used, by claims that were not granted; they are good until spareUntil.
	spare      int
	spareUntil time.Time
}

// spareFor is how long a token that was not used may be used by another message.
const spareFor = time.Second

// newPace makes a pace that keeps to limits in any stretch of their time, also together with the process before: it begins without tokens. Of
// the limits it takes a share, as other runners take theirs.
func newPace(limits definition.Limits, share float64, now time.Time) pace {
	if limits.Messages <= 0 || limits.Per <= 0 || share <= 0 {
		return pace{}
	}
	messages := float64(limits.Messages) * share
	if messages >= 1 {
		messages = math.Floor(messages) // so that the sum of all shares keeps the limit
	}
	// In any stretch the bucket gives what it holds and what flows in, so both together make the limit.
	burst := max(1, math.Floor(min(messages/20, 1000)))
	perSecond := (messages - burst + 1) / limits.Per.Seconds()
	if messages < 1 {
		perSecond = messages / limits.Per.Seconds()
	}
	p := pace{limiter: rate.NewLimiter(rate.Limit(perSecond), int(burst))}
	p.limiter.AllowN(now, int(burst))
	return p
}

// tokens says how many may be taken now, and when there is one if there is none.
func (p *pace) tokens(now time.Time) (n int, next time.Time) {
	if p.limiter == nil {
		return math.MaxInt32, time.Time{}
	}
	if p.spare > 0 && now.Before(p.spareUntil) {
		n = p.spare
	}
	have := p.limiter.TokensAt(now)
	if n += int(max(have, 0)); n > 0 {
		return n, time.Time{}
	}
	missing := (1 - have) / float64(p.limiter.Limit())
	return 0, now.Add(time.Duration(math.Ceil(min(missing, 3600) * float64(time.Second))))
}

// take takes one.
func (p *pace) take(now time.Time) bool {
	switch {
	case p.limiter == nil:
		return true
	case p.spare > 0 && now.Before(p.spareUntil):
		p.spare--
		return true
	}
	return p.limiter.AllowN(now, 1)
}

// unused gives one back.
func (p *pace) unused(now time.Time) {
	if p.limiter == nil {
		return
	}
	if !now.Before(p.spareUntil) {
		p.spare = 0
	}
	p.spare++
	p.spareUntil = now.Add(spareFor)
}

// warmUpBound is how many messages may leave on a day, given as YYYY-MM-DD, in one of the log's partitions; false when the warm-up is over.
// The bound of all is split among the partitions as evenly as whole numbers can be.
func warmUpBound(w *definition.WarmUp, day time.Time, partition, partitions int) (bound int64, bounded bool) {
	since, err := time.Parse(time.DateOnly, w.Since)
	if err != nil {
		return 0, false
	}
	days := int(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Sub(since) / (24 * time.Hour))
	all := w.First
	for range max(days, 0) {
		if all >= w.Until || w.GrowthPercent <= 100 {
			break
		}
		all = max(all+1, all*int64(w.GrowthPercent)/100)
	}
	if all >= w.Until {
		return 0, false
	}
	bound = all / int64(partitions)
	if int64(partition) < all%int64(partitions) {
		bound++
	}
	return bound, true
}
