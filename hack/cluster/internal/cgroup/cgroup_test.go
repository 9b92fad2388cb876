// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The files of a machine with one hierarchy for each controller.
var versionOne = map[string]string{
	"cpuset/cgroup.procs":        "1\n",
	"cpuset/cpuset.cpus":         "0-1\n",
	"cpuset/cpuset.mems":         "0\n",
	"memory/cgroup.procs":        "1\n",
	"unified/cgroup.procs":       "1\n",
	"unified/cgroup.controllers": "\n",
	// An empty group would refuse to be written to when there is nothing to enable.
	"unified/cgroup.subtree_control": "\n",
}

// The files of a machine with one hierarchy for all.
var versionTwo = map[string]string{
	"cgroup.procs":           "1\n",
	"cgroup.controllers":     "cpu memory\n",
	"cgroup.subtree_control": "memory\n",
}

func TestCreate(t *testing.T) {
	tests := map[string]struct {
		machine map[string]string
		want    map[string]string
	}{
		"version 1 inherits processors": {versionOne, map[string]string{
			"cpuset/waymark/node/cpuset.cpus": "0-1\n",
			"cpuset/waymark/node/cpuset.mems": "0\n",
			"unified/cgroup.subtree_control":  "\n",
		}},
		"version 2 passes controllers on": {versionTwo, map[string]string{
			"cgroup.subtree_control": "+cpu",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := machine(t, test.machine)
			if err := (Group{Name: "waymark/node", root: root}).Create(); err != nil {
				t.Fatal(err)
			}
			for path, want := range test.want {
				content, err := os.ReadFile(filepath.Join(root, path))
				if err != nil || string(content) != want {
					t.Errorf("%s = %q (%v), want %q", path, content, err, want)
				}
			}
		})
	}
}

func TestProcessesAreListedOnceAndFromAllLevels(t *testing.T) {
	root := machine(t, versionOne)
	group := Group{Name: "waymark", root: root}
	if group.Exists() {
		t.Error("the group exists before it was created")
	}
	if err := (Group{Name: "waymark/pods", root: root}).Create(); err != nil {
		t.Fatal(err)
	}
	write(t, root, "cpuset/waymark/cgroup.procs", "12\n")
	write(t, root, "cpuset/waymark/pods/cgroup.procs", "34\n56\n")
	write(t, root, "memory/waymark/pods/cgroup.procs", "56\n12\n")
	processes, err := group.Processes()
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{12, 34, 56}; !slices.Equal(processes, want) {
		t.Errorf("Processes = %v, want %v", processes, want)
	}
	if !group.Exists() {
		t.Error("the group does not exist after it was created")
	}
}

func TestRemoveTakesEveryLevelOfEveryHierarchy(t *testing.T) {
	root := machine(t, map[string]string{"memory/cgroup.procs": "", "pids/cgroup.procs": ""})
	if err := (Group{Name: "waymark/pods/one", root: root}).Create(); err != nil {
		t.Fatal(err)
	}
	if err := (Group{Name: "waymark", root: root}).Remove(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(root, "*", "waymark"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestNoCgroupsAtAll(t *testing.T) {
	if err := (Group{Name: "waymark", root: t.TempDir()}).Create(); err == nil {
		t.Error("a machine without cgroups was accepted")
	}
}

func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, content := range files {
		write(t, root, path, content)
	}
	return root
}

func write(t *testing.T, root, path, content string) {
	t.Helper()
	full := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
