// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package machine

import (
	"slices"
	"testing"
)

func TestDifference(t *testing.T) {
	tests := map[string]struct {
		before, after, want []string
	}{
		"nothing changed": {[]string{"link lo"}, []string{"link lo"}, nil},
		"something was left behind": {
			[]string{"link lo"}, []string{"link lo", "mount /x"}, []string{"+ mount /x"},
		},
		"something was taken away": {[]string{"link eth0", "link lo"}, []string{"link lo"}, []string{"- link eth0"}},
		"a setting was changed": {
			[]string{"setting a = 0"}, []string{"setting a = 1"}, []string{"- setting a = 0", "+ setting a = 1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Difference(test.before, test.after); !slices.Equal(got, test.want) {
				t.Errorf("Difference = %q, want %q", got, test.want)
			}
		})
	}
}

func TestDescribeSeesTheMachine(t *testing.T) {
	facts, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"link lo", "mount /proc"} {
		if !slices.Contains(facts, want) {
			t.Errorf("Describe lacks %q", want)
		}
	}
}
