// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package runner owns partitions of the event log: it folds each of them, keeps its state on disk, moves its clock, computes
// definitions from the retained log, forgets what is too old, and tells the operator the numbers.
//
// One goroutine folds one partition (partition.go); everything that touches its fold runs there.
package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/sender"
)

// State is the store of one partition's fold.
type State interface {
	engine.Store
	// Sync returns once all that was written before is durable. It is called while the store is read and written.
	Sync() error
	// Close releases the store.
	Close() error
}

// Retention says what a workspace's log keeps.
type Retention struct {
	// Age is how long entries are kept; 0 keeps all.
	Age time.Duration
	// MaxBytes bounds the log of all partitions together; each has an equal share. 0 is unbounded.
	MaxBytes uint64
}

// Options are what a Runner works with.
type Options struct {
	// Log is the workspace's event log. Required.
	Log eventlog.Log
	// Partitions are those this runner owns, ascending. Nil owns all.
	Partitions []int
	// OpenState opens the store of a partition's state, or makes an empty one. Required.
	OpenState func(partition int) (State, error)
	// NewCompiler makes a compiler of definitions. Each partition has its own, as programs of one compiler may share memory. Required.
	NewCompiler func() engine.Compiler
	// TimeZoneData is the version of the time zone rules that programs cut days by.
	TimeZoneData string
	// CacheBytes is how much memory each partition's fold may keep state in besides what is to be written. 0 is 32 MiB.
	CacheBytes int
	// Clock defaults to the machine's.
	Clock Clock
	// Reserve guards the data volume. Nil guards nothing.
	Reserve *eventlog.Reserve
	// Retention says what the log keeps.
	Retention Retention
	// Logger defaults to slog's default. No record holds anything of an event.
	Logger *slog.Logger
	// Metrics are told what happens; nil tells nobody.
	Metrics *Metrics
	// NewSender makes what sends messages, for the partitions owned; now is the time that the runner believes. Nil: nothing is sent.
	NewSender func(owned []int, now func() event.Time) *sender.Sender
}

// Runner runs the partitions that it owns.
type Runner struct {
	opts       Options
	clock      *watchedClock
	partitions []*partition
	sender     *sender.Sender // nil sends nothing
	probe      probe

	applying sync.Mutex // one set of definitions at a time
	// leader and call are of the last set taken.
	leader, call uint64
}

// New makes a runner; Run runs it.
func New(opts Options) (*Runner, error) {
	switch {
	case opts.Log == nil:
		return nil, errors.New("make a runner: Options.Log is missing")
	case opts.OpenState == nil:
		return nil, errors.New("make a runner: Options.OpenState is missing")
	case opts.NewCompiler == nil:
		return nil, errors.New("make a runner: Options.NewCompiler is missing")
	}
	if opts.Partitions == nil {
		for p := range opts.Log.Partitions() {
			opts.Partitions = append(opts.Partitions, p)
		}
	}
	if opts.Clock == nil {
		opts.Clock = SystemClock{}
	}
	if opts.CacheBytes == 0 {
		opts.CacheBytes = 32 << 20
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Metrics == nil {
		opts.Metrics = NewMetrics()
	}
	r := &Runner{opts: opts, clock: newWatchedClock(opts.Clock)}
	if opts.NewSender != nil {
		r.sender = opts.NewSender(opts.Partitions, r.clock.believed)
	}
	for _, p := range opts.Partitions {
		if p < 0 || p >= opts.Log.Partitions() {
			return nil, fmt.Errorf("make a runner: partition %d is not in the log, which has %d", p, opts.Log.Partitions())
		}
		r.partitions = append(r.partitions, newPartition(p, &r.opts, r.clock, r.sender.Desk(p)))
	}
	return r, nil
}

// Owned gives the partitions that belong to one of several replicas: partition p belongs to replica p mod replicas.
func Owned(partitions, replica, replicas int) []int {
	owned := []int{}
	for p := range partitions {
		if p%replicas == replica {
			owned = append(owned, p)
		}
	}
	return owned
}

// Run folds until the context ends. Then it lets the sender finish, commits what was folded and returns. What goes wrong in a partition is
// reported and tried again.
func (r *Runner) Run(ctx context.Context) {
	folding, stopFolding := context.WithCancel(context.WithoutCancel(ctx))
	defer stopFolding()
	var running sync.WaitGroup
	for _, p := range r.partitions {
		running.Go(func() { p.run(folding) })
	}
	running.Go(func() { r.watchClock(folding) })
	if r.sender != nil {
		r.sender.Run(ctx)
	}
	<-ctx.Done()
	stopFolding()
	running.Wait()
}

// Sender gives what sends; nil when nothing does.
func (r *Runner) Sender() *sender.Sender { return r.sender }

func (r *Runner) watchClock(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	suspect := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		_, err := r.clock.now()
		if err != nil && !suspect {
			r.opts.Logger.Error("time stands still", "reason", err.Error())
		} else if err == nil && suspect {
			r.opts.Logger.Info("time goes on")
		}
		suspect = err != nil
	}
}

// Admit says whether events may be appended now: nil, or an error that passes and says so to the sender.
func (r *Runner) Admit() error {
	if r.opts.Reserve != nil {
		if err := r.opts.Reserve.Check(); err != nil {
			return err
		}
	}
	for _, p := range r.partitions {
		if fault := p.fault.Load(); fault != nil && fault.stopsIngest {
			return fault
		}
	}
	_, err := r.clock.now()
	return err
}

// scarce returns an error while so little space is left that nothing should be written.
func (o *Options) scarce() error {
	if o.Reserve == nil {
		return nil
	}
	return o.Reserve.CheckScarce()
}

// Apply makes definitions the whole set that runs: see control.Plane.
func (r *Runner) Apply(ctx context.Context, wanted control.Definitions) (control.Applied, error) {
	r.applying.Lock()
	defer r.applying.Unlock()
	switch {
	case wanted.Leader < r.leader:
		return control.Applied{}, olderLeader(wanted.Leader, r.leader)
	case wanted.Leader == r.leader && wanted.Call < r.call:
		return control.Applied{}, fmt.Errorf("%w: call %d, seen %d", control.ErrOlderCall, wanted.Call, r.call)
	}
	r.leader, r.call = wanted.Leader, wanted.Call
	wanted, applied := r.compilable(wanted)
	errs, kept := make([]error, len(r.partitions)), make([][]control.Definition, len(r.partitions))
	var calls sync.WaitGroup
	for i, p := range r.partitions {
		calls.Go(func() { kept[i], errs[i] = p.apply(ctx, wanted) })
	}
	calls.Wait()
	if len(kept) > 0 {
		applied.Kept = kept[0] // no two partitions are asked to run different versions
	}
	return applied, errors.Join(errs...)
}

// compilable keeps what runs under the key of a definition that this program cannot compile.
func (r *Runner) compilable(wanted control.Definitions) (control.Definitions, control.Applied) {
	var applied control.Applied
	compile := r.opts.NewCompiler()
	wanted.Definitions = slices.Clone(wanted.Definitions)
	for i := range wanted.Definitions {
		d := &wanted.Definitions[i]
		if d.Keep() {
			continue
		}
		if err := compiles(compile, d.Key, d.Meaning); err != nil {
			applied.Refused = append(applied.Refused, control.Refusal{Key: d.Key, Version: d.Version, Message: err.Error()})
			d.Meaning = nil
		}
	}
	return wanted, applied
}

// compiles says what is wrong with a meaning.
func compiles(compile engine.Compiler, key string, meaning json.RawMessage) (err error) {
	var of definition.Compiler
	kind, _, _, _ := definition.SplitKey(key)
	switch kind {
	case definition.KindScenario:
		_, err = of.CompileScenario(meaning)
	case definition.KindChannel:
		_, err = of.CompileChannel(meaning)
	case definition.KindPolicy:
		_, err = of.CompilePolicy(meaning)
	default:
		_, err = compile(key, meaning)
		return err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

var _ control.Plane = (*Runner)(nil)

// Now is the time that the runner believes.
func (r *Runner) Now() event.Time { return r.clock.believed() }
