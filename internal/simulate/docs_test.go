// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"os"
	"strings"
	"testing"
)

func TestDocumentationShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page := read("../../docs/simulate.md")
	_, dan, _ := strings.Cut(read("testdata/nurture/paths.txt"), "== dan\n")
	dan, _, _ = strings.Cut(dan, "== eve")
	for name, want := range map[string]string{
		"a path":       dan,
		"a difference": read("compare/testdata/another-time.txt"),
	} {
		if want == "" || !strings.Contains(page, "```\n"+want+"```") {
			t.Errorf("the page does not show %s as it is printed:\n%s", name, want)
		}
	}
}
