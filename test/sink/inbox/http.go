// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package inbox

import (
	"encoding/json"
	"io"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// mostBody is how much of a request is read.
const mostBody = 8 << 20

// Handler serves the webhook receiver (/webhook and what is below), the Bot API (its address ends with /telegram) and what tests ask for:
//
//	GET /messages     all that arrived, in order       DELETE /messages  forgets it
//	PUT /behaviour    a Behaviour                      POST /updates     a person does something with the bot
//	GET /healthz      answers when the sink runs
func (i *Inbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, i.Messages()) })
	mux.HandleFunc("DELETE /messages", func(w http.ResponseWriter, _ *http.Request) {
		i.Clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /behaviour", i.setBehaviour)
	mux.HandleFunc("POST /updates", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
		if err != nil {
			return
		}
		id, err := i.Update(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		writeJSON(w, http.StatusCreated, map[string]any{"update_id": id})
	})
	mux.HandleFunc("/webhook", i.webhook)
	mux.HandleFunc("/webhook/{path...}", i.webhook)
	mux.HandleFunc("/telegram/{bot}/{method}", i.bot)
	return mux
}

func (i *Inbox) setBehaviour(w http.ResponseWriter, r *http.Request) {
	var b Behaviour
	decoder := json.NewDecoder(io.LimitReader(r.Body, mostBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&b)
	if err == nil {
		err = i.Behave(b)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// webhook takes a call. One that was taken before is answered alike, as an idempotent receiver does.
func (i *Inbox) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
	if err != nil {
		return
	}
	if i.signingKey != "" {
		verifier, err := standardwebhooks.NewWebhook(i.signingKey)
		if err == nil {
			err = verifier.Verify(body, r.Header)
		}
		if err != nil {
			http.Error(w, "the signature does not verify", http.StatusUnauthorized)
			return
		}
	}
	m := Message{Channel: "webhook", ID: r.Header.Get(standardwebhooks.HeaderWebhookID), Text: string(body), Headers: map[string]string{}}
	for name := range r.Header {
		m.Headers[name] = r.Header.Get(name)
	}
	var content struct {
		Data struct {
			To      string `json:"to"`
			Subject string `json:"subject"`
			Text    string `json:"text"`
			HTML    string `json:"html"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &content) == nil && content.Data.To != "" {
		m.To, m.Subject, m.Text, m.HTML = content.Data.To, content.Data.Subject, content.Data.Text, content.Data.HTML
	}
	if i.unknown(m.To) {
		w.WriteHeader(http.StatusGone)
		return
	}
	switch i.arrive(m) {
	case dropped, lost:
		hangUp()
	case deferred:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case taken:
		writeJSON(w, http.StatusOK, map[string]any{"id": m.ID, "accepted": true})
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
