// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
)

// polite is a server that tells which commands it got.
func polite(t *testing.T) (*Channel, <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	commands := make(chan string, 100)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "220 hello\r\n")
		content := false
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			answer := "250 ok\r\n"
			switch command, _, _ := strings.Cut(lines.Text(), " "); {
			case content && command != ".":
				continue
			case command == "DATA":
				content, answer = true, "354 go on\r\n"
			default:
				content = false
				commands <- command
			}
			_, _ = io.WriteString(conn, answer)
		}
		close(commands)
	}()
	c, err := New(definition.SMTPSettings{
		Host: "127.0.0.1", Port: int32(listener.Addr().(*net.TCPAddr).Port), Encryption: definition.NoEncryption,
		From: "shop@example.com", Connections: 1,
	}, definition.ChannelSecrets{})
	if err != nil {
		t.Fatal(err)
	}
	return c, commands
}

// goodbye waits until the connection is closed, and says whether that was announced.
func goodbye(t *testing.T, commands <-chan string) bool {
	t.Helper()
	last := ""
	for {
		select {
		case command, open := <-commands:
			if !open {
				return last == "QUIT"
			}
			last = command
		case <-time.After(10 * time.Second):
			t.Fatal("the connection stays open")
		}
	}
}

func TestConnectionsThatWaitAreClosed(t *testing.T) {
	for name, end := range map[string]func(*Channel){
		"after a while":  func(*Channel) {},
		"by the channel": func(c *Channel) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			c, commands := polite(t)
			if name == "after a while" {
				c.pool.patience = 10 * time.Millisecond
			}
			result := c.Send(context.Background(), &channel.Message{ID: "m1", To: "anna@example.org", Text: "Hello"})
			if result.Outcome != channel.Accepted {
				t.Fatalf("got %+v", result)
			}
			end(c)
			if !goodbye(t, commands) {
				t.Error("the connection was closed without a word")
			}
		})
	}
}
