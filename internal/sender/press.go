// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"encoding/base64"
	"encoding/hex"
)

// mostPress is how many bytes Telegram keeps with a button.
const mostPress = 64

// pressMark begins what a button sends back when it names its message.
const pressMark = "~"

// PressData is what a button sends back: the message that it was under, where there is room for it, and the author's data.
func PressData(effect, data string) string {
	id, err := hex.DecodeString(effect)
	if err != nil || len(id) != 16 {
		return data
	}
	with := pressMark + base64.RawURLEncoding.EncodeToString(id) + data
	if len(with) > mostPress {
		return data
	}
	return with
}

// ReadPress takes apart what PressData made; the effect is empty when it is not in it.
func ReadPress(pressed string) (effect, data string) {
	const head = len(pressMark) + 22 // 16 bytes in base64
	if len(pressed) < head || pressed[:len(pressMark)] != pressMark {
		return "", pressed
	}
	id, err := base64.RawURLEncoding.DecodeString(pressed[len(pressMark):head])
	if err != nil {
		return "", pressed
	}
	return hex.EncodeToString(id), pressed[head:]
}
