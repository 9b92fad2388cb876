// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cache"
	"github.com/waymark-dev/waymark/hack/cluster/internal/progress"
)

func TestEnsureBuildsOnlyWhatChanged(t *testing.T) {
	layout := cache.Layout{Root: t.TempDir(), KubernetesVersion: "v1.0.0"}
	source := filepath.Join(t.TempDir(), "go.mod")
	writeFile(t, source, "one")

	builds := 0
	counted := artefact{
		name: "tool", files: []string{"tool"}, sources: []string{source}, place: cache.Layout.Bin,
		make: func(folder string) error {
			builds++
			return os.WriteFile(filepath.Join(folder, "tool"), []byte("program"), 0o755)
		},
	}
	steps := []struct {
		when   string
		change func()
		want   int
	}{
		{"nothing is built", func() {}, 1},
		{"nothing changed", func() {}, 1},
		{"a source changed", func() { writeFile(t, source, "two") }, 2},
		{"a program was deleted", func() { _ = os.Remove(layout.Program("tool")) }, 3},
		{"nothing changed again", func() {}, 3},
	}
	for _, step := range steps {
		step.change()
		if err := ensure(layout, counted, progress.Reporter{Out: io.Discard}); err != nil {
			t.Fatalf("when %s: %v", step.when, err)
		}
		if builds != step.want {
			t.Errorf("when %s: %d builds so far, want %d", step.when, builds, step.want)
		}
	}
}

func TestDefaultName(t *testing.T) {
	tests := map[program]string{
		{"etcd", "go.etcd.io/etcd/server/v3"}:        "server",
		{"kubelet", "k8s.io/kubernetes/cmd/kubelet"}: "kubelet",
		{"coredns", "."}: "coredns",
	}
	for built, want := range tests {
		if got := defaultName(built); got != want {
			t.Errorf("defaultName(%v) = %q, want %q", built, got, want)
		}
	}
}

func TestArtefactsForRefusesUnknownTargets(t *testing.T) {
	if _, err := artefactsFor("everything", "v1.36.3"); err == nil {
		t.Error("an unknown target was accepted")
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
