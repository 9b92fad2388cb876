// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"fmt"
	"slices"
)

// SpecError is something wrong in a resource that no expression is to blame for.
type SpecError struct {
	// Field is its path in the resource, such as spec.steps[2].then.
	Field string
	// Value is what stands there; empty when it is missing or of no help.
	Value string
	// Message says what is wrong and what to write instead.
	Message string
}

// Error implements error.
func (e *SpecError) Error() string {
	if e.Value == "" {
		return e.Field + ": " + e.Message
	}
	return fmt.Sprintf("%s: %q: %s", e.Field, e.Value, e.Message)
}

// checker collects what is wrong.
type checker struct{ problems []error }

// refuse notes a problem of a field when it was found.
func (c *checker) refuse(found bool, field, value, format string, args ...any) {
	if found {
		c.problems = append(c.problems, &SpecError{field, value, fmt.Sprintf(format, args...)})
	}
}

// oneOf notes when other than exactly one of the parts of a union is set.
func (c *checker) oneOf(field, advice string, set ...bool) {
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	c.refuse(n != 1, field, "", "%d of its kinds are set: write exactly one of %s", n, advice)
}

// timeOfDay notes what is no time of day.
func (c *checker) timeOfDay(field, text string) {
	if _, err := MinuteOfDay(text); err != nil {
		c.refuse(true, field, text, "is no time of day: write one such as 09:30")
	}
}

func (c *checker) err() error { return errors.Join(c.problems...) }

// known says whether a word is one of those that it may be.
func known[T comparable](word T, words ...T) bool {
	return slices.Contains(words, word)
}
