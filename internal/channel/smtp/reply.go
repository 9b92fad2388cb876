// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp

import (
	"fmt"
	"net/textproto"
	"regexp"
	"strconv"

	"github.com/waymark-dev/waymark/internal/channel"
)

// reply is what a mail server answered, without its words: they often repeat the address.
type reply struct {
	code int
	// class, subject and detail are those of the enhanced status (RFC 3463); all are 0 where there is none.
	class, subject, detail int
}

var enhanced = regexp.MustCompile(`^([245])\.(\d{1,3})\.(\d{1,3})\b`)

func readReply(said *textproto.Error) reply {
	r := reply{code: said.Code}
	// A status that contradicts the code says nothing.
	if parts := enhanced.FindStringSubmatch(said.Msg); parts != nil && parts[1] == strconv.Itoa(said.Code/100) {
		r.class, _ = strconv.Atoi(parts[1])
		r.subject, _ = strconv.Atoi(parts[2])
		r.detail, _ = strconv.Atoi(parts[3])
	}
	return r
}

// String is the enhanced status, such as 5.1.1, or else the code.
func (r reply) String() string {
	if r.class != 0 {
		return fmt.Sprintf("%d.%d.%d", r.class, r.subject, r.detail)
	}
	return strconv.Itoa(r.code)
}

// is says whether the enhanced status begins so.
func (r reply) is(class, subject int) bool { return r.class == class && r.subject == subject }

// credentials says whether the server does not know who we are, or not any more.
func (r reply) credentials() bool {
	switch r.code {
	case 530, 534, 535, 538:
		return true
	}
	return r.is(5, 7) && (r.detail == 8 || r.detail == 9)
}

// stage is the part of a transfer that was answered.
type stage string

const (
	sender    stage = "MAIL FROM"
	recipient stage = "RCPT TO"
	begin     stage = "DATA"
	finish    stage = "the message"
)

// judge says what an answer means for the message. Nothing here is in doubt: who answers has not taken it.
func (r reply) judge(at stage) channel.Result {
	err := fmt.Errorf("smtp: the server answered %s to %s", r, at)
	if r.credentials() {
		return channel.Defer(channel.Credentials, r.String(), err)
	}
	if r.code < 500 || r.code > 599 {
		return channel.Defer(r.passing(), r.String(), err)
	}
	switch {
	case r.is(5, 2) && r.detail == 2:
		return channel.Defer(channel.MailboxFull, r.String(), err)
	// 5.1.7 and 5.1.8 are about the sender's address, which no recipient may suffer for.
	case r.is(5, 7), r.is(5, 1) && (at == sender || r.detail == 7 || r.detail == 8):
		return channel.Defer(channel.Policy, r.String(), err)
	case r.is(5, 1), at == recipient && r.class == 0 && (r.code == 551 || r.code == 553):
		return channel.Reject(channel.AddressInvalid, r.String(), err)
	case r.is(5, 3) && r.detail == 4, r.is(5, 2) && r.detail == 3, r.is(5, 6), r.code == 552:
		return channel.Reject(channel.Content, r.String(), err)
	default:
		return channel.Reject(channel.Other, r.String(), err)
	}
}

// passing is the class of an answer that asks to try again.
func (r reply) passing() channel.Class {
	switch {
	case r.is(4, 2) && r.detail == 2, r.class == 0 && r.code == 452:
		return channel.MailboxFull
	case r.is(4, 7), r.is(4, 5) && r.detail == 3, r.class == 0 && r.code == 450:
		return channel.Throttled
	default:
		return channel.Unreachable
	}
}
