// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventfile

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

func readJSONLines(r *bufio.Reader, blankLines int, visit Visit) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), MaxLineBytes)
	number := blankLines
	for lines.Scan() && lines.Err() == nil { // the scanner gives what came before an error as if it were a whole line
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		m, err := cloudEvent(bytes.Clone(line))
		if err == nil {
			err = visit(number, m)
		}
		if err != nil {
			return atLine(number, err)
		}
	}
	err := lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = wrong("", fmt.Sprintf("the line is longer than %d bytes: write one event a line", MaxLineBytes))
	}
	return atLine(number+1, unpackProblem(err))
}

// attributes are a CloudEvent's members that mean something here. Pointers tell what is missing from what is empty.
type attributes struct {
	SpecVersion     *string         `json:"specversion"`
	ID              *string         `json:"id"`
	Source          *string         `json:"source"`
	Type            *string         `json:"type"`
	Subject         *string         `json:"subject"`
	AnonymousID     *string         `json:"anonymousid"`
	Time            *string         `json:"time"`
	DataContentType *string         `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
	DataBase64      *string         `json:"data_base64"`
}

// cloudEvent reads a CloudEvent in JSON. The contact is its subject, or the visitor of the extension attribute anonymousid. What an event needs beyond the format is for the visitor to
// check, as a mapping may still bring it.
func cloudEvent(line []byte) (*definition.Message, error) {
	var a attributes
	if err := json.Unmarshal(line, &a); err != nil {
		return nil, jsonProblem(err)
	}
	if a.SpecVersion != nil && *a.SpecVersion != "1.0" {
		return nil, wrong("specversion", "is not 1.0: write CloudEvents 1.0, or leave specversion out")
	}
	m := &definition.Message{Body: line}
	for _, text := range []struct {
		from *string
		into *string
	}{{a.ID, &m.Event.ID}, {a.Source, &m.Event.Source}, {a.Type, &m.Event.Type}, {a.Subject, &m.Event.Contact}, {a.AnonymousID, &m.AnonymousID}} {
		if text.from != nil {
			*text.into = *text.from
		}
	}
	if a.Time != nil && *a.Time != "" {
		t, err := time.Parse(time.RFC3339Nano, *a.Time)
		if err != nil {
			return nil, wrong("time", fmt.Sprintf("%q is no time of RFC 3339: write it like 2026-11-02T09:30:00Z", *a.Time))
		}
		m.Event.Time = event.At(t)
	}
	data, err := a.data()
	m.Event.Data = data
	return m, err
}

func (a *attributes) data() ([]byte, error) {
	if a.DataBase64 == nil {
		if string(a.Data) == "null" {
			return nil, nil
		}
		return a.Data, nil
	}
	if a.Data != nil {
		return nil, wrong("data_base64", "stands beside data: write one of them")
	}
	data, err := base64.StdEncoding.DecodeString(*a.DataBase64)
	if err != nil || len(data) > 0 && !json.Valid(data) {
		return nil, wrong("data_base64", "is no JSON in base64: write a JSON object as data")
	}
	return bytes.TrimSpace(data), nil
}

// jsonProblem says where the JSON breaks, or which member is of the wrong type.
func jsonProblem(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return wrong(kind.Field, "is a JSON "+kind.Value+" where text is needed")
	case errors.As(err, &kind):
		return wrong("", "is a JSON "+kind.Value+": write one CloudEvent, a JSON object, a line")
	case errors.As(err, &syntax):
		return wrong("", fmt.Sprintf("invalid JSON at character %d: %v", syntax.Offset, syntax))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return wrong("", "the JSON is cut short")
	}
	return wrong("", "invalid JSON: "+err.Error())
}
