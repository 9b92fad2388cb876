// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/record"
)

// apply appends what differs between the definitions wanted and those in the log.
func (p *partition) apply(ctx context.Context, wanted control.Definitions) error {
	return p.do(ctx, func(l *life, done func(error)) {
		if l == nil {
			done(p.unavailable())
			return
		}
		done(l.apply(ctx, wanted))
	})
}

func (l *life) apply(ctx context.Context, wanted control.Definitions) error {
	if !l.caughtUp() && l.definitions == nil {
		return errCatchingUp(l)
	}
	if l.definitions == nil {
		folded, err := l.folded.Report()
		if err != nil {
			return err
		}
		l.definitions = versions(folded.Funnels)
	}
	for _, r := range difference(l.definitions, wanted) {
		appended, err := l.append(ctx, &r)
		if err != nil {
			return fmt.Errorf("%w: partition %d: %w", control.ErrUnavailable, l.number, err)
		}
		if !appended {
			return fmt.Errorf("%w: partition %d: the log takes no records now", control.ErrUnavailable, l.number)
		}
		l.noteDefinition(&r)
	}
	return nil
}

// versions are those that the fold has, computed or not.
func versions(folded map[string]aggregate.Definition) map[string]string {
	latest := map[string]string{}
	for key, d := range folded {
		latest[key] = d.Active
		if d.Pending != "" {
			latest[key] = d.Pending
		}
	}
	return latest
}

func (l *life) noteDefinition(r *record.Record) {
	if r.Kind == record.Remove {
		l.logger.Info("definition withdrawn", "definition", r.Remove.Key, "offset", l.owner.last)
		delete(l.definitions, r.Remove.Key)
		return
	}
	l.logger.Info("definition applied", "definition", r.Apply.Key, "version", r.Apply.Version, "offset", l.owner.last)
	l.definitions[r.Apply.Key] = r.Apply.Version
}

// difference gives the records that lead from the versions in the log to those wanted, in the order of their keys.
func difference(have map[string]string, wanted control.Definitions) []record.Record {
	records := []record.Record{}
	named := map[string]bool{}
	for _, d := range wanted.Definitions {
		named[d.Key] = true
		if d.Keep() || have[d.Key] == d.Version {
			continue
		}
		records = append(records, record.Record{Kind: record.Apply, Apply: record.ApplyRecord{
			Key: d.Key, Version: d.Version, UID: d.UID, Generation: d.Generation, Leader: wanted.Leader, Definition: d.Meaning,
		}})
	}
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if !named[key] {
			records = append(records, record.Record{Kind: record.Remove, Remove: record.VersionRecord{Key: key}})
		}
	}
	return records
}
