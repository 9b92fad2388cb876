// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/control"
)

// ledger records what it is told and gives pages that the test sets; then it fails if the test wants that.
type ledger struct {
	suppressed []control.Suppression
	told       []control.Suppression
	consents   []control.Consent
	broken     error
	perPage    int
}

func (l *ledger) Suppressions(_ context.Context, give func([]control.Suppression) error) error {
	return inPages(l.suppressed, l.perPage, give, l.broken)
}

func (l *ledger) Consents(_ context.Context, give func([]control.Consent) error) error {
	return inPages(l.consents, l.perPage, give, l.broken)
}

func inPages[T any](all []T, perPage int, give func([]T) error, broken error) error {
	for len(all) > 0 {
		n := min(max(perPage, 1), len(all))
		if err := give(all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return broken
}

// Suppress takes what it was not told before for news.
func (l *ledger) Suppress(_ context.Context, said []control.Suppression) (news []bool, err error) {
	if len(said) > control.MaxSuppressions {
		return nil, fmt.Errorf("told %d at once", len(said))
	}
	for i := range said {
		isNew := true
		for j := range l.told {
			isNew = isNew && l.told[j] != said[i]
		}
		news = append(news, isNew)
		l.told = append(l.told, said[i])
	}
	return news, l.broken
}

const hash = "000102030405060708090a0b0c0d0e0f"

func TestSuppressionsAndConsentsAreReadLineByLine(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	ca.writeKeyFiles(t, dir)
	at := time.Date(2027, 3, 1, 10, 0, 0, 1000, time.UTC)
	p := &plane{ledger: ledger{perPage: 2}}
	for i := range 5 {
		p.suppressed = append(p.suppressed, control.Suppression{Hash: fmt.Sprintf("%032x", i), Class: control.ClassComplaint, Time: at})
		p.consents = append(p.consents, control.Consent{
			Contact: fmt.Sprint("contact ", i), Topic: "offers", State: control.ConsentWithdrawn,
			Statement: control.Statement{Time: at, Source: "waymark/links", ID: "1", Method: "OneClick"},
			Given:     &control.Statement{Time: at.Add(-time.Hour), Method: "Checkbox", TextHash: "abc"},
		})
	}
	client := ca.client(t, serve(t, p, dir), control.OperatorName)
	var suppressions []control.Suppression
	err := client.Suppressions(t.Context(), func(s *control.Suppression) error { suppressions = append(suppressions, *s); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.suppressed, suppressions); diff != "" {
		t.Errorf("suppressions differ (-want +got):\n%s", diff)
	}
	var consents []control.Consent
	err = client.Consents(t.Context(), func(c *control.Consent) error { consents = append(consents, *c); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.consents, consents); diff != "" {
		t.Errorf("consents differ (-want +got):\n%s", diff)
	}
}

func TestAnExportThatBreaksOffIsNoWhole(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]int{"before the first line": 0, "after some": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca, dir := newAuthority(t), t.TempDir()
			ca.writeKeyFiles(t, dir)
			p := &plane{ledger: ledger{suppressed: make([]control.Suppression, lines), broken: fmt.Errorf("%w: it is opened again", control.ErrUnavailable)}}
			client := ca.client(t, serve(t, p, dir), control.OperatorName)
			err := client.Suppressions(t.Context(), func(*control.Suppression) error { return nil })
			if !errors.Is(err, control.ErrUnavailable) {
				t.Errorf("got error %v, want ErrUnavailable", err)
			}
		})
	}
}

func TestLinesThatSayNothingAreRefusedAndTheOthersTaken(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	ca.writeKeyFiles(t, dir)
	p := &plane{}
	client := ca.client(t, serve(t, p, dir), control.OperatorName)
	answer, err := client.Suppress(t.Context(), []byte(strings.Join([]string{
		`{"hash":"` + hash + `"}`,
		`{"hash":"` + hash + `"}`,
		``,
		`{"medium":"SMTP","address":"ann@example.com","class":"Manual","time":"2027-03-01T10:00:00Z"}`,
		`{"medium":"Telegram","address":"77","released":true}`,
		`{"medium":"SMTP","address":"Ann <ann@example.com>"}`,
		`{"medium":"Pigeon","address":"ann"}`,
		`{"hash":"ABC"}`,
		`{"hash":"` + hash + `","address":"ann@example.com"}`,
		`{"hash":"` + hash + `","relased":true}`,
		`{"class":"Manual"}`,
		`{"hash":"` + hash + `","class":"ann@example.com"}`,
		`ann@example.com`,
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := control.Suppressed{Taken: 3, Known: 1, Refused: 8}
	lines := []int{}
	for _, r := range answer.Refusals {
		lines = append(lines, r.Line)
		if strings.Contains(r.Message, "ann") {
			t.Errorf("line %d is repeated to whoever reads the answer: %s", r.Line, r.Message)
		}
	}
	answer.Refusals = nil
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("the answer differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{6, 7, 8, 9, 10, 11, 12, 13}, lines); diff != "" {
		t.Errorf("the refused lines differ (-want +got):\n%s", diff)
	}
	told := []control.Suppression{
		{Hash: hash},
		{Hash: hash},
		{Medium: "SMTP", Address: "ann@example.com", Class: "Manual", Time: time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)},
		{Medium: "Telegram", Address: "77", Released: true},
	}
	if diff := cmp.Diff(told, p.told); diff != "" {
		t.Errorf("what the runner is told differs (-want +got):\n%s", diff)
	}
}

func TestALongImportIsToldInParts(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	const lines = 2*control.MaxSuppressions + 7
	for i := range lines {
		fmt.Fprintf(&body, "{\"hash\":\"%032x\"}\nno\n", i)
	}
	p := &plane{}
	answer := record(control.NewHandler(p, p, quiet), newRequest(t, http.MethodPost, control.SuppressionsPath, "application/jsonl", strings.NewReader(body.String())))
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), fmt.Sprintf(`"taken":%d,"known":0,"refused":%d`, lines, lines)) {
		t.Errorf("got %d %.200s", answer.Code, answer.Body)
	}
	if n := strings.Count(answer.Body.String(), `"line"`); n != control.MaxRefusals {
		t.Errorf("%d refused lines are told, want %d", n, control.MaxRefusals)
	}
}

func TestBadImportsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind, body string
		broken     error
		status     int
		says       string
	}{
		"not called JSON Lines": {kind: "application/json", body: `{"hash":"` + hash + `"}`, status: 400, says: "want application/jsonl"},
		"a line too long":       {body: "{}\n" + strings.Repeat(" ", control.MaxSuppressionBytes+1), status: 400, says: "line 2 exceeds"},
		"too long":              {body: strings.Repeat(" \n", control.MaxSuppressionsBytes/2+1), status: 413, says: "too large"},
		"a runner that cannot":  {body: `{"hash":"` + hash + `"}`, broken: control.ErrUnavailable, status: 503, says: "cannot do this now"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &plane{ledger: ledger{broken: tt.broken}}
			kind := tt.kind
			if kind == "" {
				kind = "application/jsonl"
			}
			answer := record(control.NewHandler(p, p, quiet), newRequest(t, http.MethodPost, control.SuppressionsPath, kind, strings.NewReader(tt.body)))
			if answer.Code != tt.status || !strings.Contains(answer.Body.String(), tt.says) {
				t.Errorf("got %d %s, want %d with %q", answer.Code, answer.Body, tt.status, tt.says)
			}
		})
	}
}
