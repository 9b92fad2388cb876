// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package cache says where the built programs and the running cluster are kept
// on this machine.
package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// DirVariable is the environment variable that moves the whole cache.
const DirVariable = "WAYMARK_CACHE"

// KubernetesModule is the folder, seen from the root of the repository, of the
// module whose go.mod decides the version of Kubernetes.
const KubernetesModule = "hack/cluster/kubernetes"

// Layout names the folders of the cache. The programs and images are kept per
// version of Kubernetes, so that branches with different versions can share a
// machine.
type Layout struct {
	// Root holds everything: WAYMARK_CACHE, or "waymark" in the user's cache folder.
	Root string
	// KubernetesVersion is such as "v1.36.3".
	KubernetesVersion string
}

// Open finds the cache for the repository in the working directory. It creates
// nothing.
func Open() (Layout, error) {
	version, err := kubernetesVersion(KubernetesModule)
	if err != nil {
		return Layout{}, err
	}
	if root := os.Getenv(DirVariable); root != "" {
		root, err := filepath.Abs(root)
		return Layout{Root: root, KubernetesVersion: version}, err
	}
	userCache, err := os.UserCacheDir()
	if err != nil {
		return Layout{}, fmt.Errorf("no place for built programs, set %s: %w", DirVariable, err)
	}
	return Layout{Root: filepath.Join(userCache, "waymark"), KubernetesVersion: version}, nil
}

// Bin is the folder of the built programs. It serves as KUBEBUILDER_ASSETS.
func (l Layout) Bin() string { return filepath.Join(l.versioned(), "bin") }

// Program is the path of one built program.
func (l Layout) Program(name string) string { return filepath.Join(l.Bin(), name) }

// Images is the folder of the image tarballs that the cluster itself needs.
func (l Layout) Images() string { return filepath.Join(l.versioned(), "images") }

// Stamps is the folder of the notes that say what the programs were built from.
func (l Layout) Stamps() string { return filepath.Join(l.versioned(), "stamps") }

// Cluster is the folder of the running cluster; it exists only while one runs.
func (l Layout) Cluster() string { return filepath.Join(l.Root, "cluster") }

func (l Layout) versioned() string {
	return filepath.Join(l.Root, "kubernetes-"+l.KubernetesVersion)
}

var requiredKubernetes = regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v[0-9]+\.[0-9]+\.[0-9]+)`)

func kubernetesVersion(module string) (string, error) {
	path := filepath.Join(module, "go.mod")
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("run this from the root of the repository: %w", err)
	}
	match := requiredKubernetes.FindSubmatch(content)
	if match == nil {
		return "", fmt.Errorf("%s requires no k8s.io/kubernetes", path)
	}
	return string(match[1]), nil
}
