// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command cluster runs a real Kubernetes cluster of one node on this machine, in
// namespaces of its own, without a container engine and without systemd.
//
//	go run ./hack/cluster up            # start, or do nothing if it runs
//	go run ./hack/cluster status
//	go run ./hack/cluster kubeconfig    # print the path of the kubeconfig
//	go run ./hack/cluster load IMAGE_TAR...
//	go run ./hack/cluster volumes       # also: volumes fill NAME, volumes free NAME
//	go run ./hack/cluster enter COMMAND...
//	go run ./hack/cluster facts         # what a cluster could change on this machine
//	go run ./hack/cluster down
//
// docs/cluster.md says how it works.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/waymark-dev/waymark/hack/cluster/internal/machine"
	"github.com/waymark-dev/waymark/hack/cluster/internal/node"
	"github.com/waymark-dev/waymark/hack/cluster/internal/operate"
	"github.com/waymark-dev/waymark/hack/cluster/internal/progress"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// commands are what a person calls.
var commands = map[string]func(operator operate.Operator, arguments []string) error{
	"up":         func(operator operate.Operator, _ []string) error { return operator.Up() },
	"down":       func(operator operate.Operator, _ []string) error { return operator.Down() },
	"status":     func(operator operate.Operator, _ []string) error { return operator.Status(os.Stdout) },
	"load":       func(operator operate.Operator, images []string) error { return operator.Load(images) },
	"enter":      func(operator operate.Operator, command []string) error { return operator.Enter(command) },
	"volumes":    volumes,
	"kubeconfig": kubeconfig,
	"facts":      facts,
}

func run(arguments []string) error {
	usage := fmt.Errorf("usage: cluster %s", strings.Join(slices.Sorted(maps.Keys(commands)), "|"))
	if len(arguments) == 0 {
		return usage
	}
	if len(arguments) == 2 {
		switch arguments[0] {
		case node.InitCommand:
			return node.Init(arguments[1])
		case node.SuperviseCommand:
			return node.Supervise(arguments[1])
		}
	}
	command, known := commands[arguments[0]]
	if !known {
		return usage
	}
	cluster, err := topology.Open()
	if err != nil {
		return err
	}
	return command(operate.Operator{Cluster: cluster, Progress: progress.Reporter{Out: os.Stderr}}, arguments[1:])
}

func volumes(operator operate.Operator, arguments []string) error {
	switch {
	case len(arguments) == 0:
		return operator.Volumes(os.Stdout)
	case len(arguments) == 2 && arguments[0] == "fill":
		return operator.FillVolume(arguments[1])
	case len(arguments) == 2 && arguments[0] == "free":
		return operator.FreeVolume(arguments[1])
	default:
		return errors.New("usage: cluster volumes [fill NAME|free NAME]")
	}
}

func kubeconfig(operator operate.Operator, _ []string) error {
	fmt.Println(operator.Cluster.Kubeconfig())
	return nil
}

func facts(operate.Operator, []string) error {
	found, err := machine.Describe()
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(found, "\n"))
	return nil
}
