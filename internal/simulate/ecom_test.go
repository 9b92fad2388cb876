// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/report"
	"github.com/waymark-dev/waymark/internal/simulate"
	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testData is where the data set and its manifests lie.
const testData = "../../test/data"

func ecom(edit ...func(*simulate.Options)) simulate.Options {
	o := simulate.Options{
		Manifests: []string{filepath.Join(testData, "ecom")},
		Events:    []string{filepath.Join(testData, "ecom.csv.gz")},
		Namespace: "default",
	}
	for _, e := range edit {
		e(&o)
	}
	return o
}

func TestEcomIsPrintedAsExpected(t *testing.T) {
	t.Parallel()
	result, err := simulate.Run(t.Context(), ecom())
	if err != nil {
		t.Fatal(err)
	}
	for format, file := range map[string]string{"table": "ecom.txt", "wide": "ecom-wide.txt", "yaml": "ecom.yaml", "json": "ecom.json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := result.Print(&got, format); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, file, got.String())
		})
	}
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("output differs from %s (-want +got):\n%s", path, diff)
	}
}

// TestEcomAgreesWithTheOracle reads the data set once more, by other means, and lets the oracle count it.
func TestEcomAgreesWithTheOracle(t *testing.T) {
	t.Parallel()
	log := ecomLog(t)
	const stages = `
  - {name: browse, anyOf: [{event: catalog}, {event: product_view}]}
  - {name: cart, event: add_to_cart, dropAfter: 30m}
  - {name: shipping, event: shipping_details, where: "event.data.platform != 'tablet'"}
  - {name: purchase, event: purchase, value: "size(event.data.session_id)"}
`
	tests := map[string]struct {
		spec  string
		until string
	}{
		"the sample's period":            {spec: "window: 1d\n  period: {between: {from: 2024-01-01, to: 2024-06-30}}", until: "2024-06-29T23:00:00Z"},
		"while attempts are in progress": {spec: "window: 14d\n  period: {between: {from: 2024-01-01, to: 2024-06-30}}", until: "2024-05-20T12:34:56Z"},
		"rolling days":                   {spec: "window: 3d\n  period: {rollingDays: 30}", until: "2024-04-10T00:00:00Z"},
		"the first start counts":         {spec: "window: 3d\n  entryPolicy: FirstStart\n  period: {rollingDays: 60}", until: "2024-06-29T23:59:59Z"},
		"long after the last event":      {spec: "window: 3d\n  period: {rollingDays: 30}", until: "2026-01-01T00:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			until, err := time.Parse(time.RFC3339, tt.until)
			if err != nil {
				t.Fatal(err)
			}
			manifest := fmt.Sprintf("apiVersion: marketing.waymark.dev/v1alpha1\nkind: Funnel\nmetadata: {name: f}\nspec:\n  workspaceRef: {name: ecom}\n  stages:%s  %s\n", stages, tt.spec)
			result, err := simulate.Run(t.Context(), ecom(func(o *simulate.Options) {
				o.Manifests = []string{filepath.Join(testData, "ecom/workspace.yaml"), filepath.Join(testData, "ecom/feed.yaml"), "-"}
				o.Stdin = strings.NewReader(manifest)
				o.Until = until
			}))
			if err != nil {
				t.Fatal(err)
			}
			got := funnelOf(t, result)
			want := oracleStatus(t, &got, log, event.At(until))
			if !report.VisibleEqual(&want, withoutConditions(got.Status)) {
				t.Errorf("the simulation differs from the oracle (-oracle +simulation):\n%s", gocmp.Diff(&want, withoutConditions(got.Status)))
			}
		})
	}
}

func funnelOf(t *testing.T, result *simulate.Result) v1alpha1.Funnel {
	t.Helper()
	for _, resource := range result.Resources {
		if resource.GetKind() != "Funnel" {
			continue
		}
		var fn v1alpha1.Funnel
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, &fn); err != nil {
			t.Fatal(err)
		}
		return fn
	}
	t.Fatal("there is no Funnel among the results")
	return v1alpha1.Funnel{}
}

// withoutConditions leaves what a report alone decides.
func withoutConditions(s v1alpha1.FunnelStatus) *v1alpha1.FunnelStatus {
	s.Conditions, s.ObservedGeneration = nil, 0
	return &s
}

func oracleStatus(t *testing.T, fn *v1alpha1.Funnel, log []oracle.Record, asOf event.Time) v1alpha1.FunnelStatus {
	t.Helper()
	meaning, errs := definition.FromFunnel(fn, nil)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	past := slices.DeleteFunc(slices.Clone(log), func(r oracle.Record) bool { return r.Event.Time > asOf })
	judge, err := oracle.New(meaning)
	if err != nil {
		t.Fatal(err)
	}
	numbers := report.Numbers{Version: fn.Status.ActiveVersion, Funnel: judge.Evaluate(past, asOf)}
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
			Data: fmt.Appendf(nil, `{"platform":%q,"session_id":%q}`, row[4], row[1]),
		}})
	}
	if len(log) != 31_106 {
		t.Fatalf("the data set has %d events, want 31106", len(log))
	}
	slices.SortStableFunc(log, func(a, b oracle.Record) int { return cmp.Compare(a.Event.Time, b.Event.Time) })
	return log
}

func TestTheGuideShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/simulate.md")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := os.ReadFile("testdata/ecom.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(printed), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if !strings.Contains(string(guide), "```\n"+strings.Join(lines, "\n")+"```") {
		t.Error("the example in docs/simulate.md is not what testdata/ecom.txt shows: copy it over")
	}
}

func TestResultsAreWhatACRDAllows(t *testing.T) {
	t.Parallel()
	definitions, err := manifest.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	funnel := strings.Replace(shopFunnel, "  period:", "  targets: [{stage: cart, conversion: 90%}]\n  period:", 1)
	shop, err := run(t, files(t, funnel, shopFeed), files(t, strings.Join(shopEvents(), "\n")))
	if err != nil {
		t.Fatal(err)
	}
	half, err := simulate.Run(t.Context(), ecom())
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range slices.Concat(shop.Resources, half.Resources) {
		// What the API server reads is JSON, in which an int32 is no other thing than an int64.
		text, err := resource.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := resource.UnmarshalJSON(text); err != nil {
			t.Fatal(err)
		}
		if errs := definitions[resource.GetKind()].Validate(t.Context(), resource); len(errs) > 0 {
			t.Errorf("%s %s would be refused by an API server: %v", resource.GetKind(), resource.GetName(), errs.ToAggregate())
		}
	}
}
