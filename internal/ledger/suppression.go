// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/waymark-dev/waymark/internal/control"
)

const suppressionExample = `  # Take out all suppressions of a workspace, and put them into another
  kubectl waymark suppression export -w shop > shop.jsonl
  kubectl waymark suppression import -w outlet -f shop.jsonl

  # Write to none of the mail addresses of a list, one on a line
  jq -Rc '{medium: "SMTP", address: .}' list.txt | kubectl waymark suppression import -w shop

  # Somebody asks to be written to again
  echo '{"medium": "SMTP", "address": "ann@example.com", "released": true}' | kubectl waymark suppression import -w shop`

func suppression(reach Reach) *cobra.Command {
	command := &cobra.Command{
		Use:     "suppression",
		Short:   "Take out or put in the addresses that nothing is sent to",
		Example: suppressionExample,
	}
	command.AddCommand(suppressionExport(reach), suppressionImport(reach))
	return command
}

func suppressionExport(reach Reach) *cobra.Command {
	var target Target
	var name string
	command := &cobra.Command{
		Use:   "export -w WORKSPACE",
		Short: "Write all addresses that nothing is sent to, as hashes, one JSON object on a line",
		Long: `Export writes one line for each address: its hash, why nothing is sent to it, and since when. Nothing keeps the addresses themselves. The hash of
an address is the same in every workspace, so an export can be imported into another.`,
		Example: suppressionExample,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return with(command.Context(), reach, target, func(runners []Runner) error {
				return writing(command, name, func(w *bufio.Writer) error { return exportSuppressions(command.Context(), runners, w) })
			})
		},
	}
	targetFlags(command, &target)
	command.Flags().StringVarP(&name, "filename", "f", "", "file to write (default standard output)")
	return command
}

// exportSuppressions writes each address once, though every runner knows all.
func exportSuppressions(ctx context.Context, runners []Runner, w io.Writer) error {
	lines, seen := json.NewEncoder(w), map[string]bool{}
	for _, r := range runners {
		err := r.Suppressions(ctx, func(s *control.Suppression) error {
			if len(runners) > 1 {
				if seen[s.Hash] {
					return nil
				}
				seen[s.Hash] = true
			}
			return lines.Encode(s)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// errRefused ends an import of which lines were refused, so that scripts notice.
var errRefused = errors.New("some lines were refused; the others were taken")

func suppressionImport(reach Reach) *cobra.Command {
	var target Target
	var name string
	command := &cobra.Command{
		Use:   "import -w WORKSPACE",
		Short: "Put in addresses that nothing is to be sent to, or that may be sent to again",
		Long: `Import reads one JSON object on a line: {"medium": "SMTP", "address": "..."} or {"hash": "..."}, as an export has it, and as one likes "class"
(Manual; Imported when it is missing), "time" (of RFC 3339; now when it is missing) and "released": true, which takes a suppression back.

Only hashes are kept. Lines that cannot be taken are listed by their numbers; the others are taken all the same, and the exit code is 1.
An import that was broken off can be repeated.`,
		Example: suppressionExample,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return with(command.Context(), reach, target, func(runners []Runner) error {
				from, err := reading(command, name)
				if err != nil {
					return err
				}
				sum, err := importSuppressions(command.Context(), runners, from)
				return errors.Join(tell(command, &sum), err, from.Close())
			})
		},
	}
	targetFlags(command, &target)
	command.Flags().StringVarP(&name, "filename", "f", "", "file to read (default standard input)")
	return command
}

// tell prints what became of an import.
func tell(command *cobra.Command, sum *control.Suppressed) error {
	out := command.OutOrStdout()
	for _, r := range sum.Refusals {
		if _, err := fmt.Fprintf(out, "line %d: %s\n", r.Line, r.Message); err != nil {
			return err
		}
	}
	if left := sum.Refused - len(sum.Refusals); left > 0 {
		if _, err := fmt.Fprintf(out, "and %d more lines like these\n", left); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "%d taken, %d known before, %d refused\n", sum.Taken, sum.Known, sum.Refused); err != nil {
		return err
	}
	if sum.Refused > 0 {
		return errRefused
	}
	return nil
}

// callBytes is how much one call of an import brings.
const callBytes = 1 << 20

// importSuppressions hands lines on in calls of their own, each to all runners.
func importSuppressions(ctx context.Context, runners []Runner, from io.Reader) (sum control.Suppressed, err error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, control.MaxSuppressionBytes), control.MaxSuppressionBytes)
	var call bytes.Buffer
	before, inCall := 0, 0 // lines
	hand := func() error {
		said, err := suppress(ctx, runners, call.Bytes())
		if err != nil {
			return fmt.Errorf("after line %d: %w", before, err)
		}
		add(&sum, &said, before)
		before, inCall = before+inCall, 0
		call.Reset()
		return nil
	}
	for lines.Scan() {
		call.Write(lines.Bytes())
		call.WriteByte('\n')
		if inCall++; call.Len() >= callBytes {
			if err := hand(); err != nil {
				return sum, err
			}
		}
	}
	if inCall > 0 {
		if err := hand(); err != nil {
			return sum, err
		}
	}
	if err := lines.Err(); err != nil {
		return sum, fmt.Errorf("after line %d: %w", before, err)
	}
	return sum, nil
}

// suppress tells all runners the same. All know the same but for a while, so what is news to one is news.
func suppress(ctx context.Context, runners []Runner, lines []byte) (said control.Suppressed, err error) {
	for i, r := range runners {
		answer, err := r.Suppress(ctx, lines)
		if err != nil {
			return said, err
		}
		if i == 0 || answer.Taken > said.Taken {
			said = answer
		}
	}
	return said, nil
}

func add(sum, said *control.Suppressed, before int) {
	sum.Taken += said.Taken
	sum.Known += said.Known
	sum.Refused += said.Refused
	for _, r := range said.Refusals {
		if len(sum.Refusals) < control.MaxRefusals {
			sum.Refusals = append(sum.Refusals, control.RefusedLine{Line: before + r.Line, Message: r.Message})
		}
	}
}
