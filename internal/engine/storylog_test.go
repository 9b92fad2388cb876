// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// aScenario draws a scenario of a few steps over the types a, b and c.
func aScenario(t *rapid.T) definition.Scenario {
	s := definition.Scenario{
		TimeZone: rapid.SampledFrom([]string{"UTC", "America/Havana"}).Draw(t, "zone"),
		Trigger:  aTrigger(t),
		Entry: definition.Entry{
			Reentry:  rapid.SampledFrom([]definition.Reentry{definition.ReentryNever, definition.ReentryAfterExit, definition.ReentryAlways}).Draw(t, "re-entry"),
			OnRepeat: rapid.SampledFrom([]definition.OnRepeat{definition.RepeatIgnore, definition.RepeatRestart, definition.RepeatUpdate}).Draw(t, "on repeat"),
		},
		Holdout:  rapid.SampledFrom([]int32{0, 0, 3000}).Draw(t, "holdout"),
		InFlight: rapid.SampledFrom([]definition.InFlight{definition.Pin, definition.Migrate, definition.Drain}).Draw(t, "in flight"),
	}
	s.Segment = rapid.SampledFrom([]string{"", "", "Segment/z"}).Draw(t, "members of")
	if s.Trigger.Segment != nil && s.Trigger.Segment.Segment == "" || s.Trigger.Date != nil {
		s.Entry.Existing = rapid.Bool().Draw(t, "existing")
	}
	if rapid.Bool().Draw(t, "has a goal") {
		s.Goal = &definition.Goal{Event: "c", Value: "event.data.n", Within: hours(t, 1, 60, "within")}
	}
	if rapid.Bool().Draw(t, "has an exit") {
		s.Exits = []definition.EventMatch{{Event: "x"}}
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "steps") {
		s.Steps = append(s.Steps, aStep(t, i))
	}
	return s
}

func aTrigger(t *rapid.T) definition.Trigger {
	trigger := definition.Trigger{MaxAge: hours(t, 1, 48, "max age")}
	switch rapid.IntRange(0, 7).Draw(t, "trigger") {
	case 7:
		trigger.Segment = &definition.SegmentTrigger{Segment: "Segment/z"}
	case 0:
		trigger.Segment = &definition.SegmentTrigger{Where: "contact.attributes.plan == 'pro'"}
	case 1:
		trigger.Schedule = &definition.ScheduleTrigger{Cron: "0 */6 * * *", ContactZone: rapid.Bool().Draw(t, "contact's zone")}
	case 2:
		trigger.FunnelDrop = &definition.DropTrigger{Funnel: "x"}
	case 3:
		trigger.Date = &definition.DateTrigger{Attribute: "contact.attributes.born", At: "10:00", Yearly: true, LeapDay: definition.March1}
	default:
		trigger.Event = &definition.EventMatch{Event: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "enters by")}
	}
	return trigger
}

func aStep(t *rapid.T, i int) definition.Step {
	name := fmt.Sprint("s", i)
	switch rapid.IntRange(0, 5).Draw(t, "step") {
	case 0:
		return waiting(name, hours(t, 1, 40, "waits"))
	case 1:
		return definition.Step{Name: name, WaitFor: &definition.WaitFor{
			AnyOf: []definition.Awaited{{Event: "b"}, {Condition: "contact.attributes.plan == 'pro'"}}, Timeout: hours(t, 1, 30, "timeout"),
		}}
	case 2:
		return definition.Step{Name: name, Wait: &definition.Wait{TimeOfDay: "09:30"}}
	}
	step := message(name)
	step.Send.Purpose = rapid.SampledFrom([]definition.Purpose{definition.Marketing, definition.Transactional}).Draw(t, "purpose")
	return step
}

// storyteller draws a log of scenarios record by record, beside a fold that says what its owner would append.
type storyteller struct {
	t       *rapid.T
	desk    *desk
	clock   event.Time
	log     []record.Record
	granted []nurture.Grant
	results int
}

// aStory draws a log with scenarios, edits and whatever else becomes of them, and with a sender that does not always succeed.
func aStory(t *rapid.T) []record.Record {
	f := opener(t, nil, 0)()
	s := &storyteller{t: t, clock: noon, desk: &desk{fold: f}}
	channel, policy := mail(), definition.Policy{TimeZone: "UTC", QuietFrom: "22:00", QuietTo: "07:00", CapMessages: 3, CapPer: day}
	s.add(ticking(noon), s.hosting(mailKey, &channel), s.hosting(policyKey, &policy))
	s.segment()
	for _, contact := range []string{"ann", "bob", "cy"} {
		s.identify(contact)
	}
	for range rapid.IntRange(5, 60).Draw(t, "records") {
		s.next()
	}
	return s.log
}

func (s *storyteller) add(records ...record.Record) {
	for i := range records {
		s.log = append(s.log, records[i])
		if err := s.desk.fold.Step(s.desk.fold.Offset()+1, &records[i]); err != nil {
			s.t.Fatal(err)
		}
	}
}

// segment puts a segment in force, before there is anything to compute it from.
func (s *storyteller) segment() {
	z := aSegment(s.t)
	apply := s.hosting("Segment/z", &z)
	s.add(apply, record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: "Segment/z", Version: apply.Apply.Version}})
}

func (s *storyteller) hosting(key string, meaning canonical) record.Record {
	form, version, err := meaning.Canonical()
	if err != nil {
		s.t.Fatal(err)
	}
	return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form}}
}

func (s *storyteller) identify(contact string) {
	traits := rapid.SampledFrom([]string{
		`{"plan":"pro"}`, `{"plan":"free"}`, `{"born":"1990-11-04"}`, `{"born":"2000-02-29","plan":"pro"}`, `{"email":null}`,
	}).Draw(s.t, "traits")
	email := event.Event{
		Contact: contact, Type: event.Identify, Source: "crm", ID: fmt.Sprint(len(s.log)), Time: s.clock, Received: s.clock,
		Data: fmt.Appendf(nil, `{"traits":{"email":"%s@example.com"}}`, contact),
	}
	more := email
	more.ID, more.Data = "more"+more.ID, fmt.Appendf(nil, `{"traits":%s}`, traits)
	s.add(chunk(email, more))
}

// next draws the next record or two.
func (s *storyteller) next() {
	key := rapid.SampledFrom([]string{remindKey, "NurtureScenario/shop/other"}).Draw(s.t, "scenario")
	switch rapid.IntRange(0, 16).Draw(s.t, "kind") {
	case 15, 16:
		s.add(record.Record{Kind: record.Signals, Signals: s.desk.fold.Signals()})
	case 0, 1:
		scenario := aScenario(s.t)
		r := s.hosting(key, &scenario)
		if rapid.IntRange(0, 3).Draw(s.t, "held") == 0 {
			r.Apply.Standing = []byte(`{"held":true}`)
		}
		s.add(r)
	case 2:
		standing := rapid.SampledFrom([]string{`{}`, `{}`, `{"catchUp":"Send"}`, `{"catchUp":"Skip"}`, `{"catchUp":"Shift"}`, `{"suspended":true}`}).Draw(s.t, "standing")
		s.add(record.Record{Kind: record.Standing, Standing: record.StandingRecord{Key: key, Standing: []byte(standing)}})
	case 3:
		s.add(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: rapid.SampledFrom([]string{key, mailKey, policyKey, "Segment/z"}).Draw(s.t, "removed")}})
	case 4:
		channel := mail()
		s.add(s.hosting(mailKey, &channel))
	case 5:
		s.add(s.about())
	case 6, 7, 8:
		s.clock = s.clock.Add(hours(s.t, 1, 40, "hours later"))
		s.add(ticking(s.clock))
	case 9, 10:
		s.claim()
	case 11:
		s.result()
	case 12:
		s.identify(rapid.SampledFrom([]string{"ann", "bob", "cy", "dan"}).Draw(s.t, "contact"))
	default:
		s.add(aChunk(s.t, s.clock))
	}
}

// about draws a record that is about addresses, channels or drop-offs.
func (s *storyteller) about() record.Record {
	switch rapid.IntRange(0, 2).Draw(s.t, "about") {
	case 0:
		return record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{{
			Address: nurture.AddressHash(definition.SMTP, "ann@example.com"), Time: s.clock, Released: rapid.Bool().Draw(s.t, "released"),
		}}}
	case 1:
		return record.Record{Kind: record.Pauses, Pauses: []record.Pause{{Channel: mailKey, Until: s.clock.Add(hours(s.t, -1, 5, "pause"))}}}
	}
	return record.Record{Kind: record.Signals, Signals: []record.Signal{{
		ID: fmt.Sprint("signal", rapid.IntRange(0, 3).Draw(s.t, "signal")), Retracted: rapid.Bool().Draw(s.t, "retracted"), Key: "x", Stage: "s0",
		Contact: rapid.SampledFrom([]string{"ann", "bob"}).Draw(s.t, "who dropped off"), Source: "s1", Event: "1", Type: "a", Time: s.clock, Due: s.clock,
	}}}
}

// claim asks for some of what is wanted.
func (s *storyteller) claim() {
	r := record.Record{Kind: record.Claims, Claims: record.ClaimsRecord{Time: s.clock}}
	wanted := s.desk.wanted()
	for _, e := range wanted[:rapid.IntRange(0, len(wanted)).Draw(s.t, "claims")] {
		r.Claims.Claims = append(r.Claims.Claims, record.Claim{Contact: e.Contact, Effect: e.ID, Attempt: e.Attempt + 1})
	}
	s.add(r)
	for _, e := range wanted {
		g, ok, err := s.desk.fold.Grant(e.Contact, e.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if ok {
			s.granted = append(s.granted, g)
		}
	}
}

// result tells what became of one message that was granted.
func (s *storyteller) result() {
	if len(s.granted) == 0 {
		return
	}
	g := &s.granted[rapid.IntRange(0, len(s.granted)-1).Draw(s.t, "message")]
	kind := rapid.SampledFrom([]string{
		event.MessageSent, event.MessageSent, event.MessageFailed, event.MessageDeferred, event.MessageInDoubt, event.MessageClicked, event.MessageBounced,
	}).Draw(s.t, "result")
	s.results++
	e := event.Event{
		Contact: g.Contact, Type: kind, Source: "waymark", ID: fmt.Sprint(g.Effect, kind, s.results), Time: s.clock, Received: s.clock,
		Data: fmt.Appendf(nil, `{"effect":%q,"scenario":%q,"enrolment":%q,"step":%q,"attempt":%d,"retryAt":%d}`,
			g.Effect, g.Scenario, g.Enrolment, g.Step, g.Attempt, s.clock.Add(time.Hour)),
	}
	s.add(chunk(e))
}

func TestEqualStoriesGiveEqualStateWhereverTheFoldIsInterrupted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := aStory(t)
		retention := rapid.SampledFrom([]time.Duration{0, 24 * time.Hour}).Draw(t, "retention")
		once, often := state.NewMemory(), state.NewMemory()
		whole := player{t: t, log: log, open: opener(t, once, 1<<30, retention), interrupt: func(*player) {}}
		whole.play()
		broken := player{t: t, log: log, open: opener(t, often, 1, retention), interrupt: func(p *player) {
			switch rapid.IntRange(0, 3).Draw(t, "interruption") {
			case 0:
				if err := p.fold.Commit(false); err != nil {
					t.Fatal(err)
				}
			case 1:
				mustReport(t, p.fold)
				p.fold.Wanted(mailKey, 2, nil)
			case 2:
				p.fold = p.open()
			}
		}}
		broken.play()
		inMemory := player{t: t, log: log, open: opener(t, nil, 0, retention), interrupt: func(*player) {}}
		inMemory.play()
		if diff := cmp.Diff(contents(t, once), contents(t, often)); diff != "" {
			t.Fatalf("stores differ (-one pass +interrupted):\n%s", diff)
		}
		want, wanted := mustReport(t, whole.fold), whole.fold.Wanted(mailKey, 100, nil)
		for name, f := range map[string]*engine.Fold{
			"interrupted": broken.fold, "in memory": inMemory.fold, "opened again": opener(t, often, 1, retention)(),
		} {
			if diff := cmp.Diff(want, mustReport(t, f)); diff != "" {
				t.Fatalf("reports differ (-one pass +%s):\n%s", name, diff)
			}
			if diff := cmp.Diff(wanted, f.Wanted(mailKey, 100, nil)); diff != "" {
				t.Fatalf("what is wanted differs (-one pass +%s):\n%s", name, diff)
			}
			if diff := cmp.Diff(whole.fold.Definitions(), f.Definitions()); diff != "" {
				t.Fatalf("definitions differ (-one pass +%s):\n%s", name, diff)
			}
		}
	})
}
