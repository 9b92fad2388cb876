// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command binaries builds Kubernetes, etcd and CoreDNS from the Go module proxy
// into a cache that outlives the checkout. What is built and unchanged is not
// built again.
//
//	go run ./hack/cluster/binaries envtest   # what controller tests need
//	go run ./hack/cluster/binaries cluster   # what a whole cluster needs
//
// It prints the folder of the programs. The cache is $WAYMARK_CACHE, by default
// "waymark" in the user's cache folder.
package main

import (
	"fmt"
	"os"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cache"
	"github.com/waymark-dev/waymark/hack/cluster/internal/progress"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: binaries envtest|cluster")
	}
	layout, err := cache.Open()
	if err != nil {
		return err
	}
	artefacts, err := artefactsFor(arguments[0], layout.KubernetesVersion)
	if err != nil {
		return err
	}
	unlock, err := lock(layout.Root)
	if err != nil {
		return err
	}
	defer unlock()

	reporter := progress.Reporter{Out: os.Stderr}
	for _, artefact := range artefacts {
		if err := ensure(layout, artefact, reporter); err != nil {
			return err
		}
	}
	fmt.Println(layout.Bin())
	return nil
}
