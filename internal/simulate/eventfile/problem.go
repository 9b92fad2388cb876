// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventfile

import (
	"strconv"
	"strings"
)

// Problem is what is wrong with one line of a file. It never repeats a contact or the data.
type Problem struct {
	// File as it was named, "-" for standard input.
	File string
	// Line from 1; 0 when the file as a whole is meant.
	Line int
	// Field is the member of the event or the column; empty when the whole line is meant.
	Field string
	// Message says what is wrong and what to do.
	Message string
}

// Error writes "events.jsonl:17: time: what is wrong".
func (p *Problem) Error() string {
	place := p.File
	if p.Line > 0 {
		place += ":" + strconv.Itoa(p.Line)
	}
	parts := []string{place}
	for _, part := range []string{p.Field, p.Message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// wrong makes a problem whose place the reader adds.
func wrong(field, message string) *Problem { return &Problem{Field: field, Message: message} }
