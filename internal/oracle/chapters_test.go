// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// The chapters of the page, in their order. The first is about funnels.
const (
	scenarioChapter = "\n# What scenarios do\n"
	segmentChapter  = "\n# What a segment is\n"
	journeyChapter  = "\n# What a journey knows\n"
)

// chapter gives the text between two headings; the empty one is the beginning, or the end, of the page.
func chapter(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	rest := string(text)
	if from != "" {
		found := false
		if _, rest, found = strings.Cut(rest, from); !found {
			t.Fatalf("the page has no chapter %q", from)
		}
	}
	if to != "" {
		rest, _, _ = strings.Cut(rest, to)
	}
	return rest
}

// examplesOf reads a chapter: the first block is what the examples change.
func examplesOf[T any](t *testing.T, text string) (base map[string]any, examples []T) {
	t.Helper()
	for i, block := range blocks(t, text) {
		if i == 0 {
			if err := yaml.Unmarshal([]byte(block), &base); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var x T
		if err := yaml.UnmarshalStrict([]byte(block), &x); err != nil {
			t.Fatalf("%v in:\n%s", err, block)
		}
		examples = append(examples, x)
	}
	if len(examples) == 0 {
		t.Fatal("the chapter has no examples")
	}
	return base, examples
}
