// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/waymark-dev/waymark/internal/control"
)

// Formats of an export of consents.
const (
	formatLines = "jsonl"
	formatCSV   = "csv"
)

const consentExample = `  # Who agreed to what, when and how?
  kubectl waymark consent export -w shop -o csv -f consents.csv

  # What did this customer say?
  kubectl waymark consent export -w shop | jq 'select(.contact == "ann@example.com")'`

func consent(reach Reach) *cobra.Command {
	command := &cobra.Command{
		Use:     "consent",
		Short:   "Take out what people said about what they want to be sent",
		Example: consentExample,
	}
	command.AddCommand(consentExport(reach))
	return command
}

func consentExport(reach Reach) *cobra.Command {
	var target Target
	var name, format string
	command := &cobra.Command{
		Use:   "export -w WORKSPACE",
		Short: "Write all consents with their proof",
		Long: `Export writes one line for each contact and topic that it said something about: how it stands to the topic (given, pending or withdrawn), and the
statement that this follows from: when, how (method), what was agreed to (textHash) and the event that told it (source and id). The empty
topic is all marketing. As JSON Lines, what was withdrawn also says what had been given.

The output is personal data.`,
		Example: consentExample,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if format != formatLines && format != formatCSV {
				return fmt.Errorf("--output: unknown format %q: write one of %s, %s", format, formatLines, formatCSV)
			}
			return with(command.Context(), reach, target, func(runners []Runner) error {
				return writing(command, name, func(w *bufio.Writer) error { return exportConsents(command.Context(), runners, w, format) })
			})
		},
	}
	targetFlags(command, &target)
	flags := command.Flags()
	flags.StringVarP(&name, "filename", "f", "", "file to write (default standard output)")
	flags.StringVarP(&format, "output", "o", formatLines, "format: "+formatLines+" or "+formatCSV)
	return command
}

func exportConsents(ctx context.Context, runners []Runner, w io.Writer, format string) error {
	lines, table := json.NewEncoder(w), csv.NewWriter(w)
	write := func(c *control.Consent) error { return lines.Encode(c) }
	if format == formatCSV {
		write = func(c *control.Consent) error { return table.Write(row(c)) }
		if err := table.Write([]string{"contact", "topic", "state", "time", "method", "textHash", "source", "id", "confirmed"}); err != nil {
			return err
		}
	}
	for _, r := range runners {
		if err := r.Consents(ctx, write); err != nil {
			table.Flush()
			return errors.Join(err, table.Error())
		}
	}
	table.Flush()
	return table.Error()
}

func row(c *control.Consent) []string {
	return []string{c.Contact, c.Topic, c.State, instant(c.Time), c.Method, c.TextHash, c.Source, c.ID, instant(c.Confirmed)}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
