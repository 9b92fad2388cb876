// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/report"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// ecomStages are a funnel over the data set; its money is made up.
const ecomStages = `
  - {name: browse, anyOf: [{event: catalog}, {event: product_view}]}
  - {name: cart, event: add_to_cart, dropAfter: 30m}
  - {name: shipping, event: shipping_details, where: "event.data.platform != 'tablet'"}
  - {name: purchase, event: purchase, value: "size(event.data.session_id)"}
`

// runEcom simulates a funnel of these stages and more of its spec over the data set.
func runEcom(t *testing.T, stages, spec, until string) *simulate.Result {
	t.Helper()
	end, err := time.Parse(time.RFC3339, until)
	if err != nil {
		t.Fatal(err)
	}
	manifest := fmt.Sprintf("apiVersion: marketing.waymark.dev/v1alpha1\nkind: Funnel\nmetadata: {name: f}\nspec:\n  workspaceRef: {name: ecom}\n  stages:%s  %s\n", stages, spec)
	result, err := simulate.Run(t.Context(), ecom(func(o *simulate.Options) {
		o.Manifests = []string{filepath.Join(testData, "ecom/workspace.yaml"), filepath.Join(testData, "ecom/feed.yaml"), "-"}
		o.Stdin = strings.NewReader(manifest)
		o.Until = end
	}))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TestEcomAgreesWithTheOracle reads the data set once more, by other means, and lets the oracle count it.
func TestEcomAgreesWithTheOracle(t *testing.T) {
	t.Parallel()
	log := ecomLog(t)
	const half = "period: {between: {from: 2024-01-01, to: 2024-06-30}}"
	type test struct{ stages, spec, until string }
	tests := map[string]test{
		"the sample's period":            {spec: "window: 1d\n  " + half, until: "2024-06-29T23:00:00Z"},
		"while attempts are in progress": {spec: "window: 14d\n  " + half, until: "2024-05-20T12:34:56Z"},
		"rolling days":                   {spec: "window: 3d\n  period: {rollingDays: 30}", until: "2024-04-10T00:00:00Z"},
		"the first start counts":         {spec: "window: 3d\n  entryPolicy: FirstStart\n  period: {rollingDays: 60}", until: "2024-06-29T23:59:59Z"},
		"long after the last event":      {spec: "window: 3d\n  period: {rollingDays: 30}", until: "2026-01-01T00:00:00Z"},
		"a month of the calendar":        {spec: "window: 3d\n  period: {calendar: Month}", until: "2024-05-20T12:00:00Z"},
		"a quarter, in its first days":   {spec: "window: 3d\n  period: {calendar: Quarter}", until: "2024-04-02T12:00:00Z"},
		"sessions and not users":         {spec: "window: 3d\n  correlateBy: event.data.session_id\n  " + half, until: "2024-06-29T23:00:00Z"},
		"by channel": {
			spec: "window: 3d\n  breakdowns: [{name: channel, by: event.data.acquisition_channel, at: browse}, {name: platform, by: event.data.platform, at: cart}]\n  " + half, until: "2024-06-29T23:00:00Z",
		},
		"people who leave": {spec: "window: 3d\n  exclusions: [{event: payment_error, after: cart}, {event: support_chat, before: shipping, action: End}]\n  " + half, until: "2024-06-29T23:00:00Z"},
		"an optional stage and idleness": {
			stages: `
  - {name: browse, anyOf: [{event: catalog}, {event: product_view}], dropAfterIdle: 2h}
  - {name: cart, event: add_to_cart, optional: true}
  - {name: shipping, event: shipping_details}
  - {name: purchase, event: purchase, value: "size(event.data.session_id)", refund: {event: review_page, amount: "1", matchBy: event.data.session_id}}
`, spec: "window: 3d\n  " + half, until: "2024-06-29T23:00:00Z",
		},
	}
	for kind, spec := range ecomKinds() {
		tests[kind] = test{spec: spec, until: "2024-06-20T12:00:00Z"}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			until, err := time.Parse(time.RFC3339, tt.until)
			if err != nil {
				t.Fatal(err)
			}
			got := funnelOf(t, runEcom(t, cmp.Or(tt.stages, ecomStages), tt.spec, tt.until))
			want := oracleStatus(t, &got, log, event.At(until))
			if !report.FunnelVisibleEqual(&want, withoutConditions(got.Status)) {
				t.Errorf("the simulation differs from the oracle (-oracle +simulation):\n%s", gocmp.Diff(&want, withoutConditions(got.Status)))
			}
		})
	}
}

// ecomKinds are all the kinds of funnel that there are, by what is said of them.
func ecomKinds() map[string]string {
	kinds := map[string]string{}
	for _, order := range []string{"Ordered", "Strict, ignore: [home, search, catalog, product_view, filter_results, cart, payment_details]", "Any"} {
		for _, count := range []string{"Contacts", "Entries"} {
			for _, policy := range []string{"LatestStart", "FirstStart"} {
				name, _, _ := strings.Cut(order, ",")
				kinds[fmt.Sprintf("%s %s by %s", name, count, policy)] = fmt.Sprintf(
					"window: 3d\n  period: {rollingDays: 90}\n  order: %s\n  count: %s\n  entryPolicy: %s", strings.Replace(order, ", ", "\n  ", 1), count, policy)
			}
		}
	}
	return kinds
}

// TestEcomIsCountedInEveryWay shows side by side what the kinds of funnel say of the same events.
func TestEcomIsCountedInEveryWay(t *testing.T) {
	t.Parallel()
	kinds := ecomKinds()
	var got bytes.Buffer
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		var printed bytes.Buffer
		if err := runEcom(t, ecomStages, kinds[kind], "2024-06-20T12:00:00Z").Print(&printed, "table"); err != nil {
			t.Fatal(err)
		}
		_, stages, found := strings.Cut(printed.String(), "Stages of f ")
		if !found {
			t.Fatalf("no stages are printed:\n%s", &printed)
		}
		fmt.Fprintf(&got, "%s, %s\n", kind, stages)
	}
	compareGolden(t, "ecom-kinds.txt", got.String())
}

func oracleStatus(t *testing.T, fn *v1alpha1.Funnel, log []oracle.Record, asOf event.Time) v1alpha1.FunnelStatus {
	t.Helper()
	meaning, _, errs := definition.FromFunnel(fn, nil, nil)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	past := slices.DeleteFunc(slices.Clone(log), func(r oracle.Record) bool { return r.Event.Time > asOf })
	judge, err := oracle.New(meaning)
	if err != nil {
		t.Fatal(err)
	}
	numbers := report.FunnelNumbers{Version: fn.Status.ActiveVersion, Funnel: judge.Evaluate(past, asOf)}
	status, err := report.FunnelStatus(fn, report.Setting{}, &numbers, asOf)
	if err != nil {
		t.Fatal(err)
	}
	report.SetData(&status, report.Freshness{})
	if status.Summary.Entered == nil || *status.Summary.Entered == 0 && asOf < event.At(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Fatal("the oracle counts nobody: the test would prove nothing")
	}
	return status
}

// ecomLog gives the data set in the order of its times.
func ecomLog(t *testing.T) []oracle.Record {
	t.Helper()
	f, err := os.Open(filepath.Join(testData, "ecom.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	table := csv.NewReader(unpacked)
	var log []oracle.Record
	for line := 1; ; line++ {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if line == 1 {
			continue
		}
		at, err := time.Parse(time.DateTime, row[3])
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, oracle.Record{Offset: uint64(line), Event: &event.Event{
			Contact: row[0], Type: row[2], Source: "file", ID: fmt.Sprintf("%06d", line), Time: event.At(at), Received: event.At(at),
			Data: fmt.Appendf(nil, `{"platform":%q,"session_id":%q,"acquisition_channel":%q}`, row[4], row[1], row[5]),
		}})
	}
	if len(log) != 31_106 {
		t.Fatalf("the data set has %d events, want 31106", len(log))
	}
	slices.SortStableFunc(log, func(a, b oracle.Record) int { return cmp.Compare(a.Event.Time, b.Event.Time) })
	return log
}
