// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import "github.com/waymark-dev/waymark/internal/aggregate"

// account is where what becomes of a message is counted.
type account struct {
	sc            *Scenario
	kind          Kind
	version       uint32
	step, variant string
	channel       *Channel
}

// account gives where the message of the step is counted.
func (p *place) account() *account {
	step := p.step()
	return &account{p.sc, kindOf(&step.Step), p.v.Number, step.Name, p.variant(), p.w.Channels[channelOf(&step.Step)]}
}

func (w *World) accountOf(m *message, kind Kind) *account {
	return &account{w.byHash[m.scenario], kind, m.version, m.step, m.variant, w.channels[m.channel]}
}

// count counts something of a message: for its step and channel, and for the scenario if it is one to a person.
func (a *account) count(add func(m *aggregate.Message)) {
	if a.kind == KindSet {
		return
	}
	if a.channel != nil {
		a.channel.Tally.Changed = true
		add(&a.channel.Tally.Message)
	}
	if a.sc == nil {
		return
	}
	t := a.sc.Tally
	t.Changed = true
	add(&t.step(a.step).Message)
	if a.kind == KindSend {
		add(&t.Message)
	}
}

// share counts something of a message for its version and variant.
func (a *account) share(add func(s *aggregate.Share)) {
	if a.kind != KindSend || a.sc == nil {
		return
	}
	t := a.sc.Tally
	t.Changed = true
	if v := a.sc.Versions[a.version]; v != nil { // it may be one that nobody entered by: enrolments move
		add(t.version(v))
	} else if known := t.Versions[a.version]; known != nil {
		add(&known.Share)
	}
	if a.variant == "" {
		return
	}
	step := t.step(a.step)
	if step.Variants == nil {
		step.Variants = map[string]aggregate.Share{}
	}
	s := step.Variants[a.variant]
	add(&s)
	step.Variants[a.variant] = s
}

func (a *account) skip(reason string) {
	a.count(func(m *aggregate.Message) { increment(&m.Skipped, reason) })
	if reason == Suppressed && a.channel != nil {
		a.channel.Tally.Suppressed++
	}
}

func increment(counts *map[string]int64, name string) {
	if *counts == nil {
		*counts = map[string]int64{}
	}
	(*counts)[name]++
}
