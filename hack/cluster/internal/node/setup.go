// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/waymark-dev/waymark/hack/cluster/internal/storage"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// setUp turns the fresh namespaces into a node.
func setUp(cluster topology.Cluster) error {
	steps := []struct {
		title string
		do    func(topology.Cluster) error
	}{
		{"private mounts", isolateMounts},
		{"kernel settings", shieldKernelSettings},
		{"network", connect},
		{"volumes", mountVolumes},
	}
	for _, step := range steps {
		if err := step.do(cluster); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	return nil
}

// isolateMounts keeps every later mount from the host, shows the processes of this
// PID namespace in /proc, and puts the files that programs write to fixed paths into
// memory.
func isolateMounts(topology.Cluster) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return err
	}
	for _, folder := range topology.HiddenFolders {
		if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=755"); err != nil {
			return fmt.Errorf("tmpfs on %s: %w", folder, err)
		}
	}
	return os.Mkdir(filepath.Dir(topology.ContainerdSocket), 0o711)
}

// kubeletSettings are the kernel settings that the kubelet insists on. They have no
// namespace, so setting them would change the whole machine.
var kubeletSettings = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// shieldKernelSettings lets the kubelet find the settings it wants, without making
// them. The cluster works with any.
func shieldKernelSettings(topology.Cluster) error {
	for setting, value := range kubeletSettings {
		shield := filepath.Join("/run/settings", setting)
		if err := os.MkdirAll(filepath.Dir(shield), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(shield, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(shield, filepath.Join("/proc/sys", setting), "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", setting, err)
		}
	}
	return nil
}

// connect brings up the node's end of the cable and lets it pass packets on between
// host and pods. There is no route to the world: what asks for it fails at once.
func connect(cluster topology.Cluster) error {
	commands := [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "address", "add", cluster.Node.String(), "dev", topology.NodeLink},
		{"ip", "link", "set", topology.NodeLink, "up"},
		// A packet to a Service leaves by this route only until kube-proxy knows the
		// Service; it is lost, and the sender tries again.
		{"ip", "route", "add", cluster.Services.String(), "dev", "lo", "src", cluster.Node.Addr().String()},
	}
	for _, command := range commands {
		if err := run(command...); err != nil {
			return err
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

func mountVolumes(cluster topology.Cluster) error {
	for _, volume := range storage.Volumes {
		if err := volume.Mount(cluster); err != nil {
			return err
		}
	}
	return nil
}
