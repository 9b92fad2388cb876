// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package inbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// updates wait for a bot to fetch them. They are guarded by the inbox's lock.
type updates struct {
	waiting []update
	last    int64
	// changed is closed when there is another.
	changed chan struct{}
	// polling is held by the one listener that Telegram allows.
	polling sync.Mutex
	// answered are the presses that were acknowledged.
	answered []string
}

type update struct {
	id  int64
	raw json.RawMessage
}

// Update makes a person do something with the bot: a JSON object as in the Bot API, without update_id, which it gives back. Text and data may be
// had in short: {"chat": 7, "text": "/start promo"} and {"chat": 7, "data": "yes", "message": 3}.
func (i *Inbox) Update(body []byte) (int64, error) {
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return 0, fmt.Errorf("want a JSON object: %w", err)
	}
	var short struct {
		Chat      int64  `json:"chat"`
		Text      string `json:"text"`
		Data      string `json:"data"`
		Message   int64  `json:"message"`
		FirstName string `json:"firstName"`
		Language  string `json:"language"`
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.updates.last++
	id := i.updates.last
	if err := json.Unmarshal(body, &short); err == nil && short.Chat != 0 {
		from := map[string]any{"id": short.Chat, "first_name": short.FirstName, "language_code": short.Language}
		message := map[string]any{"message_id": short.Message, "chat": map[string]any{"id": short.Chat}, "date": time.Now().Unix()}
		fields = map[string]any{}
		if short.Data != "" {
			fields["callback_query"] = map[string]any{"id": strconv.FormatInt(id, 10), "from": from, "message": message, "data": short.Data}
		} else {
			message["from"], message["text"] = from, short.Text
			fields["message"] = message
		}
	}
	fields["update_id"] = id
	raw, err := json.Marshal(fields)
	if err != nil {
		return 0, err
	}
	i.updates.waiting = append(i.updates.waiting, update{id, raw})
	close(i.updates.changed)
	i.updates.changed = make(chan struct{})
	return id, nil
}

// Answered are the ids of the presses that the bot acknowledged.
func (i *Inbox) Answered() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string(nil), i.updates.answered...)
}

// bot answers the calls of the Bot API that Waymark makes.
func (i *Inbox) bot(w http.ResponseWriter, r *http.Request) {
	fields := parameters(r)
	switch strings.ToLower(r.PathValue("method")) {
	case "getme":
		answer(w, map[string]any{"id": 1, "is_bot": true, "first_name": "Sink", "username": "sink_bot"})
	case "getupdates":
		i.getUpdates(w, r, fields)
	case "answercallbackquery":
		i.mu.Lock()
		i.updates.answered = append(i.updates.answered, fields["callback_query_id"])
		i.mu.Unlock()
		answer(w, true)
	case "sendmessage":
		i.sendMessage(w, fields)
	default:
		refuse(w, http.StatusNotFound, "Not Found", 0)
	}
}

func (i *Inbox) sendMessage(w http.ResponseWriter, fields map[string]string) {
	chat, err := strconv.ParseInt(fields["chat_id"], 10, 64)
	if err != nil || i.unknown(fields["chat_id"]) {
		refuse(w, http.StatusBadRequest, "Bad Request: chat not found", 0)
		return
	}
	var markup struct {
		Rows [][]struct {
			URL  string `json:"url"`
			Data string `json:"callback_data"`
		} `json:"inline_keyboard"`
	}
	m := Message{Channel: "telegram", To: fields["chat_id"], Text: fields["text"]}
	if json.Unmarshal([]byte(fields["reply_markup"]), &markup) == nil {
		for _, row := range markup.Rows {
			for _, button := range row {
				m.Buttons = append(m.Buttons, button.URL+button.Data)
			}
		}
	}
	i.mu.Lock()
	i.updates.last++
	id := i.updates.last
	i.mu.Unlock()
	m.ID = strconv.FormatInt(id, 10)
	switch i.arrive(m) {
	case dropped, lost:
		hangUp()
	case deferred:
		refuse(w, http.StatusTooManyRequests, "Too Many Requests: retry after 1", 1)
	case taken:
		answer(w, map[string]any{"message_id": id, "date": time.Now().Unix(), "chat": map[string]any{"id": chat, "type": "private"}, "text": m.Text})
	}
}

func (i *Inbox) getUpdates(w http.ResponseWriter, r *http.Request, fields map[string]string) {
	if !i.updates.polling.TryLock() {
		refuse(w, http.StatusConflict, "Conflict: terminated by other getUpdates request", 0)
		return
	}
	defer i.updates.polling.Unlock()
	offset, _ := strconv.ParseInt(fields["offset"], 10, 64)
	seconds, _ := strconv.Atoi(fields["timeout"])
	patience := time.After(time.Duration(seconds) * time.Second)
	for {
		found, changed := i.from(offset)
		if len(found) > 0 {
			answer(w, found)
			return
		}
		select {
		case <-changed:
		case <-patience:
			answer(w, []any{})
			return
		case <-r.Context().Done():
			return
		}
	}
}

// from forgets the updates before an offset and gives those from it on.
func (i *Inbox) from(offset int64) ([]json.RawMessage, <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var found []json.RawMessage
	kept := i.updates.waiting[:0]
	for _, u := range i.updates.waiting {
		if u.id >= offset {
			kept = append(kept, u)
			found = append(found, u.raw)
		}
	}
	i.updates.waiting = kept
	return found, i.updates.changed
}

// parameters reads those of a call, which come as JSON or as a form.
func parameters(r *http.Request) map[string]string {
	fields := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var values map[string]json.RawMessage
		body, _ := io.ReadAll(io.LimitReader(r.Body, mostBody))
		_ = json.Unmarshal(body, &values)
		for name, value := range values {
			var text string
			if json.Unmarshal(value, &text) != nil {
				text = string(value)
			}
			fields[name] = text
		}
		return fields
	}
	_ = r.ParseMultipartForm(mostBody)
	for name, values := range r.Form {
		fields[name] = strings.Join(values, ",")
	}
	return fields
}

func answer(w http.ResponseWriter, result any) {
	writeJSON(w, http.StatusOK, map[string]any{"ok": true, "result": result})
}

func refuse(w http.ResponseWriter, status int, description string, retryAfter int) {
	body := map[string]any{"ok": false, "error_code": status, "description": description}
	if retryAfter > 0 {
		body["parameters"] = map[string]any{"retry_after": retryAfter}
	}
	writeJSON(w, status, body)
}
