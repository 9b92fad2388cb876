// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package operate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"text/tabwriter"

	"github.com/waymark-dev/waymark/hack/cluster/internal/storage"
)

// Status tells a person how the cluster is.
func (o Operator) Status(out io.Writer) error {
	if _, err := o.nodeProcess(); err != nil {
		if !errors.Is(err, errNotRunning) {
			return err
		}
		fmt.Fprintln(out, err)
		return nil
	}
	fmt.Fprintf(out, "running: export KUBECONFIG=%s\n\n", o.Cluster.Kubeconfig())
	for _, arguments := range [][]string{{"get", "nodes", "--output=wide"}, {"get", "pods", "--all-namespaces"}} {
		printed, err := o.kubectl("", arguments...)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, printed)
	}
	return o.Volumes(out)
}

// Volumes prints the cluster's volumes and how full they are.
func (o Operator) Volumes(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "VOLUME\tCLASS\tSIZE\tUSED")
	for _, volume := range storage.Volumes {
		folder, err := o.nodePath(volume.Folder(o.Cluster))
		if err != nil {
			return err
		}
		used, total, err := storage.Usage(folder)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d%%\n", volume.Name, volume.Class, volume.Size, used*100/total)
	}
	return table.Flush()
}

// FillVolume takes all the room that is left on a volume.
func (o Operator) FillVolume(name string) error { return o.onVolume(name, storage.Fill) }

// FreeVolume gives the room back that FillVolume took.
func (o Operator) FreeVolume(name string) error { return o.onVolume(name, storage.Free) }

func (o Operator) onVolume(name string, act func(folder string) error) error {
	volume, err := storage.Find(name)
	if err != nil {
		return err
	}
	folder, err := o.nodePath(volume.Folder(o.Cluster))
	if err != nil {
		return err
	}
	return act(folder)
}

// Load makes the images of the tarballs available to pods. A pod must not ask for
// them to be pulled: imagePullPolicy is Never or IfNotPresent.
func (o Operator) Load(tarballs []string) error {
	if len(tarballs) == 0 {
		return errors.New("no image tarball is named")
	}
	for _, tarball := range tarballs {
		err := o.Progress.Step("importing "+filepath.Base(tarball), func() error { return o.importImage(tarball) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (o Operator) importImage(tarball string) error {
	file, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer file.Close()
	command, err := o.inNode("ctr", "--namespace=k8s.io", "images", "import", "-")
	if err != nil {
		return err
	}
	command.Stdin = file
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("ctr: %w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}

// Enter replaces this process by a command that runs inside the node.
func (o Operator) Enter(words []string) error {
	if len(words) == 0 {
		words = []string{"/bin/bash"}
	}
	command, err := o.inNode(words...)
	if err != nil {
		return err
	}
	return syscall.Exec(command.Path, command.Args, os.Environ())
}
