// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"strings"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

func mail() definition.Channel {
	return definition.Channel{
		Namespace: "shop", Name: "mail", Medium: definition.SMTP,
		SMTP:   &definition.SMTPSettings{Host: "smtp", Port: 587, Encryption: definition.StartTLS, From: "shop@example.com", Connections: 2},
		Limits: definition.Limits{Retries: 5, RetryFor: time.Hour},
		Feedback: []definition.Feedback{
			{Event: "mail.bounced", Where: "event.data.hard", Kind: definition.HardBounce, Message: "event.data.message_id"},
		},
	}
}

func TestChannelProgram(t *testing.T) {
	t.Parallel()
	channel := mail()
	form, _, err := channel.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	p, err := new(definition.Compiler).CompileChannel(form)
	if err != nil {
		t.Fatal(err)
	}
	if p.Meaning.Guarantee != definition.AtMostOnce {
		t.Errorf("mail in doubt is handled as %s", p.Meaning.Guarantee)
	}
	bounce := &event.Event{Type: "mail.bounced", Data: []byte(`{"hard": true, "message_id": "e1"}`)}
	q := &definition.Question{Event: bounce, Attributes: []byte(`{"email": "anna@example.com"}`)}
	if address, present, fault := p.Address.Of(q); address != "anna@example.com" || !present || fault != nil {
		t.Errorf("address %q, %v, %v", address, present, fault)
	}
	if holds, fault := p.Feedback[0].Where.Holds(q); !holds || fault != nil {
		t.Errorf("feedback holds %v, fault %v", holds, fault)
	}
	if message, _, fault := p.Feedback[0].Message.Of(q); message != "e1" || fault != nil {
		t.Errorf("feedback is about %q, fault %v", message, fault)
	}
}

func TestChannelErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*definition.Channel)
		want string
	}{
		"no medium":      {func(c *definition.Channel) { c.SMTP = nil }, "spec: 0 of its kinds are set"},
		"another medium": {func(c *definition.Channel) { c.Medium = definition.Telegram }, "the medium is not the one that is set"},
		"an address from an event": {func(c *definition.Channel) { c.Address = "event.data.email" },
			"spec.address: line 1, column 1: \"event\": is not known here"},
		"a warm-up that shrinks": {func(c *definition.Channel) {
			c.Limits.WarmUp = &definition.WarmUp{Since: "2026-01-01", First: 10, GrowthPercent: 90, Until: 100}
		}, "spec.limits.warmUp.growth: must be more than 100%"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channel := mail()
			tt.edit(&channel)
			form, _, err := channel.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := new(definition.Compiler).CompileChannel(form); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got:  %v\nwant: %s", err, tt.want)
			}
		})
	}
}

func TestPolicyProgram(t *testing.T) {
	t.Parallel()
	policy := definition.Policy{
		QuietFrom: "21:00", QuietTo: "09:00", CapMessages: 3, CapPer: 7 * day,
		Topics: []definition.Topic{{Name: "offers"}}, Holidays: []string{"2026-05-09", "2026-01-01", "2026-05-09"},
	}
	form, version, err := policy.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	p, err := new(definition.Compiler).CompilePolicy(form)
	if err != nil {
		t.Fatal(err)
	}
	q := &definition.Question{Attributes: []byte(`{"timezone": "Asia/Omsk", "language": "ru"}`)}
	zone, _, _ := p.Zone.Of(q)
	language, _, _ := p.Language.Of(q)
	if zone != "Asia/Omsk" || language != "ru" || p.Location != time.UTC {
		t.Errorf("zone %q in %v, language %q", zone, p.Location, language)
	}
	if len(p.Holidays) != 2 || !p.Holidays["2026-05-09"] {
		t.Errorf("holidays %v", p.Holidays)
	}
	policy.Holidays = []string{"2026-01-01", "2026-05-09"}
	if _, same, _ := policy.Canonical(); same != version {
		t.Error("the order of holidays makes another version")
	}
	policy.QuietTo = "9"
	form, _, _ = policy.Canonical()
	if _, err := new(definition.Compiler).CompilePolicy(form); err == nil || !strings.Contains(err.Error(), "spec.policy.quietHours.to") {
		t.Errorf("a time of day that is none: %v", err)
	}
}
