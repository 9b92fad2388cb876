// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cache"
)

// artefact is a group of files that is built, and becomes stale, together.
type artefact struct {
	// name identifies the stamp of the artefact.
	name string
	// files are the names of what is made.
	files []string
	// sources are the files and folders whose content decides the result.
	sources []string
	// make builds every file into folder.
	make func(folder string) error
	// place is where the files are kept.
	place func(cache.Layout) string
}

// program is one Go program: its file name and the package it is built from.
type program struct{ name, pkg string }

// artefactsFor lists what a target needs, in the order to build it.
func artefactsFor(target, version string) ([]artefact, error) {
	envtest := kubernetes("envtest", version,
		program{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
		program{"kubectl", "k8s.io/kubernetes/cmd/kubectl"},
		program{"etcd", "go.etcd.io/etcd/server/v3"},
	)
	switch target {
	case "envtest":
		return []artefact{envtest}, nil
	case "cluster":
		return []artefact{
			envtest,
			kubernetes("node", version,
				program{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
				program{"kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"},
				program{"kubelet", "k8s.io/kubernetes/cmd/kubelet"},
				program{"kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy"},
			),
			image("coredns", "hack/cluster/coredns"),
			image("pause", "hack/cluster/pause"),
		}, nil
	default:
		return nil, fmt.Errorf("unknown target %q: want envtest or cluster", target)
	}
}

func kubernetes(name, version string, programs ...program) artefact {
	made := artefact{
		name:    name,
		sources: []string{cache.KubernetesModule},
		place:   cache.Layout.Bin,
		make: func(folder string) error {
			return goBuild(cache.KubernetesModule, folder, versionFlags(version), programs...)
		},
	}
	for _, program := range programs {
		made.files = append(made.files, program.name)
		made.sources = append(made.sources, program.pkg)
	}
	return made
}

// image is a tarball with one static program as its entrypoint.
func image(name, source string) artefact {
	return artefact{
		name:    name,
		files:   []string{name + ".tar"},
		sources: []string{source, "hack/image"},
		place:   cache.Layout.Images,
		make: func(folder string) error {
			if err := goBuild(source, folder, nil, program{name, "."}); err != nil {
				return err
			}
			return packImage(name, filepath.Join(folder, name), filepath.Join(folder, name+".tar"))
		},
	}
}

// versionFlags make the programs report the version that the module has. The
// release's own build sets the same variables.
func versionFlags(version string) []string {
	number := strings.Split(strings.TrimPrefix(version, "v"), ".")
	const variables = "k8s.io/component-base/version."
	return []string{
		"-X", variables + "gitVersion=" + version,
		"-X", variables + "gitMajor=" + number[0],
		"-X", variables + "gitMinor=" + number[1],
	}
}
