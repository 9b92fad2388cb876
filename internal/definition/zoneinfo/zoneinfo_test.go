// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package zoneinfo

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	zone, err := Load("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	if got := time.Date(2026, 7, 1, 0, 0, 0, 0, zone).UTC().Hour(); got != 4 {
		t.Errorf("midnight in New York in July is %d:00 UTC, want 4:00", got)
	}
	if utc, err := Load(""); err != nil || utc != time.UTC {
		t.Errorf("no name gives %v and error %v, want UTC", utc, err)
	}
	for _, name := range []string{"Europe/Moskow", "Europe", "Europe/", "../etc/passwd", "Local"} {
		if _, err := Load(name); err == nil {
			t.Errorf("zone %q was found", name)
		}
	}
}

func TestVersionNamesTheRules(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256(archive)
	if got, want := hex.EncodeToString(sum[:]), "8f55634d05f8bca1f7bc7c69c5933428c69357e0bdf565e5ba224e3f88ff12e8"; got != want || Version != "2025c" {
		t.Errorf("checksum of the rules is %s: change Version together with the rules and this test", got)
	}
}
