// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Canonical gives the meaning's one stored form and its version, a hash of that form.
func (s *Scenario) Canonical() (form json.RawMessage, version string, err error) {
	return canonical("scenario", s.normal())
}

// Canonical gives the meaning's one stored form and its version, a hash of that form.
func (p *Policy) Canonical() (form json.RawMessage, version string, err error) {
	return canonical("policy", p.normal())
}

// Canonical gives the meaning's one stored form and its version, a hash of that form.
func (c *Channel) Canonical() (form json.RawMessage, version string, err error) {
	return canonical("channel", c.normal())
}

// canonical writes a meaning: fields keep their order and keys of maps are sorted, so equal meanings give equal bytes.
func canonical(kind string, meaning any) (form json.RawMessage, version string, err error) {
	form, err = json.Marshal(meaning)
	if err != nil {
		return nil, "", fmt.Errorf("encode %s definition: %w", kind, err)
	}
	sum := sha256.Sum256(form)
	return form, hex.EncodeToString(sum[:8]), nil
}

// decode reads a canonical form. A field that this version does not know is an error: the meaning would be another than the author's.
func decode(kind string, form json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(form))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("decode %s definition: %w", kind, err)
	}
	return nil
}

// normal gives the meaning with what it leaves unsaid written out.
func (s *Scenario) normal() Scenario {
	n := *s
	n.TimeZone = cmp.Or(n.TimeZone, "UTC")
	n.InFlight = cmp.Or(n.InFlight, Pin)
	n.Entry.Reentry = cmp.Or(n.Entry.Reentry, ReentryAfterExit)
	n.Entry.OnRepeat = cmp.Or(n.Entry.OnRepeat, RepeatIgnore)
	if len(n.Redirects) == 0 {
		n.Redirects = nil
	}
	if d := n.Trigger.Date; d != nil && d.Yearly && d.LeapDay == "" {
		yearly := *d
		yearly.LeapDay = February28
		n.Trigger.Date = &yearly
	}
	n.Steps = slices.Clone(s.Steps)
	for i := range n.Steps {
		n.Steps[i] = n.Steps[i].normal()
	}
	return n
}

func (s *Step) normal() Step {
	n := *s
	if s.Send != nil {
		send := *s.Send
		send.Purpose = cmp.Or(send.Purpose, Marketing)
		send.Variants = slices.Clone(send.Variants)
		for i := range send.Variants {
			send.Variants[i].Weight = cmp.Or(send.Variants[i].Weight, 1)
		}
		n.Send = &send
	}
	if s.Wait != nil && s.Wait.Date != "" && s.Wait.OnPast == "" {
		wait := *s.Wait
		wait.OnPast = PastContinue
		n.Wait = &wait
	}
	return n
}

// What a policy asks of contacts unless it says otherwise.
const (
	contactZone     = "contact.attributes.timezone"
	contactLanguage = "contact.attributes.language"
)

// normal gives the meaning with what it leaves unsaid written out, and in one order where none matters.
func (p *Policy) normal() Policy {
	n := *p
	n.TimeZone = cmp.Or(n.TimeZone, "UTC")
	n.Zone = cmp.Or(n.Zone, contactZone)
	n.Language = cmp.Or(n.Language, contactLanguage)
	n.Holidays = slices.Clone(p.Holidays)
	slices.Sort(n.Holidays)
	if n.Holidays = slices.Compact(n.Holidays); len(n.Holidays) == 0 {
		n.Holidays = nil
	}
	return n
}

// normal gives the meaning with what it leaves unsaid written out.
func (c *Channel) normal() Channel {
	n := *c
	if n.Guarantee == "" {
		n.Guarantee = AtMostOnce
		if n.Medium == Webhook {
			n.Guarantee = AtLeastOnce // its receiver is given an idempotency key
		}
	}
	if n.Address == "" {
		switch n.Medium {
		case SMTP:
			n.Address = "contact.attributes.email"
		case Telegram:
			n.Address = "contact.attributes.telegram_chat"
		}
	}
	return n
}
