// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/simulate/eventfile"
	"github.com/waymark-dev/waymark/internal/simulate/virtual"
)

// answer is a line of a file of answers: what a webhook says to a call.
type answer struct {
	// Scenario, as name or namespace/name, Step and Contact say to which calls; empty ones to any.
	Scenario string `json:"scenario"`
	Step     string `json:"step"`
	Contact  string `json:"contact"`
	// Answer is what it says, and Failed that it does not take the call.
	Answer json.RawMessage `json:"answer"`
	Failed bool            `json:"failed"`
}

// answers are those of a file; of those that fit the first counts. A nil *answers has none.
type answers struct{ list []answer }

// readAnswers reads JSON Lines.
func readAnswers(name string, r io.Reader) (*answers, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	a := &answers{}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var one answer
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&one); err != nil {
			return nil, &eventfile.Problem{File: name, Line: i + 1, Message: "is no answer such as {\"scenario\": \"lead\", \"step\": \"score\", \"answer\": {\"score\": 7}}: " + err.Error()}
		}
		a.list = append(a.list, one)
	}
	return a, nil
}

// of gives what becomes of a message that could be made.
func (a *answers) of(m *Message) virtual.Outcome {
	if a == nil || m.Kind == string(nurture.KindSend) {
		return virtual.Outcome{}
	}
	for i := range a.list {
		one := &a.list[i]
		if one.Scenario != "" && one.Scenario != m.Scenario && !strings.HasSuffix(m.Scenario, "/"+one.Scenario) ||
			one.Step != "" && one.Step != m.Step || one.Contact != "" && one.Contact != m.Contact {
			continue
		}
		if one.Failed {
			return virtual.Outcome{Failed: true, Class: string(channel.Other)}
		}
		return virtual.Outcome{Answer: one.Answer}
	}
	return virtual.Outcome{}
}
