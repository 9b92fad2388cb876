// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package operate

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"time"
)

func TestMissingPackages(t *testing.T) {
	tests := map[string]struct {
		absent []string
		want   []string
	}{
		"all there":                 {nil, nil},
		"two programs, one package": {[]string{"containerd", "ctr"}, []string{"containerd"}},
		"two packages, in order":    {[]string{"runc", "nft"}, []string{"nftables", "runc"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := missingPackages(func(program string) (string, error) {
				if slices.Contains(test.absent, program) {
					return "", fs.ErrNotExist
				}
				return program, nil
			})
			if !slices.Equal(got, test.want) {
				t.Errorf("missingPackages = %v, want %v", got, test.want)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	failure := errors.New("not yet")
	tests := map[string]struct {
		results []error
		want    error
		calls   int
	}{
		"success at once":      {[]error{nil}, nil, 1},
		"success at last":      {[]error{failure, nil}, nil, 2},
		"no hope is not tried": {[]error{hopeless{failure}, nil}, failure, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			err := await(time.Minute, func() error {
				calls++
				return test.results[calls-1]
			})
			if calls != test.calls || (err == nil) != (test.want == nil) {
				t.Errorf("await returned %v after %d calls, want %v after %d", err, calls, test.want, test.calls)
			}
		})
	}
	if err := await(0, func() error { return failure }); !errors.Is(err, failure) {
		t.Errorf("await whose time is up returned %v, want %v", err, failure)
	}
}
