// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package telegram_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/telegram"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

const token = "123:hunter2"

func open(t *testing.T, api string) *telegram.Channel {
	t.Helper()
	c, err := telegram.New(definition.BotSettings{APIURL: api}, definition.ChannelSecrets{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// standIn is a Bot API that remembers.
func standIn(t *testing.T) (*inbox.Inbox, *telegram.Channel) {
	t.Helper()
	box := inbox.New("")
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	return box, open(t, server.URL+"/telegram")
}

func hello() *channel.Message {
	return &channel.Message{ID: "m1", To: "77", Text: "Здравствуйте! 👋", Buttons: [][]channel.Button{
		{{Text: "Да", Data: "yes"}, {Text: "Нет", Data: "no"}}, {{Text: "Сайт", URL: "https://shop.example/"}},
	}}
}

func TestMessageWithButtons(t *testing.T) {
	box, c := standIn(t)
	if err := c.Probe(context.Background()); err != nil {
		t.Fatalf("probe: %v", err)
	}
	result := c.Send(context.Background(), hello())
	if diff := cmp.Diff(channel.Result{Outcome: channel.Accepted, Code: "200", Reference: "1"}, result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	want := []inbox.Message{{
		Channel: "telegram", ID: "1", To: "77", Text: "Здравствуйте! 👋", Buttons: []string{"yes", "no", "https://shop.example/"},
	}}
	if diff := cmp.Diff(want, box.Messages(), cmpopts.IgnoreFields(inbox.Message{}, "Time")); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestAnswersOfTheBotAPI(t *testing.T) {
	type outcome struct {
		Outcome    channel.Outcome
		Class      channel.Class
		Code       string
		RetryAfter time.Duration
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   outcome
	}{
		"blocked":         {403, `{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}`, outcome{channel.Rejected, channel.Blocked, "403", 0}},
		"deleted account": {403, `{"ok":false,"error_code":403,"description":"Forbidden: user is deactivated"}`, outcome{channel.Rejected, channel.AddressInvalid, "403", 0}},
		"no such chat":    {400, `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, outcome{channel.Rejected, channel.AddressInvalid, "400", 0}},
		"group upgraded":  {400, `{"ok":false,"error_code":400,"description":"Bad Request","parameters":{"migrate_to_chat_id":-5}}`, outcome{channel.Rejected, channel.AddressInvalid, "400", 0}},
		"bad content":     {400, `{"ok":false,"error_code":400,"description":"Bad Request: BUTTON_URL_INVALID"}`, outcome{channel.Rejected, channel.Content, "400", 0}},
		"too fast":        {429, `{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":9}}`, outcome{channel.Deferred, channel.Throttled, "429", 9 * time.Second}},
		"wrong token":     {401, `{"ok":false,"error_code":401,"description":"Unauthorized"}`, outcome{channel.Deferred, channel.Credentials, "401", 0}},
		"unknown token":   {404, `{"ok":false,"error_code":404,"description":"Not Found"}`, outcome{channel.Deferred, channel.Credentials, "404", 0}},
		"broken":          {500, `{"ok":false,"error_code":500,"description":"Internal Server Error"}`, outcome{channel.InDoubt, channel.Unreachable, "500", 0}},
		"broken proxy":    {502, `<html>77 hunter2</html>`, outcome{channel.InDoubt, channel.Unreachable, "502", 0}},
		"overloaded":      {503, `try later`, outcome{channel.Deferred, channel.Unreachable, "503", 0}},
		"noise":           {200, `77 hunter2`, outcome{channel.InDoubt, channel.Unreachable, "200", 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			result := open(t, server.URL).Send(context.Background(), hello())
			if diff := cmp.Diff(c.want, outcome{result.Outcome, result.Class, result.Code, result.RetryAfter}); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if got := calls.Load(); got != 1 {
				t.Errorf("%d calls, want 1", got)
			}
			for _, secret := range []string{"77", "hunter2"} {
				if strings.Contains(result.Err.Error(), secret) {
					t.Errorf("the error tells too much: %v", result.Err)
				}
			}
		})
	}
}

func TestConnectionsThatBreak(t *testing.T) {
	box, c := standIn(t)
	if err := box.Behave(inbox.Behaviour{DropEvery: 1}); err != nil {
		t.Fatal(err)
	}
	if got := c.Send(context.Background(), hello()); got.Outcome != channel.InDoubt || len(box.Messages()) != 1 {
		t.Errorf("got %+v, want a doubt about a message that arrived", got)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	gone := open(t, server.URL)
	result := gone.Send(context.Background(), hello())
	if result.Outcome != channel.Deferred || result.Class != channel.Unreachable || strings.Contains(result.Err.Error(), "hunter2") {
		t.Errorf("got %+v, want it deferred, without the token", result)
	}
	err := gone.Probe(context.Background())
	if channel.ClassOf(err) != channel.Unreachable || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the probe says %v, want Unreachable, without the token", err)
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	box, c := standIn(t)
	for name, test := range map[string]struct {
		change func(*channel.Message)
		want   channel.Class
	}{
		"no number":          {func(m *channel.Message) { m.To = "@anna" }, channel.AddressInvalid},
		"no text":            {func(m *channel.Message) { m.Text = " \n" }, channel.Content},
		"too long":           {func(m *channel.Message) { m.Text = strings.Repeat("👋", 2049) }, channel.Content},
		"a button for two":   {func(m *channel.Message) { m.Buttons = [][]channel.Button{{{Text: "a", URL: "https://x/", Data: "x"}}} }, channel.Content},
		"a button for none":  {func(m *channel.Message) { m.Buttons = [][]channel.Button{{{Text: "a"}}} }, channel.Content},
		"a button too heavy": {func(m *channel.Message) { m.Buttons = [][]channel.Button{{{Text: "a", Data: strings.Repeat("x", 65)}}} }, channel.Content},
	} {
		t.Run(name, func(t *testing.T) {
			m := hello()
			test.change(m)
			if got := c.Send(context.Background(), m); got.Outcome != channel.Rejected || got.Class != test.want {
				t.Errorf("got %+v, want it rejected as %s", got, test.want)
			}
		})
	}
	if got := len(box.Messages()); got != 0 {
		t.Errorf("%d messages arrived", got)
	}
}

// listen runs a listener until the test ends, and fails the first so many times to take updates.
func listen(t *testing.T, c *telegram.Channel, failures int) <-chan []telegram.Update {
	t.Helper()
	taken := make(chan []telegram.Update, 100)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	listener := c.Listener()
	listener.Poll, listener.Pause = time.Second, time.Millisecond
	go func() {
		defer close(ended)
		err := listener.Listen(ctx, func(_ context.Context, updates []telegram.Update) error {
			taken <- updates
			if failures > 0 {
				failures--
				return errors.New("the log is full")
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the listener ended with %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return taken
}

func next(t *testing.T, taken <-chan []telegram.Update) []telegram.Update {
	t.Helper()
	select {
	case updates := <-taken:
		return updates
	case <-time.After(10 * time.Second):
		t.Fatal("no update came")
		return nil
	}
}

func push(t *testing.T, box *inbox.Inbox, update string) {
	t.Helper()
	if _, err := box.Update([]byte(update)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatPeopleAnswer(t *testing.T) {
	box, c := standIn(t)
	push(t, box, `{"chat": 77, "text": "/start promo-7", "firstName": "Анна", "language": "ru"}`)
	push(t, box, `{"chat": 77, "text": "/start"}`)
	push(t, box, `{"chat": 77, "text": "Когда доставка?"}`)
	push(t, box, `{"chat": 77, "data": "yes", "message": 3}`)
	push(t, box, `{"message": {"message_id": 9, "chat": {"id": 77}, "date": 1, "text": "ok", "reply_to_message": {"message_id": 3, "chat": {"id": 77}}}}`)
	push(t, box, `{"my_chat_member": {"chat": {"id": 77}, "date": 1, "new_chat_member": {"status": "kicked"}}}`)
	push(t, box, `{"message": {"message_id": 10, "chat": {"id": 77}, "date": 1, "photo": []}}`)
	push(t, box, `{"message": "nonsense"}`)
	taken := listen(t, c, 0)
	want := []telegram.Update{
		{ID: 1, ChatID: "77", Text: "/start promo-7", Started: true, Start: "promo-7", FirstName: "Анна", LanguageCode: "ru"},
		{ID: 2, ChatID: "77", Text: "/start", Started: true},
		{ID: 3, ChatID: "77", Text: "Когда доставка?"},
		{ID: 4, ChatID: "77", Pressed: true, Data: "yes", MessageID: "3"},
		{ID: 5, ChatID: "77", Text: "ok", MessageID: "3"},
		{ID: 6, ChatID: "77", Left: true},
	}
	if diff := cmp.Diff(want, next(t, taken), cmpopts.IgnoreFields(telegram.Update{}, "Time")); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
	push(t, box, `{"chat": 78, "text": "later"}`)
	if got := next(t, taken); len(got) != 1 || got[0].ID != 9 {
		t.Errorf("got %+v, want the new update alone", got)
	}
	if diff := cmp.Diff([]string{"4"}, box.Answered()); diff != "" {
		t.Errorf("acknowledged presses (-want +got):\n%s", diff)
	}
}

func TestUpdatesComeAgainUntilTheyAreTaken(t *testing.T) {
	box, c := standIn(t)
	push(t, box, `{"chat": 77, "text": "hello"}`)
	taken := listen(t, c, 2)
	for range 3 {
		if got := next(t, taken); len(got) != 1 || got[0].Text != "hello" {
			t.Fatalf("got %+v, want the update again", got)
		}
	}
	push(t, box, `{"chat": 77, "text": "bye"}`)
	if got := next(t, taken); len(got) != 1 || got[0].Text != "bye" {
		t.Errorf("got %+v, want the next update", got)
	}
}

func TestListenerReportsTrouble(t *testing.T) {
	var status atomic.Int32
	status.Store(http.StatusConflict)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, `{"ok":true,"result":[]}`)
	}))
	defer server.Close()
	listener := open(t, server.URL).Listener()
	listener.Poll, listener.Pause = 0, time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var seen []channel.Class
	listener.Report = func(err error) {
		switch {
		case err == nil:
			cancel()
		case len(seen) == 0:
			seen = append(seen, channel.ClassOf(err))
			status.Store(http.StatusUnauthorized)
		case len(seen) == 1 && channel.ClassOf(err) != seen[0]:
			seen = append(seen, channel.ClassOf(err))
			status.Store(http.StatusOK)
		}
	}
	if err := listener.Listen(ctx, func(context.Context, []telegram.Update) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("the trouble was not over: %v", err)
	}
	if diff := cmp.Diff([]channel.Class{channel.Policy, channel.Credentials}, seen); diff != "" {
		t.Errorf("trouble (-want +got):\n%s", diff)
	}
}

func TestWrongSettings(t *testing.T) {
	for want, c := range map[string]struct {
		settings definition.BotSettings
		token    string
	}{
		"token":           {definition.BotSettings{}, "hunter2"},
		"telegram.apiURL": {definition.BotSettings{APIURL: "api.telegram.org"}, token},
	} {
		_, err := telegram.New(c.settings, definition.ChannelSecrets{Token: c.token})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want it to name the %s alone", err, want)
		}
	}
}
