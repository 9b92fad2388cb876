// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package operate

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// stopLimit is how long the kernel may take to end processes and let go of mounts.
const stopLimit = 30 * time.Second

// Down stops the cluster and removes all that it made, also after a crash of any
// part of it, and does nothing if there is no cluster.
func (o Operator) Down() error {
	unlock, err := o.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return o.clear()
}

// clear removes whatever there is of a cluster.
func (o Operator) clear() error {
	if !o.hasTraces() {
		return nil
	}
	return o.Progress.Step("removing the cluster", func() error {
		steps := []func() error{o.endProcesses, o.removeCable, o.removeCgroups, o.awaitDisks, o.removeFiles}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o Operator) hasTraces() bool {
	_, noFiles := os.Stat(o.Cluster.Cluster())
	_, noCable := net.InterfaceByName(topology.HostLink)
	return noFiles == nil || noCable == nil || group().Exists()
}

// endProcesses kills every process of the cluster. The first of them takes all others
// of its PID namespace along.
func (o Operator) endProcesses() error {
	return await(stopLimit, func() error {
		processes, err := group().Processes()
		if err != nil {
			return err
		}
		for _, pid := range processes {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("ending process %d: %w", pid, err)
			}
		}
		if len(processes) > 0 {
			return fmt.Errorf("processes %v have not ended", processes)
		}
		return nil
	})
}

func (o Operator) removeCable() error {
	if _, err := net.InterfaceByName(topology.HostLink); err != nil {
		return nil //nolint:nilerr // it went away with the node's network namespace
	}
	output, err := exec.Command("ip", "link", "delete", topology.HostLink).CombinedOutput()
	if _, gone := net.InterfaceByName(topology.HostLink); err != nil && gone == nil {
		return fmt.Errorf("removing link %s: %w: %s", topology.HostLink, err, output)
	}
	return nil
}

func (o Operator) removeCgroups() error { return await(stopLimit, group().Remove) }

// awaitDisks waits until the kernel has let go of the volumes, which it does a moment
// after the last process has ended.
func (o Operator) awaitDisks() error {
	return await(stopLimit, func() error {
		backing, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
		if err != nil {
			return err
		}
		for _, path := range backing {
			file, err := os.ReadFile(path)
			if err == nil && strings.HasPrefix(string(file), o.Cluster.Path("volumes")+"/") {
				return fmt.Errorf("%s is still in use: is a process left inside the node?", strings.TrimSpace(string(file)))
			}
		}
		return nil
	})
}

func (o Operator) removeFiles() error { return os.RemoveAll(o.Cluster.Cluster()) }
