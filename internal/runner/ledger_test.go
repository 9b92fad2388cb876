// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// suppress tells of addresses, and gives how many were news.
func (p *plane) suppress(said ...control.Suppression) (taken int) {
	p.t.Helper()
	news, err := p.Suppress(p.t.Context(), said)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, isNew := range news {
		if isNew {
			taken++
		}
	}
	return taken
}

// suppressed gives what is suppressed: class by hash.
func (p *plane) suppressed() map[string]string {
	p.t.Helper()
	all := map[string]string{}
	err := p.Suppressions(p.t.Context(), func(page []control.Suppression) error {
		for _, s := range page {
			all[s.Hash] = s.Class
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// happens appends an event with data, now.
func (p *plane) happens(contact, kind, data string) {
	p.t.Helper()
	p.sent++
	now := event.At(p.clock.Wall())
	e := event.Event{Contact: contact, Type: kind, Source: "test", ID: fmt.Sprint(p.sent), Time: now, Received: now, Data: []byte(data)}
	appender := eventlog.NewAppender(p.log, eventlog.AppenderOptions{})
	defer appender.Close()
	if err := appender.Append(p.t.Context(), []event.Event{e}); err != nil {
		p.t.Fatal(err)
	}
}

func mailbox(name, class string) control.Suppression {
	return control.Suppression{Medium: "SMTP", Address: name + "@example.com", Class: class}
}

func hashOf(name string) string { return nurture.AddressHash(definition.SMTP, name+"@example.com") }

func TestAllPartitionsKnowWhatIsImported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 3)
		p.start()
		defer func() { p.stop() }()
		if n := p.suppress(mailbox("ann", "Manual"), mailbox(" ANN", ""), mailbox("bob", ""), control.Suppression{Hash: hashOf("cid"), Class: "Complaint"}); n != 3 {
			t.Errorf("%d were news, want 3: ann was named twice", n)
		}
		want := map[string]string{hashOf("ann"): "Manual", hashOf("bob"): "Imported", hashOf("cid"): "Complaint"}
		if diff := cmp.Diff(want, p.suppressed()); diff != "" {
			t.Errorf("what is suppressed differs (-want +got):\n%s", diff)
		}
		records := 0
		for partition := range 3 {
			records += p.count(partition, record.Suppressions)
		}
		if n := p.suppress(mailbox("ann", "Manual"), mailbox("bob", "")); n != 0 {
			t.Errorf("%d were news that were known", n)
		}
		again := 0
		for partition := range 3 {
			again += p.count(partition, record.Suppressions)
		}
		if again != records {
			t.Errorf("the log holds %d records of suppressions, want %d: what is known says nothing", again, records)
		}
		released := mailbox("bob", "")
		released.Released = true
		if n := p.suppress(released, mailbox("bob", "Manual"), mailbox("dan", "Manual"), control.Suppression{Hash: hashOf("dan"), Released: true}); n != 4 {
			t.Errorf("%d were news, want 4", n)
		}
		want[hashOf("bob")] = "Manual"
		if diff := cmp.Diff(want, p.suppressed()); diff != "" {
			t.Errorf("after a release, what is suppressed differs (-want +got):\n%s", diff)
		}
		p.stop()
		p.start()
		time.Sleep(time.Second)
		if diff := cmp.Diff(want, p.suppressed()); diff != "" {
			t.Errorf("after a restart, what is suppressed differs (-want +got):\n%s", diff)
		}
	})
}

func TestManySuppressionsAreGivenInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 2)
		p.start()
		defer p.stop()
		const many = 2500
		for from := 0; from < many; from += control.MaxSuppressions {
			var said []control.Suppression
			for i := from; i < min(many, from+control.MaxSuppressions); i++ {
				said = append(said, mailbox(fmt.Sprint("somebody", i), ""))
			}
			if n := p.suppress(said...); n != len(said) {
				t.Errorf("%d of %d were news", n, len(said))
			}
		}
		last, count := "", 0
		err := p.Suppressions(t.Context(), func(page []control.Suppression) error {
			for _, s := range page {
				if s.Hash <= last {
					t.Errorf("%s comes behind %s", s.Hash, last)
				}
				last, count = s.Hash, count+1
			}
			return nil
		})
		if err != nil || count != many {
			t.Errorf("got %d and %v, want %d", count, err, many)
		}
	})
}

func TestConsentsOfAllPartitionsAreGivenWithTheirProof(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 3)
		p.start()
		defer p.stop()
		policy := definition.Policy{TimeZone: "UTC", Topics: []definition.Topic{{Name: "offers", Title: "Offers"}}}
		p.apply(1, canonical(t, "MessagingPolicy/sales/shop", &policy, ""))
		start := time.Now().UTC()
		want := map[string]control.Consent{}
		for i := range 300 {
			contact := fmt.Sprint("contact ", i)
			p.happens(contact, event.ConsentGivenType, `{"topic":"offers","method":"Checkbox","textHash":"abc","confirmed":true}`)
			given := control.Statement{Time: start, Source: "test", ID: fmt.Sprint(p.sent), Method: "Checkbox", TextHash: "abc"}
			want[contact] = control.Consent{Contact: contact, Topic: "offers", State: control.ConsentGiven, Statement: given, Confirmed: start}
		}
		time.Sleep(time.Hour)
		p.happens("contact 7", event.ConsentWithdrawn, `{"topic":"offers","method":"OneClick"}`)
		seven := want["contact 7"]
		given := seven.Statement
		seven.State, seven.Given, seven.Confirmed = control.ConsentWithdrawn, &given, time.Time{}
		seven.Statement = control.Statement{Time: time.Now().UTC(), Source: "test", ID: fmt.Sprint(p.sent), Method: "OneClick"}
		want["contact 7"] = seven
		time.Sleep(time.Second)
		got := map[string]control.Consent{}
		err := p.Consents(t.Context(), func(page []control.Consent) error {
			for _, c := range page {
				got[c.Contact] = c
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("consents differ (-want +got):\n%.2000s", diff)
		}
	})
}
