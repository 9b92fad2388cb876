// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"golang.org/x/sync/errgroup"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/wire"
)

// Update is something that a person did with the bot: one of Text, Start, Pressed and Left.
type Update struct {
	// ID names it for ever; the same update may be handed over again after a crash.
	ID int64
	// ChatID is where to answer: it is what Message.To of the channel is.
	ChatID string
	// Text is what the person wrote; of a start it is the whole command.
	Text string
	// Started says that the person pressed Start, and Start is what the link that led there carried (t.me/bot?start=...); it may be empty.
	Started bool
	Start   string
	// Pressed says that the person pressed a button, and Data is that button's.
	Pressed bool
	Data    string
	// Left says that the person blocked the bot.
	Left bool
	// MessageID is the bot's message that was answered or whose button was pressed, as Result.Reference; empty is none.
	MessageID string
	// Time is when the person did it. Of a press Telegram does not say; then it is when it was fetched.
	Time time.Time
	// LanguageCode and FirstName are the person's own, such as "ru"; empty is unknown.
	LanguageCode, FirstName string
}

// Listener fetches what people answer. One listener may run for a bot: Telegram serves no more.
type Listener struct {
	channel *Channel
	// Report is told of trouble, as a *channel.Failure, and with nil when it is over. It may be nil.
	Report func(error)
	// Poll is how long Telegram waits for updates until it answers with none, in whole seconds; Pause how long to wait after trouble. They
	// are set before Listen.
	Poll, Pause time.Duration
}

// Listener makes a listener of the channel's bot.
func (c *Channel) Listener() *Listener {
	return &Listener{channel: c, Poll: 50 * time.Second, Pause: 5 * time.Second}
}

// Listen fetches updates and hands them to take until the context ends, whose error it returns. Telegram forgets updates only when take has
// returned nil; else they are handed over again, in order, after a pause.
//
// The library's own loop tells Telegram that it has an update before anybody took it, so this one stands in its place.
func (l *Listener) Listen(ctx context.Context, take func(context.Context, []Update) error) error {
	var offset int64
	troubled := false
	for ctx.Err() == nil {
		fetched, err := l.fetch(ctx, offset)
		if err == nil && len(fetched.updates) > 0 {
			if err = take(ctx, fetched.updates); err != nil {
				err = &channel.Failure{Class: channel.Other, Err: fmt.Errorf("telegram: updates could not be taken: %w", err)}
			}
		}
		if err == nil {
			if troubled {
				troubled = false
				l.report(nil)
			}
			offset = max(offset, fetched.next)
			l.acknowledge(ctx, fetched.presses)
			continue
		}
		if ctx.Err() != nil {
			break
		}
		troubled = true
		l.report(err)
		select {
		case <-ctx.Done():
		case <-time.After(l.pause(err)):
		}
	}
	return context.Cause(ctx)
}

func (l *Listener) report(err error) {
	if l.Report != nil {
		l.Report(err)
	}
}

// pause is longer where haste helps nobody: another listener must end, or somebody must set a token.
func (l *Listener) pause(err error) time.Duration {
	switch channel.ClassOf(err) {
	case channel.Policy, channel.Credentials, channel.Throttled:
		return 3 * l.Pause
	default:
		return l.Pause
	}
}

// batch is what one call fetched.
type batch struct {
	updates []Update
	// presses are to be acknowledged, or the person's button goes on waiting.
	presses []string
	// next is the offset that forgets all of it.
	next int64
}

// fetch asks for updates from an offset on, which makes Telegram forget those before.
func (l *Listener) fetch(ctx context.Context, offset int64) (batch, error) {
	c := l.channel
	asked, err := json.Marshal(map[string]any{
		"offset": offset, "timeout": int(l.Poll / time.Second), "allowed_updates": []string{"message", "callback_query", "my_chat_member"},
	})
	if err != nil {
		return batch{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.Poll+callPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.api+"/bot"+c.token+"/getUpdates", bytes.NewReader(asked))
	if err != nil {
		return batch{}, &channel.Failure{Class: channel.Credentials, Err: errors.New("telegram: the token cannot be part of an address")}
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return batch{}, fault(0, wire.Explain(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostResponse))
	if err != nil {
		return batch{}, fault(0, err)
	}
	if response.StatusCode != http.StatusOK {
		return batch{}, fault(response.StatusCode, errors.New("refused"))
	}
	return read(body, time.Now())
}

// read makes updates of an answer. Kinds of update that nobody asked for, and those that make no sense, are passed over.
func read(body []byte, now time.Time) (batch, error) {
	var answer struct {
		Result []json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return batch{}, fault(0, errors.New("the answer is no JSON"))
	}
	var b batch
	for _, raw := range answer.Result {
		var id struct {
			ID int64 `json:"update_id"`
		}
		if json.Unmarshal(raw, &id) != nil {
			continue
		}
		b.next = max(b.next, id.ID+1)
		var seen rawUpdate
		if json.Unmarshal(raw, &seen) != nil {
			continue
		}
		if update, ok := seen.meaning(now); ok {
			b.updates = append(b.updates, update)
		}
		if seen.Press != nil {
			b.presses = append(b.presses, seen.Press.ID)
		}
	}
	return b, nil
}

// rawUpdate is the little of an update that is looked at. The library's type fails as a whole on a part that it does not know.
type rawUpdate struct {
	ID      int64       `json:"update_id"`
	Message *rawMessage `json:"message"`
	Press   *struct {
		ID      string      `json:"id"`
		From    person      `json:"from"`
		Message *rawMessage `json:"message"`
		Data    string      `json:"data"`
	} `json:"callback_query"`
	Member *struct {
		Chat rawChat `json:"chat"`
		From person  `json:"from"`
		Date int64   `json:"date"`
		New  struct {
			Status string `json:"status"`
		} `json:"new_chat_member"`
	} `json:"my_chat_member"`
}

type rawMessage struct {
	ID      int64       `json:"message_id"`
	From    person      `json:"from"`
	Chat    rawChat     `json:"chat"`
	Date    int64       `json:"date"`
	Text    string      `json:"text"`
	Answers *rawMessage `json:"reply_to_message"`
}

type rawChat struct {
	ID int64 `json:"id"`
}

type person struct {
	FirstName    string `json:"first_name"`
	LanguageCode string `json:"language_code"`
}

// meaning is what the person did; false is nothing of interest.
func (r rawUpdate) meaning(now time.Time) (Update, bool) {
	switch {
	case r.Message != nil && r.Message.Text != "":
		return r.written(), true
	case r.Press != nil && r.Press.Message != nil:
		return Update{
			ID: r.ID, ChatID: r.Press.Message.Chat.text(), Pressed: true, Data: r.Press.Data, MessageID: strconv.FormatInt(r.Press.Message.ID, 10),
			Time: now.UTC(), FirstName: r.Press.From.FirstName, LanguageCode: r.Press.From.LanguageCode,
		}, true
	case r.Member != nil && r.Member.New.Status == "kicked":
		return Update{
			ID: r.ID, ChatID: r.Member.Chat.text(), Left: true, Time: time.Unix(r.Member.Date, 0).UTC(),
			FirstName: r.Member.From.FirstName, LanguageCode: r.Member.From.LanguageCode,
		}, true
	default:
		return Update{}, false
	}
}

// written is a text or the command that pressing Start sends.
func (r rawUpdate) written() Update {
	u := Update{
		ID: r.ID, ChatID: r.Message.Chat.text(), Text: r.Message.Text, Time: time.Unix(r.Message.Date, 0).UTC(),
		FirstName: r.Message.From.FirstName, LanguageCode: r.Message.From.LanguageCode,
	}
	if r.Message.Answers != nil {
		u.MessageID = strconv.FormatInt(r.Message.Answers.ID, 10)
	}
	command, payload, _ := strings.Cut(r.Message.Text, " ")
	// In a group the command names the bot too.
	if command == "/start" || strings.HasPrefix(command, "/start@") {
		u.Started, u.Start = true, strings.TrimSpace(payload)
	}
	return u
}

func (c rawChat) text() string { return strconv.FormatInt(c.ID, 10) }

// acknowledge ends the waiting of buttons that were pressed. An error is of no consequence: the button stops waiting by itself, later.
func (l *Listener) acknowledge(ctx context.Context, presses []string) {
	ctx, cancel := context.WithTimeout(ctx, callPatience/2)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(8)
	for _, id := range presses {
		all.Go(func() error {
			_, _ = l.channel.bot.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: id})
			return nil
		})
	}
	_ = all.Wait()
}
