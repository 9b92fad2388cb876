// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/waymark-dev/waymark/internal/channel/smtp"
	"github.com/waymark-dev/waymark/internal/definition"
)

// mailServer is a real SMTP server whose answers are scripted. The zero value takes everything.
type mailServer struct {
	onMail, onRcpt, onData error
	// cut closes the connection at that stage, instead of an answer: "greeting", "mail", "rcpt", "data" (in the middle of the content) or
	// "answer" (when all of it was read).
	cut string
	// tls is "", "starttls" or "implicit"; username, if set, must log in with password.
	tls, username, password string
	mechanisms              []string
	maxBytes                int64
	// hold, if set, is waited for before the answer to the content.
	hold chan struct{}

	authority string
	listener  net.Listener
	server    *gosmtp.Server

	mu       sync.Mutex
	sessions int
	open     []*gosmtp.Conn
	letters  []received
}

// received is a letter as the server got it.
type received struct {
	from string
	to   []string
	raw  []byte
}

func (r received) parse(t testing.TB) *mail.Message {
	t.Helper()
	read, err := mail.ReadMessage(bytes.NewReader(r.raw))
	if err != nil {
		t.Fatalf("the server got what is no mail: %v\n%s", err, r.raw)
	}
	return read
}

// start serves until the test ends.
func (s *mailServer) start(t testing.TB) *mailServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.server = gosmtp.NewServer(s)
	s.server.Domain = "mx.example.com"
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	s.server.EnableSMTPUTF8 = true
	s.server.MaxMessageBytes = s.maxBytes
	s.server.AllowInsecureAuth = true
	if s.tls != "" {
		config, authority := certificate(t)
		s.authority = authority
		if s.tls == "implicit" {
			listener = tls.NewListener(listener, config)
		} else {
			s.server.TLSConfig = config
			s.server.AllowInsecureAuth = false
		}
	}
	s.listener = listener
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = s.server.Close()
		// Closing a server that does not serve yet leaves the listener.
		_ = listener.Close()
		<-served
	})
	return s
}

func (s *mailServer) settings() definition.SMTPSettings {
	settings := definition.SMTPSettings{
		Host: "127.0.0.1", Port: int32(s.listener.Addr().(*net.TCPAddr).Port), Encryption: definition.NoEncryption,
		From: "shop@example.com", FromName: "Магазин", Connections: 2,
	}
	switch s.tls {
	case "starttls":
		settings.Encryption = definition.StartTLS
	case "implicit":
		settings.Encryption = definition.ImplicitTLS
	}
	return settings
}

func (s *mailServer) secrets() definition.ChannelSecrets {
	return definition.ChannelSecrets{Username: s.username, Password: s.password, CA: s.authority}
}

// channel makes a channel to the server.
func (s *mailServer) channel(t testing.TB) *smtp.Channel {
	t.Helper()
	c, err := smtp.New(s.settings(), s.secrets())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *mailServer) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.letters...)
}

func (s *mailServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// hangUp closes the connections that are open, as a server does with those that idle for too long.
func (s *mailServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.open {
		_ = conn.Conn().Close()
	}
}

// NewSession implements gosmtp.Backend.
func (s *mailServer) NewSession(conn *gosmtp.Conn) (gosmtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	s.open = append(s.open, conn)
	if s.cut == "greeting" {
		_ = conn.Conn().Close()
	}
	return &session{server: s, conn: conn, known: s.username == ""}, nil
}

type session struct {
	server *mailServer
	conn   *gosmtp.Conn
	known  bool
	letter received
}

func (s *session) end(stage string) bool {
	if s.server.cut == stage {
		_ = s.conn.Conn().Close()
		return true
	}
	return false
}

func (s *session) Reset()        { s.letter = received{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	if !s.known {
		return gosmtp.ErrAuthRequired
	}
	s.end("mail")
	s.letter = received{from: from}
	return s.server.onMail
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.end("rcpt")
	s.letter.to = append(s.letter.to, to)
	return s.server.onRcpt
}

func (s *session) Data(r io.Reader) error {
	if s.server.cut == "data" {
		_, _ = io.CopyN(io.Discard, r, 4096)
		s.end("data")
		return io.ErrUnexpectedEOF
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.onData != nil {
		return s.server.onData
	}
	s.letter.raw = raw
	s.server.mu.Lock()
	s.server.letters = append(s.server.letters, s.letter)
	s.server.mu.Unlock()
	if s.server.hold != nil {
		<-s.server.hold
	}
	s.end("answer")
	return nil
}

// AuthMechanisms implements gosmtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	switch {
	case s.server.username == "":
		return nil
	case s.server.mechanisms != nil:
		return s.server.mechanisms
	default:
		return []string{sasl.Plain}
	}
}

// Auth implements gosmtp.AuthSession.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(username, password string) error {
		if username != s.server.username || password != s.server.password {
			return gosmtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error { return check(username, password) }), nil
	case sasl.Login:
		return &loginServer{check: check}, nil
	default:
		return nil, gosmtp.ErrAuthUnknownMechanism
	}
}

// loginServer is the server's side of LOGIN.
type loginServer struct {
	check    func(username, password string) error
	username *string
	asked    bool
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	switch {
	case response == nil && !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.username == nil:
		l.username = new(string(response))
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(*l.username, string(response))
	}
}

// certificate makes a server's certificate for 127.0.0.1, signed by itself.
func certificate(t testing.TB) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, string(authority)
}

// patient is a context for one try.
func patient(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
