// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/simulate/eventfile"
)

// read gives what a file holds, each message by its line.
func read(t *testing.T, content string) (map[int]definition.Message, error) {
	t.Helper()
	messages := map[int]definition.Message{}
	err := eventfile.Read("f", strings.NewReader(content), func(line int, m *definition.Message) error {
		messages[line] = *m
		return nil
	})
	return messages, err
}

func zipped(t *testing.T, parts ...string) string {
	t.Helper()
	var packed bytes.Buffer
	for _, part := range parts {
		w := gzip.NewWriter(&packed)
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return packed.String()
}

const (
	viewed = `{"specversion":"1.0","id":"1","source":"web","type":"page.viewed","subject":"ann","time":"2026-11-02T09:30:00.5+03:00","data":{"a":1}}`
	bought = `{"id":"2","source":"web","type":"order.completed","subject":"ann","data":null}`
)

func viewedMessage() definition.Message {
	return definition.Message{Body: []byte(viewed), Event: event.Event{
		ID: "1", Source: "web", Type: "page.viewed", Contact: "ann", Data: []byte(`{"a":1}`),
		Time: event.At(time.Date(2026, 11, 2, 6, 30, 0, 500_000_000, time.UTC)),
	}}
}

func boughtMessage() definition.Message {
	return definition.Message{Body: []byte(bought), Event: event.Event{ID: "2", Source: "web", Type: "order.completed", Contact: "ann"}}
}

func TestRead(t *testing.T) {
	t.Parallel()
	row := func(pairs ...string) definition.Message {
		cells := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			cells[pairs[i]] = pairs[i+1]
		}
		return definition.Message{Row: cells}
	}
	tests := map[string]struct {
		content string
		want    map[int]definition.Message
	}{
		"an empty file":             {content: "", want: map[int]definition.Message{}},
		"blank lines alone":         {content: "\n \r\n\n", want: map[int]definition.Message{}},
		"JSON Lines":                {content: viewed + "\n" + bought + "\n", want: map[int]definition.Message{1: viewedMessage(), 2: boughtMessage()}},
		"JSON Lines with blanks":    {content: "\n\n  " + viewed + "\r\n\r\n" + bought, want: map[int]definition.Message{3: viewedMessage(), 5: boughtMessage()}},
		"JSON Lines, compressed":    {content: zipped(t, viewed+"\n", bought), want: map[int]definition.Message{1: viewedMessage(), 2: boughtMessage()}},
		"JSON Lines with a mark":    {content: "\uFEFF" + viewed, want: map[int]definition.Message{1: viewedMessage()}},
		"data in base64":            {content: `{"id":"2","data_base64":"eyJhIjoxfQ=="}`, want: map[int]definition.Message{1: {Body: []byte(`{"id":"2","data_base64":"eyJhIjoxfQ=="}`), Event: event.Event{ID: "2", Data: []byte(`{"a":1}`)}}}},
		"a table":                   {content: "user,what\nann,viewed\nbob,bought\n", want: map[int]definition.Message{2: row("user", "ann", "what", "viewed"), 3: row("user", "bob", "what", "bought")}},
		"a table, compressed":       {content: zipped(t, "user,what\nann,viewed\n"), want: map[int]definition.Message{2: row("user", "ann", "what", "viewed")}},
		"an empty cell is no field": {content: "user,what,city\nann,,\n", want: map[int]definition.Message{2: row("user", "ann")}},
		"a table of a spreadsheet":  {content: "\uFEFFuser;what\r\nann;\"viewed; twice\"\r\n", want: map[int]definition.Message{2: row("user", "ann", "what", "viewed; twice")}},
		"a table with tabs":         {content: "user\twhat\nann\tviewed\n", want: map[int]definition.Message{2: row("user", "ann", "what", "viewed")}},
		"a cell of two lines":       {content: "\nuser,what\nann,\"a\nb\"\nbob,c\n", want: map[int]definition.Message{3: row("user", "ann", "what", "a\nb"), 5: row("user", "bob", "what", "c")}},
		"a table of one column":     {content: "user\nann\n", want: map[int]definition.Message{2: row("user", "ann")}},
		"a header alone":            {content: "user,what", want: map[int]definition.Message{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, tt.content)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages by line differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", eventfile.MaxLineBytes)
	tests := map[string]struct {
		content string
		want    string
	}{
		"a JSON array":                     {content: "\n[" + viewed + "]", want: "f:2: is a JSON array: write one CloudEvent a line, without brackets and commas around them"},
		"broken JSON":                      {content: viewed + "\n{\"id\": 1,}\n", want: "f:2: invalid JSON at character 10: invalid character '}' looking for beginning of object key string"},
		"cut JSON":                         {content: viewed + "\n" + bought[:20], want: "f:2: invalid JSON at character 20: unexpected end of JSON input"},
		"a line that is no object":         {content: viewed + "\n5\n", want: "f:2: is a JSON number: write one CloudEvent, a JSON object, a line"},
		"two events on a line":             {content: viewed + bought, want: "f:1: invalid JSON at character"},
		"a subject that is no text":        {content: `{"id":"1","subject":5}`, want: "f:1: subject: is a JSON number where text is needed"},
		"another version":                  {content: `{"specversion":"0.3"}`, want: "f:1: specversion: is not 1.0"},
		"a time that is none":              {content: `{"time":"yesterday"}`, want: `f:1: time: "yesterday" is no time of RFC 3339: write it like 2026-11-02T09:30:00Z`},
		"data twice":                       {content: `{"data":{},"data_base64":""}`, want: "f:1: data_base64: stands beside data"},
		"base64 that is none":              {content: `{"data_base64":"%"}`, want: "f:1: data_base64: is no JSON in base64"},
		"base64 of something else":         {content: `{"data_base64":"aGk="}`, want: "f:1: data_base64: is no JSON in base64"},
		"an endless line of JSON":          {content: viewed + "\n{\"" + long, want: "f:2: the line is longer than 1048576 bytes"},
		"an endless line of a table":       {content: "a,b\n1,2\n" + long + "x", want: "f:3: the line is longer than 1048576 bytes"},
		"a row with a cell too few":        {content: "\na,b\n1,2\n1\n", want: "f:4: has another number of cells than the first row"},
		"a stray quote":                    {content: "a,b\n1,2\n1,x\"y\n", want: "f:3: invalid CSV at character 4: bare \" in non-quoted-field"},
		"a column without a name":          {content: "a,,c\n1,2,3\n", want: "f:1: column 2 has no name"},
		"two columns of one name":          {content: "a,b,a\n1,2,3\n", want: "f:1: a: two columns have this name"},
		"a cell in another character set":  {content: "a,b\n1,\xcf\xf0\n", want: "f:2: b: is not valid UTF-8: save the file as UTF-8"},
		"a picture":                        {content: "\x89PNG\x00\x01", want: "f:1: is neither JSON nor a table in UTF-8"},
		"UTF-16":                           {content: "\xff\xfea\x00,\x00", want: "f:1: is UTF-16 text: save it as UTF-8"},
		"compressed JSON Lines cut short":  {content: zipped(t, viewed)[:60], want: "f:1: the compressed file is damaged or cut short"},
		"a compressed table cut short":     {content: zipped(t, "a,b\n"+strings.Repeat("1,2\n", 50_000))[:100], want: "f: the compressed file is damaged or cut short"},
		"a gzip header and nothing behind": {content: "\x1f\x8b", want: "f: the compressed file is damaged or cut short"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, tt.content)
			if err == nil {
				t.Fatalf("read %d messages, want the problem %q", len(got), tt.want)
			}
			if !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("problem is\n%s\nwant it to begin with\n%s", err, tt.want)
			}
			if _, blamed := errors.AsType[*eventfile.Problem](err); !blamed {
				t.Errorf("the content is to blame, but the error is a %T", err)
			}
		})
	}
}

func TestReadStopsAtTheVisitorsError(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"JSON Lines": viewed + "\n" + bought, "a table": "a\n1\n2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			visits := 0
			err := eventfile.Read("f", strings.NewReader(content), func(line int, _ *definition.Message) error {
				visits++
				return &eventfile.Problem{Field: "type", Message: fmt.Sprintf("not on line %d", line)}
			})
			if visits != 1 || err == nil || !strings.Contains(err.Error(), ": type: not on line ") {
				t.Errorf("%d visits and error %v, want one and its problem", visits, err)
			}
		})
	}
}

func TestReadPassesOnTroubleWithTheDisk(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk is gone")
	for name, begin := range map[string]string{"at once": "", "in JSON Lines": viewed + "\n", "in a table": "a,b\n1,2\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := io.MultiReader(strings.NewReader(begin), iotest.ErrReader(broken))
			err := eventfile.Read("f", source, func(int, *definition.Message) error { return nil })
			if !errors.Is(err, broken) {
				t.Errorf("error is %v, want that of the disk", err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{viewed + "\n" + bought, "user,what\nann,viewed\n", "\uFEFFa;b\r\n1;\"x\ny\"\r\n", "[", "{}", "{\"data\":", "\x1f\x8b\x08", "a\n\n\n\"", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		lines := bytes.Count(content, []byte("\n")) + 1
		err := eventfile.Read("f", bytes.NewReader(content), func(line int, m *definition.Message) error {
			if line < 1 || line > lines && !bytes.HasPrefix(content, []byte("\x1f\x8b")) {
				t.Errorf("line %d of %d", line, lines)
			}
			if (m.Row == nil) == (m.Body == nil) {
				t.Errorf("line %d is neither or both a row and a CloudEvent", line)
			}
			return nil
		})
		var problem *eventfile.Problem
		if err != nil && !errors.As(err, &problem) {
			t.Errorf("error %v (%T) does not blame the content", err, err)
		}
	})
}
