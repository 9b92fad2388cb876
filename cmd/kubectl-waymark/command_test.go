// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const (
	manifests = "../../test/data/ecom"
	events    = "../../test/data/ecom.csv.gz"
)

// TestMain runs the program itself when a test starts this binary anew, so that tests see exit codes and real output.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_AS_PROGRAM") == "1" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env = append(os.Environ(), "RUN_AS_PROGRAM=1")
	command.Stdin = strings.NewReader(stdin)
	var out, failures bytes.Buffer
	command.Stdout, command.Stderr = &out, &failures
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), failures.String(), command.ProcessState.ExitCode()
}

func TestSimulatePrintsATable(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", "simulate", "-f", manifests, "--events", events)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, and on standard error:\n%s", code, stderr)
	}
	if !strings.Contains(stdout, "shipping→purchase") {
		t.Errorf("the bottleneck is not shown:\n%s", stdout)
	}
}

func TestSimulatePrintsAList(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", "simulate", "-f", manifests, "--events", events, "--until", "2024-03-31T23:59:59Z", "-o", "json", "-n", "shops")
	if code != 0 {
		t.Fatalf("exit code %d, and on standard error:\n%s", code, stderr)
	}
	var list struct {
		APIVersion, Kind string
		Items            []struct {
			Kind     string
			Metadata struct{ Namespace string }
			Status   struct {
				EvaluatedAt string
				Summary     struct{ Entered int }
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &list); err != nil {
		t.Fatalf("the output is no JSON: %v", err)
	}
	if list.APIVersion != "v1" || list.Kind != "List" || len(list.Items) != 3 {
		t.Fatalf("got %s %s of %d items, want v1 List of 3", list.APIVersion, list.Kind, len(list.Items))
	}
	for _, item := range list.Items {
		if item.Metadata.Namespace != "shops" {
			t.Errorf("%s is in namespace %q, want shops", item.Kind, item.Metadata.Namespace)
		}
		if item.Kind == "Funnel" && (item.Status.EvaluatedAt != "2024-03-31T23:59:59Z" || item.Status.Summary.Entered == 0) {
			t.Errorf("the funnel's status is %+v, want that of the instant, with somebody entered", item.Status)
		}
	}
	if !strings.HasSuffix(strings.TrimSpace(stderr), "events after 2024-03-31T23:59:59Z were left out") {
		t.Errorf("standard error is %q, want it to tell of later events", stderr)
	}
}

func TestSimulateReadsStandardInput(t *testing.T) {
	t.Parallel()
	funnel, err := os.ReadFile(manifests + "/funnel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := program(t, string(funnel), "simulate", "-f", manifests+"/feed.yaml", "-f", "-", "--events", events)
	if code != 0 || !strings.Contains(stdout, "checkout") {
		t.Errorf("exit code %d, output %q, and on standard error:\n%s", code, stdout, stderr)
	}
}

func TestSimulateFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"without manifests":             {args: []string{"--events", events}, want: "no manifests: name them with -f"},
		"without events":                {args: []string{"-f", manifests}, want: "no events: name a file with --events"},
		"with a file that is not there": {args: []string{"-f", manifests, "--events", "missing.jsonl"}, want: "read events: open missing.jsonl: no such file or directory"},
		"with an unknown format":        {args: []string{"-f", manifests, "--events", events, "-o", "xml"}, want: `--output: unknown format "xml": write one of table, wide, yaml, json`},
		"with nowhere to write to":      {args: []string{"-f", manifests, "--events", events, "--sends", "missing/sends.jsonl"}, want: "--sends: open missing/sends.jsonl: no such file or directory"},
		"with answers that are missing": {args: []string{"-f", manifests, "--events", events, "--answers", "missing.jsonl"}, want: "read answers: open missing.jsonl: no such file or directory"},
		"with a time that is none":      {args: []string{"-f", manifests, "--events", events, "--until", "today"}, want: `--until: "today" is no time of RFC 3339`},
		"with a pattern behind a flag":  {args: []string{"-f", "a.yaml", "b.yaml", "--events", events}, want: `unexpected argument "b.yaml": write -f or --events before every file`},
		"with standard input twice":     {args: []string{"-f", "-", "--events", "-"}, want: "standard input, -, can be read only once"},
		"with a bad event":              {stdin: "{\"id\":\"1\"}\n", args: []string{"-f", manifests, "--events", "-"}, want: "-:1: subject: is missing or empty"},
		"with a bad manifest":           {stdin: "apiVersion: marketing.waymark.dev/v1alpha1\nkind: Funnel\nmetadata: {name: f}\nspec: {stagse: []}\n", args: []string{"-f", "-", "--events", events}, want: "-:4: Funnel f: spec.stagse: unknown field"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := program(t, tt.stdin, append([]string{"simulate"}, tt.args...)...)
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, tt.want) {
				t.Errorf("exit code %d, output %q, and on standard error:\n%s\nwant code 1, no output and\n%s", code, stdout, stderr, tt.want)
			}
		})
	}
}

func TestOtherCommands(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{"version": "kubectl-waymark ", "completion bash": "bash completion", "help simulate": "--events"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := program(t, "", strings.Fields(command)...)
			if code != 0 || !strings.Contains(stdout, want) {
				t.Errorf("exit code %d, output %q, and on standard error %q; want %q", code, stdout, stderr, want)
			}
		})
	}
}
