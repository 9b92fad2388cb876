// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar shows how far a simulation is. It leaves no trace when a phase is over.
type bar struct {
	out     io.Writer
	current *progressbar.ProgressBar
}

// Start implements simulate.Progress.
func (b *bar) Start(phase string, steps int64) {
	b.current = progressbar.NewOptions64(steps,
		progressbar.OptionSetWriter(b.out),
		progressbar.OptionSetDescription(phase),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
	)
}

// Add implements simulate.Progress.
func (b *bar) Add(n int) { _ = b.current.Add(n) } // a bar that cannot be drawn is no reason to stop

// Finish implements simulate.Progress.
func (b *bar) Finish() { _ = b.current.Finish() }
