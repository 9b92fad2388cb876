// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// atTheirStart gives the file of the data set with every event at the first instant of its session. The generator scrambled the order within
// sessions: errors come after the purchases that they prevented. Taken at one instant, they are in the order that fits, and what happened in a
// session is all that is known of it.
func atTheirStart(t *testing.T) string {
	t.Helper()
	f, err := os.Open(filepath.Join(testData, "ecom.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	session, at := slices.Index(rows[0], "session_id"), slices.Index(rows[0], "timestamp")
	first := map[string]string{}
	for _, row := range rows[1:] {
		if begins, known := first[row[session]]; !known || row[at] < begins {
			first[row[session]] = row[at]
		}
	}
	for _, row := range rows[1:] {
		row[at] = first[row[session]]
	}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sessions.csv")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func journeysOf(t *testing.T, result *simulate.Result) map[string]*v1alpha1.Journey {
	t.Helper()
	journeys := map[string]*v1alpha1.Journey{}
	for _, resource := range result.Resources {
		if resource.GetKind() != "Journey" {
			continue
		}
		j := &v1alpha1.Journey{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, j); err != nil {
			t.Fatal(err)
		}
		journeys[j.Name] = j
	}
	return journeys
}

// barriersOf writes "stage/name left with, went on with, left without, went on without: state".
func barriersOf(j *v1alpha1.Journey) (barriers []string) {
	for _, b := range j.Status.Barriers {
		a := b.Association
		barriers = append(barriers, fmt.Sprintf("%s/%s %d %d %d %d: %s",
			b.Stage, b.Name, a.With.Dropped, a.With.Converted, a.Without.Dropped, a.Without.Converted, b.State))
	}
	slices.Sort(barriers)
	return barriers
}

// TestPlantedCausesAreFound looks for the two incidents that the data set's generator planted: a bug at the checkout in April and May, and payments
// that failed in May and June. Its README says when. Error pages and comparisons were not made a cause of anything.
//
// The counts were made beforehand by a program of its own that reads the file and knows nothing of Waymark. In the half-year only 32 sessions met
// the bug, too few at that step for a verdict; while it was there they are enough when it is asked who buys in the end.
func TestPlantedCausesAreFound(t *testing.T) {
	t.Parallel()
	result, err := simulate.Run(t.Context(), ecom(func(o *simulate.Options) {
		o.Manifests = []string{
			filepath.Join(testData, "ecom", "workspace.yaml"), filepath.Join(testData, "ecom", "feed.yaml"), filepath.Join(testData, "ecom-journeys"),
		}
		o.Events = []string{atTheirStart(t)}
	}))
	if err != nil {
		t.Fatal(err)
	}
	journeys := journeysOf(t, result)
	const leave, chance = "those who meet it leave more often", "the difference may be chance"
	for name, want := range map[string][]string{
		"checkout-bug": {
			"shipping/checkout-bug 23 9 67 114: " + leave,
			"shipping/compares 11 9 79 114: not enough data yet (18 of 27)",
			"shipping/error-page 12 13 78 110: not enough data yet (22 of 27)",
		},
		"payment-errors": {
			"payment/compares 12 4 77 46: not enough data yet (14 of 28)",
			"payment/error-page 13 6 76 44: not enough data yet (16 of 28)",
			"payment/payment-error 84 11 5 39: " + leave,
		},
		"checkout": {
			"payment/compares 18 32 142 438: " + chance,
			"payment/error-page 22 42 138 428: " + chance,
			"payment/payment-error 84 11 76 459: " + leave,
			"shipping/checkout-bug 22 10 144 622: not enough data yet (31 of 39)",
			"shipping/compares 23 50 143 582: " + chance,
			"shipping/error-page 20 64 146 568: " + chance,
		},
	} {
		if diff := gocmp.Diff(want, barriersOf(journeys[name])); diff != "" {
			t.Errorf("barriers of %s differ (-want +got):\n%s", name, diff)
		}
		for _, b := range journeys[name].Status.Barriers {
			if planted := b.Name == "checkout-bug" || b.Name == "payment-error"; b.Significant != (planted && b.State == leave) {
				t.Errorf("%s: %s at %s is significant: %t", name, b.Name, b.Stage, b.Significant)
			}
		}
	}
	var verdicts []string
	for _, i := range journeys["checkout"].Status.Improvements {
		verdicts = append(verdicts, fmt.Sprintf("%s/%s %s: %s to %s", i.Stage, i.Name, i.Verdict, i.Before.Percent, i.After.Percent))
	}
	if diff := gocmp.Diff([]string{
		"shipping/bug-fixed Improved: 66.84% to 83.50%",
		"shipping/bug-gone Improved: 16.58% to 0.00%",
		"payment/payment-repaired Improved: 40.43% to 91.26%",
		"payment/errors-gone Improved: 64.89% to 0.00%",
	}, verdicts); diff != "" {
		t.Errorf("improvements differ (-want +got):\n%s", diff)
	}
	for name, want := range map[string][]string{
		"unaided":        {"shipping/checkout_bug", "shipping/payment_error"},
		"checkout-bug":   {"shipping/checkout_bug"},
		"payment-errors": {"payment/payment_error"},
		"checkout":       {"payment/payment_error"},
	} {
		var suggested []string
		for _, s := range journeys[name].Status.SuggestedBarriers {
			suggested = append(suggested, s.Stage+"/"+string(s.Event))
		}
		for _, planted := range want {
			if !slices.Contains(suggested, planted) {
				t.Errorf("%s suggests %s, not %s", name, strings.Join(suggested, ", "), planted)
			}
		}
	}
	if got, want := journeys["payment-errors"].Status.Summary.Why, "payment-error (94%)"; got != want {
		t.Errorf("people leave while payments fail because of %q, want %q", got, want)
	}
}
