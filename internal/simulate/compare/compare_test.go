// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package compare_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/simulate"
	"github.com/waymark-dev/waymark/internal/simulate/compare"
)

var update = flag.Bool("update", false, "write the golden files")

const shop = "../testdata/nurture"

// edited gives the shop's manifests with texts replaced.
func edited(t *testing.T, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shop, "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "new.yaml")
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(text), replace[i]) {
			t.Fatalf("the manifests do not hold %q", replace[i])
		}
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func compared(t *testing.T, manifests string, edit ...func(*compare.Options)) (*compare.Difference, error) {
	t.Helper()
	o := compare.Options{
		New: []string{manifests}, Old: []string{filepath.Join(shop, "shop.yaml")}, Examples: 1,
		Simulate: simulate.Options{
			Events: []string{filepath.Join(shop, "events.jsonl")}, Answers: filepath.Join(shop, "answers.jsonl"), Namespace: "default",
			Until: time.Date(2026, 10, 14, 0, 0, 0, 0, time.UTC),
		},
	}
	for _, e := range edit {
		e(&o)
	}
	return compare.Run(t.Context(), o)
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"other words":       {"10 % off for", "15 % off for", "here are 10 %", "here are 15 %"},
		"another time":      {"timeout: 1d", "timeout: 2d"},
		"another audience":  {"country == 'DE'", "country == 'AT'"},
		"a step is renamed": {"name: coupon\n", "name: voucher\n", "onTimeout: coupon", "onTimeout: voucher"},
		"another channel":   {"title: \"Call {{ contact.name }}\"", "title: \"Ring {{ contact.name }}\""},
		"another scenario":  {"metadata: {name: lead}", "metadata: {name: leads}"},
	}
	for name, replace := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := compared(t, edited(t, replace...))
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := d.Print(&got, compare.FormatTable); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v; run the test with -update to write it", err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("output differs from %s (-want +got):\n%s", path, diff)
			}
		})
	}
}

func TestNothingDiffers(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"the same manifests":      {},
		"another title":           {"- name: remind\n", "- name: remind\n    title: Reminder\n"},
		"another number of parts": {"partitions: 3", "partitions: 1"},
		"a timeout nobody meets":  {"due: 2d", "due: 3d"},
	}
	for name, replace := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := compared(t, edited(t, replace...))
			if err != nil {
				t.Fatal(err)
			}
			if name == "a timeout nobody meets" { // but the task says until when it is to be done
				if d.IsEmpty() || d.Contacts != (compare.Concerned{Other: 1}) {
					t.Errorf("the difference is %+v, want another task for ann", d)
				}
				return
			}
			if !d.IsEmpty() {
				t.Errorf("the difference is %+v, want none", d)
			}
		})
	}
}

func TestDifferencesForPrograms(t *testing.T) {
	t.Parallel()
	d, err := compared(t, edited(t, "10 % off for", "15 % off for"))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := d.Print(&got, compare.FormatJSON); err != nil {
		t.Fatal(err)
	}
	var read compare.Difference
	if err := json.Unmarshal(got.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	want := []compare.Example{{
		Kind: compare.Other, Contact: "bob", Step: "coupon",
		Before:  &compare.Sent{Time: read.Scenarios[0].Examples[0].Before.Time, Subject: "10 % off for chair"},
		After:   &compare.Sent{Time: read.Scenarios[0].Examples[0].After.Time, Subject: "15 % off for chair"},
		Differs: []compare.Part{{Part: "subject", Before: "10 % off for chair", After: "15 % off for chair"}},
	}}
	if diff := cmp.Diff(want, read.Scenarios[0].Examples, cmp.FilterPath(func(p cmp.Path) bool {
		return p.Last().String() == ".before" || p.Last().String() == ".after"
	}, cmp.Ignore())); diff != "" {
		t.Errorf("examples (-want +got):\n%s", diff)
	}
	got.Reset()
	if err := d.Print(&got, compare.FormatYAML); err != nil || !strings.Contains(got.String(), "subject: 15 % off for chair") {
		t.Errorf("as YAML it is %s (%v)", got.String(), err)
	}
	if err := d.Print(&got, "xml"); err == nil {
		t.Error("an unknown format is printed, want an error")
	}
}

func TestErrorsNameTheSide(t *testing.T) {
	t.Parallel()
	broken := edited(t, "onTimeout: coupon", "onTimeout: nowhere")
	if _, err := compared(t, broken); err == nil || !strings.HasPrefix(err.Error(), "-f: ") {
		t.Errorf("error is %v, want one of the new manifests", err)
	}
	if _, err := compared(t, edited(t), func(o *compare.Options) { o.Old = []string{broken} }); err == nil || !strings.HasPrefix(err.Error(), "--against: ") {
		t.Errorf("error is %v, want one of the old manifests", err)
	}
	if _, err := compared(t, edited(t), func(o *compare.Options) { o.Simulate.Events = []string{"-"} }); err == nil {
		t.Error("events are read from standard input twice, want an error")
	}
}
