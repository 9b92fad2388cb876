// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/record"
)

// BenchmarkFoldJourney folds what BenchmarkFoldMemoryOneFunnel and BenchmarkFoldPebbleOneFunnel do, with eight probes, and every type of
// events suggested.
func BenchmarkFoldJourney(b *testing.B) {
	j := definition.Journey{Funnel: webShop(false, 14*24*time.Hour), Suggest: true}
	for i := range 8 {
		p := definition.Probe{Kind: definition.ProbeBarrier, Name: fmt.Sprint("p", i), Stage: i % 3, Signs: []definition.Sign{{Event: "page.viewed"}}}
		switch i {
		case 1, 4:
			p.Signs[0].Where = "event.data.price > 100"
		case 2, 5:
			p.Signs[0].AbsentFor = 10 * time.Minute
		}
		j.Probes = append(j.Probes, p)
	}
	fold := func(b *testing.B, store engine.Store) *engine.Fold {
		b.Helper()
		form, version, err := j.Canonical()
		if err != nil {
			b.Fatal(err)
		}
		f := benchFold(b, store)
		steps(b, f,
			record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: journeyKey, Version: version, Definition: form}},
			record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: journeyKey, Version: version}})
		return f
	}
	b.Run("memory", func(b *testing.B) { run(b, fold(b, nil), 10_000, false) })
	b.Run("pebble", func(b *testing.B) { run(b, fold(b, benchStore(b)), 1_000_000, true) })
}
