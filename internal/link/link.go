// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package link makes the links in messages and reads them again. A link's token says whose it is and what it does; it is encrypted and
// authenticated, so that nobody reads a contact out of it, changes it or makes one. Where a click leads is part of it, so that nobody else's
// page can be put behind our address.
package link

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Kind is what a link does.
type Kind uint8

const (
	// Click leads to the target and tells that it was clicked.
	Click Kind = 1 + iota
	// Open is the picture that tells that a message was opened.
	Open
	// Unsubscribe ends a topic.
	Unsubscribe
	// Preferences shows all topics.
	Preferences
	// Confirm is the second step of a double opt-in.
	Confirm
	// Survey asks why somebody left.
	Survey
)

// letters are the kinds in addresses.
var letters = map[Kind]string{Click: "c", Open: "o", Unsubscribe: "u", Preferences: "p", Confirm: "d", Survey: "s"}

// Prefix begins the paths of all links.
const Prefix = "/w/"

// Path is what stands before the token, such as /w/c/; empty for a kind that is not known.
func (k Kind) Path() string {
	letter, known := letters[k]
	if !known {
		return ""
	}
	return Prefix + letter + "/"
}

// ParsePath cuts a request's path into the kind and the token; ok is false when it is none of a link.
func ParsePath(path string) (kind Kind, token string, ok bool) {
	for kind := range letters {
		if token, found := strings.CutPrefix(path, kind.Path()); found && token != "" && !strings.Contains(token, "/") {
			return kind, token, true
		}
	}
	return 0, "", false
}

// Link is what a token says. Which message it was in is empty for links that were in none.
type Link struct {
	Kind Kind
	// Contact is whose link it is. Required.
	Contact string
	// Effect is the message's id; Scenario and Channel are keys.
	Effect, Scenario, Version, Enrolment, Step, Variant, Channel string
	// Topic is what Unsubscribe ends and Confirm agrees to; empty is all marketing.
	Topic string
	// Journey, of Survey, is the key of the journey that asks, and Answer the one that the link gives; empty gives none. No other kind has them.
	Journey, Answer string
	// Target is where Click leads: an http or https address.
	Target string
	// Issued is when the message was granted, to the millisecond.
	Issued time.Time
}

const (
	// MaxToken bounds a token, in bytes.
	MaxToken = 8 << 10
	// maxTarget bounds a target, and maxField any other field, in bytes.
	maxTarget = 4 << 10
	maxField  = 512

	version    = 1
	nonceBytes = 12
)

var (
	// ErrInvalid says that a token is not one of ours, or was changed, or its key is gone. There is nothing more to know about it.
	ErrInvalid = errors.New("the link is not valid")
	// ErrNoKeys says that there is nothing to sign with.
	ErrNoKeys = errors.New("there are no link keys")
)

// Keys sign and read links. They are safe for concurrent use.
type Keys struct{ list []key }

type key struct {
	box   cipher.AEAD
	nonce []byte // key of the function that gives nonces
	start []byte // key of start tokens: see SealStart
}

// NewKeys takes secrets of 32 bytes or more each, in base64: the first signs, all are accepted. Errors show nothing of them.
func NewKeys(secrets []string) (*Keys, error) {
	k := &Keys{}
	for i, secret := range secrets {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(secret))
		if err != nil || len(raw) < 32 {
			return nil, fmt.Errorf("link key %d is not base64 of 32 bytes or more", i+1)
		}
		one, err := newKey(raw)
		if err != nil {
			return nil, fmt.Errorf("link key %d: %w", i+1, err)
		}
		k.list = append(k.list, one)
	}
	return k, nil
}

func newKey(secret []byte) (key, error) {
	seal, err := hkdf.Key(sha256.New, secret, nil, "waymark link sealing v1", 32)
	if err != nil {
		return key{}, err
	}
	nonce, err := hkdf.Key(sha256.New, secret, nil, "waymark link nonce v1", 32)
	if err != nil {
		return key{}, err
	}
	start, err := hkdf.Key(sha256.New, secret, nil, "waymark start link v1", 32)
	if err != nil {
		return key{}, err
	}
	block, err := aes.NewCipher(seal)
	if err != nil {
		return key{}, err
	}
	box, err := cipher.NewGCM(block)
	return key{box: box, nonce: nonce, start: start}, err
}

// Seal makes the token of a link. Equal links have equal tokens, so that a message that is tried again is the same: the nonce is a keyed hash
// of the content, which repeats only where all repeats.
func (k *Keys) Seal(l Link) (string, error) {
	if len(k.list) == 0 {
		return "", ErrNoKeys
	}
	if err := check(l); err != nil {
		return "", err
	}
	plain := appendLink(nil, l)
	signer := k.list[0]
	mac := hmac.New(sha256.New, signer.nonce)
	_, _ = mac.Write(plain) // never fails, by hash.Hash
	nonce := mac.Sum(nil)[:nonceBytes]
	token := append(append(make([]byte, 0, 1+nonceBytes+len(plain)+16), version), nonce...)
	return base64.RawURLEncoding.EncodeToString(signer.box.Seal(token, nonce, plain, []byte{version})), nil
}

func check(l Link) error {
	if l.Kind.Path() == "" {
		return fmt.Errorf("link of the unknown kind %d", l.Kind)
	}
	if l.Contact == "" {
		return errors.New("link without a contact")
	}
	if l.Kind == Survey && l.Journey == "" {
		return errors.New("link of a survey without a journey")
	}
	for _, field := range l.fields() {
		if len(*field) > maxField {
			return fmt.Errorf("a field of the link is longer than %d bytes", maxField)
		}
	}
	if l.Kind != Click {
		return nil
	}
	return checkTarget(l.Target)
}

// checkTarget lets a click lead to web pages only.
func checkTarget(target string) error {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("the target of a link is no http or https address")
	}
	if len(target) > maxTarget {
		return fmt.Errorf("the target of a link is longer than %d bytes", maxTarget)
	}
	return nil
}

// URL makes the whole address of a link below the workspace's public URL.
func (k *Keys) URL(publicURL string, l Link) (string, error) {
	token, err := k.Seal(l)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(publicURL, "/") + l.Kind.Path() + token, nil
}

// Open reads a token that was made for the kind. Whatever is wrong, the error is ErrInvalid.
func (k *Keys) Open(kind Kind, token string) (Link, error) {
	if len(token) > MaxToken {
		return Link{}, ErrInvalid
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < 1+nonceBytes || raw[0] != version {
		return Link{}, ErrInvalid
	}
	nonce, sealed := raw[1:1+nonceBytes], raw[1+nonceBytes:]
	for _, one := range k.list {
		plain, err := one.box.Open(nil, nonce, sealed, raw[:1])
		if err != nil {
			continue
		}
		l, err := readLink(plain)
		if err != nil || l.Kind != kind || check(l) != nil {
			return Link{}, ErrInvalid
		}
		return l, nil
	}
	return Link{}, ErrInvalid
}
