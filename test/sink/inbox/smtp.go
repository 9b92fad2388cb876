// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package inbox

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// MailServer makes the mail server. With a certificate it offers TLS and, over it, to log in.
func (i *Inbox) MailServer(errors io.Writer, certificates ...tls.Certificate) *gosmtp.Server {
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(conn *gosmtp.Conn) (gosmtp.Session, error) {
		return &mailSession{inbox: i, conn: conn}, nil
	}))
	server.Domain = "sink"
	server.EnableSMTPUTF8 = true
	server.MaxMessageBytes = 16 << 20
	if len(certificates) > 0 {
		server.TLSConfig = &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}
	}
	server.ErrorLog = log.New(errors, "smtp: ", 0)
	return server
}

type mailSession struct {
	inbox *Inbox
	conn  *gosmtp.Conn
	to    []string
	// password is the one that was logged in with.
	password string
}

func (s *mailSession) Reset()        { s.to = nil }
func (s *mailSession) Logout() error { return nil }

// AuthMechanisms and Auth let log in whoever knows the password, if there is one.
func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if password != s.inbox.password() {
			return gosmtp.ErrAuthFailed
		}
		s.password = password
		return nil
	}), nil
}

// Mail takes mail of those only who know the password as it is now.
func (s *mailSession) Mail(string, *gosmtp.MailOptions) error {
	s.to = nil
	if wanted := s.inbox.password(); wanted != "" && s.password != wanted {
		return gosmtp.ErrAuthRequired
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if s.inbox.unknown(to) {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		// What did not end never arrived.
		return err
	}
	m, err := readMail(raw)
	if err != nil {
		return &gosmtp.SMTPError{Code: 554, EnhancedCode: gosmtp.EnhancedCode{5, 6, 0}, Message: "this is no mail"}
	}
	m.To = strings.Join(s.to, ",")
	switch s.inbox.arrive(m) {
	case dropped, lost:
		_ = s.conn.Conn().Close()
	case deferred:
		return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 3, 0}, Message: "try again"}
	case taken:
	}
	return nil
}

// readMail reads what a person would see of a mail.
func readMail(raw []byte) (Message, error) {
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, err
	}
	m := Message{Channel: "smtp", Headers: map[string]string{}}
	decoder := new(mime.WordDecoder)
	for name, values := range read.Header {
		text := strings.Join(values, "\n")
		if decoded, err := decoder.DecodeHeader(text); err == nil {
			text = decoded
		}
		m.Headers[name] = text
	}
	m.Subject = m.Headers["Subject"]
	m.ID, _, _ = strings.Cut(strings.Trim(m.Headers["Message-Id"], "<>"), "@")
	return m, m.readPart(read.Header.Get("Content-Type"), read.Header.Get("Content-Transfer-Encoding"), read.Body)
}

// readPart reads a part of a mail and, where it has parts of its own, those.
func (m *Message) readPart(contentType, encoding string, body io.Reader) error {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := m.readPart(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch kind {
	case "text/plain":
		m.Text = text
	case "text/html":
		m.HTML = text
	}
	return nil
}
