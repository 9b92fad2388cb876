// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Reason says why a message was refused. The list is closed, so that reasons can label metrics and lie in a status.
type Reason string

// The reasons for which messages are refused.
const (
	// Malformed is a body that cannot be read, or an attribute that breaks its protocol's rules or Waymark's bounds.
	Malformed Reason = "Malformed"
	// MissingContact is a message that does not say who did it.
	MissingContact Reason = "MissingContact"
	// MissingType is a message that does not say what happened.
	MissingType Reason = "MissingType"
	// InvalidTime is a time that cannot be read or lies before 1970 or after 9999.
	InvalidTime Reason = "InvalidTime"
	// ReservedType is a type that begins with "waymark.", or with which only Waymark speaks.
	ReservedType Reason = "ReservedType"
	// TypeNotAllowed is a type that the feed's allowTypes does not list.
	TypeNotAllowed Reason = "TypeNotAllowed"
	// NotTrusted is a message that says what a feed of trust Public may not say.
	NotTrusted Reason = "NotTrusted"
	// TooLarge is a body, a batch or an event over its bound.
	TooLarge Reason = "TooLarge"
	// Unauthorized is a request without a right write key.
	Unauthorized Reason = "Unauthorized"
	// OriginNotAllowed is a browser's request from a site that the feed does not list.
	OriginNotAllowed Reason = "OriginNotAllowed"
	// Unsupported is a protocol, media type or encoding that the feed does not take.
	Unsupported Reason = "Unsupported"
	// RateLimited is a request over the feed's rate.
	RateLimited Reason = "RateLimited"
	// MappingFailed is a message on which an expression of the feed's mapping failed.
	MappingFailed Reason = "MappingFailed"
	// Unavailable is a request that came while nothing could be stored.
	Unavailable Reason = "Unavailable"
	// UnknownFeed is a request to a feed that this gateway does not serve; it is counted under no feed.
	UnknownFeed Reason = "UnknownFeed"
)

// Reasons lists every Reason.
func Reasons() []Reason {
	return []Reason{
		Malformed, MissingContact, MissingType, InvalidTime, ReservedType, TypeNotAllowed, NotTrusted, TooLarge, Unauthorized,
		OriginNotAllowed, Unsupported, RateLimited, MappingFailed, Unavailable, UnknownFeed,
	}
}

// maxListedProblems bounds how many problems of one request an answer lists.
const maxListedProblems = 10

// Problem is what an answer says about something refused. It never holds what identifies a person: the offending value is
// given only for attributes that cannot, such as a type or a time.
type Problem struct {
	// Index is the message's place in its batch, from 0; nil when the request as a whole is meant.
	Index *int `json:"index,omitempty"`
	// Reason is the refusal's class.
	Reason Reason `json:"reason"`
	// Field is what is wrong, by its name in the protocol, such as subject; empty when it is none in particular.
	Field string `json:"field,omitempty"`
	// Value is the offending text where it cannot be personal.
	Value string `json:"value,omitempty"`
	// Error says what is wrong.
	Error string `json:"error"`
	// Hint says what to do.
	Hint string `json:"hint,omitempty"`

	status     int           // of the answer, should this be the first problem
	retryAfter time.Duration // above 0: the sender should try again then
}

func (p *Problem) at(index int) *Problem {
	p.Index = &index
	return p
}

// problems collects what is wrong with a request: the first few in full, all of them by count.
type problems struct {
	listed []*Problem
	counts map[Reason]int
	total  int
}

func (ps *problems) add(p *Problem) {
	if len(ps.listed) < maxListedProblems {
		ps.listed = append(ps.listed, p)
	}
	if ps.counts == nil {
		ps.counts = make(map[Reason]int, 1)
	}
	ps.counts[p.Reason]++
	ps.total++
}

func one(p *Problem) problems {
	var ps problems
	ps.add(p)
	return ps
}

// refusal is the body of an answer that refuses a request: its first problem, and for batches the list.
type refusal struct {
	*Problem
	// Problems lists the first ten where there are several.
	Problems []*Problem `json:"problems,omitempty"`
	// More counts those that are not listed.
	More int `json:"more,omitempty"`
}

// write answers with what is wrong. The first problem decides about the status.
func (ps *problems) write(w http.ResponseWriter) {
	first := ps.listed[0]
	body := refusal{Problem: first, More: ps.total - len(ps.listed)}
	if ps.total > 1 {
		body.Problems = ps.listed
	}
	if first.retryAfter > 0 {
		seconds := strconv.Itoa(int(math.Ceil(first.retryAfter.Seconds())))
		w.Header().Set("Retry-After", seconds)
		w.Header().Set("X-RateLimit-Reset", seconds) // what Segment's library for browsers looks at
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(first.status)
	_ = json.NewEncoder(w).Encode(body) // only the connection can fail, and nobody is left to tell
}

func malformed(field, format string, args ...any) *Problem {
	return &Problem{Reason: Malformed, Field: field, Error: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

func tooLarge(field, hint, format string, args ...any) *Problem {
	return &Problem{
		Reason: TooLarge, Field: field, Error: fmt.Sprintf(format, args...), Hint: hint,
		status: http.StatusRequestEntityTooLarge,
	}
}

func unsupported(field, value, hint, format string, args ...any) *Problem {
	return &Problem{
		Reason: Unsupported, Field: field, Value: shorten(value), Error: fmt.Sprintf(format, args...), Hint: hint,
		status: http.StatusUnsupportedMediaType,
	}
}

func unavailable(retryAfter time.Duration, message, hint string) *Problem {
	return &Problem{
		Reason: Unavailable, Error: message, Hint: hint, status: http.StatusServiceUnavailable, retryAfter: retryAfter,
	}
}

// shorten keeps a quoted value readable and an answer small.
func shorten(value string) string {
	const limit = 80
	if len(value) <= limit {
		return value
	}
	cut := limit
	for cut > 0 && value[cut]&0xC0 == 0x80 { // do not cut within a character
		cut--
	}
	return value[:cut] + "…"
}
