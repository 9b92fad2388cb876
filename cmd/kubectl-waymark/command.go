// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/waymark-dev/waymark/internal/ledger"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// newCommand makes the root of the commands.
func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-waymark",
		Short:         "Work with Waymark's customer journeys, also as: kubectl waymark",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newSimulate(), newDiff(), newVersion())
	root.AddCommand(ledger.Commands(ledger.Cluster)...)
	return root
}

const simulateExample = `  # What would the funnel show, had these events come?
  kubectl-waymark simulate -f shop/ --events october.jsonl.gz

  # Events of a table, read with the mapping of an EventFeed, up to an instant
  kubectl-waymark simulate -f workspace.yaml -f feed.yaml -f funnel.yaml --events clicks.csv --until 2026-10-31T21:00:00Z -o yaml

  # Whom would the scenarios have written to in that month, and what?
  kubectl-waymark simulate -f shop/ --events october.jsonl.gz --until 2026-11-30T00:00:00Z --sends sends.jsonl

  # Why was this customer sent nothing?
  kubectl-waymark simulate -f shop/ --events october.jsonl.gz --trace ann@example.com`

func newSimulate() *cobra.Command {
	o := simulate.Options{}
	var until, format, sends string
	command := &cobra.Command{
		Use:   "simulate -f FILE... --events FILE...",
		Short: "Show what funnels and scenarios would say, from files of events and without a cluster",
		Long: `Simulate reads manifests and events from files and prints the resources with the status that they would have. It counts with the
code that runs in a cluster and refuses what a cluster refuses. Nothing is sent anywhere.

Scenarios run in virtual time, up to --until: messages leave at the instant at which they are wanted and every channel takes them.
--sends writes each of them to a file, --trace shows one contact's path. What people do is what the events say: that a message
would have brought an order does not show.

Events are CloudEvents as JSON Lines, whose subject is the contact, or a CSV table, which is read with the mapping of an
EventFeed among the manifests. Either may be compressed with gzip. Each event counts as if it came at its own time.`,
		Example: simulateExample,
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if !slices.Contains(simulate.Formats, format) {
				return fmt.Errorf("--output: unknown format %q: write one of %s", format, strings.Join(simulate.Formats, ", "))
			}
			var err error
			if o.Until, err = untilOf(until); err != nil {
				return err
			}
			return runSimulate(command, o, format, sends)
		},
	}
	flags := command.Flags()
	flags.StringArrayVarP(&o.Manifests, "filename", "f", nil, "file or directory of manifests, or - for standard input; may be repeated")
	eventFlags(command, &o, &until)
	flags.StringVar(&sends, "sends", "", "file to write every message to that scenarios would send, as JSON Lines, or - for standard output instead of the result")
	flags.StringVar(&o.Trace, "trace", "", "contact whose path through the scenarios is printed instead of the result")
	flags.StringVarP(&format, "output", "o", simulate.FormatTable, "format of the result: "+strings.Join(simulate.Formats, ", "))
	return command
}

// eventFlags are those of all commands that simulate.
func eventFlags(command *cobra.Command, o *simulate.Options, until *string) {
	flags := command.Flags()
	flags.StringArrayVar(&o.Events, "events", nil, "file of events, .jsonl or .csv, also .gz, or - for standard input; may be repeated")
	flags.StringVar(until, "until", "", "instant of RFC 3339 that the numbers are as of; later events do not count (default the last event's time)")
	flags.StringVar(&o.Feed, "feed", "", "EventFeed that the events pass through, as name or namespace/name; needed when there are several")
	flags.StringVar(&o.Answers, "answers", "", "file of what webhooks answer, as JSON Lines; without it they take every call and say nothing")
	flags.StringVarP(&o.Namespace, "namespace", "n", "default", "namespace of resources that name none")
}

// untilOf reads an instant; the zero time is none.
func untilOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--until: %q is no time of RFC 3339: write it like 2026-10-31T21:00:00Z", text)
	}
	return t, nil
}

// attend connects a simulation with the terminal.
func attend(command *cobra.Command, o *simulate.Options) {
	stderr := command.ErrOrStderr()
	o.Stdin = command.InOrStdin()
	o.Notice = func(text string) { _, _ = fmt.Fprintln(stderr, text) } // nowhere is left to tell that it failed
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Progress = &bar{out: f}
	}
}

// noArguments refuses what stands without a flag, which a shell makes of a pattern behind -f.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unexpected argument %q: write -f or --events before every file", args[0])
}

func runSimulate(command *cobra.Command, o simulate.Options, format, sends string) (err error) {
	switch {
	case len(o.Manifests) == 0:
		return errors.New("no manifests: name them with -f")
	case len(o.Events) == 0:
		return errors.New("no events: name a file with --events")
	case standardInput(o.Manifests)+standardInput(o.Events) > 1:
		return errors.New("standard input, -, can be read only once")
	}
	attend(command, &o)
	switch sends {
	case "":
	case "-":
		o.Sends = command.OutOrStdout()
	default:
		file, err := createAfresh(sends)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		o.Sends = file
	}
	result, err := simulate.Run(command.Context(), o)
	switch {
	case err != nil || sends == "-":
		return err
	case o.Trace != "":
		return result.PrintPath(command.OutOrStdout(), format)
	}
	return result.Print(command.OutOrStdout(), format)
}

// output is a file that is written through a buffer.
type output struct {
	*bufio.Writer
	file *os.File
}

func createAfresh(name string) (*output, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("--sends: %w", err)
	}
	return &output{bufio.NewWriter(file), file}, nil
}

// Close writes what is left.
func (o *output) Close() error {
	if err := errors.Join(o.Flush(), o.file.Close()); err != nil {
		return fmt.Errorf("--sends: %w", err)
	}
	return nil
}

// standardInput says how many of the files are that.
func standardInput(files []string) int {
	n := 0
	for _, file := range files {
		if file == "-" {
			n++
		}
	}
	return n
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return printVersion(command.OutOrStdout()) },
	}
}

// version is set at build time with -ldflags "-X main.version=v1.2.3"; without it the module's is printed.
var version string

func printVersion(w io.Writer) error {
	shown, golang := version, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		golang = info.GoVersion
		if shown == "" {
			shown = info.Main.Version
		}
	}
	_, err := fmt.Fprintf(w, "kubectl-waymark %s (%s)\n", shown, golang)
	return err
}
