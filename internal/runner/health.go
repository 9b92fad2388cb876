// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
)

// Reasons why events are not taken or a partition does not run.
const (
	// ReasonStarting is a partition that is being opened.
	ReasonStarting = "Starting"
	// ReasonCatchingUp is a partition that folds what came before it was opened.
	ReasonCatchingUp = "CatchingUp"
	// ReasonLogDiverged is a log that the state was not computed from.
	ReasonLogDiverged = "LogDiverged"
	// ReasonLogGap is a log that no longer has what the state has not folded yet.
	ReasonLogGap = "LogGap"
	// ReasonLogUnavailable is a log that cannot be read or written.
	ReasonLogUnavailable = "LogUnavailable"
	// ReasonStorageFull is a volume whose free space is under the reserve.
	ReasonStorageFull = "StorageFull"
	// ReasonClockSuspect is a wall clock that jumped.
	ReasonClockSuspect = "ClockSuspect"
	// ReasonFenced is a partition that another runner has taken over.
	ReasonFenced = "Fenced"
	// ReasonStateCorrupt is state that cannot be read.
	ReasonStateCorrupt = "StateCorrupt"
	// ReasonIncompatible is a log or state of rules that this program does not have.
	ReasonIncompatible = "Incompatible"
	// ReasonFoldFailed is anything else that stops a partition.
	ReasonFoldFailed = "FoldFailed"
)

// Ingest tells whether events are taken now, and if not, why.
func (r *Runner) Ingest() control.Ingest {
	err := r.Admit()
	if err == nil {
		err = r.probe.check()
	}
	if err == nil {
		return control.Ingest{Ready: true}
	}
	return control.Ingest{Reason: reasonOf(err), Message: err.Error()}
}

func reasonOf(err error) string {
	var f *fault
	var named interface{ Reason() string }
	switch {
	case errors.As(err, &f):
		return f.reason
	case errors.Is(err, errClockSuspect):
		return ReasonClockSuspect
	case errors.As(err, &named):
		return named.Reason()
	}
	return ReasonLogUnavailable
}

func (r *Runner) storage(ctx context.Context) control.Storage {
	var storage control.Storage
	if r.opts.Reserve != nil {
		if space, err := r.opts.Reserve.Space(); err == nil {
			storage.Capacity, storage.Free = space.Capacity, space.Free
		}
	}
	for p := range r.opts.Log.Partitions() {
		if bounds, err := r.opts.Log.Bounds(ctx, p); err == nil {
			storage.Log += bounds.Bytes
		}
	}
	return storage
}

const (
	// probeAfter is how long ago the last append may have succeeded before the disk itself is asked.
	probeAfter = 10 * time.Second
	// probeName is the file that is written over and synced to ask it. The log does not grow by it.
	probeName = "probe"
)

// probe tells whether what is written now becomes durable.
type probe struct {
	dir          string
	sinceSuccess func() time.Duration

	mu    sync.Mutex
	asked time.Time
	err   error
}

// ProbeDisk makes readiness ask the disk under dir, when no append has succeeded for a while. Call it before Run.
func (r *Runner) ProbeDisk(dir string, sinceSuccess func() time.Duration) {
	r.probe.dir, r.probe.sinceSuccess = dir, sinceSuccess
}

func (p *probe) check() error {
	if p.dir == "" || p.sinceSuccess() < probeAfter {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil || time.Since(p.asked) >= probeAfter {
		p.err = writeDurably(filepath.Join(p.dir, probeName))
		p.asked = time.Now()
	}
	return p.err
}

func writeDurably(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("nothing can be written durably: %w", err)
		}
	}()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600) //nolint:gosec // the data folder is the operator's choice
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(time.Now().UTC().Format(time.RFC3339Nano)+"\n"), 0)
	return errors.Join(err, f.Sync(), f.Close())
}
