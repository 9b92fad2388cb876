// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// fields are a link's texts in the order in which they lie in a token of its kind. It is part of the format.
func (l *Link) fields() []*string {
	list := []*string{&l.Contact, &l.Effect, &l.Scenario, &l.Version, &l.Enrolment, &l.Step, &l.Variant, &l.Channel, &l.Topic}
	if l.Kind == Survey {
		list = append(list, &l.Journey, &l.Answer)
	}
	return list
}

// Forms of a text. Ids are hashes in hex, which take half of their length, and keys begin alike.
const (
	asIs = iota
	asHex
	asScenario
	asChannel
	formBits = 2
)

const (
	scenarioPrefix = "NurtureScenario/"
	channelPrefix  = "MessageChannel/"
)

func appendLink(b []byte, l Link) []byte {
	b = append(b, byte(l.Kind))
	b = binary.AppendUvarint(b, uint64(max(0, l.Issued.UnixMilli())))
	for _, field := range l.fields() {
		b = appendText(b, *field)
	}
	return append(b, l.Target...)
}

func appendText(b []byte, text string) []byte {
	form := uint64(asIs)
	if rest, found := strings.CutPrefix(text, scenarioPrefix); found {
		form, text = asScenario, rest
	} else if rest, found := strings.CutPrefix(text, channelPrefix); found {
		form, text = asChannel, rest
	} else if raw, err := hex.DecodeString(text); err == nil && len(raw) > 0 && hex.EncodeToString(raw) == text {
		form, text = asHex, string(raw)
	}
	b = binary.AppendUvarint(b, uint64(len(text))<<formBits|form)
	return append(b, text...)
}

// readLink reads what appendLink wrote, and nothing else.
func readLink(b []byte) (Link, error) {
	var l Link
	if len(b) == 0 {
		return l, ErrInvalid
	}
	l.Kind, b = Kind(b[0]), b[1:]
	millis, n := binary.Uvarint(b)
	if n <= 0 || millis > 1<<47 {
		return l, ErrInvalid
	}
	l.Issued, b = time.UnixMilli(int64(millis)).UTC(), b[n:]
	for _, field := range l.fields() {
		var err error
		if *field, b, err = readText(b); err != nil {
			return l, err
		}
	}
	l.Target = string(b)
	return l, nil
}

func readText(b []byte) (text string, rest []byte, err error) {
	head, n := binary.Uvarint(b)
	if n <= 0 || head>>formBits > uint64(len(b)-n) {
		return "", nil, ErrInvalid
	}
	end := n + int(head>>formBits)
	text, rest = string(b[n:end]), b[end:]
	switch head & (1<<formBits - 1) {
	case asHex:
		text = hex.EncodeToString([]byte(text))
	case asScenario:
		text = scenarioPrefix + text
	case asChannel:
		text = channelPrefix + text
	}
	return text, rest, nil
}
