// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package storage makes the persistent volumes of the development cluster: small
// ext4 file systems in sparse files, each offered as a local PersistentVolume. Unlike
// a shared folder, such a volume really fills up.
package storage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// Volume is one volume and the StorageClass that offers it.
type Volume struct {
	// Name is the name of the PersistentVolume.
	Name string
	// Class is the name of its StorageClass.
	Class string
	// Size is its capacity as a Kubernetes quantity.
	Size string
	// Bytes is the same as a number.
	Bytes int64
}

// Volumes are all volumes of a cluster. Their files are sparse: they take only the
// room that is written to. Together they stay below the eight loop devices that a
// machine has from the start, since more would remain after the cluster.
var Volumes = append(
	volumes("waymark-local", 5, "10Gi", 10<<30),
	volumes("waymark-small", 2, "64Mi", 64<<20)...,
)

func volumes(class string, count int, size string, bytes int64) []Volume {
	var made []Volume
	for number := 1; number <= count; number++ {
		made = append(made, Volume{Name: fmt.Sprintf("%s-%d", class, number), Class: class, Size: size, Bytes: bytes})
	}
	return made
}

// Find returns the volume of that name.
func Find(name string) (Volume, error) {
	for _, volume := range Volumes {
		if volume.Name == name {
			return volume, nil
		}
	}
	var names []string
	for _, volume := range Volumes {
		names = append(names, volume.Name)
	}
	return Volume{}, fmt.Errorf("no volume is named %q; there are %s", name, strings.Join(names, ", "))
}

// Folder is where the volume is mounted, as the node sees it.
func (v Volume) Folder(cluster topology.Cluster) string {
	return cluster.Path("volumes", v.Name)
}

func (v Volume) file(cluster topology.Cluster) string { return v.Folder(cluster) + ".ext4" }

// Create makes the file with an empty file system in it, and the mount point.
func (v Volume) Create(cluster topology.Cluster) error {
	if err := os.MkdirAll(v.Folder(cluster), 0o755); err != nil {
		return err
	}
	file, err := os.Create(v.file(cluster))
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(v.Bytes), file.Close()); err != nil {
		return err
	}
	// No blocks are kept back for root, since the capacity is promised to others;
	// few inodes and a lazy journal keep the file sparse.
	return run("mkfs.ext4", "-q", "-m", "0", "-i", "65536", "-E", "lazy_itable_init=1,lazy_journal_init=1", file.Name())
}

// Mount makes the volume appear in its folder. It is for the node's namespace. The
// loop device goes away with the mount.
func (v Volume) Mount(cluster topology.Cluster) error {
	if err := run("mount", "-o", "loop,noinit_itable", v.file(cluster), v.Folder(cluster)); err != nil {
		return err
	}
	return v.Wipe(v.Folder(cluster))
}

// Wipe makes the volume as good as new. The folder is that of Folder, or another way
// to the same place.
func (v Volume) Wipe(folder string) error {
	return errors.Join(empty(folder), os.Chown(folder, 0, 0), os.Chmod(folder, 0o755))
}

func empty(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// ballast is a file that takes all the room of a volume.
const ballast = ".waymark-ballast"

// Fill takes all the room that is left, so that the next write finds the disk full.
func Fill(folder string) error {
	file, err := os.OpenFile(filepath.Join(folder, ballast), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	const largest, smallest = 1 << 30, 4 << 10
	for offset, size := info.Size(), int64(largest); size >= smallest; {
		err := syscall.Fallocate(int(file.Fd()), 0, offset, size)
		switch {
		case err == nil:
			offset += size
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("filling %s: %w", folder, err)
		}
	}
	return nil
}

// Free gives the room back that Fill took. A volume that was not filled is left as
// it is.
func Free(folder string) error {
	err := os.Remove(filepath.Join(folder, ballast))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Usage says how many bytes of the file system are in use, and how many it has.
func Usage(folder string) (used, total uint64, err error) {
	var status syscall.Statfs_t
	if err := syscall.Statfs(folder, &status); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", folder, err)
	}
	size := uint64(status.Bsize)
	return (status.Blocks - status.Bfree) * size, status.Blocks * size, nil
}

func run(name string, arguments ...string) error {
	if output, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, output)
	}
	return nil
}
