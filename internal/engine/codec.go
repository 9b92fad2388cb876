// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// stateFormat is the version of the stored form of all that this file encodes. State of another version is refused.
const stateFormat = 3

// ErrCorruptState is wrapped when stored state cannot be read. It is rebuilt from the log by starting from an empty store.
var ErrCorruptState = errors.New("corrupt state")

// reader takes apart what was encoded.
type reader struct {
	packing.Reader
	// texts are those that what is read shares with others.
	texts texts
}

func (r *reader) time() event.Time { return event.Time(r.Varint()) }
func (r *reader) label() string    { return r.texts.one(r.Sized()) }
func (r *reader) bool() bool       { return r.Uvarint() != 0 }

// done gives an error unless all was read and nothing was missing.
func (r *reader) done(what string) error {
	if r.Bad || len(r.Left) > 0 {
		return fmt.Errorf("%w: %s cannot be decoded", ErrCorruptState, what)
	}
	return nil
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}
