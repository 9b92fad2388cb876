// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// linesType is the media type of JSON Lines.
const linesType = "application/jsonl"

// pageTimeout is how long a caller may take for one page of an export, and how long one batch of an import may take.
const pageTimeout = time.Minute

func (h *handler) suppressions(w http.ResponseWriter, r *http.Request) {
	stream(h, w, r, h.ledger.Suppressions)
}

func (h *handler) consents(w http.ResponseWriter, r *http.Request) {
	stream(h, w, r, h.ledger.Consents)
}

// stream writes pages as JSON Lines. An answer that was begun and cannot be ended is cut off, so that nobody takes it for the whole.
func stream[T any](h *handler, w http.ResponseWriter, r *http.Request, read func(context.Context, func([]T) error) error) {
	out := http.NewResponseController(w)
	began := false
	var buffer bytes.Buffer
	err := read(r.Context(), func(page []T) error {
		if !began {
			w.Header().Set("Content-Type", linesType)
			began = true
		}
		buffer.Reset()
		lines := json.NewEncoder(&buffer)
		for i := range page {
			if err := lines.Encode(&page[i]); err != nil {
				return err
			}
		}
		_ = out.SetWriteDeadline(time.Now().Add(pageTimeout)) // where there is none, none ends it
		if _, err := w.Write(buffer.Bytes()); err != nil {
			return err
		}
		return out.Flush()
	})
	switch {
	case err == nil && !began:
		w.Header().Set("Content-Type", linesType)
		w.WriteHeader(http.StatusOK)
	case err != nil && !began:
		h.fail(w, r, err)
	case err != nil:
		h.logger.Warn("an export was cut off", "path", r.URL.Path, "error", err.Error())
		panic(http.ErrAbortHandler)
	}
}

// suppress reads suppressions line by line. What can be taken of them is, whatever the other lines are.
func (h *handler) suppress(w http.ResponseWriter, r *http.Request) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != linesType {
		h.fail(w, r, fmt.Errorf("%w: Content-Type is %q, want %s", ErrInvalid, r.Header.Get("Content-Type"), linesType))
		return
	}
	t := &taking{ledger: h.ledger, timing: http.NewResponseController(w)}
	if err := t.read(r.Context(), http.MaxBytesReader(w, r.Body, MaxSuppressionsBytes)); err != nil {
		h.fail(w, r, err)
		return
	}
	h.answer(w, r, http.StatusOK, &t.answer)
}

// taking is one import on its way.
type taking struct {
	ledger Ledger
	timing *http.ResponseController
	batch  []Suppression
	answer Suppressed
}

func (t *taking) read(ctx context.Context, body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 4<<10), MaxSuppressionBytes)
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		said, err := readSuppression(line)
		if err != nil {
			t.refuse(number, err)
			continue
		}
		if t.batch = append(t.batch, said); len(t.batch) == MaxSuppressions {
			if err := t.take(ctx); err != nil {
				return err
			}
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: line %d exceeds %d bytes", ErrInvalid, number+1, MaxSuppressionBytes)
	case err != nil:
		return fmt.Errorf("%w: after line %d: %w", ErrInvalid, number, err)
	}
	return t.take(ctx)
}

func readSuppression(line []byte) (s Suppression, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&s) != nil || decoder.More() { // what is wrong in detail may quote what is there
		return s, errors.New("it is no JSON object with only hash, medium, address, class, time and released; times are of RFC 3339")
	}
	return s, s.Validate()
}

func (t *taking) refuse(line int, why error) {
	t.answer.Refused++
	if len(t.answer.Refusals) < MaxRefusals {
		t.answer.Refusals = append(t.answer.Refusals, RefusedLine{Line: line, Message: why.Error()})
	}
}

// take hands over what was read.
func (t *taking) take(ctx context.Context) error {
	if len(t.batch) == 0 {
		return nil
	}
	until := time.Now().Add(pageTimeout)
	_ = t.timing.SetReadDeadline(until) // where there is none, none ends it
	_ = t.timing.SetWriteDeadline(until)
	news, err := t.ledger.Suppress(ctx, t.batch)
	if err != nil {
		return err
	}
	for _, isNew := range news {
		if isNew {
			t.answer.Taken++
		} else {
			t.answer.Known++
		}
	}
	t.batch = t.batch[:0]
	return nil
}
