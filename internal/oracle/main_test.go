// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain lets every property try thousands of cases unless -rapid.checks says another number. The cases are the same in each run, so that
// a failure is of what was changed and not of luck; -rapid.seed explores others.
func TestMain(m *testing.M) {
	flag.Parse()
	defaults := map[string]string{"rapid.checks": "1500", "rapid.seed": "20261122"}
	if testing.Short() {
		defaults["rapid.checks"] = "300"
	}
	flag.Visit(func(f *flag.Flag) { delete(defaults, f.Name) })
	for name, value := range defaults {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}
