// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	client "github.com/wneessen/go-mail/smtp"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
)

// How long the server may take. Who sends may be less patient, by a context.
const (
	connectPatience = 30 * time.Second
	commandPatience = time.Minute
	// finishPatience is for the answer to a whole message: a server may look for viruses before it answers.
	finishPatience = 5 * time.Minute
)

// server says how to reach a mail server and who we are there.
type server struct {
	address, host string
	// hello is the name that we say we have.
	hello              string
	encryption         definition.Encryption
	tls                *tls.Config
	username, password string
}

// connection is one connection to a mail server, logged in. It is used by one goroutine at a time.
type connection struct {
	raw    net.Conn
	client *client.Client
	// carried counts the messages that it was used for.
	carried int
	// answered says whether the server has answered anything about the present one, but that it goes away.
	answered bool
}

// connect connects, encrypts and logs in. The error is a *channel.Failure.
func (s *server) connect(ctx context.Context) (*connection, error) {
	dialing, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	dialer := &net.Dialer{KeepAlive: 30 * time.Second}
	raw, err := dialer.DialContext(dialing, "tcp", s.address)
	if err != nil {
		return nil, failure("connecting", err)
	}
	c := &connection{raw: raw}
	release := c.bound(dialing, connectPatience)
	err = s.introduce(dialing, c)
	release()
	if err != nil {
		_ = raw.Close()
		if failed, ok := errors.AsType[*channel.Failure](err); ok && failed.Code == "" {
			failed.Err = explain(ctx, failed.Err)
		}
		return nil, err
	}
	return c, nil
}

// introduce brings a new connection to where messages can follow.
func (s *server) introduce(ctx context.Context, c *connection) error {
	transport := c.raw
	if s.encryption == definition.ImplicitTLS {
		encrypted := tls.Client(c.raw, s.tls)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return failure("the TLS handshake", err)
		}
		transport = encrypted
	}
	var err error
	if c.client, err = client.NewClient(transport, s.host); err != nil {
		return failure("connecting", err)
	}
	if err := c.client.Hello(s.hello); err != nil {
		return failure("EHLO", err)
	}
	if s.encryption == definition.StartTLS {
		if offered, _ := c.client.Extension("STARTTLS"); !offered {
			return failure("STARTTLS", errors.New("the server does not offer it: use another port or encryption"))
		}
		if err := c.client.StartTLS(s.tls); err != nil {
			return failure("STARTTLS", err)
		}
	}
	return s.login(c)
}

// login proves who we are, in the best way that the server offers.
func (s *server) login(c *connection) error {
	if s.username == "" {
		return nil
	}
	_, offered := c.client.Extension("AUTH")
	how := s.mechanism(strings.Fields(strings.ToUpper(offered)))
	if how == nil {
		return &channel.Failure{
			Class: channel.Credentials,
			Err: errors.New("smtp: the server offers no way to log in that keeps the password safe: " +
				"use TLS, or remove the username for a server that asks for none"),
		}
	}
	if err := c.client.Auth(how); err != nil {
		if said, ok := errors.AsType[*textproto.Error](err); ok {
			return rejectedLogin(readReply(said))
		}
		return failure("logging in", err)
	}
	return nil
}

// rejectedLogin is wrong credentials, but for a server that cannot judge them for the moment.
func rejectedLogin(r reply) *channel.Failure {
	class := channel.Credentials
	if r.code < 500 {
		class = r.passing()
	}
	return &channel.Failure{Class: class, Code: r.String(), Err: fmt.Errorf("smtp: the server answered %s to the username and password", r)}
}

// mechanism chooses among what the server offers. Only ways that do not show the password go without TLS.
func (s *server) mechanism(offered []string) client.Auth {
	type way struct {
		name string
		open bool
		auth func() client.Auth
	}
	for _, w := range []way{
		{"SCRAM-SHA-256", true, func() client.Auth { return client.ScramSHA256Auth(s.username, s.password) }},
		{"PLAIN", false, func() client.Auth { return client.PlainAuth("", s.username, s.password, s.host, false) }},
		{"LOGIN", false, func() client.Auth { return client.LoginAuth(s.username, s.password, s.host, false) }},
		{"SCRAM-SHA-1", true, func() client.Auth { return client.ScramSHA1Auth(s.username, s.password) }},
		{"CRAM-MD5", true, func() client.Auth { return client.CRAMMD5Auth(s.username, s.password) }},
	} {
		for _, name := range offered {
			if name == w.name && (w.open || s.tls != nil) {
				return w.auth()
			}
		}
	}
	return nil
}

// bound lets the connection's reads and writes fail when the context ends or so much time has passed, until the returned function is called.
func (c *connection) bound(ctx context.Context, patience time.Duration) (release func()) {
	_ = c.raw.SetDeadline(time.Now().Add(patience))
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = c.raw.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ended
		}
		_ = c.raw.SetDeadline(time.Time{})
	}
}

// command says a line and reads the answer, which must begin with those digits. An answer with others is a *textproto.Error.
func (c *connection) command(ctx context.Context, expect int, line string) error {
	defer c.bound(ctx, commandPatience)()
	id, err := c.client.Text.Cmd("%s", line)
	if err != nil {
		return explain(ctx, err)
	}
	c.client.Text.StartResponse(id)
	defer c.client.Text.EndResponse(id)
	_, _, err = c.client.Text.ReadResponse(expect)
	return explain(ctx, err)
}

// explain says that the context ended, where that is why the connection failed.
func explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if _, said := errors.AsType[*textproto.Error](err); said {
		return err
	}
	return fmt.Errorf("%w: %w", context.Cause(ctx), err)
}

// quit says goodbye and closes the connection. It never takes long.
func (c *connection) quit() {
	_ = c.raw.SetDeadline(time.Now().Add(2 * time.Second))
	if id, err := c.client.Text.Cmd("QUIT"); err == nil {
		c.client.Text.StartResponse(id)
		_, _, _ = c.client.Text.ReadResponse(221)
		c.client.Text.EndResponse(id)
	}
	_ = c.raw.Close()
}
