// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"strings"
	"testing"
	"time"

	waymark "github.com/waymark-dev/waymark/api/v1alpha1"
)

func TestDurationParse(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"1s":                        time.Second,
		"90s":                       90 * time.Second,
		"1h30m":                     90 * time.Minute,
		"14d":                       14 * day,
		"2w3d":                      17 * day,
		"1w1d1h1m1s":                8*day + time.Hour + time.Minute + time.Second,
		"9999w9999d9999h9999m9999s": 79992*day + 9999*(time.Hour+time.Minute+time.Second),
	} {
		got, err := waymark.Duration(text).Parse()
		if err != nil || got != want {
			t.Errorf("Duration(%q).Parse() = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestDurationParseRefuses(t *testing.T) {
	for _, text := range []string{"", "0s", "1", "h", "1h0m", "30m1h", "1.5h", "-1h", "1h 30m", "1H", "10000w", "1ms", "1y", "１h"} {
		got, err := waymark.Duration(text).Parse()
		if err == nil {
			t.Errorf("Duration(%q).Parse() = %v; want an error", text, got)
		} else if !strings.Contains(err.Error(), "such as 1h30m or 14d") {
			t.Errorf("Duration(%q).Parse(): %v; want an error that says what to write", text, err)
		}
	}
}

func TestPercentBasisPoints(t *testing.T) {
	for text, want := range map[string]int32{
		"0%": 0, "0.01%": 1, "2.5%": 250, "2.50%": 250, "10%": 1000, "99.99%": 9999, "100%": 10000, "100.00%": 10000,
	} {
		got, err := waymark.Percent(text).BasisPoints()
		if err != nil || got != want {
			t.Errorf("Percent(%q).BasisPoints() = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestPercentBasisPointsRefuses(t *testing.T) {
	for _, text := range []string{"", "%", "10", "100.01%", "101%", "-1%", "01%", ".5%", "1.%", "1.234%", "1,5%", "10 %"} {
		got, err := waymark.Percent(text).BasisPoints()
		if err == nil {
			t.Errorf("Percent(%q).BasisPoints() = %d; want an error", text, got)
		} else if !strings.Contains(err.Error(), "such as 10% or 2.5%") {
			t.Errorf("Percent(%q).BasisPoints(): %v; want an error that says what to write", text, err)
		}
	}
}

func TestDateParse(t *testing.T) {
	got, err := waymark.Date("2028-02-29").Parse()
	if want := time.Date(2028, time.February, 29, 0, 0, 0, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("Parse() = %v, %v; want %v", got, err, want)
	}
	for _, text := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "31.10.2026", "2026-10-31T00:00:00Z"} {
		got, err := waymark.Date(text).Parse()
		if err == nil {
			t.Errorf("Date(%q).Parse() = %v; want an error", text, got)
		} else if !strings.Contains(err.Error(), "such as 2026-10-31") {
			t.Errorf("Date(%q).Parse(): %v; want an error that says what to write", text, err)
		}
	}
}
