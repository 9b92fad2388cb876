// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"

	"github.com/waymark-dev/waymark/internal/channel"
)

// transfer hands a message over, and says whether the connection can carry another.
//
// A server takes a message when it has read the dot on a line of its own after the content, and not before (RFC 5321, 4.1.1.4). The dot is in
// the last bytes written, so as long as writing them has not succeeded the message certainly did not arrive. From then on until the server's
// answer nobody knows.
func (c *connection) transfer(ctx context.Context, l *letter) (result channel.Result, usable bool) {
	c.carried++
	c.answered = false
	if err := ctx.Err(); err != nil {
		return channel.Defer(channel.Unreachable, "", fmt.Errorf("smtp: %w", context.Cause(ctx))), true
	}
	parameters, err := c.parameters(l)
	if err != nil {
		return channel.Reject(channel.AddressInvalid, "", err), true
	}
	for _, step := range []struct {
		stage  stage
		expect int
		line   string
	}{
		{sender, 2, "MAIL FROM:<" + l.from + ">" + parameters},
		{recipient, 2, "RCPT TO:<" + l.to + ">"},
		{begin, 354, "DATA"},
	} {
		if err := c.command(ctx, step.expect, step.line); err != nil {
			return c.refused(ctx, step.stage, err)
		}
		c.answered = true
	}
	return c.deliver(ctx, l.content)
}

// parameters are those of MAIL FROM.
func (c *connection) parameters(l *letter) (string, error) {
	parameters := ""
	if sized, _ := c.client.Extension("SIZE"); sized {
		parameters = fmt.Sprintf(" SIZE=%d", len(l.content))
	}
	if l.unicode {
		if known, _ := c.client.Extension("SMTPUTF8"); !known {
			return "", errors.New("smtp: the mail server takes no addresses with letters beyond ASCII before the @")
		}
		parameters += " SMTPUTF8"
	}
	return parameters, nil
}

// refused is the result of a step before the content that the server answered in the negative or not at all.
func (c *connection) refused(ctx context.Context, at stage, err error) (channel.Result, bool) {
	said, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return channel.Defer(channel.Unreachable, "", fmt.Errorf("smtp: %s: %w", at, err)), false
	}
	result := readReply(said).judge(at)
	if said.Code == goingAway {
		return result, false
	}
	c.answered = true
	err = c.command(ctx, 2, "RSET")
	return result, err == nil
}

// goingAway is said by a server that closes the connection.
const goingAway = 421

// deliver writes the content and the dot and reads the answer.
func (c *connection) deliver(ctx context.Context, content []byte) (channel.Result, bool) {
	release := c.bound(ctx, finishPatience)
	defer release()
	writer := c.client.Text.DotWriter()
	_, err := writer.Write(content)
	if err == nil {
		// Only this writes the dot.
		err = writer.Close()
	}
	if err != nil {
		// Nothing more may be written here: the dot could be in what is still buffered.
		_ = c.raw.Close()
		return channel.Defer(channel.Unreachable, "", fmt.Errorf("smtp: writing the message: %w", explain(ctx, err))), false
	}
	_, words, err := c.client.Text.ReadResponse(2)
	if err == nil {
		return channel.Result{Outcome: channel.Accepted, Reference: reference(words)}, true
	}
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		if said.Code >= 400 {
			return readReply(said).judge(finish), said.Code != goingAway
		}
	}
	return channel.Doubt("", fmt.Errorf("smtp: no answer to the message: %w", explain(ctx, err))), false
}

// stale says whether a transfer came to nothing as the server had closed the connection after an earlier message: it did not even answer to the
// sender.
func (c *connection) stale(ctx context.Context) bool {
	return c.carried > 1 && !c.answered && ctx.Err() == nil
}

var queued = regexp.MustCompile(`(?i)(?:queued as|id=|id:)\s*<?([A-Za-z0-9._-]{4,100})`)

// reference finds the server's own id of a message in its answer.
func reference(words string) string {
	if parts := queued.FindStringSubmatch(words); parts != nil {
		return parts[1]
	}
	return ""
}
