// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/waymark-dev/waymark/internal/event"
)

// UnitName names what a UnitBy expression makes units of: definitions with the same expression count the same entities and share what is
// handed on for them. It is part of the log's format. An expression that is empty has no name: contacts are counted.
func UnitName(by string) string {
	if by == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(by))
	return hex.EncodeToString(sum[:event.UnitLength/2])
}
