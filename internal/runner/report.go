// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
)

// reportPatience bounds how long a report waits for a partition's clock to reach it.
const reportPatience = 2 * time.Second

// pendingReport is a report that waits until its numbers hold at an instant.
type pendingReport struct {
	asOf  event.Time
	since time.Time
	into  *aggregate.Partition
	done  func(error)
}

// Report gives the numbers of all partitions for one instant, now, and what keeps partitions from having any.
func (r *Runner) Report(ctx context.Context) (control.Report, error) {
	report := control.Report{
		Engine: engine.Version, TimeZoneData: r.opts.TimeZoneData,
		Ingest: r.Ingest(), Storage: r.storage(ctx), Partitions: []aggregate.Partition{},
	}
	asOf := r.clock.believed()
	parts := make([]aggregate.Partition, len(r.partitions))
	errs := make([]error, len(r.partitions))
	var calls sync.WaitGroup
	for i, p := range r.partitions {
		calls.Go(func() { errs[i] = p.report(ctx, asOf, &parts[i]) })
	}
	calls.Wait()
	for i, p := range r.partitions {
		if errs[i] == nil {
			report.Partitions = append(report.Partitions, parts[i])
			continue
		}
		fault := control.Fault{Partition: p.number, Reason: ReasonCatchingUp, Message: errs[i].Error()}
		if f := p.fault.Load(); f != nil {
			fault.Reason, fault.Message = f.reason, f.Error()
		}
		report.Faults = append(report.Faults, fault)
	}
	report.Channels, report.DeliveryVersion = r.sender.Report()
	report.AsOf = int64(commonInstant(report.Partitions, asOf))
	return report, nil
}

// commonInstant gives the instant nearest to the one wanted at which all partitions' numbers hold. When there is none, it is the latest clock.
func commonInstant(parts []aggregate.Partition, wanted event.Time) event.Time {
	earliest, latest := event.Time(0), wanted
	for _, p := range parts {
		earliest = max(earliest, p.Clock)
		if p.NextDue != 0 {
			latest = min(latest, p.NextDue-1)
		}
	}
	return max(earliest, latest)
}

// report fills in the partition's numbers as they hold at asOf.
func (p *partition) report(ctx context.Context, asOf event.Time, into *aggregate.Partition) error {
	return p.do(ctx, func(l *life, done func(error)) {
		if l == nil {
			done(p.unavailable())
			return
		}
		l.reports = append(l.reports, &pendingReport{asOf: asOf, since: time.Now(), into: into, done: done})
		l.answerReports(ctx)
	})
}

// answerReports answers the reports whose instant the fold has reached, and moves the clock for the others.
func (l *life) answerReports(ctx context.Context) {
	waiting := l.reports[:0]
	for _, r := range l.reports {
		if !l.answerReport(ctx, r) {
			waiting = append(waiting, r)
		}
	}
	clear(l.reports[len(waiting):])
	l.reports = waiting
}

func (l *life) answerReport(ctx context.Context, r *pendingReport) (answered bool) {
	patient := time.Since(r.since) < reportPatience
	if !l.caughtUp() {
		if !patient {
			r.done(errCatchingUp(l))
		}
		return !patient
	}
	due, err := l.folded.NextDue()
	if err == nil && due != 0 && due <= r.asOf && patient {
		_ = l.tickIfDue(ctx) // what is wrong with the owner shows at its next upkeep
		if !l.caughtUp() {
			return false
		}
	}
	if err == nil {
		*r.into, err = l.folded.Report()
	}
	if err == nil {
		l.opts.Metrics.reported(r.into)
		l.hear(r.into)
	}
	r.done(err)
	return true
}
