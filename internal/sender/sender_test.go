// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/sender"
)

func wantOutcomes(t *testing.T, b *book, want map[string]int) {
	t.Helper()
	synctest.Wait() // what was written so far is seen
	if diff := cmp.Diff(want, b.outcomes()); diff != "" {
		t.Errorf("results differ (-want +got):\n%s", diff)
	}
}

func TestWhatIsWantedIsClaimedSentAndToldOnce(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, contacts(1000))
		time.Sleep(time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"sent": 1000})
		if n := len(b.sinks["mail"].tries); n != 1000 || len(b.sinks["mail"].got) != 1000 {
			t.Errorf("%d messages left, %d different ones; want 1000", len(b.sinks["mail"].got), n)
		}
		if got := b.sinks["mail"].got[0]; got.To == "" || got.Time.IsZero() || got.Text != "remind" {
			t.Errorf("the message is %+v", got)
		}
		if len(b.books[0].wants) > 0 {
			t.Errorf("%d effects are wanted still", len(b.books[0].wants))
		}
	})
}

func TestADeadChannelDelaysNoOther(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sinks["slow"] = &sink{takes: 50 * time.Second}
		b.sender.SetDelivery(delivery(mail("mail"), mail("slow")))
		b.wants("MessageChannel/sales/slow", contacts(100))
		time.Sleep(time.Second)
		b.wants(mailKey, []string{"anna"})
		synctest.Wait()
		wantOutcomes(t, b.books[0], map[string]int{"sent": 1})
	})
}

func TestAChannelThatFillsARecordOfClaimsDelaysNoOther(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		wide := func(c *definition.DeliveryChannel) { c.SMTP.Connections = 3000 }
		b.sender.SetDelivery(delivery(mail("mail", wide), mail("other", wide)))
		synctest.Wait()
		anna := nurture.Effect{ID: "effect-of-anna", Contact: "anna", Channel: "MessageChannel/sales/other", Kind: nurture.KindSend}
		b.books[0].wants[anna.ID] = &want{effect: anna}
		b.wants(mailKey, contacts(2000))
		time.Sleep(time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"sent": 2001})
		if at := slices.IndexFunc(b.books[0].claims, func(c record.Claim) bool { return c.Contact == "anna" }); at != 500 {
			t.Errorf("%d claims come before the other channel's only one, want the 500 of one record", at)
		}
	})
}

func TestMessagesLeaveAsFastAsTheChannelMay(t *testing.T) {
	run(t, 2, func(t *testing.T, b *bureau) {
		b.sender.SetDelivery(delivery(mail("mail", func(c *definition.DeliveryChannel) {
			c.Limits.Messages, c.Limits.Per = 100, time.Minute
		})))
		b.wants(mailKey, contacts(450))
		time.Sleep(5*time.Minute + 30*time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"sent": 450})
		times := b.sinks["mail"].times
		for i := 100; i < len(times); i++ {
			if d := times[i].Sub(times[i-100]); d < time.Minute-sender.SpareFor {
				t.Fatalf("message %d left %v after the one 100 before it", i, d)
			}
		}
	})
}

func TestAWarmUpGrowsByTheDay(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		since := time.Now().UTC().Format(time.DateOnly)
		b.sender.SetDelivery(delivery(mail("mail", func(c *definition.DeliveryChannel) {
			c.Limits.WarmUp = &definition.WarmUp{Since: since, First: 50, GrowthPercent: 150, Until: 1000}
		})))
		b.wants(mailKey, contacts(80))
		time.Sleep(3 * time.Hour)
		wantOutcomes(t, b.books[0], map[string]int{"sent": 50})
	})
}

func TestRetriesAreSpacedAndEnd(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sinks["mail"] = &sink{answer: func(*channel.Message, int) channel.Result {
			return channel.Result{Outcome: channel.Deferred, Class: channel.MailboxFull, Code: "4.2.2"}
		}}
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, []string{"anna"})
		for range 30 { // deferred ones come back by a timer of the fold
			time.Sleep(time.Minute)
			b.sender.Desk(0).Wake()
		}
		wantOutcomes(t, b.books[0], map[string]int{"deferred/MailboxFull": 3, "failed/MailboxFull": 1})
		times := b.sinks["mail"].times
		for i, least := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
			if gap := times[i+1].Sub(times[i]); gap < least {
				t.Errorf("try %d came %v after the one before; want %v or more", i+2, gap, least)
			}
		}
	})
}

// What was granted to a process that died is in doubt: with AtMostOnce nobody tries it again, with AtLeastOnce somebody does.
func TestWhatADeadProcessWasSendingIsInDoubt(t *testing.T) {
	for name, test := range map[string]struct {
		guarantee definition.Guarantee
		want      map[string]int
		sent      int
	}{
		"AtMostOnce":  {definition.AtMostOnce, map[string]int{"indoubt": 1, "sent": 1}, 1},
		"AtLeastOnce": {definition.AtLeastOnce, map[string]int{"sent": 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 1, func(t *testing.T, b *bureau) {
				b.wants(mailKey, []string{"anna"}, func(w *want) { w.effect.Claimed, w.effect.Attempt = true, 1 })
				b.wants(mailKey, []string{"boris"})
				b.sender.SetDelivery(delivery(mail("mail", func(c *definition.DeliveryChannel) { c.Guarantee = test.guarantee })))
				time.Sleep(time.Second)
				wantOutcomes(t, b.books[0], test.want)
				if n := len(b.sinks["mail"].got); n != test.sent {
					t.Errorf("%d messages left, want %d", n, test.sent)
				}
			})
		})
	}
}

// Not even AtLeastOnce sends what a dead process may have sent, once the person has left the scenario.
func TestWhatEndedIsNotSentAgain(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sender.SetDelivery(delivery(mail("mail", func(c *definition.DeliveryChannel) { c.Guarantee = definition.AtLeastOnce })))
		b.wants(mailKey, []string{"anna"}, func(w *want) {
			w.effect.Claimed, w.effect.Attempt, w.effect.Ended, w.exited = true, 1, true, true
		})
		time.Sleep(10 * time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"indoubt": 1})
		if n := len(b.sinks["mail"].got); n > 0 {
			t.Errorf("%d messages left", n)
		}
	})
}

func TestAMessageInDoubtIsTriedAgainOnlyIfThatIsPromised(t *testing.T) {
	for name, test := range map[string]struct {
		guarantee definition.Guarantee
		want      map[string]int
		doubts    int
		tries     map[string]int
	}{
		"AtMostOnce":  {definition.AtMostOnce, map[string]int{"indoubt/Unreachable": 1}, 0, map[string]int{"InDoubt": 1}},
		"AtLeastOnce": {definition.AtLeastOnce, map[string]int{"sent": 1}, 1, map[string]int{"InDoubt": 1, "Accepted": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 1, func(t *testing.T, b *bureau) {
				b.sinks["mail"] = &sink{answer: func(_ *channel.Message, try int) channel.Result {
					if try == 1 {
						return channel.Result{Outcome: channel.InDoubt, Class: channel.Unreachable}
					}
					return channel.Result{}
				}}
				b.sender.SetDelivery(delivery(mail("mail", func(c *definition.DeliveryChannel) { c.Guarantee = test.guarantee })))
				b.wants(mailKey, []string{"anna"})
				time.Sleep(time.Hour)
				wantOutcomes(t, b.books[0], test.want)
				if b.books[0].doubts != test.doubts {
					t.Errorf("%d claims were of a message in doubt, want %d", b.books[0].doubts, test.doubts)
				}
				b.wantTries(test.tries)
			})
		})
	}
}

func TestABouncedAddressIsSuppressedEverywhere(t *testing.T) {
	run(t, 3, func(t *testing.T, b *bureau) {
		b.sinks["mail"] = &sink{answer: func(*channel.Message, int) channel.Result {
			return channel.Result{Outcome: channel.Rejected, Class: channel.AddressInvalid, Code: "5.1.1"}
		}}
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, []string{"anna"})
		time.Sleep(time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"failed/AddressInvalid": 1})
		const want = "of anna"
		for p, told := range map[int]int{0: 0, 1: 1, 2: 1} {
			if got := b.books[p].hidden; len(got) != told || told > 0 && (got[0].Address != want || got[0].Class != "AddressInvalid") {
				t.Errorf("partition %d was told %+v, want %d suppressions of %s", p, got, told, want)
			}
		}
	})
}

func TestWrongCredentialsPauseTheChannelUntilTheyChange(t *testing.T) {
	run(t, 2, func(t *testing.T, b *bureau) {
		wrong := true
		b.sinks["mail"] = &sink{answer: func(*channel.Message, int) channel.Result {
			if wrong {
				return channel.Result{Outcome: channel.Deferred, Class: channel.Credentials, Code: "535"}
			}
			return channel.Result{}
		}}
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, contacts(100))
		time.Sleep(time.Minute)
		tried := len(b.sinks["mail"].got)
		if tried > 8 {
			t.Errorf("%d messages were tried with wrong credentials", tried)
		}
		for p, book := range b.books {
			if len(book.pauses) != 1 || book.pauses[0].Reason != sender.ReasonCredentials || book.pauses[0].Until <= event.At(time.Now()) {
				t.Errorf("partition %d was told %+v", p, book.pauses)
			}
		}
		wrong = false
		b.sinks["mail"].closed = false
		b.sender.SetDelivery(delivery(mail("mail", func(c *definition.DeliveryChannel) { c.Secrets.Password = "right" })))
		time.Sleep(time.Minute)
		b.sender.Desk(0).Wake()
		time.Sleep(time.Minute)
		if sent := b.books[0].outcomes()["sent"]; sent != 100 {
			t.Errorf("%d messages were sent with the right credentials, want all 100", sent)
		}
		if last := b.books[1].pauses[len(b.books[1].pauses)-1]; last != (record.Pause{Channel: mailKey}) {
			t.Errorf("the last pause is %+v, want that it goes on", last)
		}
	})
}

func TestModesActInOnePlace(t *testing.T) {
	for name, test := range map[string]struct {
		mode, to string
		sent     string // to whom
		subject  string
		want     map[string]int
	}{
		"dry run":                      {sender.ModeDryRun, "", "", "", map[string]int{"sent/DryRun": 1}},
		"redirect":                     {sender.ModeRedirect, "qa@example.com", "qa@example.com", "[Redirected] Hello", map[string]int{"sent": 1}},
		"a redirect to another kind":   {sender.ModeRedirect, "123456", "", "", map[string]int{"sent/DryRun": 1}},
		"live":                         {sender.ModeLive, "", "anna@example.com", "Hello", map[string]int{"sent": 1}},
		"live says nothing of whom to": {sender.ModeLive, "qa@example.com", "anna@example.com", "Hello", map[string]int{"sent": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 1, func(t *testing.T, b *bureau) {
				d := delivery(mail("mail"))
				d.Mode, d.To = test.mode, test.to
				b.sender.SetDelivery(d)
				b.wants(mailKey, []string{"anna"})
				time.Sleep(time.Second)
				wantOutcomes(t, b.books[0], test.want)
				var to, subject string
				for _, m := range b.sinks["mail"].got {
					to, subject = to+m.To, subject+m.Subject
				}
				if to != test.sent || subject != test.subject {
					t.Errorf("sent to %q with subject %q, want %q and %q", to, subject, test.sent, test.subject)
				}
			})
		})
	}
}

func TestAMessageThatCannotBeMadeFails(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, []string{"unrenderable", "anna"})
		time.Sleep(time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"failed/RenderFailed": 1, "sent": 1})
	})
}

func TestAttributesAreWrittenWithoutAChannel(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.wants("", []string{"anna"}, func(w *want) {
			w.effect.ID, w.effect.Kind, w.traits = "e1", nurture.KindSet, `{"stage":"warm"}`
		})
		time.Sleep(time.Second)
		if len(b.books[0].others) != 1 {
			t.Fatalf("%d events were appended, want 1", len(b.books[0].others))
		}
		got := b.books[0].others[0]
		want := event.Event{
			Contact: "anna", Type: event.Identify, Source: "waymark", ID: "e1", Time: got.Time, Received: got.Received,
			Data: []byte(`{"traits":{"stage":"warm"},"effect":"e1"}`),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the event differs (-want +got):\n%s", diff)
		}
	})
}

func TestARefusedClaimIsNotRepeatedAtOnce(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, []string{"anna"}, func(w *want) { w.refuse = true })
		before := b.books[0].offset
		time.Sleep(10 * time.Second)
		if n := b.books[0].offset - before; n < 5 || n > 15 {
			t.Errorf("%d records were appended in 10 s, want one a second", n)
		}
	})
}

// Between the claim's record and the look at what was granted, the enrolment ended: nothing was sent, and that is certain.
func TestAnEnrolmentThatEndsUnderItsClaimFails(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, []string{"anna"}, func(w *want) { w.exited = true })
		time.Sleep(10 * time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"failed/Exited": 1})
		if n := len(b.sinks["mail"].got); n > 0 {
			t.Errorf("%d messages left", n)
		}
		b.wantTries(nil)
	})
}

func TestStoppingLosesNothingAndSendsNothingTwice(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sinks["mail"] = &sink{takes: 300 * time.Millisecond}
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, contacts(100))
		time.Sleep(time.Second)
		b.leave()
		for id, w := range b.books[0].wants {
			if w.effect.Claimed {
				t.Errorf("%s is in doubt after an orderly stop", id)
			}
		}
		b.start()
		b.sender.SetDelivery(delivery(mail("mail")))
		time.Sleep(time.Minute)
		if sent := b.books[0].outcomes()["sent"]; sent != 100 {
			t.Errorf("%d are sent, want 100", sent)
		}
		if all := len(b.sinks["mail"].tries); all > 100 {
			t.Errorf("%d different messages left", all)
		}
		for id, tries := range b.sinks["mail"].tries {
			if tries > 1 {
				t.Errorf("%s left %d times", id, tries)
			}
		}
	})
}

func TestAChannelThatNobodyKnowsIsLeftToTheFold(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sender.SetDelivery(delivery())
		b.wants("MessageChannel/sales/gone", []string{"anna"})
		time.Sleep(2 * time.Minute)
		if n := len(b.books[0].claims); n != 0 {
			t.Errorf("%d claims for a channel that may come yet", n)
		}
		time.Sleep(70 * time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"deferred/ChannelMissing": 1})
	})
}

func TestReportSaysHowChannelsAre(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		b.sinks["down"] = &sink{probe: errors.New("connection refused")}
		b.broken["broken"] = errors.New("smtp.host is empty")
		b.sender.SetDelivery(delivery(mail("broken"), mail("down"), mail("mail")))
		time.Sleep(2 * time.Second)
		got, version := b.sender.Report()
		for i := range got {
			got[i].Since = 0
		}
		want := []control.Channel{
			{Key: "MessageChannel/sales/broken", Probed: true, Message: "the channel cannot be opened: smtp.host is empty"},
			{Key: "MessageChannel/sales/down", Accepted: true, Probed: true, Message: "connection refused"},
			{Key: mailKey, Accepted: true, Probed: true, Reachable: true},
		}
		if diff := cmp.Diff(want, got); diff != "" || version != "1" {
			t.Errorf("version %q; the report differs (-want +got):\n%s", version, diff)
		}
		time.Sleep(5 * time.Minute)
		if n := b.sinks["mail"].probes; n < 5 || n > 7 {
			t.Errorf("an idle channel was probed %d times in 5 minutes, want one a minute", n)
		}
	})
}

func TestSettingsChangeWithoutLosingWhatIsInFlight(t *testing.T) {
	run(t, 1, func(t *testing.T, b *bureau) {
		first := &sink{takes: 3 * time.Second}
		b.sinks["mail"] = first
		b.sender.SetDelivery(delivery(mail("mail")))
		b.wants(mailKey, contacts(4))
		time.Sleep(time.Second)
		second := &sink{}
		b.sinks["mail"] = second
		b.sender.SetDelivery(delivery(mail("mail", func(c *definition.DeliveryChannel) { c.SMTP.Host = "mx2" })))
		b.wants(mailKey, []string{"later"})
		time.Sleep(time.Second)
		if first.closed {
			t.Error("the former channel was closed under a message")
		}
		time.Sleep(5 * time.Second)
		wantOutcomes(t, b.books[0], map[string]int{"sent": 5})
		if !first.closed || len(first.got) != 4 || len(second.got) != 1 {
			t.Errorf("closed: %v; %d messages through the former channel, %d through the new one", first.closed, len(first.got), len(second.got))
		}
	})
}
