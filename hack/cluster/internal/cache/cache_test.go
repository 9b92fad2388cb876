// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	repository := t.TempDir()
	module := filepath.Join(repository, KubernetesModule)
	if err := os.MkdirAll(module, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(repository)
	t.Setenv(DirVariable, "/cache")

	if _, err := Open(); err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Errorf("Open without go.mod: got %v, want advice to run from the root", err)
	}
	goMod := "module x\n\nreplace (\n\tk8s.io/api => k8s.io/api v0.36.3\n)\n\nrequire (\n\tk8s.io/kubernetes v1.36.3\n)\n"
	if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte(goMod), 0o600); err != nil {
		t.Fatal(err)
	}
	layout, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := layout.Bin(), "/cache/kubernetes-v1.36.3/bin"; got != want {
		t.Errorf("Bin() = %q, want %q", got, want)
	}
}
