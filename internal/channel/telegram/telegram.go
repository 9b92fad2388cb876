// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package telegram talks to people through a Telegram bot: it sends messages with buttons, and hands over what people answer.
package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-telegram/bot"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/wire"
	"github.com/waymark-dev/waymark/internal/definition"
)

const (
	// ownAPI is Telegram's.
	ownAPI = "https://api.telegram.org"
	// callPatience is how long a call may take.
	callPatience = 30 * time.Second
	// mostText is what a message holds, in UTF-16 units, as Telegram counts; mostData what a button does, in bytes.
	mostText = 4096
	mostData = 64
	// mostResponse bounds what is read of an answer.
	mostResponse = 8 << 20
	// connections is how many calls run at a time at most; Telegram takes about 30 messages a second.
	connections = 32
)

// Channel sends through a bot. It is safe for concurrent use.
type Channel struct {
	api    string
	token  string
	bot    *bot.Bot
	client *http.Client
}

var _ channel.Channel = (*Channel)(nil)

var tokenForm = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)

// New makes a channel. It connects to nothing. Errors name the setting or secret that is wrong and do not show it.
func New(settings definition.BotSettings, secrets definition.ChannelSecrets) (*Channel, error) {
	token := strings.TrimSpace(secrets.Token)
	if !tokenForm.MatchString(token) {
		return nil, errors.New("telegram: the secret's token is not one of a bot: a number, a colon and letters")
	}
	api := settings.APIURL
	if api == "" {
		api = ownAPI
	}
	read, err := url.Parse(api)
	if err != nil || (read.Scheme != "https" && read.Scheme != "http") || read.Host == "" {
		return nil, errors.New("telegram.apiURL: want an address such as https://api.telegram.org")
	}
	c := &Channel{api: strings.TrimRight(api, "/"), token: token, client: wire.Client(connections)}
	c.bot, err = bot.New(token, bot.WithSkipGetMe(), bot.WithServerURL(c.api), bot.WithHTTPClient(callPatience, observed{c.client}),
		// The library would log by itself; all errors come back by the calls.
		bot.WithErrorsHandler(func(error) {}))
	if err != nil {
		return nil, errors.New("telegram: the secret's token cannot be used")
	}
	return c, nil
}

// observed notes for a call what the library does not tell: the status, whatever the body is.
type observed struct{ client *http.Client }

type statusKey struct{}

// Do implements bot.HttpClient.
func (o observed) Do(request *http.Request) (*http.Response, error) {
	response, err := o.client.Do(request)
	if err != nil {
		return nil, err
	}
	if status, ok := request.Context().Value(statusKey{}).(*int); ok {
		*status = response.StatusCode
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, mostResponse), response.Body}
	return response, nil
}

// keyboard is the buttons under a message. The library's type sends empty fields along.
type keyboard struct {
	Rows [][]key `json:"inline_keyboard"`
}

type key struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
	Data string `json:"callback_data,omitempty"`
}

// Send tries to send a message once. Telegram knows no ids of messages that are to come, so who tries again after a doubt may send twice.
func (c *Channel) Send(ctx context.Context, m *channel.Message) channel.Result {
	parameters, rejected := compose(m)
	if rejected != nil {
		return *rejected
	}
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	watched, try := wire.Watch(ctx)
	var status int
	sent, err := c.bot.SendMessage(context.WithValue(watched, statusKey{}, &status), parameters)
	if err == nil {
		return channel.Result{Outcome: channel.Accepted, Code: "200", Reference: strconv.Itoa(sent.ID)}
	}
	return judge(status, try.Written(), err)
}

// compose writes a message, or says why it will never be one.
func compose(m *channel.Message) (*bot.SendMessageParams, *channel.Result) {
	reject := func(class channel.Class, why string) *channel.Result {
		return new(channel.Reject(class, "", errors.New("telegram: "+why)))
	}
	chat, err := strconv.ParseInt(strings.TrimSpace(m.To), 10, 64)
	switch {
	case err != nil || chat == 0:
		return nil, reject(channel.AddressInvalid, "the id of a chat is a number")
	case strings.TrimSpace(m.Text) == "":
		return nil, reject(channel.Content, "the message has no text")
	case len(utf16.Encode([]rune(m.Text))) > mostText:
		return nil, reject(channel.Content, fmt.Sprintf("the text is longer than %d letters", mostText))
	}
	parameters := &bot.SendMessageParams{ChatID: chat, Text: strings.ToValidUTF8(m.Text, "\uFFFD")}
	var rows [][]key
	for _, row := range m.Buttons {
		keys := make([]key, 0, len(row))
		for _, b := range row {
			if b.Text == "" || (b.URL == "") == (b.Data == "") || len(b.Data) > mostData {
				return nil, reject(channel.Content, fmt.Sprintf("a button needs a text, and either a URL or data of at most %d bytes", mostData))
			}
			keys = append(keys, key(b))
		}
		if len(keys) > 0 {
			rows = append(rows, keys)
		}
	}
	if len(rows) > 0 {
		parameters.ReplyMarkup = keyboard{Rows: rows}
	}
	return parameters, nil
}

// judge says what a failed call means for its message. status is 0 where there was no answer.
func judge(status int, written bool, err error) channel.Result {
	code := strconv.Itoa(status)
	said := fmt.Errorf("telegram: the Bot API answered %s", code)
	switch {
	case status == 0 && written:
		return channel.Doubt("", fmt.Errorf("telegram: no answer: %w", wire.Explain(err)))
	case status == 0:
		return channel.Defer(channel.Unreachable, "", fmt.Errorf("telegram: %w", wire.Explain(err)))
	case status == http.StatusTooManyRequests:
		result := channel.Defer(channel.Throttled, code, said)
		if limit, ok := errors.AsType[*bot.TooManyRequestsError](err); ok {
			result.RetryAfter = time.Duration(max(0, min(limit.RetryAfter, 24*3600))) * time.Second
		}
		return result
	// An unknown token is not found.
	case status == http.StatusUnauthorized, status == http.StatusNotFound:
		return channel.Defer(channel.Credentials, code, said)
	case status == http.StatusForbidden && mentions(err, "deactivated"):
		return channel.Reject(channel.AddressInvalid, code, said)
	case status == http.StatusForbidden:
		return channel.Reject(channel.Blocked, code, said)
	case status == http.StatusBadRequest && (bot.IsMigrateError(err) || mentions(err, "chat not found", "user not found", "peer_id_invalid", "chat_id is empty")):
		return channel.Reject(channel.AddressInvalid, code, said)
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge:
		return channel.Reject(channel.Content, code, said)
	case status == http.StatusServiceUnavailable, status >= 300 && status < 400:
		return channel.Defer(channel.Unreachable, code, said)
	case status >= 500, status < 300:
		// It may have been sent before something broke, or the answer made no sense.
		return channel.Doubt(code, said)
	default:
		return channel.Reject(channel.Other, code, said)
	}
}

// mentions looks for words of the Bot API in an error; there are no codes for them.
func mentions(err error, words ...string) bool {
	text := strings.ToLower(err.Error())
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// Probe asks who the bot is. The error is a *channel.Failure.
func (c *Channel) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	var status int
	if _, err := c.bot.GetMe(context.WithValue(ctx, statusKey{}, &status)); err != nil {
		return fault(status, err)
	}
	return nil
}

// fault puts a failed call that carried no message into a class.
func fault(status int, err error) *channel.Failure {
	if status == http.StatusOK {
		return &channel.Failure{Class: channel.Unreachable, Code: "200", Err: errors.New("telegram: the answer makes no sense: is apiURL a Bot API?")}
	}
	if status == 0 {
		return &channel.Failure{Class: channel.Unreachable, Err: fmt.Errorf("telegram: no answer: %w", wire.Explain(err))}
	}
	class := channel.Unreachable
	switch status {
	case http.StatusUnauthorized, http.StatusNotFound:
		class = channel.Credentials
	case http.StatusConflict:
		class = channel.Policy
	case http.StatusTooManyRequests:
		class = channel.Throttled
	}
	return &channel.Failure{Class: class, Code: strconv.Itoa(status), Err: fmt.Errorf("telegram: the Bot API answered %d", status)}
}

// Close closes connections that wait.
func (c *Channel) Close() error {
	c.client.CloseIdleConnections()
	return nil
}
