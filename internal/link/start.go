// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Messengers give a start link 64 characters and no more, too few for a Link. A start token says nothing but whose it is: a tag over the contact,
// which is the initialisation vector of its encryption, and the contact.
const (
	// MaxStart bounds a start token, in characters.
	MaxStart = 64

	startVersion = 2
	startTag     = 12
	// asUUID marks a contact whose id is a UUID, which takes less than half of its length.
	asUUID byte = 1
)

// ErrStartTooLong says that a contact's id leaves no room for a start token.
var ErrStartTooLong = errors.New("the contact's id is too long for a start link")

// SealStart makes the payload of a messenger's start link, as in https://t.me/bot?start=PAYLOAD: whoever follows it is the contact.
func (k *Keys) SealStart(contact string) (string, error) {
	if len(k.list) == 0 {
		return "", ErrNoKeys
	}
	if contact == "" {
		return "", errors.New("link without a contact")
	}
	plain := packContact(contact)
	tag := k.list[0].startTag(plain)
	token := append([]byte{startVersion}, tag...)
	sealed, err := k.list[0].crypt(tag, plain)
	if err != nil {
		return "", err
	}
	token = append(token, sealed...)
	if base64.RawURLEncoding.EncodedLen(len(token)) > MaxStart {
		return "", ErrStartTooLong
	}
	return base64.RawURLEncoding.EncodeToString(token), nil
}

// OpenStart gives the contact of a start token. Whatever is wrong, the error is ErrInvalid.
func (k *Keys) OpenStart(token string) (contact string, err error) {
	if len(token) > MaxStart {
		return "", ErrInvalid
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < 1+startTag+2 || raw[0] != startVersion {
		return "", ErrInvalid
	}
	tag, sealed := raw[1:1+startTag], raw[1+startTag:]
	for _, one := range k.list {
		plain, err := one.crypt(tag, sealed)
		if err == nil && hmac.Equal(tag, one.startTag(plain)) {
			return unpackContact(plain)
		}
	}
	return "", ErrInvalid
}

func (k key) startTag(plain []byte) []byte {
	mac := hmac.New(sha256.New, k.nonce)
	_, _ = mac.Write(append([]byte("start\x00"), plain...)) // never fails, by hash.Hash
	return mac.Sum(nil)[:startTag]
}

// crypt encrypts and decrypts: both are one.
func (k key) crypt(tag, text []byte) ([]byte, error) {
	block, err := aes.NewCipher(k.start)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, append(bytes.Clone(tag), make([]byte, aes.BlockSize-startTag)...)).XORKeyStream(out, text)
	return out, nil
}

// uuidDashes are where a UUID has dashes.
var uuidDashes = [...]int{8, 13, 18, 23}

func packContact(contact string) []byte {
	if raw, ok := uuidOf(contact); ok {
		return append([]byte{asUUID}, raw...)
	}
	return append([]byte{0}, contact...)
}

func unpackContact(b []byte) (string, error) {
	switch {
	case b[0] == 0:
		return string(b[1:]), nil
	case b[0] == asUUID && len(b) == 1+16:
		text := hex.EncodeToString(b[1:])
		return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-"), nil
	}
	return "", ErrInvalid
}

// uuidOf gives the bytes of a UUID that is written in the usual way.
func uuidOf(text string) ([]byte, bool) {
	if len(text) != 36 || strings.ToLower(text) != text {
		return nil, false
	}
	for _, at := range uuidDashes {
		if text[at] != '-' {
			return nil, false
		}
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return raw, err == nil && len(raw) == 16
}
