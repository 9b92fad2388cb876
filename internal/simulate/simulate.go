// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package simulate answers without a cluster what the status of Funnels, NurtureScenarios, Segments and Journeys would be, given their
// manifests and files of events, and what scenarios would send to whom. It folds with the code that runs in a cluster, so that the numbers are the same. Nothing is
// sent.
package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/simulate/eventfile"
	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

// Progress is told how far a simulation is. Its methods may be called from several goroutines.
type Progress interface {
	// Start begins a phase that consists of so many steps; -1 when that is not known.
	Start(phase string, steps int64)
	// Add says that n more steps are done.
	Add(n int)
	// Finish ends the last phase.
	Finish()
}

// Options say what to simulate.
type Options struct {
	// Manifests are files and directories of manifests; "-" is standard input.
	Manifests []string
	// Events are files of events; "-" is standard input.
	Events []string
	// Feed names the EventFeed that events pass through, as name or namespace/name. It may be empty while there is at most one.
	Feed string
	// Namespace is that of resources that name none.
	Namespace string
	// Until is the instant as of which the numbers are; zero is the time of the last event. Later events do not count.
	Until time.Time
	// Answers is a file of what webhooks answer, as JSON Lines; empty: they take every call and say nothing.
	Answers string
	// Sends is given every message, call and task that scenarios would have sent, as JSON Lines in the order of time; nil: nobody is.
	Sends io.Writer
	// Message is told of each of them, too; nil: nobody is. An error ends the simulation.
	Message func(*Message) error
	// Untracked leaves the tracking of clicks and opens out of messages, so that it can be told where their links lead.
	Untracked bool
	// Trace names a contact whose path through the scenarios Result.Path is to hold; empty: nobody's.
	Trace string
	// Stdin is what "-" reads.
	Stdin io.Reader
	// Progress may be nil.
	Progress Progress
	// Notice is told, in one line, of what was left out. It may be nil.
	Notice func(string)

	// seen is told all that happens in scenarios; nil: nobody.
	seen    func(*sight) error
	answers *answers
}

// Result is what the resources would be.
type Result struct {
	// Resources are those of the manifests, in their order, with their status.
	Resources []*unstructured.Unstructured
	// AsOf is the instant that the numbers hold for.
	AsOf time.Time
	// Path is that of the contact named by Options.Trace, in the order of time.
	Path []PathStep
}

// Run simulates. The error says what is wrong with the manifests or the files, with the line and the field, or that there is
// nothing to count.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Progress == nil {
		o.Progress = silence{}
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	resources, p, through, err := o.readManifests(ctx)
	if err != nil {
		return nil, err
	}
	var until event.Time
	if !o.Until.IsZero() {
		until = event.At(o.Until)
	}
	in := newIntake(p, through, until)
	if err := o.readEvents(ctx, in); err != nil {
		return nil, err
	}
	if err := o.readAnswers(); err != nil {
		return nil, err
	}
	asOf := until
	if asOf == 0 {
		asOf = in.last
	}
	if asOf == 0 {
		return nil, errors.New("the files hold no events, so there is no last event to stop at: give the instant with --until")
	}
	if in.after > 0 {
		o.Notice(fmt.Sprintf("%d events after %s were left out", in.after, o.Until.Format(time.RFC3339)))
	}
	if err := p.cut(ctx, in, asOf); err != nil {
		return nil, err
	}
	tracer := o.observe(p)
	reports, err := o.fold(ctx, p, in, asOf)
	if err != nil {
		return nil, err
	}
	statuses, err := statusesOf(p, reports, asOf)
	if err != nil {
		return nil, err
	}
	result := &Result{AsOf: asOf.UTC()}
	if tracer != nil {
		result.Path = tracer.path
	}
	for _, r := range resources {
		status := statuses[nameOf(r.Object)]
		if status == nil {
			continue // a ConfigMap
		}
		r.Object.Object["status"] = status
		result.Resources = append(result.Resources, r.Object)
	}
	return result, nil
}

func (o *Options) readManifests(ctx context.Context) ([]manifest.Resource, *plan, *feed, error) {
	reader := manifest.Reader{Namespace: o.Namespace, Stdin: o.Stdin, Skipped: func(origin manifest.Origin) {
		o.Notice(origin.String() + " is none of Waymark's resources and was passed over")
	}}
	resources, err := reader.Read(ctx, o.Manifests)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := newPlan(resources)
	if err != nil {
		return nil, nil, nil, err
	}
	through, err := p.feedNamed(o.Feed)
	return resources, p, through, err
}

// readEvents reads all files, one after the other.
func (o *Options) readEvents(ctx context.Context, in *intake) error {
	o.Progress.Start("reading events", o.totalBytes())
	defer o.Progress.Finish()
	for _, name := range o.Events {
		if err := o.readFile(ctx, name, in); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) readFile(ctx context.Context, name string, in *intake) error {
	source := o.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		source = f
	}
	counted := &countedReader{ctx: ctx, source: source, progress: o.Progress}
	return eventfile.Read(name, counted, func(line int, m *definition.Message) error { return in.take(name, line, m) })
}

func (o *Options) readAnswers() error {
	if o.Answers == "" {
		return nil
	}
	f, err := os.Open(o.Answers)
	if err != nil {
		return fmt.Errorf("read answers: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	o.answers, err = readAnswers(o.Answers, f)
	return err
}

// observe lets all see what happens that are to see it, and gives the one who traces a contact; nil when nobody does.
func (o *Options) observe(p *plan) *tracer {
	var watchers []func(*sight) error
	if o.seen != nil {
		watchers = append(watchers, o.seen)
	}
	if o.Sends != nil {
		encoder := json.NewEncoder(o.Sends)
		encoder.SetEscapeHTML(false)
		watchers = append(watchers, func(s *sight) error {
			if s.message == nil {
				return nil
			}
			if err := encoder.Encode(s.message); err != nil {
				return fmt.Errorf("write a message: %w", err)
			}
			return nil
		})
	}
	if o.Message != nil {
		watchers = append(watchers, func(s *sight) error {
			if s.message == nil {
				return nil
			}
			return o.Message(s.message)
		})
	}
	var traced *tracer
	if o.Trace != "" {
		traced = newTracer(p, o.Trace)
		watchers = append(watchers, traced.see)
	}
	if len(watchers) > 0 {
		o.seen = func(s *sight) error {
			for _, watch := range watchers {
				if err := watch(s); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return traced
}

// totalBytes is the size of all files, or -1 if one does not tell it.
func (o *Options) totalBytes() int64 {
	var total int64
	for _, name := range o.Events {
		info, err := os.Stat(name)
		if name == "-" || err != nil || !info.Mode().IsRegular() {
			return -1
		}
		total += info.Size()
	}
	return total
}

// fold gives the reports of each workspace's partitions.
func (o *Options) fold(ctx context.Context, p *plan, in *intake, asOf event.Time) (map[*workspace][]aggregate.Partition, error) {
	reports := map[*workspace][]aggregate.Partition{}
	var total int64
	for _, w := range p.workspaces {
		if w.counts() {
			total += in.events
		}
	}
	o.Progress.Start("counting", total)
	defer o.Progress.Finish()
	for _, w := range p.workspaces {
		if !w.counts() {
			continue
		}
		var err error
		if len(w.scenarios) > 0 {
			if reports[w], err = o.play(ctx, w, in, asOf); err != nil {
				return nil, err
			}
			continue
		}
		if reports[w], err = fold(ctx, w, in.timelines[w.partitions()], asOf, in.joins, o.Progress.Add); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// countedReader tells the progress what is read, and stops when the simulation is to stop.
type countedReader struct {
	ctx      context.Context
	source   io.Reader
	progress Progress
}

// Read implements io.Reader.
func (r *countedReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.source.Read(p)
	r.progress.Add(n)
	return n, err
}

// silence is the progress that nobody looks at.
type silence struct{}

func (silence) Start(string, int64) {}
func (silence) Add(int)             {}
func (silence) Finish()             {}
