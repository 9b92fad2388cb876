// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package storage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cache"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

func TestFind(t *testing.T) {
	volume, err := Find("waymark-small-2")
	if err != nil || volume.Size != "64Mi" || volume.Bytes != 64<<20 {
		t.Errorf("Find(waymark-small-2) = %+v, %v", volume, err)
	}
	if _, err := Find("waymark-small-9"); err == nil || !strings.Contains(err.Error(), `"waymark-small-9"`) {
		t.Errorf("Find of an unknown volume: got %v, want an error that names it", err)
	}
}

func TestManifestOffersTheFolder(t *testing.T) {
	cluster := topology.Cluster{Layout: cache.Layout{Root: "/cache"}}
	manifest := Volumes[0].Manifest(cluster)
	for _, want := range []string{
		"name: waymark-local-1", "storageClassName: waymark-local", "storage: 10Gi",
		`path: "/cache/cluster/volumes/waymark-local-1"`, "values: [waymark-node]",
	} {
		if !strings.Contains(manifest, want) {
			t.Errorf("manifest lacks %q:\n%s", want, manifest)
		}
	}
}

func TestEmptyLeavesAnEmptyFolder(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "data", "partition-0"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, ".hidden"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := empty(folder); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 0 {
		t.Errorf("empty left %v", entries)
	}
}

func TestFreeOfAVolumeThatWasNeverFilled(t *testing.T) {
	if err := Free(t.TempDir()); err != nil {
		t.Error(err)
	}
}
