// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is what is wrong with one place of a letter's texts.
type Problem struct {
	// Part is the part it is in, such as subject, html or buttons[0][1].url.
	Part string
	// Line counts from 1 within the part.
	Line int
	// Text is the offending text; empty when it is none in particular.
	Text string
	// Message says what is wrong.
	Message string
	// Hint says what to write instead.
	Hint string
}

// Error says everything in one line.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, line %d: ", p.Part, p.Line)
	if p.Text != "" {
		fmt.Fprintf(&b, "%q: ", shorten(p.Text))
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Problems are all that is wrong with a letter, in the order of its parts, at most maxProblems.
type Problems []*Problem

const maxProblems = 10

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps))
	for _, p := range ps {
		lines = append(lines, p.Error())
	}
	return strings.Join(lines, "\n")
}

// shorten keeps a quotation readable.
func shorten(text string) string {
	const limit = 60
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= limit {
		return string(runes)
	}
	return string(runes[:limit]) + "…"
}

// Why rendering ends early.
var (
	// ErrTooLarge: a part is larger than MaxBytes.
	ErrTooLarge = fmt.Errorf("the text is larger than %d KiB", MaxBytes>>10)
	// ErrTooLong: the template takes more steps than it may.
	ErrTooLong = errors.New("the template takes too many steps; loop over less")
)

// RenderError says which part could not be rendered. It holds nothing of the contact.
type RenderError struct {
	// Part and Line say where; a line of 0 is not known.
	Part string
	Line int
	// Err says why.
	Err error
}

// Error says where and why.
func (e *RenderError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("render %s: %s", e.Part, e.Err)
	}
	return fmt.Sprintf("render %s, line %d: %s", e.Part, e.Line, e.Err)
}

// Unwrap gives the reason.
func (e *RenderError) Unwrap() error { return e.Err }

// filterError is what a filter says of a value that it cannot take. It quotes nothing of it.
type filterError struct{ filter, message string }

func (e *filterError) Error() string { return fmt.Sprintf("filter %s: %s", e.filter, e.message) }
