// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/expression"
)

// CompilePolicy compiles the canonical form of a policy (see Policy.Canonical); the errors are as CompileScenario's.
func (c *Compiler) CompilePolicy(form json.RawMessage) (*PolicyProgram, error) {
	var p Policy
	if err := decode("policy", form, &p); err != nil {
		return nil, err
	}
	return c.compilePolicy(&p)
}

func (c *Compiler) compilePolicy(p *Policy) (*PolicyProgram, error) {
	meaning := p.normal()
	location, err := zoneinfo.Load(meaning.TimeZone)
	if err := errors.Join(err, meaning.check()); err != nil {
		return nil, err
	}
	q := questions{scratch: &c.scratch}
	program := &PolicyProgram{
		Meaning:  meaning,
		Location: location,
		Zone:     q.text(expression.OnPerson, "spec.policy.zone", meaning.Zone),
		Language: q.text(expression.OnPerson, "spec.policy.language", meaning.Language),
		Holidays: make(map[string]bool, len(meaning.Holidays)),
	}
	for _, day := range meaning.Holidays {
		program.Holidays[day] = true
	}
	if err := errors.Join(q.problems...); err != nil {
		return nil, err
	}
	return program, nil
}

// CompileChannel compiles the canonical form of a channel (see Channel.Canonical); the errors are as CompileScenario's.
func (c *Compiler) CompileChannel(form json.RawMessage) (*ChannelProgram, error) {
	var channel Channel
	if err := decode("channel", form, &channel); err != nil {
		return nil, err
	}
	return c.compileChannel(&channel)
}

func (c *Compiler) compileChannel(channel *Channel) (*ChannelProgram, error) {
	meaning := channel.normal()
	if err := meaning.check(); err != nil {
		return nil, err
	}
	q := questions{scratch: &c.scratch}
	program := &ChannelProgram{Meaning: meaning, Address: q.text(expression.OnPerson, "spec.address", meaning.Address)}
	for i, f := range meaning.Feedback {
		field := fmt.Sprintf("spec.feedback[%d]", i)
		program.Feedback = append(program.Feedback, FeedbackProgram{
			Where:   q.predicate(expression.OnEvent, field+".where", f.Where),
			Message: q.text(expression.OnEvent, field+".message", f.Message),
		})
	}
	if err := errors.Join(q.problems...); err != nil {
		return nil, err
	}
	return program, nil
}
