// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/record"
)

// apply appends what differs between the definitions wanted and those in the log.
func (p *partition) apply(ctx context.Context, wanted control.Definitions) (kept []control.Definition, err error) {
	found := []control.Definition{}
	err = p.do(ctx, func(l *life, done func(error)) {
		if l == nil {
			done(p.unavailable())
			return
		}
		err := l.apply(ctx, wanted)
		if err == nil {
			found = l.kept(wanted)
		}
		done(err)
	})
	if err != nil {
		return nil, err // found may still be written to
	}
	return found, nil
}

// kept gives what is in force under the keys to be kept.
func (l *life) kept(wanted control.Definitions) []control.Definition {
	keys := map[string]bool{}
	for i := range wanted.Definitions {
		keys[wanted.Definitions[i].Key] = wanted.Definitions[i].Keep()
	}
	var kept []control.Definition
	for _, d := range l.folded.Definitions() {
		if keys[d.Key] && d.Active != "" {
			kept = append(kept, control.Definition{
				Key: d.Key, Version: d.Active, UID: d.UID, Generation: d.Generation, Source: d.Source, Standing: d.Standing,
			})
		}
	}
	return kept
}

func (l *life) apply(ctx context.Context, wanted control.Definitions) error {
	if l.definitions == nil {
		if !l.caughtUp() {
			return errCatchingUp(l)
		}
		l.definitions, l.term = map[string]engine.Defined{}, l.folded.Term()
		for _, d := range l.folded.Definitions() {
			l.definitions[d.Key] = d
		}
	}
	if wanted.Leader < l.term {
		return olderLeader(wanted.Leader, l.term)
	}
	records := difference(l.definitions, wanted)
	if len(records) > 0 {
		if err := l.catchUpClock(ctx); err != nil {
			return fmt.Errorf("%w: partition %d: %w", control.ErrUnavailable, l.number, err)
		}
	}
	if wanted.Leader > l.term { // so that an earlier one is refused by whoever owns the partition next, too
		records = slices.Insert(records, 0, record.Record{Kind: record.Term, Term: record.TermRecord{Leader: wanted.Leader}})
	}
	for _, r := range records {
		if err := l.appendDefinition(ctx, &r); err != nil {
			l.definitions = nil // the log may have the record nevertheless; the fold will tell
			return fmt.Errorf("%w: partition %d: %w", control.ErrUnavailable, l.number, err)
		}
		l.noteDefinition(&r)
	}
	return nil
}

func (l *life) appendDefinition(ctx context.Context, r *record.Record) error {
	appended, err := l.append(ctx, r)
	if err == nil && !appended {
		err = errors.New("the log takes no records now")
	}
	return err
}

func olderLeader(term, seen uint64) error {
	return fmt.Errorf("%w: term %d, seen %d", control.ErrOlderLeader, term, seen)
}

func (l *life) noteDefinition(r *record.Record) {
	switch r.Kind {
	case record.Term:
		l.term = r.Term.Leader
	case record.Remove:
		l.logger.Info("definition withdrawn", "definition", r.Remove.Key, "offset", l.owner.last)
		delete(l.definitions, r.Remove.Key)
	case record.Apply:
		a := &r.Apply
		l.logger.Info("definition applied", "definition", a.Key, "version", a.Version, "offset", l.owner.last)
		standing := a.Standing
		if len(standing) == 0 {
			standing = l.definitions[a.Key].Standing
		}
		l.definitions[a.Key] = engine.Defined{Key: a.Key, Version: a.Version, UID: a.UID, Generation: a.Generation, Standing: standing}
	case record.Standing:
		told := l.definitions[r.Standing.Key]
		told.Standing = r.Standing.Standing
		l.definitions[r.Standing.Key] = told
		l.logger.Info("standing changed", "definition", r.Standing.Key, "offset", l.owner.last)
	}
}

// difference gives the records that lead from what the log has to what is wanted, in the order of the keys.
func difference(have map[string]engine.Defined, wanted control.Definitions) []record.Record {
	records := []record.Record{}
	named := map[string]bool{}
	for i := range wanted.Definitions {
		d := &wanted.Definitions[i]
		named[d.Key] = true
		if r, differs := change(have, d, wanted.Leader); differs {
			records = append(records, r)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if !named[key] {
			records = append(records, record.Record{Kind: record.Remove, Remove: record.RemoveRecord{
				Key: key, UID: have[key].UID, Generation: have[key].Generation, Leader: wanted.Leader,
			}})
		}
	}
	return records
}

// change gives the record that makes one definition what is wanted. A standing comes with its version; alone, when it alone differs, also for
// a version that is kept: a scenario whose latest spec is invalid can be suspended all the same.
func change(have map[string]engine.Defined, d *control.Definition, leader uint64) (r record.Record, differs bool) {
	has, found := have[d.Key]
	if !d.Keep() && has.Version != d.Version {
		return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{
			Key: d.Key, Version: d.Version, UID: d.UID, Generation: d.Generation, Leader: leader, Definition: d.Meaning, Source: d.Source,
			Standing: d.Standing,
		}}, true
	}
	if found && len(d.Standing) > 0 && !bytes.Equal(d.Standing, has.Standing) {
		return record.Record{Kind: record.Standing, Standing: record.StandingRecord{Key: d.Key, Standing: d.Standing, Leader: leader}}, true
	}
	return record.Record{}, false
}
