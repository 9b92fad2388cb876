// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// Whatever commit a fold goes on from, folding the rest of the log leads to the same state, and to signals of the same ids.
func TestEveryCheckpointLeadsToTheSameState(t *testing.T) {
	t.Parallel()
	for name, draw := range logs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { checkpointsLeadToTheSame(t, draw(t)) })
		})
	}
}

// logs draw logs of all that there is.
func logs() map[string]func(*rapid.T) []record.Record {
	return map[string]func(*rapid.T) []record.Record{"funnels": aLog, "journeys": aJourneyLog, "scenarios": aStory}
}

func checkpointsLeadToTheSame(t *rapid.T, log []record.Record) {
	once := state.NewMemory()
	whole := player{t: t, log: log, open: opener(t, once, 1<<30), interrupt: func(*player) {}}
	whole.play()
	want := contents(t, once)

	store := state.NewMemory()
	var checkpoints []*state.Memory
	live := player{t: t, log: log, open: opener(t, store, 1), interrupt: func(p *player) {
		if err := p.fold.Commit(true); err != nil {
			t.Fatal(err)
		}
		checkpoints = append(checkpoints, restored(t, contents(t, store)))
	}}
	live.play()

	for _, at := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(checkpoints)-1), 1, min(8, len(checkpoints)), rapid.ID[int]).Draw(t, "checkpoints") {
		from := player{t: t, log: log, open: opener(t, checkpoints[at], 1), interrupt: func(*player) {}}
		from.play()
		if diff := cmp.Diff(want, contents(t, checkpoints[at])); diff != "" {
			t.Fatalf("from checkpoint %d of %d the state differs (-one pass +from there):\n%s", at, len(checkpoints), diff)
		}
		if diff := cmp.Diff(whole.fold.Signals(), from.fold.Signals()); diff != "" {
			t.Fatalf("from checkpoint %d of %d the signals differ (-one pass +from there):\n%s", at, len(checkpoints), diff)
		}
	}
}

// restored gives a store with what another one held.
func restored(t *rapid.T, held map[string]string) *state.Memory {
	store := state.NewMemory()
	err := store.Write(true, func(w engine.Writer) error {
		for key, value := range held {
			if err := w.Set([]byte(key), []byte(value)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}
