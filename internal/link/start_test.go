// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/internal/link"
)

func TestAStartTokenNamesItsContact(t *testing.T) {
	for name, contact := range map[string]string{
		"a number":    "42",
		"a UUID":      "7f1c1c0e-8f55-4a0e-9a56-0d5b6f2d9b11",
		"an address":  "anna.petrova@example.com",
		"Cyrillic":    "анна",
		"the longest": strings.Repeat("x", 34),
	} {
		t.Run(name, func(t *testing.T) {
			old := keys(t, secret(1))
			token, err := old.SealStart(contact)
			if err != nil {
				t.Fatal(err)
			}
			if len(token) > link.MaxStart || strings.ContainsAny(token, "+/=") {
				t.Errorf("%q is no payload of a start link", token)
			}
			got, err := keys(t, secret(2), secret(1)).OpenStart(token)
			if err != nil || got != contact {
				t.Errorf("it names %q, %v; want %q, also after a rotation", got, err, contact)
			}
			if _, err := keys(t, secret(3)).OpenStart(token); !errors.Is(err, link.ErrInvalid) {
				t.Errorf("another key opens it: %v", err)
			}
		})
	}
	if _, err := keys(t, secret(1)).SealStart(strings.Repeat("x", 35)); !errors.Is(err, link.ErrStartTooLong) {
		t.Errorf("a contact that is too long gives %v", err)
	}
}

func FuzzOpenStart(f *testing.F) {
	k := keys(f, secret(1))
	good, err := k.SealStart("anna")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("offers")
	f.Add("Ag")
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		contact, err := k.OpenStart(token)
		if err != nil {
			if !errors.Is(err, link.ErrInvalid) {
				t.Errorf("OpenStart(%q): %v", token, err)
			}
			return
		}
		if again, err := k.SealStart(contact); err != nil || again != token {
			t.Errorf("%q names %q, whose token is %q, %v", token, contact, again, err)
		}
	})
}
