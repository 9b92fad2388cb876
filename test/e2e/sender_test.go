// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/gomega"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// cloudEvent is an event as a shop sends it.
type cloudEvent struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject,omitempty"`
	AnonymousID string         `json:"anonymousid,omitempty"`
	Time        time.Time      `json:"time"`
	Data        map[string]any `json:"data,omitempty"`
}

func happened(contact, kind string, at time.Time, data map[string]any) cloudEvent {
	return cloudEvent{
		SpecVersion: "1.0", ID: fmt.Sprintf("%s-%s-%d", contact, kind, at.UnixMicro()), Source: "e2e",
		Type: kind, Subject: contact, Time: at.UTC().Truncate(time.Microsecond), Data: data,
	}
}

// sender posts to one feed.
type sender struct{ url, key string }

// try posts one batch once.
func (s *sender) try(ctx context.Context, events []cloudEvent) (status int, retryAfter string, body string, err error) {
	payload, err := json.Marshal(events)
	if err != nil {
		return 0, "", "", err
	}
	return s.post(ctx, "application/cloudevents-batch+json", payload)
}

func (s *sender) post(ctx context.Context, contentType string, payload []byte) (status int, retryAfter string, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(payload))
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("Retry-After"), string(answer), err
}

// send posts all events in batches and repeats each until it is acknowledged, as a careful sender does: a batch whose answer got
// lost is sent again with the same ids.
func (s *sender) send(ctx context.Context, events []cloudEvent) error {
	for batch := range slices.Chunk(events, 100) {
		for {
			status, _, body, err := s.try(ctx, batch)
			if err == nil && status/100 == 2 {
				break
			}
			if err == nil && status/100 == 4 && status != http.StatusTooManyRequests {
				return fmt.Errorf("ingest refused a batch with %d: %s", status, body)
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the batch was never acknowledged: %w", ctx.Err())
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
	return nil
}

// jsonLines writes events as `simulate` reads them and gives the file's path.
func jsonLines(folder string, events []cloudEvent) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, e := range events {
		Expect(enc.Encode(e)).To(Succeed())
	}
	path := filepath.Join(folder, "events.jsonl")
	Expect(os.WriteFile(path, b.Bytes(), 0o600)).To(Succeed())
	return path
}

// funnelIn finds the one Funnel in a printed List.
func funnelIn(list []byte) *v1alpha1.Funnel {
	var raw struct {
		Items []json.RawMessage `json:"items"`
	}
	Expect(json.Unmarshal(list, &raw)).To(Succeed())
	var found []*v1alpha1.Funnel
	for _, item := range raw.Items {
		var fn v1alpha1.Funnel
		Expect(json.Unmarshal(item, &fn)).To(Succeed())
		if fn.Kind == "Funnel" {
			found = append(found, &fn)
		}
	}
	Expect(found).To(HaveLen(1))
	return found[0]
}
