// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package smtp sends mail through a mail server. go-mail writes the messages and logs in; the conversation is held here, as only who holds it
// knows whether the server can have taken a message when the connection breaks.
package smtp

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
)

// Channel sends mail. It is safe for concurrent use.
type Channel struct {
	settings definition.SMTPSettings
	// domain is that of the sender's address.
	domain  string
	dkimKey crypto.Signer
	pool    *pool
}

var _ channel.Channel = (*Channel)(nil)

// New makes a channel. It connects to nothing. Errors name the setting or secret that is wrong and do not show it.
func New(settings definition.SMTPSettings, secrets definition.ChannelSecrets) (*Channel, error) {
	from, err := address(settings.From)
	if err != nil {
		return nil, fmt.Errorf("smtp.from: %w", err)
	}
	settings.From = from.text
	if settings.ReplyTo != "" {
		if _, err := address(settings.ReplyTo); err != nil {
			return nil, fmt.Errorf("smtp.replyTo: %w", err)
		}
	}
	if settings.Host == "" || settings.Port <= 0 || settings.Port > 65535 {
		return nil, errors.New("smtp: host and port of the mail server must be set")
	}
	if (secrets.Username == "") != (secrets.Password == "") {
		return nil, errors.New("smtp: the secret has a username or a password alone: set both, or neither for a server that asks for none")
	}
	server := &server{
		address:  net.JoinHostPort(settings.Host, strconv.Itoa(int(settings.Port))),
		host:     settings.Host,
		hello:    from.domain,
		username: secrets.Username, password: secrets.Password,
	}
	if err := server.encrypt(settings.Encryption, secrets.CA); err != nil {
		return nil, err
	}
	c := &Channel{settings: settings, domain: from.domain, pool: newPool(server, int(max(1, settings.Connections)))}
	if settings.DKIM != nil {
		if c.dkimKey, err = gomail.PrivKeyFromPEM([]byte(secrets.DKIMKey)); err != nil {
			return nil, errors.New("smtp.dkim: the secret's key is not a PEM block with an RSA or Ed25519 private key (PKCS #8, or PKCS #1 for RSA)")
		}
		if settings.DKIM.Domain == "" || settings.DKIM.Selector == "" {
			return nil, errors.New("smtp.dkim: domain and selector must be set")
		}
	}
	return c, nil
}

// encrypt settles how the connection is protected.
func (s *server) encrypt(how definition.Encryption, authorities string) error {
	switch how {
	case definition.NoEncryption:
		return nil
	case definition.StartTLS, definition.ImplicitTLS:
	default:
		return fmt.Errorf("smtp.encryption: %q is none of StartTLS, ImplicitTLS and None", how)
	}
	s.encryption = how
	s.tls = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	if authorities != "" {
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM([]byte(authorities)) {
			return errors.New("smtp: the secret's CA holds no certificate in PEM")
		}
	}
	return nil
}

// Send tries to hand a message to the mail server.
func (c *Channel) Send(ctx context.Context, m *channel.Message) channel.Result {
	letter, rejected := c.compose(m)
	if rejected != nil {
		return *rejected
	}
	conn, err := c.pool.take(ctx)
	if err != nil {
		return unsent(err)
	}
	result, usable := conn.transfer(ctx, letter)
	if conn.stale(ctx) {
		// The server had closed the connection while it waited; nothing has left.
		c.pool.give(conn, false)
		if conn, err = c.pool.fresh(ctx); err != nil {
			return unsent(err)
		}
		result, usable = conn.transfer(ctx, letter)
	}
	c.pool.give(conn, usable)
	return result
}

// unsent is the result when there was no connection to send over.
func unsent(err error) channel.Result {
	if failure, ok := errors.AsType[*channel.Failure](err); ok {
		return channel.Defer(failure.Class, failure.Code, err)
	}
	return channel.Defer(channel.Unreachable, "", err)
}

// Probe connects, encrypts, logs in and says NOOP. The error is a *channel.Failure.
func (c *Channel) Probe(ctx context.Context) error {
	conn, err := c.pool.server.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.quit()
	if err := conn.command(ctx, 2, "NOOP"); err != nil {
		return failure("NOOP", err)
	}
	return nil
}

// Close closes the connections that wait; those in use are closed after use.
func (c *Channel) Close() error {
	c.pool.close()
	return nil
}

// failure puts what went wrong outside of a message's transfer into a class.
func failure(during string, err error) *channel.Failure {
	said, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return &channel.Failure{Class: channel.Unreachable, Err: fmt.Errorf("smtp: %s: %w", during, err)}
	}
	r := readReply(said)
	class := channel.Unreachable
	switch {
	case r.credentials():
		class = channel.Credentials
	case r.code == 554 || r.is(5, 7):
		class = channel.Policy
	case r.is(4, 7):
		class = channel.Throttled
	}
	return &channel.Failure{Class: class, Code: r.String(), Err: fmt.Errorf("smtp: the server answered %s to %s", r, during)}
}

// parsed is an address that can be put into commands and headers as it is.
type parsed struct{ text, domain string }

func (p parsed) mailbox(name string) *mail.Address { return &mail.Address{Name: name, Address: p.text} }
