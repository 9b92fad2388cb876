// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package manifest_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

// feed is a valid EventFeed.
const feed = `apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: web}
spec:
  workspaceRef: {name: default}
  http: {}
`

// scenario and channel are valid too.
const scenario = `apiVersion: marketing.waymark.dev/v1alpha1
kind: NurtureScenario
metadata: {name: cart}
spec:
  workspaceRef: {name: default}
  trigger: {event: {type: cart.saved}}
  entry: {key: event.data.cart_id}
  steps:
  - {name: remind, send: {channelRef: {name: mail}, subject: Cart, text: It waits}}
  - {name: day, wait: {nextDay: "10:00"}}
  - {name: mark, set: {attributes: {reminded: "true"}}}
`

const channel = `apiVersion: marketing.waymark.dev/v1alpha1
kind: MessageChannel
metadata: {name: mail}
spec:
  workspaceRef: {name: default}
  smtp: {host: smtp.example.com, from: shop@example.com}
  limits: {messages: 10, per: 1s}
`

// TestReadAnswersLikeAnAPIServer applies manifests to a real API server, with strict fields and without storing them, and compares.
func TestReadAnswersLikeAnAPIServer(t *testing.T) {
	t.Parallel()
	server := apiServer(t)
	for name, text := range judged(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent unstructured.Unstructured
			if err := yaml.Unmarshal([]byte(text), &sent.Object); err != nil {
				t.Fatal(err)
			}
			sent.SetNamespace("default")
			answer := server.Create(t.Context(), &sent, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))

			reader := manifest.Reader{Namespace: "default", Stdin: strings.NewReader(text)}
			read, err := reader.Read(t.Context(), []string{"-"})
			if diff := cmp.Diff(fieldsOfServer(t, answer), fieldsOfProblems(err)); diff != "" {
				t.Fatalf("the refused fields differ (-API server +Read):\n%s\nAPI server: %v\nRead: %v", diff, answer, err)
			}
			if answer != nil {
				return
			}
			if diff := cmp.Diff(sent.Object["spec"], read[0].Object.Object["spec"]); diff != "" {
				t.Errorf("the spec with defaults differs (-API server +Read):\n%s", diff)
			}
		})
	}
}

// judged are manifests of one resource each, good ones and bad ones.
func judged(t *testing.T) map[string]string {
	t.Helper()
	edit := func(text, old, replacement string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in the manifest", old)
		}
		return strings.Replace(text, old, replacement, 1)
	}
	all := map[string]string{
		"a workspace":                   workspace,
		"a feed":                        feed,
		"a funnel":                      funnel,
		"a funnel with a status":        funnel + "status: {activeVersion: stale}\n",
		"an unknown field":              edit(funnel, "event: order.completed", "event: order.completed, whre: x"),
		"unknown fields here and there": edit(funnel, "spec:", "spce: {}\nspec:") + "  x: 1\n",
		"an unknown field of metadata":  edit(funnel, "{name: shop}", "{name: shop, lables: {}}"),
		"an unknown field of status":    funnel + "status: {stagse: []}\n",
		"a bad label":                   edit(funnel, "{name: shop}", "{name: shop, labels: {a b: c}}"),
		"a bad name":                    edit(funnel, "{name: shop}", "{name: My_Shop}"),
		"a name with a dot":             edit(funnel, "{name: shop}", "{name: my.shop}"),
		"no name":                       edit(funnel, "{name: shop}", "{}"),
		"a wrong type":                  edit(funnel, "workspaceRef: {name: default}", "workspaceRef: default"),
		"a wrong type in a list":        edit(funnel, "event: order.completed", "event: [order.completed]"),
		"a null":                        funnel + "  window: null\n",
		"a null in place of an object":  edit(funnel, "workspaceRef: {name: default}", "workspaceRef: null"),
		"a missing field":               edit(funnel, "workspaceRef: {name: default}", "window: 1d"),
		"a broken pattern":              funnel + "  window: soon\n",
		"a number out of bounds":        funnel + "  minGroup: 0\n",
		"a number that is a fraction":   funnel + "  minGroup: 1.5\n",
		"a value that is no member":     funnel + "  order: Sideways\n",
		"one stage":                     edit(funnel, "  - {name: purchase, event: order.completed}\n", ""),
		"two stages with one name":      edit(funnel, "name: purchase", "name: visit"),
		"two members of a union":        funnel + "  period: {rollingDays: 3, calendar: Month}\n",
		"a broken pattern and a rule":   edit(funnel, "name: purchase", "name: visit") + "  window: soon\n",
		"a missing field and a rule":    edit(edit(funnel, "name: purchase", "name: visit"), "workspaceRef: {name: default}", "window: 1d"),
		"too many stages and a rule":    funnel + strings.Repeat("  - {name: visit, event: x}\n", 20),
		"a target for no stage":         funnel + "  targets: [{stage: cart, conversion: 40%}]\n",
		"a list that is a set":          edit(feed, "http: {}", "http: {protocols: [Segment, Segment]}"),
		"a webhook without a mapping":   edit(feed, "http: {}", "http: {protocols: [Webhook]}"),
		"a quantity that is none":       edit(workspace, "1Gi", "much"),
		"a quantity as a number":        edit(workspace, "1Gi", "1073741824"),
		"a scenario":                    scenario,
		"a scenario with two triggers":  edit(scenario, "trigger: {", "trigger: {enter: true, "),
		"a step of two kinds":           edit(scenario, "wait: {", "exit: {}, wait: {"),
		"a message of two kinds":        edit(scenario, "text: It waits", "text: It waits, languages: [{language: ru, text: Ждёт}], fallback: ru"),
		"a step with an unknown field":  edit(scenario, "{nextDay", "{dayafter: 1, nextDay"),
		"texts that are too long":       edit(scenario, "It waits", strings.Repeat("т", 16000)+", html: "+strings.Repeat("h", 16000)),
		"a channel":                     channel,
		"a channel of two media":        channel + "  telegram: {tokenSecretRef: {name: bot, key: token}}\n",
		"a limit without a time":        edit(channel, ", per: 1s", ""),
		"yes is no text":                edit(funnel, "name: visit", "name: yes"),
	}
	samples, err := filepath.Glob("../../../config/samples/*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range samples {
		text, err := os.ReadFile(sample)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "marketing.waymark.dev") {
			all["sample "+filepath.Join(filepath.Base(filepath.Dir(sample)), filepath.Base(sample))] = string(text)
		}
	}
	return all
}

func apiServer(t *testing.T) client.Client {
	t.Helper()
	environment := &envtest.Environment{CRDDirectoryPaths: []string{"../../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	config, err := environment.Start()
	if err != nil {
		t.Fatalf("%v; if the API server is missing: `make envtest-binaries` builds it, and `make test` points KUBEBUILDER_ASSETS to it", err)
	}
	server, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

// fieldsOfServer gives the fields that an API server's answer is about, sorted.
func fieldsOfServer(t *testing.T, answer error) []string {
	t.Helper()
	if answer == nil {
		return nil
	}
	var fields []string
	for _, match := range unknownField.FindAllStringSubmatch(answer.Error(), -1) {
		fields = append(fields, match[1])
	}
	status, ok := errors.AsType[*apierrors.StatusError](answer)
	if !ok {
		t.Fatalf("the API server did not answer: %v", answer)
	}
	if details := status.Status().Details; details != nil {
		for _, cause := range details.Causes {
			if !strings.Contains(cause.Message, "some validation rules were not checked") {
				fields = append(fields, strings.TrimPrefix(cause.Field, "<nil>"))
			}
		}
	}
	return sortedSet(fields)
}

// fieldsOfProblems gives the fields that Read's problems are about, sorted.
func fieldsOfProblems(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var fields []string
		for _, one := range joined.Unwrap() {
			fields = append(fields, fieldsOfProblems(one)...)
		}
		return sortedSet(fields)
	}
	if problem, ok := errors.AsType[*manifest.Problem](err); ok {
		return []string{problem.Field}
	}
	return nil
}

func sortedSet(fields []string) []string {
	slices.Sort(fields)
	return slices.Compact(fields)
}
