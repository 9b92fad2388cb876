// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package operate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// debianPackages says which package of Debian has the programs that the cluster uses.
var debianPackages = map[string][]string{
	"containerd":                  {"containerd", "ctr"},
	"runc":                        {"runc"},
	"containernetworking-plugins": {"/usr/lib/cni/ptp", "/usr/lib/cni/host-local", "/usr/lib/cni/loopback"},
	"nftables":                    {"nft"},
	"iproute2":                    {"ip"},
	"e2fsprogs":                   {"mkfs.ext4"},
	"mount":                       {"mount"},
	"util-linux":                  {"nsenter"},
}

// builtPrograms are what make cluster-binaries leaves in the cache.
var builtPrograms = []string{
	"etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet",
}

// requirePrograms makes sure that all programs are there. It installs those that
// Debian has.
func (o Operator) requirePrograms() error {
	for _, program := range builtPrograms {
		if _, err := os.Stat(o.Cluster.Program(program)); err != nil {
			return fmt.Errorf("%s is not built, run make cluster-binaries: %w", program, err)
		}
	}
	missing := missingPackages(exec.LookPath)
	if len(missing) == 0 {
		return nil
	}
	return o.Progress.Step("installing "+strings.Join(missing, ", "), func() error { return install(missing) })
}

// missingPackages lists the packages of which a program is not found. A program that
// came from elsewhere serves as well.
func missingPackages(find func(program string) (string, error)) []string {
	var missing []string
	for name, programs := range debianPackages {
		if slices.ContainsFunc(programs, func(program string) bool {
			_, err := find(program)
			return err != nil
		}) {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}

func install(packages []string) error {
	allowServices, err := forbidServices()
	if err != nil {
		return err
	}
	defer allowServices()
	for _, arguments := range [][]string{
		{"update", "--quiet"},
		append([]string{"install", "--quiet", "--yes", "--no-install-recommends"}, packages...),
	} {
		command := exec.Command("apt-get", arguments...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", arguments[0], err, output)
		}
	}
	return nil
}

// servicePolicy is the program that Debian asks before a package starts its service.
const servicePolicy = "/usr/sbin/policy-rc.d"

// forbidServices keeps the packages from starting services of their own: the cluster
// starts its own containerd. A policy that the machine has is left alone.
func forbidServices() (undo func(), err error) {
	const forbidAll = "#!/bin/sh\nexit 101\n"
	file, err := os.OpenFile(servicePolicy, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = file.WriteString(forbidAll)
	return func() { _ = os.Remove(servicePolicy) }, errors.Join(err, file.Close())
}
