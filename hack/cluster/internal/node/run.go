// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cgroup"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// The commands of this program that run inside the namespaces; nobody else calls them.
const (
	// InitCommand is the first process of the namespaces.
	InitCommand = "node-init"
	// SuperviseCommand is its only child, the parent of all components.
	SuperviseCommand = "node-supervise"
)

// self is this program, even after its file was deleted, as go run does.
const self = "/proc/self/exe"

// Start starts the node in new namespaces and connects it to the host. The node
// lives on when this process ends.
func Start(cluster topology.Cluster) error {
	log, err := os.OpenFile(cluster.Log("node"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	connected, waiting, err := os.Pipe()
	if err != nil {
		return err
	}
	defer waiting.Close()

	command := exec.Command(self, InitCommand, cluster.Description())
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = []*os.File{connected}
	command.Dir = "/"
	command.Env = environment(cluster)
	command.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
	}
	err = command.Start()
	connected.Close()
	if err != nil {
		return fmt.Errorf("new namespaces: %w", err)
	}
	pid := command.Process.Pid
	if err := os.WriteFile(cluster.Path("node.pid"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		return err
	}
	if err := connectHost(cluster, pid); err != nil {
		return err
	}
	if _, err := waiting.WriteString("connected"); err != nil {
		return fmt.Errorf("the node ended at once, see %s: %w", log.Name(), err)
	}
	return command.Process.Release()
}

// environment is what the components see. Nothing of the caller's settings, such as a
// proxy or a limit of Go's scheduler, reaches them.
func environment(cluster topology.Cluster) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + cluster.Cluster(),
	}
}

// connectHost gives the node its end of a new cable, and the host routes to all that
// is behind it. All of it goes away with the cable.
func connectHost(cluster topology.Cluster, pid int) error {
	node := cluster.Node.Addr().String()
	commands := [][]string{
		{"ip", "link", "add", topology.HostLink, "type", "veth", "peer", "name", topology.NodeLink, "netns", strconv.Itoa(pid)},
		{"ip", "address", "add", cluster.Host.String(), "dev", topology.HostLink},
		{"ip", "link", "set", topology.HostLink, "up"},
		{"ip", "route", "add", cluster.Pods.String(), "via", node, "dev", topology.HostLink, "onlink"},
		{"ip", "route", "add", cluster.Services.String(), "via", node, "dev", topology.HostLink, "onlink"},
	}
	for _, command := range commands {
		if err := run(command...); err != nil {
			return err
		}
	}
	return nil
}

// Init is the first process of the namespaces. It waits for the cable, starts the
// supervisor, collects the exits of all processes that lost their parent, and ends,
// and everything with it, when the supervisor ends. The description is the file of the
// cluster's topology.
func Init(description string) error {
	if os.Getpid() != 1 {
		return errors.New("this command is started by the cluster itself")
	}
	cable := os.NewFile(3, "cable")
	if _, err := cable.Read(make([]byte, len("connected"))); err != nil {
		return fmt.Errorf("the host gave up: %w", err)
	}
	cable.Close()
	if err := cgroup.New(filepath.Join(topology.Cgroup, "node")).Enter(); err != nil {
		return err
	}
	supervisor, err := os.StartProcess(self, []string{self, SuperviseCommand, description}, &os.ProcAttr{
		Files: []*os.File{nil, os.Stdout, os.Stderr}, Env: os.Environ(),
	})
	if err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if pid == supervisor.Pid {
			return fmt.Errorf("the supervisor ended with status %d", status)
		}
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func run(command ...string) error {
	if output, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", command, err, output)
	}
	return nil
}
