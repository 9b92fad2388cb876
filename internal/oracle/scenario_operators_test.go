// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/record"
)

// standing suspends, resumes, approves or says which variant won.
func (w *customers) standing() {
	name := rapid.SampledFrom(w.keys).Draw(w.T, "told")
	s := w.standings[name]
	switch rapid.IntRange(0, 4).Draw(w.T, "told what") {
	case 0:
		s.Held = false
	case 1:
		s.Winners = map[string]string{"s0": "y"}
	default:
		s.Suspended = !s.Suspended
		s.CatchUp = rapid.SampledFrom([]definition.CatchUp{definition.CatchUpSend, definition.CatchUpSkip, definition.CatchUpShift}).Draw(w.T, "catch up")
	}
	w.standings[name] = s
	w.stand(name, s)
}

// remove withdraws a scenario; it may come back.
func (w *customers) remove() {
	if !oneIn(w.T, 3, "removes") {
		return
	}
	name := rapid.SampledFrom(w.keys).Draw(w.T, "removed")
	w.add(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: name}})
	w.tick(w.clock)
	if rapid.Bool().Draw(w.T, "comes back") {
		w.tick(w.clock.Add(w.span(w.T, 0, 6, "away for")))
		w.edit(name)
	}
}

// rules changes a channel or the policy.
func (w *customers) rules() {
	switch rapid.IntRange(0, 5).Draw(w.T, "rule") {
	case 0:
		w.applyPolicy(drawPolicy(w.T, w.setting))
	case 1:
		w.add(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: channelKey("mail")}})
	case 2:
		w.applyChannel(channelKey("mail"), w.drawChannel("mail", "SMTP"))
	}
}
