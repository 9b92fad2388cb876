// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shop = "../../internal/simulate/testdata/nurture/"

func shopArgs(command string, more ...string) []string {
	return append([]string{command, "--events", shop + "events.jsonl", "--answers", shop + "answers.jsonl", "--until", "2026-10-14T00:00:00Z"}, more...)
}

func TestSimulateWritesMessages(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile(shop + "sends.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sends.jsonl")
	stdout, stderr, code := program(t, "", shopArgs("simulate", "-f", shop+"shop.yaml", "--sends", path)...)
	written, err := os.ReadFile(path)
	if err != nil || code != 0 || !strings.Contains(stdout, "Steps of back") || string(written) != string(want) {
		t.Errorf("exit code %d, error %v, on standard error %q; the file holds\n%s", code, err, stderr, written)
	}
	stdout, _, code = program(t, "", shopArgs("simulate", "-f", shop+"shop.yaml", "--sends", "-")...)
	if code != 0 || stdout != string(want) {
		t.Errorf("exit code %d and on standard output\n%s\nwant the messages and nothing else", code, stdout)
	}
}

func TestSimulateTraces(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", shopArgs("simulate", "-f", shop+"shop.yaml", "--trace", "dan")...)
	if code != 0 || !strings.Contains(stdout, "put off until 2026-10-06 08:00:00: QuietHours") || strings.Contains(stdout, "Steps of") {
		t.Errorf("exit code %d, on standard error %q, and on standard output\n%s", code, stderr, stdout)
	}
}

func TestDiffTellsByItsExitCode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(shop + "shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(other, []byte(strings.ReplaceAll(string(text), "10 % off", "15 % off")), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"that differ":                  {[]string{"-f", other, "--against", shop + "shop.yaml"}, 0, "15 % off"},
		"that differ, when asked":      {[]string{"-f", other, "--against", shop + "shop.yaml", "--exit-code"}, 2, "15 % off"},
		"that do not differ":           {[]string{"-f", shop + "shop.yaml", "--against", shop + "shop.yaml", "--exit-code"}, 0, "Nobody would be sent anything else"},
		"without old ones":             {[]string{"-f", other}, 1, "no old manifests: name them with --against"},
		"without new ones":             {[]string{"--against", other}, 1, "no new manifests: name them with -f"},
		"from standard input":          {[]string{"-f", "-", "--against", other}, 1, "standard input, -, can be read only once"},
		"in a format that is none":     {[]string{"-f", other, "--against", other, "-o", "wide"}, 1, `--output: unknown format "wide": write one of table, yaml, json`},
		"with fewer examples than can": {[]string{"-f", other, "--against", other, "--examples", "-1"}, 1, "--examples: -1 is less than none"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := program(t, "", shopArgs("diff", tt.args...)...)
			out := stdout
			if tt.code == 1 {
				out = stderr
			}
			if code != tt.code || !strings.Contains(out, tt.want) || tt.code == 2 && strings.Contains(stderr, "differ") {
				t.Errorf("exit code %d, output %q, and on standard error:\n%s\nwant code %d and %q", code, stdout, stderr, tt.code, tt.want)
			}
		})
	}
}
