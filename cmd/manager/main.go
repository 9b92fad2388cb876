// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command manager is the operator: it watches Workspaces, EventFeeds and Funnels, runs a data plane for every Workspace, and writes
// what is counted there into the Funnels' statuses.
package main

import (
	"fmt"
	"os"

	// Zones are part of the program, so that days are cut alike on every node.
	_ "time/tzdata"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/waymark-dev/waymark/internal/operator"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&o.zap)))
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the API server: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	manager, err := operator.New(ctx, config, o.operator)
	if err != nil {
		return err
	}
	ctrl.Log.Info("Starting the operator", "namespaces", o.operator.WatchNamespaces, "runnerImage", o.operator.Deployment.Image)
	if err := manager.Start(ctx); err != nil {
		return fmt.Errorf("run the operator: %w", err)
	}
	return nil
}
