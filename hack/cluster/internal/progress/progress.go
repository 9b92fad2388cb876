// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package progress tells a person what a program does and how long it took, one
// line a step.
package progress

import (
	"fmt"
	"io"
	"time"
)

// Reporter prints steps to a writer.
type Reporter struct {
	// Out receives the lines; usually standard error, so that results can be piped.
	Out io.Writer
}

// Step prints what begins, does it, and completes the line with the time it took
// or with the word "failed". It returns the error of do, prefixed by the title.
func (r Reporter) Step(title string, do func() error) error {
	fmt.Fprintf(r.Out, "%-58s ", title+" ...")
	start := time.Now()
	if err := do(); err != nil {
		fmt.Fprintln(r.Out, "failed")
		return fmt.Errorf("%s: %w", title, err)
	}
	fmt.Fprintln(r.Out, shorten(time.Since(start)))
	return nil
}

// Note prints a line that is no step.
func (r Reporter) Note(format string, arguments ...any) {
	fmt.Fprintf(r.Out, format+"\n", arguments...)
}

func shorten(took time.Duration) string {
	if took < time.Minute {
		return fmt.Sprintf("%.1fs", took.Seconds())
	}
	return took.Round(time.Second).String()
}
