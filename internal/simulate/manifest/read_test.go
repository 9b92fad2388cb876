// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

const workspace = `apiVersion: marketing.waymark.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec: {eventLog: {embedded: {storage: 1Gi}}}
`

const funnel = `apiVersion: marketing.waymark.dev/v1alpha1
kind: Funnel
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  stages:
  - {name: visit, event: page.viewed}
  - {name: purchase, event: order.completed}
`

// read reads files from a directory of their own. Problems come without that directory.
func read(t *testing.T, files map[string]string) (names []string, resources []manifest.Resource, problems string) {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reader := manifest.Reader{Namespace: "default"}
	resources, err := reader.Read(t.Context(), []string{directory})
	if err != nil {
		problems = strings.ReplaceAll(err.Error(), directory+string(filepath.Separator), "")
	}
	for i := range resources {
		names = append(names, resources[i].Origin.Name())
	}
	return names, resources, problems
}

func TestReadTakesManyDocumentsFromManyFiles(t *testing.T) {
	t.Parallel()
	other := strings.Replace(funnel, "name: shop", "name: other", 1)
	names, resources, problems := read(t, map[string]string{
		"a.yaml":             "# a comment alone\n---\n" + workspace + "---\n" + funnel + "...\n---\n# nothing\n",
		"b.yml":              "--- {apiVersion: marketing.waymark.dev/v1alpha1, kind: Workspace, metadata: {name: inline}, spec: {eventLog: {embedded: {storage: 1Gi}}}}\n",
		"c.json":             `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "marketing.waymark.dev/v1alpha1", "kind": "Workspace", "metadata": {"name": "listed", "namespace": "team"}, "spec": {"eventLog": {"embedded": {"storage": "1Gi"}}}}]}`,
		"d.yaml":             other,
		"README.md":          "not a manifest",
		"kustomization.yaml": "resources: [a.yaml]\n",
	})
	if problems != "" {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]string{"Workspace default", "Funnel shop", "Workspace inline", "Workspace listed", "Funnel other"}, names); diff != "" {
		t.Errorf("resources differ (-want +got):\n%s", diff)
	}
	if got := resources[3].Object.GetNamespace() + " " + resources[0].Object.GetNamespace(); got != "team default" {
		t.Errorf("namespaces are %q, want that of the manifest and the default", got)
	}
}

func TestReadFillsInDefaults(t *testing.T) {
	t.Parallel()
	_, resources, problems := read(t, map[string]string{"f.yaml": funnel + "status: {activeVersion: stale}\n"})
	if problems != "" {
		t.Fatal(problems)
	}
	spec := resources[0].Object.Object["spec"].(map[string]any)
	for field, want := range map[string]any{"window": "30d", "order": "Ordered", "entryPolicy": "LatestStart", "count": "Contacts"} {
		if diff := cmp.Diff(want, spec[field]); diff != "" {
			t.Errorf("spec.%s differs (-want +got):\n%s", field, diff)
		}
	}
	if got := resources[0].Object.Object["status"]; got != nil {
		t.Errorf("status %v of the manifest was kept", got)
	}
	if got := resources[0].Object.GetGeneration(); got != 1 {
		t.Errorf("generation is %d, want 1", got)
	}
}

func TestReadPassesOverWhatIsNotWaymarks(t *testing.T) {
	t.Parallel()
	var skipped []string
	reader := manifest.Reader{
		Namespace: "default",
		Stdin:     strings.NewReader("apiVersion: v1\nkind: Secret\nmetadata: {name: key}\n---\n" + workspace),
		Skipped:   func(origin manifest.Origin) { skipped = append(skipped, origin.String()) },
	}
	resources, err := reader.Read(t.Context(), []string{"-"})
	if err != nil {
		t.Fatal(err)
	}
	if len(resources) != 1 {
		t.Errorf("got %d resources, want 1", len(resources))
	}
	if diff := cmp.Diff([]string{"-:1: Secret key"}, skipped); diff != "" {
		t.Errorf("skipped objects differ (-want +got):\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want string
	}{
		"an unknown field": {
			text: strings.Replace(funnel, "event: order.completed", "event: order.completed, whre: 'true'", 1),
			want: "f.yaml:8: Funnel shop: spec.stages[1].whre: unknown field",
		},
		"an unknown field in metadata": {
			text: strings.Replace(funnel, "{name: shop}", "{name: shop, lables: {}}", 1),
			want: "f.yaml:3: Funnel shop: metadata.lables: unknown field",
		},
		"a value that breaks a pattern, in the second document": {
			text: workspace + "---\n" + funnel + "  window: soon\n",
			want: "f.yaml:14: Funnel shop: spec.window: Invalid value: \"soon\": spec.window in body should match",
		},
		"a type that is wrong": {
			text: strings.Replace(funnel, "workspaceRef: {name: default}", "workspaceRef: default", 1),
			want: "f.yaml:5: Funnel shop: spec.workspaceRef: Invalid value: \"string\": spec.workspaceRef in body must be of type object",
		},
		"a field that is missing": {
			text: strings.Replace(funnel, "  workspaceRef: {name: default}\n", "", 1),
			want: "f.yaml:4: Funnel shop: spec.workspaceRef: Required value",
		},
		"two stages with one name": {
			text: strings.Replace(funnel, "name: purchase", "name: visit", 1),
			want: "f.yaml:6: Funnel shop: spec.stages: stages need different names",
		},
		"a rule about a field that is not there": {
			text: funnel + "  targets:\n  - {stage: cart, conversion: 40%}\n",
			want: "f.yaml:9: Funnel shop: spec.targets: each target names a stage of this funnel after the first one",
		},
		"a name that no object may have": {
			text: strings.Replace(funnel, "{name: shop}", "{name: My_Shop}", 1),
			want: "f.yaml:3: Funnel My_Shop: metadata.name: Invalid value: \"My_Shop\"",
		},
		"no name": {
			text: strings.Replace(funnel, "{name: shop}", "{}", 1),
			want: "f.yaml:3: Funnel: metadata.name: Required value: name or generateName is required",
		},
		"an unknown kind": {
			text: strings.Replace(funnel, "kind: Funnel", "kind: Funel", 1),
			want: "f.yaml:2: Funel shop: kind: marketing.waymark.dev/v1alpha1 has no kind \"Funel\": there are EventFeed, Funnel, Journey, MessageChannel, NurtureScenario, Segment, Workspace of marketing.waymark.dev/v1alpha1",
		},
		"an unknown version": {
			text: strings.Replace(funnel, "v1alpha1", "v9", 1),
			want: "f.yaml:2: Funnel shop: kind: marketing.waymark.dev/v9 has no kind \"Funnel\"",
		},
		"no kind": {
			text: "apiVersion: marketing.waymark.dev/v1alpha1\nmetadata: {name: shop}\n",
			want: "f.yaml:1: shop: kind: is missing: write kind: Funnel, for instance",
		},
		"no object": {
			text: "- just\n- a list\n",
			want: "f.yaml:1: expected an object with apiVersion and kind",
		},
		"broken YAML": {
			text: workspace + "---\nkind: Funnel\nspec: {stages: [\n",
			want: "f.yaml:7: invalid YAML: did not find expected node content",
		},
		"a key that stands twice": {
			text: funnel + "  window: 1d\n  window: 2d\n",
			want: "f.yaml:10: invalid YAML: key \"window\" already set in map",
		},
		"the same resource twice": {
			text: workspace + "---\n" + workspace,
			want: "f.yaml:8: Workspace default: metadata.name: the same resource stands at f.yaml:1 already: remove one of the two",
		},
		"an item of a list": {
			text: "apiVersion: v1\nkind: List\nitems:\n- apiVersion: marketing.waymark.dev/v1alpha1\n  kind: Workspace\n  metadata:\n    name: x\n  spec: {}\n",
			want: "f.yaml:8: Workspace x: spec.eventLog: Required value",
		},
		"an item that is no object": {
			text: "apiVersion: v1\nkind: List\nitems:\n- 5\n",
			want: "f.yaml:4: items[0] is no object",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, resources, problems := read(t, map[string]string{"f.yaml": tt.text})
			if problems == "" {
				t.Fatalf("read %d resources, want the problem %q", len(resources), tt.want)
			}
			if !strings.HasPrefix(problems, tt.want) {
				t.Errorf("problem is\n%s\nwant it to begin with\n%s", problems, tt.want)
			}
		})
	}
}

func TestReadTellsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, _, problems := read(t, map[string]string{
		"a.yaml": strings.Replace(funnel, "kind: Funnel", "kind: Funel", 1) + "---\nspec: {\n",
		"b.yaml": strings.Replace(workspace, "1Gi", "1Gi, size: 3, colour: red", 1),
	})
	if got := strings.Count(problems, "\n") + 1; got != 4 {
		t.Errorf("got %d problems, want 4:\n%s", got, problems)
	}
}

func TestReadNeedsFiles(t *testing.T) {
	t.Parallel()
	if _, _, problems := read(t, nil); !strings.HasSuffix(problems, "holds no .yaml, .yml or .json file") {
		t.Errorf("an empty directory gives %q", problems)
	}
	reader := manifest.Reader{}
	if _, err := reader.Read(t.Context(), []string{filepath.Join(t.TempDir(), "missing.yaml")}); err == nil {
		t.Error("a file that does not exist gives no error")
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{workspace, funnel, workspace + "---\n" + funnel, "{}", "- 1", "&a [*a]", "kind: List\napiVersion: v1\nitems: [1]\n", "metadata: 1\nkind: Funnel\napiVersion: marketing.waymark.dev/v1alpha1\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		reader := manifest.Reader{Namespace: "default", Stdin: strings.NewReader(string(text))}
		resources, err := reader.Read(t.Context(), []string{"-"})
		for i := range resources {
			if resources[i].Object.GetName() == "" {
				t.Errorf("a resource without a name was admitted; error %v", err)
			}
		}
	})
}
