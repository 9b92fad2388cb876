// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
)

// Ledger is what a runner remembers of whom nothing, or what, may be sent.
type Ledger interface {
	// Suppressions gives the addresses that nothing is sent to, page by page, in the order of their hashes. Errors wrap ErrUnavailable, or
	// are those of give.
	Suppressions(ctx context.Context, give func(page []Suppression) error) error
	// Suppress notes valid suppressions and releases, MaxSuppressions at most, in their order. It returns once they are in the log, and says of
	// each whether it was news. Errors wrap ErrUnavailable; then some may be noted, and the call is to be repeated.
	Suppress(ctx context.Context, said []Suppression) (news []bool, err error)
	// Consents gives what people said about what they want to be sent, page by page. Errors are as of Suppressions.
	Consents(ctx context.Context, give func(page []Consent) error) error
}

const (
	// MaxSuppressions bounds how many suppressions a Ledger is told at once.
	MaxSuppressions = 1000
	// MaxSuppressionsBytes bounds the body of one call that tells of suppressions; more take several calls.
	MaxSuppressionsBytes = 8 << 20
	// MaxSuppressionBytes bounds one line of it.
	MaxSuppressionBytes = 4 << 10
	// MaxRefusals bounds how many refused lines an answer tells of one by one.
	MaxRefusals = 100

	maxAddressBytes = 1 << 10
)

// Classes of suppressions: why nothing is sent to an address. The first three are what receivers told.
const (
	ClassAddressInvalid = "AddressInvalid"
	ClassBlocked        = "Blocked"
	ClassComplaint      = "Complaint"
	ClassManual         = "Manual"
	ClassImported       = "Imported"
)

// Suppression is one line of what is exported and imported: an address that nothing is sent to.
type Suppression struct {
	// Hash stands for the address, as it was exported: 32 hex digits. It is missing when Medium and Address are there, which nothing
	// exports, since nothing keeps addresses.
	Hash string `json:"hash,omitempty"`
	// Medium is SMTP, Telegram or Webhook, and Address what a channel of it sends to.
	Medium  string `json:"medium,omitempty"`
	Address string `json:"address,omitempty"`
	// Class says why; an import without it means Imported.
	Class string `json:"class,omitempty"`
	// Time is since when; an import without it means now.
	Time time.Time `json:"time,omitzero"`
	// Released takes a suppression back.
	Released bool `json:"released,omitempty"`
}

// Validate says what is wrong, without words of the line itself, as these may be about somebody.
func (s *Suppression) Validate() error {
	switch {
	case s.Hash != "" && (s.Address != "" || s.Medium != ""):
		return errors.New("there is a hash and an address: leave one of them out")
	case s.Hash == "" && s.Address == "":
		return errors.New("there is neither a hash nor an address")
	case s.Hash != "" && !isHash(s.Hash):
		return errors.New("hash: it is not 32 lower-case hex digits")
	case s.Hash == "" && !slices.Contains([]definition.Medium{definition.SMTP, definition.Telegram, definition.Webhook}, definition.Medium(s.Medium)):
		return errors.New("medium: write SMTP, Telegram or Webhook")
	case len(s.Address) > maxAddressBytes:
		return fmt.Errorf("address: it exceeds %d bytes", maxAddressBytes)
	case s.Hash == "" && strings.TrimSpace(s.Address) == "":
		return errors.New("address: it is blank")
	case s.Medium == string(definition.SMTP) && !isMailbox(strings.TrimSpace(s.Address)):
		return errors.New("address: a mail address has the form name@domain, and nothing around it")
	case s.Class != "" && !slices.Contains([]string{ClassAddressInvalid, ClassBlocked, ClassComplaint, ClassManual, ClassImported}, s.Class):
		return errors.New("class: write Manual, Imported, AddressInvalid, Blocked or Complaint")
	}
	return nil
}

func isHash(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

// isMailbox says whether a text may be a bare mail address.
func isMailbox(text string) bool {
	at := strings.LastIndexByte(text, '@')
	return at > 0 && at < len(text)-1 && !strings.ContainsAny(text, "<>,; \t")
}

// Suppressed is the answer to suppressions that were told.
type Suppressed struct {
	// Taken counts lines that changed something, Known those that said what was known, and Refused those that say nothing that can be noted.
	Taken   int `json:"taken"`
	Known   int `json:"known"`
	Refused int `json:"refused"`
	// Refusals are the first of the refused.
	Refusals []RefusedLine `json:"refusals,omitempty"`
}

// RefusedLine says why a line was not taken.
type RefusedLine struct {
	// Line counts from 1.
	Line int `json:"line"`
	// Message holds nothing of the line.
	Message string `json:"message"`
}

// How people stand to a topic.
const (
	ConsentGiven     = "given"
	ConsentPending   = "pending"
	ConsentWithdrawn = "withdrawn"
)

// Consent is how somebody stands to a topic, with the proof: what was said last, by whom it came, and how.
type Consent struct {
	Contact string `json:"contact"`
	// Topic is empty for all marketing.
	Topic string `json:"topic"`
	// State is ConsentGiven, ConsentPending (given, and still to be confirmed) or ConsentWithdrawn.
	State string `json:"state"`
	// Statement is the one that the state follows from.
	Statement
	// Confirmed is when the person proved to own the address, of a consent that holds; zero when that was not asked for or not done.
	Confirmed time.Time `json:"confirmed,omitzero"`
	// Given is, of a consent that was withdrawn, what had been given.
	Given *Statement `json:"given,omitempty"`
}

// Statement is what a person once said.
type Statement struct {
	// Time is when, as the event tells that it came with; Source and ID name the event.
	Time   time.Time `json:"time,omitzero"`
	Source string    `json:"source,omitempty"`
	ID     string    `json:"id,omitempty"`
	// Method and TextHash are as in the event: how it was said, and the SHA-256 of the text that was agreed to.
	Method   string `json:"method,omitempty"`
	TextHash string `json:"textHash,omitempty"`
}
