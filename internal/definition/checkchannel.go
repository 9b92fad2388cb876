// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"time"
)

// check finds what no expression is to blame for.
func (p *Policy) check() error {
	var c checker
	if p.QuietFrom != "" || p.QuietTo != "" {
		c.timeOfDay("spec.policy.quietHours.from", p.QuietFrom)
		c.timeOfDay("spec.policy.quietHours.to", p.QuietTo)
	}
	c.refuse(p.CapMessages < 0, "spec.policy.frequencyCap.messages", "", "must not be negative")
	c.refuse(p.CapMessages > 0 && (p.CapPer <= 0 || p.CapPer > maxWait), "spec.policy.frequencyCap.per", p.CapPer.String(),
		"must be longer than nothing and at most ten years")
	topics := map[string]bool{}
	for i, t := range p.Topics {
		field := fmt.Sprintf("spec.policy.consent.topics[%d].name", i)
		c.refuse(t.Name == "", field, "", "give the topic a name")
		c.refuse(topics[t.Name], field, t.Name, "another topic is called so: give each a name of its own")
		topics[t.Name] = true
	}
	for i, day := range p.Holidays {
		_, err := time.Parse(time.DateOnly, day)
		c.refuse(err != nil, fmt.Sprintf("spec.policy.holidays[%d]", i), day, "is no day: write one such as 2026-01-01")
	}
	return c.err()
}

// check finds what no expression is to blame for.
func (c *Channel) check() error {
	var k checker
	k.refuse(c.Namespace == "" || c.Name == "", "metadata.name", c.Name, "a channel needs a namespace and a name")
	k.oneOf("spec", "smtp, webhook and telegram", c.SMTP != nil, c.Webhook != nil, c.Telegram != nil)
	k.refuse(c.Medium != c.medium(), "spec", string(c.Medium), "the medium is not the one that is set")
	k.refuse(!known(c.Guarantee, AtLeastOnce, AtMostOnce), "spec.guarantee", string(c.Guarantee), "write AtLeastOnce or AtMostOnce")
	k.refuse(c.Address == "" && c.Medium != Webhook, "spec.address", "", "say where a contact is reached")
	k.limits(&c.Limits)
	if b := c.Breaker; b != nil {
		k.refuse(b.Bounces < 0 || b.Bounces > 10000, "spec.breaker.bounces", "", "must be a share")
		k.refuse(b.Complaints < 0 || b.Complaints > 10000, "spec.breaker.complaints", "", "must be a share")
		k.refuse(b.Of < 1, "spec.breaker.of", "", "must be at least 1")
		k.refuse(b.Pause <= 0 || b.Pause > maxWait, "spec.breaker.pause", b.Pause.String(), "must be longer than nothing and at most ten years")
	}
	for i, f := range c.Feedback {
		field := fmt.Sprintf("spec.feedback[%d]", i)
		k.refuse(f.Event == "", field+".event", "", "say which event tells it")
		k.refuse(!known(f.Kind, HardBounce, SoftBounce, Complaint, Arrived), field+".kind", string(f.Kind),
			"write HardBounce, SoftBounce, Complaint or Delivered")
	}
	return k.err()
}

// medium is the one whose settings are there.
func (c *Channel) medium() Medium {
	switch {
	case c.SMTP != nil:
		return SMTP
	case c.Webhook != nil:
		return Webhook
	case c.Telegram != nil:
		return Telegram
	}
	return ""
}

func (c *checker) limits(l *Limits) {
	const field = "spec.limits"
	c.refuse(l.Messages < 0, field+".messages", "", "must not be negative")
	c.refuse(l.Messages > 0 && l.Per <= 0, field+".per", l.Per.String(), "must be longer than nothing")
	c.refuse(l.Retries < 0, field+".retries", "", "must not be negative")
	c.refuse(l.RetryFor < 0 || l.RetryFor > maxWait, field+".retryFor", l.RetryFor.String(), "must not be negative and at most ten years")
	if w := l.WarmUp; w != nil {
		_, err := time.Parse(time.DateOnly, w.Since)
		c.refuse(err != nil, field+".warmUp.since", w.Since, "is no day: write one such as 2026-01-01")
		c.refuse(w.First < 1, field+".warmUp.first", "", "must be at least 1")
		c.refuse(w.GrowthPercent <= 100, field+".warmUp.growth", "", "must be more than 100%%, or it would never end")
		c.refuse(w.Until < w.First, field+".warmUp.until", "", "must not be less than first")
	}
}
