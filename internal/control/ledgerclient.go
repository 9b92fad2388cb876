// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Suppressions gives the addresses that nothing is sent to, in the order of their hashes. Errors wrap ErrUnavailable, or are those of give; what was
// given before an error is not all.
func (c *Client) Suppressions(ctx context.Context, give func(*Suppression) error) error {
	return readLines(ctx, c, SuppressionsPath, give)
}

// Consents gives what people said about what they want to be sent. Errors are as of Suppressions.
func (c *Client) Consents(ctx context.Context, give func(*Consent) error) error {
	return readLines(ctx, c, ConsentsPath, give)
}

// Suppress tells of suppressions and releases: JSON Lines, MaxSuppressionsBytes at most. Errors wrap ErrInvalid or ErrUnavailable; then some of
// them may have been taken, and the call can be repeated.
func (c *Client) Suppress(ctx context.Context, lines []byte) (Suppressed, error) {
	var answer Suppressed
	err := c.callAs(ctx, http.MethodPost, SuppressionsPath, linesType, lines, &answer)
	return answer, err
}

func readLines[T any](ctx context.Context, c *Client, path string, give func(*T) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		content, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // the status tells enough
		return fmt.Errorf("GET %s: %w", path, callError(response.StatusCode, content))
	}
	for lines := json.NewDecoder(response.Body); ; {
		var line T
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: GET %s: the answer breaks off: %w", ErrUnavailable, path, err)
		}
		if err := give(&line); err != nil {
			return err
		}
	}
}
