// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/smtp"
	"github.com/waymark-dev/waymark/internal/definition"
)

func hello() *channel.Message {
	return &channel.Message{
		ID: "remind-42", To: "anna@example.org", ToName: "Анна Каренина", Subject: "Вы забыли кое-что в корзине",
		Text: "Здравствуйте, Анна!\n.точка в начале строки\n", HTML: "<p>Здравствуйте, Анна!</p>",
		Time: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC),
	}
}

// outcome is what tests compare of a result.
type outcome struct {
	Outcome channel.Outcome
	Class   channel.Class
	Code    string
}

func of(r channel.Result) outcome { return outcome{r.Outcome, r.Class, r.Code} }

func TestMailLeavesOverEachKindOfConnection(t *testing.T) {
	for name, server := range map[string]*mailServer{
		"in the clear":               {},
		"STARTTLS":                   {tls: "starttls"},
		"implicit TLS":               {tls: "implicit"},
		"STARTTLS, logged in":        {tls: "starttls", username: "shop", password: "secret"},
		"implicit TLS, logged in":    {tls: "implicit", username: "shop", password: "secret"},
		"a server that knows LOGIN":  {tls: "starttls", username: "shop", password: "secret", mechanisms: []string{"LOGIN"}},
		"a server that offers worse": {tls: "starttls", username: "shop", password: "secret", mechanisms: []string{"XOAUTH2", "PLAIN"}},
	} {
		t.Run(name, func(t *testing.T) {
			server.start(t)
			c := server.channel(t)
			if err := c.Probe(patient(t)); err != nil {
				t.Fatalf("probe: %v", err)
			}
			if got := of(c.Send(patient(t), hello())); got != (outcome{}) {
				t.Fatalf("got %+v, want it accepted", got)
			}
			letters := server.got()
			if len(letters) != 1 {
				t.Fatalf("%d letters arrived, want 1", len(letters))
			}
			if diff := cmp.Diff([]string{"anna@example.org"}, letters[0].to); diff != "" {
				t.Errorf("recipients (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConnectionThatNeverBecomesOne(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, c := range map[string]struct {
		server *mailServer
		change func(*definition.SMTPSettings, *definition.ChannelSecrets)
		want   outcome
	}{
		"nobody listens": {
			server: &mailServer{},
			change: func(s *definition.SMTPSettings, _ *definition.ChannelSecrets) {
				s.Port = int32(closed.Addr().(*net.TCPAddr).Port)
			},
			want: outcome{channel.Deferred, channel.Unreachable, ""},
		},
		"a host that does not exist": {
			server: &mailServer{},
			change: func(s *definition.SMTPSettings, _ *definition.ChannelSecrets) { s.Host = "mail.invalid" },
			want:   outcome{channel.Deferred, channel.Unreachable, ""},
		},
		"a server that offers no STARTTLS": {
			server: &mailServer{},
			change: func(s *definition.SMTPSettings, _ *definition.ChannelSecrets) { s.Encryption = definition.StartTLS },
			want:   outcome{channel.Deferred, channel.Unreachable, ""},
		},
		"a certificate of nobody known": {
			server: &mailServer{tls: "starttls"},
			change: func(_ *definition.SMTPSettings, s *definition.ChannelSecrets) { s.CA = "" },
			want:   outcome{channel.Deferred, channel.Unreachable, ""},
		},
		"a wrong password": {
			server: &mailServer{tls: "starttls", username: "shop", password: "secret"},
			change: func(_ *definition.SMTPSettings, s *definition.ChannelSecrets) { s.Password = "wrong" },
			want:   outcome{channel.Deferred, channel.Credentials, "5.7.8"},
		},
		"no password at a server that wants one": {
			server: &mailServer{username: "shop", password: "secret"},
			change: func(_ *definition.SMTPSettings, s *definition.ChannelSecrets) { s.Username, s.Password = "", "" },
			want:   outcome{channel.Deferred, channel.Policy, "5.7.0"},
		},
		"a password that would go in the clear": {
			server: &mailServer{username: "shop", password: "secret"},
			want:   outcome{channel.Deferred, channel.Credentials, ""},
		},
		"a connection that is closed at once": {
			server: &mailServer{cut: "greeting"},
			want:   outcome{channel.Deferred, channel.Unreachable, ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.server.start(t)
			settings, secrets := c.server.settings(), c.server.secrets()
			if c.change != nil {
				c.change(&settings, &secrets)
			}
			sender, err := smtp.New(settings, secrets)
			if err != nil {
				t.Fatal(err)
			}
			defer sender.Close()
			result := sender.Send(patient(t), hello())
			if diff := cmp.Diff(c.want, of(result)); diff != "" {
				t.Errorf("result (-want +got):\n%s\n%v", diff, result.Err)
			}
			if strings.Contains(result.Err.Error(), "secret") || strings.Contains(result.Err.Error(), "anna") {
				t.Errorf("the error tells too much: %v", result.Err)
			}
			if len(c.server.got()) != 0 {
				t.Error("a letter arrived")
			}
		})
	}
}

func TestAnswersOfTheServer(t *testing.T) {
	answer := func(code int, class, subject, detail int) error {
		return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{class, subject, detail}, Message: "anna@example.org: no"}
	}
	plain := func(code int) error {
		return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.NoEnhancedCode, Message: "anna@example.org: no"}
	}
	for name, c := range map[string]struct {
		server *mailServer
		want   outcome
	}{
		"unknown mailbox":                   {&mailServer{onRcpt: answer(550, 5, 1, 1)}, outcome{channel.Rejected, channel.AddressInvalid, "5.1.1"}},
		"unknown domain, said at the end":   {&mailServer{onData: answer(550, 5, 1, 2)}, outcome{channel.Rejected, channel.AddressInvalid, "5.1.2"}},
		"mailbox name not allowed":          {&mailServer{onRcpt: plain(553)}, outcome{channel.Rejected, channel.AddressInvalid, "553"}},
		"a bad sender is not the recipient": {&mailServer{onMail: answer(550, 5, 1, 8)}, outcome{channel.Deferred, channel.Policy, "5.1.8"}},
		"a bad sender, said late":           {&mailServer{onRcpt: answer(550, 5, 1, 7)}, outcome{channel.Deferred, channel.Policy, "5.1.7"}},
		"mailbox full":                      {&mailServer{onRcpt: answer(552, 5, 2, 2)}, outcome{channel.Deferred, channel.MailboxFull, "5.2.2"}},
		"mailbox full for now":              {&mailServer{onRcpt: answer(452, 4, 2, 2)}, outcome{channel.Deferred, channel.MailboxFull, "4.2.2"}},
		"greylisted":                        {&mailServer{onRcpt: answer(450, 4, 7, 1)}, outcome{channel.Deferred, channel.Throttled, "4.7.1"}},
		"out of order":                      {&mailServer{onData: answer(451, 4, 3, 0)}, outcome{channel.Deferred, channel.Unreachable, "4.3.0"}},
		"going away":                        {&mailServer{onMail: answer(421, 4, 3, 2)}, outcome{channel.Deferred, channel.Unreachable, "4.3.2"}},
		"refused by policy":                 {&mailServer{onData: answer(554, 5, 7, 1)}, outcome{channel.Deferred, channel.Policy, "5.7.1"}},
		"not logged in any more":            {&mailServer{onMail: answer(535, 5, 7, 8)}, outcome{channel.Deferred, channel.Credentials, "5.7.8"}},
		"too large":                         {&mailServer{onData: answer(552, 5, 3, 4)}, outcome{channel.Rejected, channel.Content, "5.3.4"}},
		"too large, said without a status":  {&mailServer{onData: plain(552)}, outcome{channel.Rejected, channel.Content, "552"}},
		"too large, said before it is sent": {&mailServer{maxBytes: 100}, outcome{channel.Rejected, channel.Content, "5.3.4"}},
		"refused without a reason":          {&mailServer{onData: plain(554)}, outcome{channel.Rejected, channel.Other, "554"}},
		"no mailbox, said without a status": {&mailServer{onRcpt: plain(550)}, outcome{channel.Rejected, channel.Other, "550"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := c.server.start(t)
			sender := server.channel(t)
			// A second try finds the connection in order.
			for range 2 {
				result := sender.Send(patient(t), hello())
				if diff := cmp.Diff(c.want, of(result)); diff != "" {
					t.Errorf("result (-want +got):\n%s\n%v", diff, result.Err)
				}
				if strings.Contains(result.Err.Error(), "anna") {
					t.Errorf("the error holds the address: %v", result.Err)
				}
			}
			if len(server.got()) != 0 {
				t.Error("a letter arrived")
			}
		})
	}
}

// TestConnectionCutAtEachStage is the heart of the matter: until the dot was sent nothing can have arrived, from then on nobody knows.
func TestConnectionCutAtEachStage(t *testing.T) {
	long := hello()
	// More than the network keeps between two programs.
	long.Text = strings.Repeat("Длинное письмо. ", 1<<17)
	for _, encryption := range []string{"", "starttls", "implicit"} {
		for stage, want := range map[string]struct {
			outcome outcome
			arrived int
		}{
			"mail":   {outcome{channel.Deferred, channel.Unreachable, ""}, 0},
			"rcpt":   {outcome{channel.Deferred, channel.Unreachable, ""}, 0},
			"data":   {outcome{channel.Deferred, channel.Unreachable, ""}, 0},
			"answer": {outcome{channel.InDoubt, channel.Unreachable, ""}, 1},
		} {
			t.Run(encryption+" "+stage, func(t *testing.T) {
				server := (&mailServer{cut: stage, tls: encryption}).start(t)
				result := server.channel(t).Send(patient(t), long)
				if diff := cmp.Diff(want.outcome, of(result)); diff != "" {
					t.Errorf("result (-want +got):\n%s\n%v", diff, result.Err)
				}
				if got := len(server.got()); got != want.arrived {
					t.Errorf("%d letters arrived, want %d", got, want.arrived)
				}
			})
		}
	}
}

func TestContextThatEnds(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		server := (&mailServer{}).start(t)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		result := server.channel(t).Send(ctx, hello())
		if want := (outcome{channel.Deferred, channel.Unreachable, ""}); of(result) != want || !errors.Is(result.Err, context.Canceled) {
			t.Errorf("got %+v (%v), want %+v", of(result), result.Err, want)
		}
	})
	t.Run("while the server thinks", func(t *testing.T) {
		server := (&mailServer{hold: make(chan struct{})}).start(t)
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		result := server.channel(t).Send(ctx, hello())
		close(server.hold)
		if want := (outcome{channel.InDoubt, channel.Unreachable, ""}); of(result) != want || !errors.Is(result.Err, context.DeadlineExceeded) {
			t.Errorf("got %+v (%v), want %+v", of(result), result.Err, want)
		}
	})
	t.Run("while others have the connections", func(t *testing.T) {
		server := (&mailServer{hold: make(chan struct{})}).start(t)
		c := server.channel(t)
		var busy sync.WaitGroup
		for range 2 {
			busy.Go(func() { c.Send(patient(t), hello()) })
		}
		for server.connections() < 2 {
			time.Sleep(time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if want, got := (outcome{channel.Deferred, channel.Unreachable, ""}), of(c.Send(ctx, hello())); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		close(server.hold)
		busy.Wait()
	})
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	server := (&mailServer{}).start(t)
	c := server.channel(t)
	send := func() {
		t.Helper()
		if got := c.Send(patient(t), hello()); got.Outcome != channel.Accepted {
			t.Fatalf("got %+v: %v", of(got), got.Err)
		}
	}
	for range 10 {
		send()
	}
	if got := server.connections(); got != 1 {
		t.Errorf("%d connections for 10 letters one after the other, want 1", got)
	}

	// What the server closed meanwhile is no failure of the letter.
	server.hangUp()
	send()
	if got := server.connections(); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}

	var all sync.WaitGroup
	for range 20 {
		all.Go(send)
	}
	all.Wait()
	if got := len(server.got()); got != 31 {
		t.Errorf("%d letters arrived, want 31", got)
	}
	if got := server.connections(); got > 3 {
		t.Errorf("%d connections were made, want at most one more", got)
	}
}

func TestWrongSettings(t *testing.T) {
	good := definition.SMTPSettings{Host: "mail.example.com", Port: 587, Encryption: definition.StartTLS, From: "shop@example.com", Connections: 1}
	for name, c := range map[string]struct {
		change func(*definition.SMTPSettings, *definition.ChannelSecrets)
		want   string
	}{
		"sender":      {func(s *definition.SMTPSettings, _ *definition.ChannelSecrets) { s.From = "shop" }, "smtp.from"},
		"reply-to":    {func(s *definition.SMTPSettings, _ *definition.ChannelSecrets) { s.ReplyTo = "a@b, c@d" }, "smtp.replyTo"},
		"host":        {func(s *definition.SMTPSettings, _ *definition.ChannelSecrets) { s.Host = "" }, "host and port"},
		"encryption":  {func(s *definition.SMTPSettings, _ *definition.ChannelSecrets) { s.Encryption = "SSL" }, "smtp.encryption"},
		"authorities": {func(_ *definition.SMTPSettings, s *definition.ChannelSecrets) { s.CA = "hunter2" }, "CA holds no certificate"},
		"password":    {func(_ *definition.SMTPSettings, s *definition.ChannelSecrets) { s.Password = "hunter2" }, "username or a password alone"},
		"key": {func(s *definition.SMTPSettings, secrets *definition.ChannelSecrets) {
			s.DKIM = &definition.DKIM{Domain: "example.com", Selector: "s1"}
			secrets.DKIMKey = "hunter2"
		}, "smtp.dkim"},
	} {
		t.Run(name, func(t *testing.T) {
			settings, secrets := good, definition.ChannelSecrets{}
			c.change(&settings, &secrets)
			_, err := smtp.New(settings, secrets)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want it to name %q", err, c.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}
