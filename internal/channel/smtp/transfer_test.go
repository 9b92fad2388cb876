// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/smtp"
	"github.com/waymark-dev/waymark/internal/definition"
)

// rude is a mail server of a few lines that behaves as no library lets one behave: it says what it is told after DATA and after the dot, and
// may stop to read in between.
type rude struct {
	afterData, afterDot string
	// deaf reads nothing after DATA until the test ends.
	deaf bool
	// sawDot is closed when the dot was read.
	sawDot chan struct{}
}

func (r *rude) start(t *testing.T) *smtp.Channel {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	r.sawDot = make(chan struct{})
	t.Cleanup(func() {
		close(ended)
		_ = listener.Close()
	})
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r.talk(conn, ended)
	}()
	c, err := smtp.New(definition.SMTPSettings{
		Host: "127.0.0.1", Port: int32(listener.Addr().(*net.TCPAddr).Port), Encryption: definition.NoEncryption,
		From: "shop@example.com", Connections: 1,
	}, definition.ChannelSecrets{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (r *rude) talk(conn net.Conn, ended <-chan struct{}) {
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 hello")
	lines := bufio.NewScanner(conn)
	content := false
	for lines.Scan() {
		switch {
		case content && lines.Text() == ".":
			close(r.sawDot)
			if r.afterDot == "" {
				return
			}
			say(r.afterDot)
			content = false
		case content:
		case lines.Text() == "DATA":
			say(r.afterData)
			if r.deaf {
				<-ended
				return
			}
			content = strings.HasPrefix(r.afterData, "354")
		default:
			say("250 ok")
		}
	}
}

func TestWhatIsSaidAfterTheContent(t *testing.T) {
	for name, c := range map[string]struct {
		server rude
		want   outcome
	}{
		"nothing":           {rude{afterData: "354 go on"}, outcome{channel.InDoubt, channel.Unreachable, ""}},
		"noise":             {rude{afterData: "354 go on", afterDot: "hello"}, outcome{channel.InDoubt, channel.Unreachable, ""}},
		"an odd code":       {rude{afterData: "354 go on", afterDot: "354 go on"}, outcome{channel.InDoubt, channel.Unreachable, ""}},
		"going away":        {rude{afterData: "354 go on", afterDot: "421 4.3.2 bye"}, outcome{channel.Deferred, channel.Unreachable, "4.3.2"}},
		"taken, by 251":     {rude{afterData: "354 go on", afterDot: "251 forwarded"}, outcome{}},
		"no wish for it":    {rude{afterData: "451 later"}, outcome{channel.Deferred, channel.Unreachable, "451"}},
		"an odd invitation": {rude{afterData: "250 go on"}, outcome{channel.Deferred, channel.Unreachable, "250"}},
	} {
		t.Run(name, func(t *testing.T) {
			result := c.server.start(t).Send(patient(t), hello())
			if diff := cmp.Diff(c.want, of(result)); diff != "" {
				t.Errorf("result (-want +got):\n%s\n%v", diff, result.Err)
			}
		})
	}
}

func TestServerThatStopsToRead(t *testing.T) {
	server := &rude{afterData: "354 go on", deaf: true}
	c := server.start(t)
	m := hello()
	// More than the network keeps for who does not read.
	m.Text = strings.Repeat("Длинное письмо. ", 1<<20)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if want, got := (outcome{channel.Deferred, channel.Unreachable, ""}), of(c.Send(ctx, m)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	select {
	case <-server.sawDot:
		t.Error("the server has all of the message")
	default:
	}
}

func TestReferenceOfTheServer(t *testing.T) {
	server := &rude{afterData: "354 go on", afterDot: "250 2.0.0 Ok: queued as 4XyZ12"}
	if got := server.start(t).Send(patient(t), hello()).Reference; got != "4XyZ12" {
		t.Errorf("the reference is %q", got)
	}
}
