// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package machine describes the parts of this machine that a cluster could leave a
// trace in, so that before and after can be compared.
package machine

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Describe lists facts about the machine, one a line, sorted: network links,
// routes, packet filter tables, mounts, loop devices, control groups of clusters,
// processes outside of this process's namespaces, kernel settings, and the folders
// where programs of a cluster put files.
func Describe() ([]string, error) {
	observers := []func() ([]string, error){
		links, routes, packetFilter, mounts, loopDevices, controlGroups, foreignProcesses, kernelSettings, folders,
	}
	var facts []string
	for _, observe := range observers {
		found, err := observe()
		if err != nil {
			return nil, err
		}
		facts = append(facts, found...)
	}
	slices.Sort(facts)
	return slices.Compact(facts), nil
}

// Difference lists what is only in before, marked with a minus, and only in after,
// marked with a plus.
func Difference(before, after []string) []string {
	var changes []string
	for _, fact := range before {
		if !slices.Contains(after, fact) {
			changes = append(changes, "- "+fact)
		}
	}
	for _, fact := range after {
		if !slices.Contains(before, fact) {
			changes = append(changes, "+ "+fact)
		}
	}
	return changes
}

func links() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var facts []string
	for _, link := range interfaces {
		facts = append(facts, "link "+link.Name)
	}
	return facts, nil
}

func routes() ([]string, error) {
	content, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return nil, err
	}
	var facts []string
	for line := range bytes.Lines(content) {
		const destination, gateway, mask = 1, 2, 7
		if fields := strings.Fields(string(line)); len(fields) > mask {
			facts = append(facts, fmt.Sprintf("route %s to %s/%s by %s", fields[0], fields[destination], fields[mask], fields[gateway]))
		}
	}
	return facts, nil
}

func packetFilter() ([]string, error) {
	if _, err := exec.LookPath("nft"); err != nil {
		return nil, nil //nolint:nilerr // without the program the machine has no tables of ours
	}
	return output("packet filter", "nft", "list", "tables")
}

func mounts() ([]string, error) {
	content, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var facts []string
	for line := range bytes.Lines(content) {
		const mountPoint = 4
		if fields := strings.Fields(string(line)); len(fields) > mountPoint {
			facts = append(facts, "mount "+fields[mountPoint])
		}
	}
	return facts, nil
}

func loopDevices() ([]string, error) {
	return contents("loop device", "/sys/block/loop*/loop/backing_file")
}

func controlGroups() ([]string, error) {
	var facts []string
	for _, pattern := range []string{"/sys/fs/cgroup/*waymark*", "/sys/fs/cgroup/*/*waymark*", "/sys/fs/cgroup/*/kube*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, group := range found {
			facts = append(facts, "cgroup "+group)
		}
	}
	return facts, nil
}

// foreignProcesses finds what runs in other namespaces than this process does.
func foreignProcesses() ([]string, error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var facts []string
	for _, namespace := range []string{"pid", "net", "mnt"} {
		own, err := os.Readlink("/proc/self/ns/" + namespace)
		if err != nil {
			return nil, err
		}
		for _, process := range processes {
			other, err := os.Readlink(filepath.Join(process, "ns", namespace))
			if err != nil || other == own || hasEnded(process) {
				continue
			}
			name, _ := os.ReadFile(filepath.Join(process, "comm"))
			facts = append(facts, fmt.Sprintf("process %s in another %s namespace", bytes.TrimSpace(name), namespace))
		}
	}
	return facts, nil
}

// hasEnded says whether nothing but an entry of the process is left, until its parent
// takes notice.
func hasEnded(process string) bool {
	status, err := os.ReadFile(filepath.Join(process, "status"))
	return err != nil || bytes.Contains(status, []byte("\nState:\tZ"))
}

func kernelSettings() ([]string, error) {
	return contents("setting", "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/panic_on_oom", "/proc/sys/kernel/panic",
		"/proc/sys/kernel/panic_on_oops", "/proc/sys/kernel/keys/root_max*", "/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/net/bridge/*", "/proc/sys/fs/inotify/*")
}

func folders() ([]string, error) {
	var facts []string
	for _, folder := range []string{"/run", "/run/netns", "/var/lib", "/var/log", "/etc/cni/net.d", "/opt", "/usr/libexec"} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // it does not exist; if it does later, its parent shows it
		}
		for _, entry := range entries {
			facts = append(facts, "file "+filepath.Join(folder, entry.Name()))
		}
	}
	return facts, nil
}

func contents(kind string, patterns ...string) ([]string, error) {
	var facts []string
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				continue // a loop device may be let go of at any time
			}
			facts = append(facts, fmt.Sprintf("%s %s = %s", kind, path, bytes.TrimSpace(content)))
		}
	}
	return facts, nil
}

func output(kind, name string, arguments ...string) ([]string, error) {
	printed, err := exec.Command(name, arguments...).Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(failed.Stderr))
		}
		return nil, err
	}
	var facts []string
	for scanner := bufio.NewScanner(bytes.NewReader(printed)); scanner.Scan(); {
		facts = append(facts, kind+" "+strings.TrimSpace(scanner.Text()))
	}
	return facts, nil
}
