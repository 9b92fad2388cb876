// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/control"
)

// scripted is a runner that refuses every line that says no, and gives the hashes that the test sets.
type scripted struct {
	Runner
	hashes []string
	calls  int
	fails  int // the call that does
}

func (s *scripted) Suppress(_ context.Context, lines []byte) (answer control.Suppressed, err error) {
	if s.calls++; s.calls == s.fails {
		return answer, fmt.Errorf("%w: it is opened again", control.ErrUnavailable)
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(lines, []byte("\n")), []byte("\n")) {
		if string(line) == "no" {
			answer.Refused++
			answer.Refusals = append(answer.Refusals, control.RefusedLine{Line: i + 1, Message: "no"})
			continue
		}
		answer.Taken++
	}
	return answer, nil
}

func (s *scripted) Suppressions(_ context.Context, give func(*control.Suppression) error) error {
	for _, hash := range s.hashes {
		if err := give(&control.Suppression{Hash: hash}); err != nil {
			return err
		}
	}
	return nil
}

func TestALongImportTakesSeveralCallsToEachRunner(t *testing.T) {
	t.Parallel()
	const lines = 9000
	text := strings.Repeat(strings.Repeat(" ", 255)+"\n", lines) + "no"
	first, second := &scripted{}, &scripted{}
	got, err := importSuppressions(t.Context(), []Runner{first, second}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := control.Suppressed{Taken: lines, Refused: 1, Refusals: []control.RefusedLine{{Line: lines + 1, Message: "no"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sum differs (-want +got):\n%s", diff)
	}
	if first.calls != 3 || second.calls != 3 {
		t.Errorf("there were %d and %d calls, want 3 each", first.calls, second.calls)
	}
}

func TestAnImportThatBreaksOffSaysWhere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		fails int
		says  string
		taken int
	}{
		"a runner fails":  {text: strings.Repeat(strings.Repeat(" ", 255)+"\n", 5000), fails: 2, says: "after line 4096: ", taken: 4096},
		"a line too long": {text: "a\nb\n" + strings.Repeat(" ", control.MaxSuppressionBytes+1), says: "after line 2: ", taken: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := importSuppressions(t.Context(), []Runner{&scripted{fails: tt.fails}}, strings.NewReader(tt.text))
			if err == nil || !strings.HasPrefix(err.Error(), tt.says) || got.Taken != tt.taken {
				t.Errorf("got %d taken and error %v, want %d and one that begins with %q", got.Taken, err, tt.taken, tt.says)
			}
			if tt.fails > 0 && !errors.Is(err, control.ErrUnavailable) {
				t.Errorf("the error %v hides the runner's", err)
			}
		})
	}
}

func TestAnExportNamesNoAddressTwice(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := exportSuppressions(t.Context(), []Runner{&scripted{hashes: []string{"a", "b"}}, &scripted{hashes: []string{"b", "c"}}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\"hash\":\"a\"}\n{\"hash\":\"b\"}\n{\"hash\":\"c\"}\n"; out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}
