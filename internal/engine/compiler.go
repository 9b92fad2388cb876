// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Program is one compiled definition that is computed from the log: a FunnelProgram or a *definition.SegmentProgram. It is used by one fold
// only, from one goroutine at a time.
type Program interface {
	// Location is the zone that days are cut in.
	Location() *time.Location
}

// FunnelProgram is a compiled Funnel, or what has a Funnel in it.
type FunnelProgram interface {
	Program
	// Funnel gives the definition.
	Funnel() definition.Funnel
	// Match says what an event means to the definition. The result is the caller's, who may change it, until the next call.
	Match(e *event.Event) *definition.Match
}

// segmented is a FunnelProgram that may let only members of a segment count.
type segmented interface {
	// Segment gives the segment, nil without.
	Segment() *definition.SegmentProgram
}

// Compiler makes the program of a definition from its canonical form. The same key and form must always give the same program.
type Compiler func(key string, meaning json.RawMessage) (Program, error)

// CompileWith gives the compiler that makes of each meaning what its key says it is: Segment/… a segment, Journey/… a journey, and
// everything else a funnel.
func CompileWith(c *definition.Compiler) Compiler {
	return func(key string, meaning json.RawMessage) (program Program, err error) {
		switch kind, _, _ := strings.Cut(key, "/"); kind {
		case "Segment":
			program, err = c.CompileSegment(meaning)
		case "Journey":
			program, err = c.CompileJourney(meaning)
		default:
			program, err = c.CompileMeaning(meaning)
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what is wrong, and the fold which definition it is
		}
		return program, nil
	}
}
