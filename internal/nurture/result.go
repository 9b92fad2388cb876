// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// Classes of failures that the machine acts on, as senders write them.
const (
	addressInvalid = "AddressInvalid"
	blocked        = "Blocked"
	complaint      = "Complaint"
)

// hearMessage takes in what became of messages.
func (w *World) hearMessage(s *Subject, x *happening) {
	switch x.event.Type {
	case event.MessageSent, event.MessageFailed, event.MessageDeferred, event.MessageInDoubt:
		w.hearResult(s, x)
	case event.Identify:
		w.hearWritten(s, x.event)
	default:
		if marks, about := marksOf[x.event.Type]; about {
			w.hearEngagement(s, x, marks)
		}
	}
}

func (w *World) hearResult(s *Subject, x *happening) {
	told := x.message()
	effect, ok := parseID(told.Effect)
	if !ok {
		return
	}
	if x.event.Origin != "" {
		w.learnForeign(s, x, effect)
		return
	}
	if p, found := w.find(s, effect); found {
		if p.e.attempt > 0 {
			p.result(x)
		}
		return
	}
	for i := range s.State.flights {
		if f := &s.State.flights[i]; f.effect == effect {
			if w.landed(s, f, x) {
				s.State.flights = slices.Delete(s.State.flights, i, i+1)
			}
			return
		}
	}
}

// result takes in what became of the message of the step that the enrolment is on.
func (p *place) result(x *happening) {
	told, e, step := x.message(), p.e, p.step()
	a := p.account()
	if told.Variant != "" {
		a.variant = told.Variant
	}
	if x.event.Type == event.MessageDeferred {
		if e.phase != claimed || told.Attempt != 0 && told.Attempt != e.attempt {
			return
		}
		a.count(func(m *aggregate.Message) { m.Deferred++ })
		p.tell(Note{What: PutOff, Reason: told.Class, Until: max(told.RetryAt, p.s.Now)})
		if e.phase, e.due = ready, p.s.Now; told.RetryAt > p.s.Now {
			e.phase, e.due = later, told.RetryAt
		}
		return
	}
	a.outcome(x, e.doubted)
	p.tell(Note{What: outcomes[x.event.Type], Reason: told.Class})
	failed := false
	switch {
	case x.event.Type == event.MessageFailed:
		p.w.suppressBy(told.Class, e.address, p.s.Now)
		failed = step.Webhook != nil
	case step.Task != nil:
		e.phase, e.due = asked, p.s.Now.Add(step.Task.Due)
		p.tell(Note{What: Waited, Until: e.due})
		return
	case step.Send != nil:
		m := p.message(cloneString(a.variant))
		m.time = x.event.Time
		p.s.State.remember(&m, p.s.Now)
	case step.Webhook != nil:
		p.store(step.Webhook.Store, told.Answer)
	}
	p.proceed(failed)
}

// outcome counts what became of a message.
func (a *account) outcome(x *happening, doubted bool) {
	switch {
	case x.event.Type == event.MessageSent:
		a.count(func(m *aggregate.Message) { m.Sent++ })
		a.share(func(s *aggregate.Share) { s.Sent++ })
	case x.event.Type == event.MessageInDoubt && !doubted:
		a.count(func(m *aggregate.Message) { m.InDoubt++ })
	case x.event.Type == event.MessageFailed && x.message().Class == RenderFailed:
		a.skip(RenderFailed)
	case x.event.Type == event.MessageFailed:
		a.count(func(m *aggregate.Message) { m.Failed++ })
	}
}

// landed counts what became of a message whose enrolment has ended, and says whether that is all: it is not tried again.
func (w *World) landed(s *Subject, f *flight, x *happening) bool {
	a := w.accountOf(&f.message, f.kind)
	if x.message().Variant != "" {
		a.variant = x.message().Variant
		f.variant = cloneString(a.variant)
	}
	switch x.event.Type {
	case event.MessageDeferred:
		if attempt := x.message().Attempt; attempt != 0 && attempt != f.attempt {
			return false
		}
		a.count(func(m *aggregate.Message) { m.Deferred++ })
		return true
	case event.MessageFailed:
		w.suppressBy(x.message().Class, f.address, s.Now)
	default:
		if f.kind == KindSend {
			m := f.message
			m.time = x.event.Time
			s.State.remember(&m, s.Now)
		}
	}
	a.outcome(x, f.doubted)
	return true
}

// hearWritten takes in that attributes were written which a Set asked for.
func (w *World) hearWritten(s *Subject, e *event.Event) {
	if e.Source != "waymark" || e.Flags&event.Public != 0 || e.Origin != "" {
		return
	}
	effect, ok := parseID(gjson.GetBytes(e.Data, "effect").String())
	if !ok {
		return
	}
	if p, found := w.find(s, effect); found && p.step().Set != nil {
		p.proceed(false)
		return
	}
	s.State.flights = slices.DeleteFunc(s.State.flights, func(f flight) bool { return f.effect == effect })
}

// learnForeign notes a message that went to a visitor who is this contact, so that it is not sent again.
func (w *World) learnForeign(s *Subject, x *happening, effect id) {
	told := x.message()
	if x.event.Type != event.MessageSent && x.event.Type != event.MessageInDoubt || told.Kind != "" && told.Kind != string(KindSend) {
		return
	}
	if s.State.messageOf(effect) != nil {
		return
	}
	enrolment, _ := parseID(told.Enrolment)
	m := message{
		effect: effect, enrolment: enrolment, scenario: hash64(told.Scenario), step: cloneString(told.Step), variant: cloneString(told.Variant),
		channel: hash32(told.Channel), time: x.event.Time, marks: foreign,
	}
	if sc := w.byHash[m.scenario]; sc != nil {
		m.version = sc.number(told.Version)
	}
	s.State.remember(&m, s.Now)
}

// number gives the number of a version by its ID; 0 when it is not known.
func (sc *Scenario) number(version string) uint32 {
	found := uint32(0)
	for number, v := range sc.Versions {
		if v.ID == version && number > found {
			found = number
		}
	}
	return found
}

// message gives what is remembered of the message of the step.
func (p *place) message(variant string) message {
	e, step := p.e, p.step()
	return message{
		effect: p.effect(), enrolment: e.id, scenario: p.sc.hash, version: p.v.Number, step: step.Name, variant: variant,
		channel: hash32(channelOf(&step.Step)), address: e.address,
	}
}

// flight gives what is remembered of a message that was granted, when the enrolment ends before it is known what became of it.
func (p *place) flight() flight {
	e := p.e
	return flight{message: p.message(p.variant()), claimedAt: e.claimedAt, attempt: e.attempt, doubted: e.doubted, kind: kindOf(&p.step().Step)}
}

// store keeps what a webhook answered as a variable.
func (p *place) store(name string, answer json.RawMessage) {
	if name == "" || len(answer) == 0 || len(answer) > maxAnswer {
		return
	}
	vars := map[string]json.RawMessage{}
	if len(p.e.vars) > 0 && json.Unmarshal(p.e.vars, &vars) != nil {
		return
	}
	vars[name] = answer
	if encoded, err := json.Marshal(vars); err == nil && len(encoded) <= maxVars {
		p.e.vars = encoded
	}
}

// skip counts that the message of the step is left out.
func (p *place) skip(reason string) {
	a := p.account()
	if reason == Holdout {
		a.channel = nil // which was never meant to see it
	}
	a.skip(reason)
	p.tell(Note{What: Skipped, Reason: reason})
}

// suppressBy suppresses an address when a class of failure says that nothing can be sent there.
func (w *World) suppressBy(class string, address id, now event.Time) {
	if class != addressInvalid && class != blocked && class != complaint || address == (id{}) || w.Suppress == nil {
		return
	}
	w.Suppress(address.String(), class, now)
}

// proceed goes on from a step whose message is settled, on the version that is in force if the enrolment was to move to it.
func (p *place) proceed(failed bool) {
	if p.migrates() {
		name := p.step().Name
		at, found := p.sc.Active.stepOf(name)
		if !found {
			p.e.phase = resting
			p.redirect(p.sc.Active, name)
			return
		}
		p.change(p.sc.Active)
		p.e.step = at
	}
	if failed {
		p.advance(p.step().OnFailure)
		return
	}
	p.advance(p.step().Next)
}
