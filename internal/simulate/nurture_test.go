// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// nurtured simulates the shop of testdata/nurture up to a week later.
func nurtured(t *testing.T, edit func(*simulate.Options)) *simulate.Result {
	t.Helper()
	in := func(name string) []string { return []string{filepath.Join("testdata", "nurture", name)} }
	result, err := run(t, in("shop.yaml"), in("events.jsonl"), func(o *simulate.Options) {
		o.Answers = in("answers.jsonl")[0]
		o.Until = time.Date(2026, 10, 14, 0, 0, 0, 0, time.UTC)
		edit(o)
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestScenariosPrintAsTables(t *testing.T) {
	t.Parallel()
	var notices []string
	result := nurtured(t, func(o *simulate.Options) { o.Notice = func(text string) { notices = append(notices, text) } })
	for _, format := range []string{"table", "yaml"} {
		var got bytes.Buffer
		if err := result.Print(&got, format); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, filepath.Join("nurture", "status."+format+".txt"), got.String())
	}
	want := []string{"events about messages that their contacts had not been sent were left out: 1"}
	if diff := gocmp.Diff(want, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestEveryMessageIsWritten(t *testing.T) {
	t.Parallel()
	var sends bytes.Buffer
	nurtured(t, func(o *simulate.Options) { o.Sends = &sends })
	compareGolden(t, filepath.Join("nurture", "sends.jsonl"), sends.String())
}

func TestPathsTellTimesAndReasons(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, contact := range []string{"ann", "bob", "cy", "dan", "eve", "zoe"} {
		fmt.Fprintf(&got, "== %s\n", contact)
		result := nurtured(t, func(o *simulate.Options) { o.Trace = contact })
		if err := result.PrintPath(&got, "table"); err != nil {
			t.Fatal(err)
		}
	}
	compareGolden(t, filepath.Join("nurture", "paths.txt"), got.String())

	got.Reset()
	result := nurtured(t, func(o *simulate.Options) { o.Trace = "dan" })
	if err := result.PrintPath(&got, "json"); err != nil {
		t.Fatal(err)
	}
	var path []simulate.PathStep
	if err := json.Unmarshal(got.Bytes(), &path); err != nil || len(path) != len(result.Path) || path[2].What != "PutOff" || path[2].Reason != "QuietHours" {
		t.Errorf("the path as JSON is %s (%v), want dan's reminder to be put off by the quiet hours", got.String(), err)
	}
}

func TestScenariosRefuse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "nurture", "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ old, new, want string }{
		"a channel that is not there": {"channelRef: {name: mail}", "channelRef: {name: post}",
			`NurtureScenario back: spec.steps[0].send.channelRef.name: Not found: "post": the manifests hold no such MessageChannel in namespace default and of this workspace: add it with -f`},
		"a key that no ConfigMap has":  {"key: coupon.html", "key: copuon.html", `spec.steps[2].send.templateRef.key: Not found: "letters/copuon.html"`},
		"a variable that is not there": {"{{ event.data.name }} is waiting", "{{ evnt.data.name }} is waiting", `spec.steps[0].send.subject: Invalid value: "evnt`},
		"a step that is not there":     {"onTimeout: coupon", "onTimeout: cuopon", "spec.steps[1].waitFor.onTimeout: Invalid value: \"cuopon\""},
		"a stage that is not there":    {"stage: cart}", "stage: crat}", `spec.trigger.funnelDrop.stage: Invalid value: "crat"`},
		"a number among the texts":     {"  coupon.html: |", "  number: 7\n  coupon.html: |", "ConfigMap letters: data: every value is a text"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, files(t, strings.Replace(string(text), tt.old, tt.new, 1)), []string{filepath.Join("testdata", "nurture", "events.jsonl")})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is\n%v\nwant it to hold\n%s", err, tt.want)
			}
		})
	}
}

func TestAnswersRefuse(t *testing.T) {
	t.Parallel()
	_, err := run(t, []string{filepath.Join("testdata", "nurture", "shop.yaml")}, []string{filepath.Join("testdata", "nurture", "events.jsonl")}, func(o *simulate.Options) {
		o.Answers = files(t, "{\"step\":\"score\"}\n{\"answr\":{}}\n")[0]
	})
	if err == nil || !strings.Contains(err.Error(), "f0:2: is no answer such as") {
		t.Errorf("error is %v, want one of line 2", err)
	}
}

// scenarioOf gives the status of a scenario without what says how many partitions there are.
func scenarioOf(t *testing.T, result *simulate.Result, name string) v1alpha1.NurtureScenarioStatus {
	t.Helper()
	for _, resource := range result.Resources {
		if resource.GetKind() != "NurtureScenario" || resource.GetName() != name {
			continue
		}
		var sc v1alpha1.NurtureScenario
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, &sc); err != nil {
			t.Fatal(err)
		}
		sc.Status.Conditions = nil
		return sc.Status
	}
	t.Fatalf("there is no scenario %s", name)
	return v1alpha1.NurtureScenarioStatus{}
}

func TestScenariosDoNotDependOnThePartitions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "nurture", "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	types := []string{"product.added", "product.added", "order.completed", "form.sent", "identify", "waymark.message.clicked"}
	rapid.Check(t, func(rt *rapid.T) {
		var lines []string
		for i := range rapid.IntRange(1, 30).Draw(rt, "events") {
			contact := rapid.SampledFrom([]string{"ann", "bob", "eve"}).Draw(rt, "contact")
			at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 300).Draw(rt, "minutes")) * 10 * time.Minute)
			what, data := rapid.SampledFrom(types).Draw(rt, "type"), fmt.Sprintf(`{"total":%d,"form":"f","name":"lamp","price":5}`, i)
			switch what {
			case "identify":
				data = fmt.Sprintf(`{"traits":{"country":"DE","email":"%s@example.com"}}`, contact)
			case "waymark.message.clicked":
				data = "{}"
			}
			line := cloudEvent(i, contact, what, at.Format(time.RFC3339), data)
			if visitor := rapid.SampledFrom([]string{"", "", "v1", "v2"}).Draw(rt, "visitor"); what == "identify" && visitor != "" {
				line = strings.Replace(line, `"specversion"`, fmt.Sprintf(`"anonymousid":%q,"specversion"`, visitor), 1)
			} else if visitor != "" {
				line = strings.Replace(line, fmt.Sprintf(`"subject":%q,`, contact), fmt.Sprintf(`"anonymousid":%q,`, visitor), 1)
			}
			lines = append(lines, line)
		}
		events := files(t, strings.Join(lines, "\n"))
		var want [2]v1alpha1.NurtureScenarioStatus
		for _, partitions := range []int{1, rapid.IntRange(2, 4).Draw(rt, "partitions")} {
			manifest := strings.Replace(string(text), "partitions: 3", fmt.Sprint("partitions: ", partitions), 1)
			result, err := run(t, files(t, manifest), events, func(o *simulate.Options) { o.Until = time.Date(2026, 11, 14, 0, 0, 0, 0, time.UTC) })
			if err != nil {
				rt.Fatal(err)
			}
			got := [2]v1alpha1.NurtureScenarioStatus{scenarioOf(t, result, "back"), scenarioOf(t, result, "lead")}
			if partitions == 1 {
				want = got
			} else if diff := gocmp.Diff(want, got); diff != "" {
				rt.Fatalf("%d partitions give other numbers (-one +several):\n%s", partitions, diff)
			}
		}
	})
}
