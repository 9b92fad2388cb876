// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package cgroup keeps all processes of the development cluster in control groups
// of its own, so that they can be limited, found and ended without touching any
// other process. It knows version 1, version 2 and both side by side.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Root is where the hierarchies are mounted.
const Root = "/sys/fs/cgroup"

// Group is one group of the same name at the root of every hierarchy.
type Group struct {
	// Name is the path below the root of each hierarchy.
	Name string
	root string
}

// New names a group. It creates nothing.
func New(name string) Group { return Group{Name: name, root: Root} }

// Create makes the group in every hierarchy.
func (g Group) Create() error {
	hierarchies, err := g.hierarchies()
	if err != nil {
		return err
	}
	for _, hierarchy := range hierarchies {
		if err := createIn(hierarchy, g.Name); err != nil {
			return fmt.Errorf("cgroup %s: %w", filepath.Join(hierarchy, g.Name), err)
		}
	}
	return nil
}

// Exists says whether any hierarchy has the group.
func (g Group) Exists() bool {
	found := false
	_ = g.each(func(string) error {
		found = true
		return nil
	})
	return found
}

// Enter moves the calling process, and with it all that it will start, into the
// group.
func (g Group) Enter() error {
	return g.each(func(folder string) error {
		// Zero means the writer, in whatever PID namespace it is.
		return os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte("0"), 0o644)
	})
}

// Processes lists the processes of the group and of all groups below it, each once.
func (g Group) Processes() ([]int, error) {
	var found []int
	err := g.walk(func(folder string) error {
		content, err := os.ReadFile(filepath.Join(folder, "cgroup.procs"))
		if err != nil {
			return ignoreMissing(err)
		}
		for field := range strings.FieldsSeq(string(content)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return fmt.Errorf("%s/cgroup.procs: %w", folder, err)
			}
			found = append(found, pid)
		}
		return nil
	})
	slices.Sort(found)
	return slices.Compact(found), err
}

// Remove removes the group and all groups below it. It fails while a process is in
// one of them.
func (g Group) Remove() error {
	var folders []string
	if err := g.walk(func(folder string) error {
		folders = append(folders, folder)
		return nil
	}); err != nil {
		return err
	}
	slices.Reverse(folders)
	var errs []error
	for _, folder := range folders {
		errs = append(errs, ignoreMissing(os.Remove(folder)))
	}
	return errors.Join(errs...)
}

// walk visits the group in every hierarchy, parents before their children.
func (g Group) walk(visit func(folder string) error) error {
	return g.each(func(group string) error {
		return filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return ignoreMissing(err)
			}
			return visit(path)
		})
	})
}

// each visits the group in every hierarchy that has it.
func (g Group) each(visit func(folder string) error) error {
	hierarchies, err := g.hierarchies()
	if err != nil {
		return err
	}
	for _, hierarchy := range hierarchies {
		folder := filepath.Join(hierarchy, g.Name)
		if _, err := os.Stat(folder); err != nil {
			continue
		}
		if err := visit(folder); err != nil {
			return err
		}
	}
	return nil
}

// hierarchies lists the folder of each: only the root on version 2, else one for
// every controller.
func (g Group) hierarchies() ([]string, error) {
	if isHierarchy(g.root) {
		return []string{g.root}, nil
	}
	entries, err := os.ReadDir(g.root)
	if err != nil {
		return nil, fmt.Errorf("no cgroups on this machine: %w", err)
	}
	var found []string
	for _, entry := range entries {
		// A symbolic link, such as cpu to cpu,cpuacct, is a second name only.
		if folder := filepath.Join(g.root, entry.Name()); entry.IsDir() && isHierarchy(folder) {
			found = append(found, folder)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no cgroups are mounted below %s", g.root)
	}
	return found, nil
}

func isHierarchy(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "cgroup.procs"))
	return err == nil
}

// createIn makes the group and its parents usable: on version 1 a group starts
// without processors and memory nodes, on version 2 without controllers.
func createIn(hierarchy, name string) error {
	parent := hierarchy
	for part := range strings.SplitSeq(name, "/") {
		if err := enableControllers(parent); err != nil {
			return err
		}
		child := filepath.Join(parent, part)
		if err := os.Mkdir(child, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := inheritProcessors(parent, child); err != nil {
			return err
		}
		parent = child
	}
	return nil
}

func inheritProcessors(parent, child string) error {
	for _, setting := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, setting))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(string(value)) == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(child, setting), value, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// enableControllers passes every controller of a version 2 group on to the groups
// below it. On version 1 there is nothing to pass on.
func enableControllers(folder string) error {
	available, err := os.ReadFile(filepath.Join(folder, "cgroup.controllers"))
	if err != nil {
		return ignoreMissing(err)
	}
	control := filepath.Join(folder, "cgroup.subtree_control")
	enabled, err := os.ReadFile(control)
	if err != nil {
		return err
	}
	for controller := range strings.FieldsSeq(string(available)) {
		if slices.Contains(strings.Fields(string(enabled)), controller) {
			continue
		}
		if err := os.WriteFile(control, []byte("+"+controller), 0o644); err != nil {
			return fmt.Errorf("enabling %s in %s: %w", controller, folder, err)
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
