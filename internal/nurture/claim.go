// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/calendar"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// Reasons for which a message is not sent; Suspended is another.
const (
	NoAddress      = "NoAddress"
	Suppressed     = "Suppressed"
	NoConsent      = "NoConsent"
	Unsubscribed   = "Unsubscribed"
	QuietHours     = "QuietHours"
	FrequencyCap   = "FrequencyCap"
	Expired        = "Expired"
	AlreadySent    = "AlreadySent"
	ChannelMissing = "ChannelMissing"
	RenderFailed   = "RenderFailed"
	Holdout        = "Holdout"
)

const (
	// missingPatience is how long a message waits for a channel that there is not, and missingPause how long until that is looked at again.
	missingPatience = event.Time(time.Hour / time.Microsecond)
	missingPause    = event.Time(time.Minute / time.Microsecond)
)

// Claim looks at a message once more, and grants it or does not. Only what is granted is sent.
func (w *World) Claim(s *Subject, c *record.Claim) (granted bool) {
	w.begin(s)
	defer w.finish(s)
	effect, ok := parseID(c.Effect)
	if !ok {
		return false
	}
	p, found := w.find(s, effect)
	if !found {
		w.abandon(s, effect, c.Attempt)
		return false
	}
	e := p.e
	if e.phase == later || c.Attempt != e.attempt+1 || p.sc.frozen() {
		return false
	}
	if e.phase == claimed && !p.doubt() {
		return false
	}
	switch verdict := p.judge(); {
	case verdict.skip != "":
		p.skip(verdict.skip)
		p.proceed(false)
		return false
	case verdict.until != 0:
		e.phase, e.due = later, verdict.until
		p.tell(Note{What: PutOff, Reason: verdict.why, Until: e.due})
		return false
	}
	p.grant()
	return true
}

// doubt notes that nobody knows whether the message was sent, and says whether it may be tried again.
func (p *place) doubt() bool {
	step := p.step()
	if step.Set != nil {
		return true // writing the same twice is writing it once
	}
	channel := p.w.Channels[channelOf(&step.Step)]
	if channel == nil || channel.Program.Meaning.Guarantee != definition.AtLeastOnce {
		return false
	}
	if !p.e.doubted {
		p.e.doubted = true
		p.account().count(func(m *aggregate.Message) { m.InDoubt++ })
	}
	return true
}

// abandon closes a message in doubt whose enrolment has ended: it is not tried again.
func (w *World) abandon(s *Subject, effect id, attempt int) {
	for i := range s.State.flights {
		f := &s.State.flights[i]
		if f.effect != effect || attempt != f.attempt+1 {
			continue
		}
		if a := w.accountOf(&f.message, f.kind); !f.doubted {
			a.count(func(m *aggregate.Message) { m.InDoubt++ })
		}
		s.State.flights = slices.Delete(s.State.flights, i, i+1)
		return
	}
}

// grant notes that the message is about to be sent.
func (p *place) grant() {
	e, c := p.e, p.s.State
	step := p.step()
	if e.attempt == 0 {
		a := p.account()
		a.count(func(m *aggregate.Message) { m.Claimed++ })
		if a.channel != nil {
			a.channel.Tally.granted(p.w.today(p.s.Now))
		}
		if step.Send != nil && step.Send.Purpose == definition.Marketing {
			c.spend(&p.w.Policy.Meaning, p.s.Now)
			e.spent = p.s.Now
		}
	}
	e.phase, e.claimedAt, e.due = claimed, p.s.Now, 0
	e.attempt++
	if channel := p.w.Channels[channelOf(&step.Step)]; channel != nil && step.Send != nil {
		if address, known := p.address(channel); known {
			e.address = addressID(channel.Program.Meaning.Medium, address)
		}
	}
}

// spend notes a marketing message for the frequency cap, and forgets those that no cap looks at.
func (c *Contact) spend(policy *definition.Policy, now event.Time) {
	memory := max(capMemory, event.Time(policy.CapPer.Microseconds()))
	c.claims = append(slices.DeleteFunc(c.claims, func(t event.Time) bool { return t+memory < now }), now)
	if most := max(maxClaims, int(policy.CapMessages)); len(c.claims) > most {
		c.claims = slices.Delete(c.claims, 0, len(c.claims)-most)
	}
}

// claimsBut gives when marketing messages were granted, without the one that was at spent itself; 0 is none.
func (c *Contact) claimsBut(spent event.Time) []event.Time {
	at := slices.Index(c.claims, spent)
	if spent == 0 || at < 0 {
		return c.claims
	}
	return slices.Delete(slices.Clone(c.claims), at, at+1)
}

// verdict says that a message is left out, or until when it is put off; neither grants it.
type verdict struct {
	skip  string
	until event.Time
	// why it is put off; nothing depends on it.
	why string
}

// judge applies all rules to what the step asks for, in their order.
func (p *place) judge() verdict {
	step, e, now := p.step(), p.e, p.s.Now
	switch {
	case step.Set != nil:
		return verdict{}
	case p.withheld():
		return verdict{skip: Holdout} // the version that it came to the step by owed it
	}
	channel := p.w.Channels[channelOf(&step.Step)]
	if channel == nil {
		end := e.arrived + missingPatience
		if now >= end {
			return verdict{skip: ChannelMissing}
		}
		return verdict{until: min(now+missingPause, end), why: ChannelMissing}
	}
	if step.Send != nil {
		if reason := p.refusal(step.Send, channel); reason != "" {
			return verdict{skip: reason}
		}
	}
	if channel.PausedUntil > now {
		return verdict{until: channel.PausedUntil, why: ChannelPaused}
	}
	if step.Send == nil {
		return verdict{}
	}
	if v := window(step.Send, p.w.Policy.Holidays, e.arrived, now, p.zone()); v != (verdict{}) {
		return v
	}
	if step.Send.Purpose != definition.Marketing {
		return verdict{}
	}
	if v := p.w.policy.quiet(&p.w.Policy.Meaning, now, p.zone()); v != (verdict{}) {
		return v
	}
	return capped(&p.w.Policy.Meaning, p.s.State.claimsBut(e.spent), now)
}

// refusal says why a message must not be sent to the person at all; empty when it may.
func (p *place) refusal(send *definition.Send, channel *Channel) string {
	address, known := p.address(channel)
	switch {
	case !known:
		return NoAddress
	case p.s.State.messageOf(p.effect()) != nil:
		return AlreadySent
	case send.ExpireAfter > 0 && p.e.arrived.Add(send.ExpireAfter) < p.s.Now:
		return Expired
	case p.w.Suppressed != nil && p.w.Suppressed(AddressHash(channel.Program.Meaning.Medium, address)):
		return Suppressed
	case send.Purpose != definition.Marketing:
		return ""
	}
	return p.s.State.objection(&p.w.Policy.Meaning, send.Topic)
}

// window puts a message off until it may leave.
func window(send *definition.Send, holidays map[string]bool, arrived, now event.Time, zone *time.Location) verdict {
	if send.Window == nil {
		return verdict{}
	}
	open := calendar.Window{Weekdays: send.Window.Weekdays, From: minuteOf(send.Window.From), To: minuteOf(send.Window.To)}
	if send.Window.NoHolidays {
		open.Holidays = holidays
	}
	at, err := open.Opening(now, zone)
	switch {
	case err != nil, send.ExpireAfter > 0 && at > arrived.Add(send.ExpireAfter):
		return verdict{skip: Expired}
	case at > now:
		return verdict{until: at, why: OutsideWindow}
	}
	return verdict{}
}

// quiet puts marketing off until the quiet hours end, or leaves it out.
func (h hours) quiet(policy *definition.Policy, now event.Time, zone *time.Location) verdict {
	end, quiet := calendar.QuietUntil(now, h.from, h.to, zone)
	switch {
	case !quiet:
		return verdict{}
	case policy.QuietDrop:
		return verdict{skip: QuietHours}
	}
	return verdict{until: end, why: QuietHours}
}

// capped puts marketing off until the oldest of the last messages is old enough, or leaves it out.
func capped(policy *definition.Policy, claims []event.Time, now event.Time) verdict {
	most := int(policy.CapMessages)
	if most <= 0 || len(claims) < most {
		return verdict{}
	}
	free := claims[len(claims)-most].Add(policy.CapPer)
	switch {
	case free <= now:
		return verdict{}
	case policy.CapDrop:
		return verdict{skip: FrequencyCap}
	}
	return verdict{until: free, why: FrequencyCap}
}

// today is the number of the day in the workspace's zone.
func (w *World) today(now event.Time) int64 {
	day, _ := calendar.DayOf(now, w.Policy.Location)
	return int64(day)
}
