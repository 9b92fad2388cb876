// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/waymark-dev/waymark/internal/event"
)

// UnitName names what a UnitBy expression makes units of: definitions with the same expression count the same entities and share what is
// handed on for them. It is part of the log's format. An expression that is empty has no name: contacts are counted.
func UnitName(by string) string {
	if by == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(by))
	return hex.EncodeToString(sum[:event.UnitLength/2])
}

// UnitOf gives the value of UnitBy on an event, whatever else the event means to the funnel; false when it tells of no unit. What cannot be
// evaluated tells of none.
func (p *Program) UnitOf(e *event.Event) (value string, tells bool) {
	if p.unitBy == nil {
		return "", false
	}
	p.scratch.Load(e)
	found, _, _ := p.unitBy.AppendText(p.buffer[:0], p.scratch)
	p.buffer = found
	value = keyOf(found)
	return value, value != ""
}
