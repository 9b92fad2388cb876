// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
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
