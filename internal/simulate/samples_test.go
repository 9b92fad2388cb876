// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/simulate"
)

// TestSamplesCountWhatTheyAreFor holds the numbers of every sample over a few events, which testdata/samples has by the sample's name.
// Each was counted by hand once.
func TestSamplesCountWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Glob("../../config/samples/*/funnel.yaml")
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples are found: %v", err)
	}
	for _, sample := range samples {
		folder := filepath.Dir(sample)
		name := filepath.Base(folder)
		if stories[name] != nil {
			continue // see TestSampleScenariosBringWhatTheyAreFor
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := simulate.Run(t.Context(), simulate.Options{
				Manifests: []string{filepath.Join(folder, "workspace.yaml"), filepath.Join(folder, "eventfeed.yaml"), filepath.Join(folder, "funnel.yaml")},
				Events:    []string{filepath.Join("testdata", "samples", name+".jsonl")},
				Namespace: "default",
				Until:     time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
			})
			if err != nil {
				t.Fatal(err)
			}
			status := funnelOf(t, result).Status
			if s := status.Summary; s.Entered == nil || *s.Entered == 0 || s.Converted == nil || *s.Converted == 0 {
				t.Errorf("the sample counts nobody: %+v", s)
			}
			var got bytes.Buffer
			if err := result.Print(&got, "yaml"); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, filepath.Join("samples", name+".yaml"), got.String())
		})
	}
}
