// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package ledger holds the commands by which people take out and put in what a workspace's runners remember of whom nothing, or what, may be
// sent: suppressions and consents. They call the control port, as the operator does, with its keys.
package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/waymark-dev/waymark/internal/control"
)

// Runner is one of a workspace's. control.Client is one.
type Runner interface {
	// Suppressions gives the addresses that nothing is sent to.
	Suppressions(ctx context.Context, give func(*control.Suppression) error) error
	// Suppress tells of suppressions and releases, as JSON Lines.
	Suppress(ctx context.Context, lines []byte) (control.Suppressed, error)
	// Consents gives what people said about what they want to be sent.
	Consents(ctx context.Context, give func(*control.Consent) error) error
	// Close ends connections.
	Close()
}

// Target says which workspace is meant, and in which cluster.
type Target struct {
	// Kubeconfig is a file, and Context one of its contexts; empty are those that kubectl would use. So is Namespace.
	Kubeconfig, Context, Namespace string
	// Workspace is the resource's name.
	Workspace string
}

// Reach gives all runners of a workspace. They connect when they are called; Close each.
type Reach func(ctx context.Context, target Target) ([]Runner, error)

// Commands gives the commands, for a root.
func Commands(reach Reach) []*cobra.Command {
	return []*cobra.Command{suppression(reach), consent(reach)}
}

// targetFlags are those of all commands.
func targetFlags(command *cobra.Command, t *Target) {
	flags := command.Flags()
	flags.StringVarP(&t.Workspace, "workspace", "w", "", "name of the Workspace")
	flags.StringVarP(&t.Namespace, "namespace", "n", "", "namespace of the Workspace (default that of the kubeconfig's context)")
	flags.StringVar(&t.Kubeconfig, "kubeconfig", "", "kubeconfig file (default as kubectl's)")
	flags.StringVar(&t.Context, "context", "", "context of the kubeconfig (default the current one)")
}

// with calls do with the workspace's runners.
func with(ctx context.Context, reach Reach, target Target, do func([]Runner) error) error {
	if target.Workspace == "" {
		return errors.New("no workspace: name it with --workspace")
	}
	runners, err := reach(ctx, target)
	if err != nil {
		return err
	}
	defer func() {
		for _, r := range runners {
			r.Close()
		}
	}()
	return do(runners)
}

// writing gives what a command writes to through a buffer: a file, or standard output for "" and "-".
func writing(command *cobra.Command, name string, write func(w *bufio.Writer) error) (err error) {
	var out = command.OutOrStdout()
	if name != "" && name != "-" {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the caller names it
		if err != nil {
			return fmt.Errorf("--filename: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	buffered := bufio.NewWriter(out)
	return errors.Join(write(buffered), buffered.Flush())
}

// reading gives the whole of a file, or of standard input for "" and "-".
func reading(command *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "" || name == "-" {
		return io.NopCloser(command.InOrStdin()), nil
	}
	file, err := os.Open(name) //nolint:gosec // the caller names it
	if err != nil {
		return nil, fmt.Errorf("--filename: %w", err)
	}
	return file, nil
}
