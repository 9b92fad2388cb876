// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/waymark-dev/waymark/internal/simulate/compare"
)

// errDifferent ends the program with exitDifferent and no words: the output says it all.
var errDifferent = errors.New("the manifests differ in what people would be sent")

// exitDifferent is the exit code of a diff that was asked to tell. 1 is that of errors.
const exitDifferent = 2

const diffExample = `  # Who would be sent something else by what stands in the working tree than by what is released?
  git worktree add /tmp/released main
  kubectl-waymark diff -f config/shop --against /tmp/released/config/shop --events october.jsonl.gz --until 2026-11-30T00:00:00Z

  # In a pipeline: exit code 2 asks for somebody's approval
  kubectl-waymark diff -f new/ --against old/ --events october.jsonl.gz --exit-code -o json > difference.json`

func newDiff() *cobra.Command {
	o := compare.Options{}
	var until, format string
	var exitCode bool
	command := &cobra.Command{
		Use:   "diff -f NEW... --against OLD... --events FILE...",
		Short: "Say who would be sent more, fewer or other messages by other manifests",
		Long: `Diff simulates two sets of manifests over the same events and compares what their scenarios would send: for each scenario and step how many
messages, how many contacts would be sent more, fewer, other ones, or the same at another time, which numbers differ, and a few
examples. Who is held out and which variant is drawn is the same in both, as it follows from the contact.

The exit code is 0 whether anything differs or not; with --exit-code it is 2 when something does. Errors give 1.`,
		Example: diffExample,
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if !slices.Contains(compare.Formats, format) {
				return fmt.Errorf("--output: unknown format %q: write one of %s", format, strings.Join(compare.Formats, ", "))
			}
			if o.Examples < 0 {
				return fmt.Errorf("--examples: %d is less than none", o.Examples)
			}
			var err error
			if o.Simulate.Until, err = untilOf(until); err != nil {
				return err
			}
			different, err := runDiff(command, o, format)
			if err == nil && different && exitCode {
				return errDifferent
			}
			return err
		},
	}
	flags := command.Flags()
	flags.StringArrayVarP(&o.New, "filename", "f", nil, "file or directory of the new manifests; may be repeated")
	flags.StringArrayVar(&o.Old, "against", nil, "file or directory of the old manifests; may be repeated")
	flags.IntVar(&o.Examples, "examples", 3, "how many examples of each kind are shown of each scenario")
	flags.BoolVar(&exitCode, "exit-code", false, "end with exit code 2 when something differs")
	eventFlags(command, &o.Simulate, &until)
	flags.StringVarP(&format, "output", "o", compare.FormatTable, "format of the result: "+strings.Join(compare.Formats, ", "))
	return command
}

func runDiff(command *cobra.Command, o compare.Options, format string) (different bool, err error) {
	switch {
	case len(o.New) == 0:
		return false, errors.New("no new manifests: name them with -f")
	case len(o.Old) == 0:
		return false, errors.New("no old manifests: name them with --against")
	case len(o.Simulate.Events) == 0:
		return false, errors.New("no events: name a file with --events")
	case standardInput(o.New)+standardInput(o.Old)+standardInput(o.Simulate.Events) > 0:
		return false, errors.New("standard input, -, can be read only once, and a comparison reads everything twice: name files")
	}
	attend(command, &o.Simulate)
	d, err := compare.Run(command.Context(), o)
	if err != nil {
		return false, err
	}
	return !d.IsEmpty(), d.Print(command.OutOrStdout(), format)
}
