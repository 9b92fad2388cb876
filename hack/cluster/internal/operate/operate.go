// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package operate starts, inspects and stops the development cluster from the host.
package operate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cgroup"
	"github.com/waymark-dev/waymark/hack/cluster/internal/progress"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// Operator acts on one cluster for a person.
type Operator struct {
	// Cluster is where it is.
	Cluster topology.Cluster
	// Progress receives a line for every step.
	Progress progress.Reporter
}

// errNotRunning is what commands that need a cluster answer without one.
var errNotRunning = errors.New("no cluster is running; make cluster-up starts one")

// nodeProcess is the first process of the running node, as the host numbers it. It
// returns errNotRunning if there is none.
func (o Operator) nodeProcess() (int, error) {
	content, err := os.ReadFile(o.Cluster.Path("node.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, errNotRunning
	}
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", o.Cluster.Path("node.pid"), err)
	}
	// The number may have been given to another process since; the group tells.
	processes, err := group().Processes()
	if err != nil {
		return 0, err
	}
	if !slices.Contains(processes, pid) {
		return 0, errNotRunning
	}
	return pid, nil
}

func group() cgroup.Group { return cgroup.New(topology.Cgroup) }

// inNode is a command that runs inside the node's namespaces.
func (o Operator) inNode(command ...string) (*exec.Cmd, error) {
	pid, err := o.nodeProcess()
	if err != nil {
		return nil, err
	}
	arguments := append([]string{"--target", strconv.Itoa(pid), "--mount", "--net", "--pid", "--ipc", "--"}, command...)
	return exec.Command("nsenter", arguments...), nil
}

// nodePath is a path of the node, such as a mounted volume, as the host reaches it.
func (o Operator) nodePath(path string) (string, error) {
	pid, err := o.nodeProcess()
	return filepath.Join("/proc", strconv.Itoa(pid), "root", path), err
}

func (o Operator) kubectl(input string, arguments ...string) (string, error) {
	command := exec.Command(o.Cluster.Program("kubectl"), append([]string{"--kubeconfig=" + o.Cluster.Kubeconfig()}, arguments...)...)
	command.Stdin = strings.NewReader(input)
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(arguments, " "), err, output)
	}
	return string(output), nil
}

// lock lets only one command at a time change the cluster.
func (o Operator) lock() (unlock func(), err error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("the cluster needs root: namespaces, mounts and cgroups are made")
	}
	if err := os.MkdirAll(o.Cluster.Root, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(o.Cluster.Root, "cluster.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		o.Progress.Note("waiting for another command that changes the cluster")
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			return nil, fmt.Errorf("locking %s: %w", file.Name(), err)
		}
	}
	return func() { file.Close() }, nil
}

// hopeless is an error that waiting longer does not cure.
type hopeless struct{ error }

// await calls try until it succeeds, and returns its last error when the time is up or
// there is no hope.
func await(limit time.Duration, try func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if errors.As(err, &hopeless{}) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %v: %w", limit, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
