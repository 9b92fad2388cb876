// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

const (
	// channelMissing is how long a message waits for a channel that is not defined, and channelRetry how often it looks.
	channelMissing = time.Hour
	channelRetry   = time.Minute
)

// decide grants a claim, puts the effect off or skips it.
func (a *act) decide(n *enrolment, attempt int) {
	x := n.effect
	if a.frozen(n.scenario) {
		return
	}
	key := channelOf(x.step)
	ch := a.channels[key]
	missing := x.kind != "Set" && (ch == nil || ch.program == nil)
	if x.claimed && x.kind != "Set" && (missing || ch.program.Meaning.Guarantee != definition.AtLeastOnce) {
		return // it may have left; that there is no result is for the result to say
	}
	if x.claimed && !x.doubted && x.kind != "Set" {
		x.doubted = true
		a.noteEffect(n, x, Fact{What: InDoubt})
	}
	if !x.claimed && x.notBefore > a.now {
		return // it is not wanted yet
	}
	switch {
	case x.kind == "Set":
	case n.forbids(&x.step.Step): // since the scenario changed
		x.finished = true
		a.note(n, Fact{What: Skipped, Step: x.step.Name, Kind: x.kind, Detail: "Holdout"})
		a.goOn(n, n.at().Next)
		return
	case missing && a.now >= x.arrival.Add(channelMissing):
		a.skip(n, "ChannelMissing")
		return
	case missing:
		x.putOff(min(a.now.Add(channelRetry), x.arrival.Add(channelMissing)))
		return
	case x.kind == "Send":
		if !a.mayLeave(n, ch) {
			return
		}
	case ch.paused > a.now:
		x.putOff(ch.paused)
		return
	}
	a.grant(n, attempt, key, ch)
}

// putOff lets the effect be wanted again later.
func (x *effect) putOff(until event.Time) { x.notBefore, x.claimed = until, false }

// mayLeave says whether a message may leave now; otherwise it is put off or skipped.
func (a *act) mayLeave(n *enrolment, ch *channel) bool {
	x, send := n.effect, n.effect.step.Send
	policy := a.policy()
	address := a.address(n, ch)
	hash := AddressHash(ch.program.Meaning.Medium, address)
	until, reason := event.Time(0), ""
	switch marketing := send.Purpose == definition.Marketing; {
	case address == "":
		reason = "NoAddress"
	case a.c.sent[x.id]:
		reason = "AlreadySent"
	case send.ExpireAfter > 0 && x.arrival.Add(send.ExpireAfter) < a.now:
		reason = "Expired"
	case a.suppressed[hash]:
		reason = "Suppressed"
	case marketing && a.agreement(send.Topic) == withdrawn:
		reason = "Unsubscribed"
	case marketing && policy.Meaning.ConsentExplicit && a.agreement(send.Topic) != given:
		reason = "NoConsent"
	case marketing && !policy.Meaning.ConsentExplicit && a.agreement(send.Topic) == pending:
		reason = "NoConsent"
	case ch.paused > a.now:
		until = ch.paused
	default:
		until, reason = a.restricted(x, send, marketing)
	}
	if reason != "" {
		a.skip(n, reason)
		return false
	}
	if until > a.now {
		x.putOff(until)
		return false
	}
	return true
}

// restricted gives until when the send window, the quiet hours or the cap put a message off, or why they skip it; neither: it may leave.
func (a *act) restricted(x *effect, send *definition.Send, marketing bool) (until event.Time, reason string) {
	policy, zone := a.policy(), a.zone(a.c)
	if w := send.Window; w != nil {
		opens, ever := opening(w, policy.Holidays, zone, a.now)
		switch {
		case !ever, send.ExpireAfter > 0 && opens > x.arrival.Add(send.ExpireAfter):
			return 0, "Expired"
		case opens > a.now:
			return opens, ""
		}
	}
	if !marketing {
		return 0, ""
	}
	if end, quiet := quietUntil(policy.Meaning.QuietFrom, policy.Meaning.QuietTo, zone, a.now); quiet {
		if policy.Meaning.QuietDrop {
			return 0, "QuietHours"
		}
		return end, ""
	}
	if free := a.capFree(x.id, policy); free > a.now {
		if policy.Meaning.CapDrop {
			return 0, "FrequencyCap"
		}
		return free, ""
	}
	return 0, ""
}

// capFree gives when the cap allows another message.
func (a *act) capFree(id string, policy *definition.PolicyProgram) event.Time {
	most := int(policy.Meaning.CapMessages)
	if most == 0 {
		return 0
	}
	var claims []event.Time
	for other, at := range a.c.caps {
		if other != id {
			claims = append(claims, at)
		}
	}
	if len(claims) < most {
		return 0
	}
	slices.Sort(claims)
	return claims[len(claims)-most].Add(policy.Meaning.CapPer)
}

// grant lets somebody send.
func (a *act) grant(n *enrolment, attempt int, key string, ch *channel) {
	x := n.effect
	if attempt == 1 {
		x.version, x.channel = n.version, key
		if x.kind == "Send" {
			x.variant = a.variant(n)
		}
		if x.kind != "Set" {
			a.noteEffect(n, x, Fact{What: Claimed})
		}
	}
	if x.kind == "Send" {
		x.address = AddressHash(ch.program.Meaning.Medium, a.address(n, ch))
		if _, counted := a.c.caps[x.id]; x.step.Send.Purpose == definition.Marketing && !counted {
			a.c.caps[x.id] = a.now
		}
	}
	x.attempt, x.claimed, x.notBefore = attempt, true, a.now
	a.noteEffect(n, x, Fact{What: Granted, Attempt: attempt})
}

// variant draws one, unless one has won.
func (a *act) variant(n *enrolment) string {
	s := n.effect.step
	sum := uint64(0)
	for _, v := range s.Send.Variants {
		sum += uint64(v.Weight)
		if v.Name == a.standings[n.scenario.key].Winners[s.Name] && v.Name != "" {
			return v.Name
		}
	}
	drawn := bucket(sum, n.scenario.key, a.c.name, "variant", s.Name)
	for _, v := range s.Send.Variants {
		if drawn < uint64(v.Weight) {
			return v.Name
		}
		drawn -= uint64(v.Weight)
	}
	return ""
}

// skip leaves a message out, and goes on.
func (a *act) skip(n *enrolment, reason string) {
	n.effect.finished = true
	n.effect.channel = channelOf(n.effect.step)
	a.noteEffect(n, n.effect, Fact{What: Skipped, Detail: reason, Version: n.version.id})
	a.goOn(n, n.at().Next)
}

// address is where a message goes; empty: nobody knows.
func (a *act) address(n *enrolment, ch *channel) string {
	if n.effect.step.Send.To != "" {
		text, _, _ := n.effect.step.To.Of(a.asked(n))
		return text
	}
	if ch.program.Meaning.Medium == definition.Webhook && ch.program.Meaning.Address == "" {
		return a.c.name
	}
	text, _, _ := ch.program.Address.Of(a.asked(n))
	return text
}

// AddressHash stands for an address where addresses may not be.
func AddressHash(medium definition.Medium, address string) string {
	address = strings.TrimSpace(address)
	if medium == definition.SMTP {
		address = strings.ToLower(address)
	}
	return plainHash(string(medium) + ":" + address)
}

// channelOf is the key of the channel that a step needs; empty is none.
func channelOf(s *definition.StepProgram) string {
	switch {
	case s.Send != nil:
		return s.Send.Channel
	case s.Webhook != nil:
		return s.Webhook.Channel
	case s.Task != nil:
		return s.Task.Channel
	}
	return ""
}

// noteEffect notes what happened to an effect.
func (a *act) noteEffect(n *enrolment, x *effect, f Fact) {
	f.Effect, f.Kind, f.Step, f.Channel, f.Variant = x.id, x.kind, x.step.Name, x.channel, x.variant
	if f.Version == "" {
		f.Version = x.version.id
	}
	a.note(n, f)
}

func (i *Interpreter) atMostOnce(channel string) bool {
	ch := i.channels[channel]
	return ch != nil && ch.program != nil && ch.program.Meaning.Guarantee == definition.AtMostOnce
}
