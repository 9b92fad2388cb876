// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// storyEnd is the instant as of which the numbers of stories are looked at.
var storyEnd = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// day and hour, of which waits and orders are made of.
const (
	hour = time.Hour
	day  = 24 * hour
)

// fields are the data of an event.
type fields map[string]any

// story tells what happened in the business of a sample. What people do with messages is a part of it: such an event is about the latest
// message that they were sent, or about that of the step that it names.
type story struct {
	source string
	zone   string
	events []told
}

type told struct {
	at      time.Time
	contact string
	kind    string
	data    fields
}

// on reads a day and a time of 2026 such as "10-05 13:00" in the story's zone.
func (s *story) on(text string) time.Time {
	zone, err := time.LoadLocation(s.zone)
	if err != nil {
		panic(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+text, zone)
	if err != nil {
		panic(err)
	}
	return at
}

func (s *story) tell(at time.Time, contact, kind string, data fields) {
	if data == nil {
		data = fields{}
	}
	s.events = append(s.events, told{at, contact, kind, maps.Clone(data)})
}

// somebody becomes known, and agrees to the topics.
func (s *story) somebody(at time.Time, contact string, traits fields, topics ...string) {
	s.tell(at, contact, "identify", fields{"traits": traits})
	for _, topic := range topics {
		s.tell(at, contact, "consent.given", fields{"topic": topic, "method": "Checkbox", "textHash": textHash})
	}
}

// textHash is the SHA-256 of the sentence that people agree to, as a site would send it.
const textHash = "0d5d3f6d2b1f4b3f0f6d8d0f6f3b5f2c9a7d1e4b6c8f0a2d4e6b8c0a1f3e5d7b"

// lines writes the story as CloudEvents in the order of time.
func (s *story) lines() (string, error) {
	slices.SortStableFunc(s.events, func(a, b told) int { return a.at.Compare(b.at) })
	var lines bytes.Buffer
	for i, e := range s.events {
		line, err := json.Marshal(struct {
			Version string    `json:"specversion"`
			ID      string    `json:"id"`
			Source  string    `json:"source"`
			Type    string    `json:"type"`
			Subject string    `json:"subject"`
			Time    time.Time `json:"time"`
			Data    fields    `json:"data"`
		}{"1.0", fmt.Sprint(i + 1), s.source, e.kind, e.contact, e.at.UTC(), e.data})
		if err != nil {
			return "", err
		}
		lines.Write(append(line, '\n'))
	}
	return lines.String(), nil
}

// stories are by the folder of their sample.
var stories = map[string]func() *story{
	"agency":    agencyStory,
	"b2b":       b2bStory,
	"clothes":   clothesStory,
	"lawyer":    lawyerStory,
	"messenger": messengerStory,
	"salon":     salonStory,
}

// TestStoriesAreWritten holds the files of events, which users may play with, to the stories that they come from.
func TestStoriesAreWritten(t *testing.T) {
	t.Parallel()
	for name, tell := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, err := tell().lines()
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, filepath.Join("samples", name+".jsonl"), lines)
		})
	}
}

// group gives n names of contacts, such as "buyer-1".
func group(name string, n int) (contacts []string) {
	for i := range n {
		contacts = append(contacts, fmt.Sprintf("%s-%d", name, i+1))
	}
	return contacts
}

// firstNames of those whom the stories are about.
var firstNames = []string{"Анна", "Мария", "Ольга", "Ирина", "Елена", "Наталья", "Дарья", "Вера", "Полина", "Юлия"}

// traitsOf gives a contact an address and a name, always the same.
func traitsOf(contact string, i int) fields {
	return fields{"email": contact + "@example.com", "first_name": firstNames[i%len(firstNames)], "phone": "+7 495 000-00-00"}
}
