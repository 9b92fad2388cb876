// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// PrintPath writes the path of the contact that was traced in one of the Formats.
func (r *Result) PrintPath(w io.Writer, format string) error {
	path := r.Path
	if path == nil {
		path = []PathStep{}
	}
	switch format {
	case FormatJSON:
		text, err := json.MarshalIndent(path, "", "    ")
		if err != nil {
			return fmt.Errorf("write a path as JSON: %w", err)
		}
		_, err = w.Write(append(text, '\n'))
		return err
	case FormatYAML:
		text, err := yaml.Marshal(path)
		if err != nil {
			return fmt.Errorf("write a path as YAML: %w", err)
		}
		_, err = w.Write(text)
		return err
	}
	if len(path) == 0 {
		_, err := fmt.Fprintln(w, "No scenario took notice of this contact.")
		return err
	}
	several := slices.ContainsFunc(path, func(s PathStep) bool { return s.Scenario != path[0].Scenario })
	var rows []metav1.TableRow
	for i := range path {
		s := &path[i]
		if i+1 < len(path) && s.isIn(&path[i+1]) && (s.cause() == "" || path[i+1].By == s.By || i > 0 && s.follows(&path[i-1])) {
			continue
		}
		scenario := ""
		if several || format == FormatWide {
			scenario = s.Scenario
		}
		rows = append(rows, metav1.TableRow{Cells: []any{s.Time.Format(pathTime), scenario, s.Step, s.sentence()}})
	}
	return printBare(w, false, pathColumns, rows)
}

// isIn says whether the next line says all that this one does: that somebody arrived at a step shows in what the step did.
func (s *PathStep) isIn(next *PathStep) bool {
	return nurture.What(s.What) == nurture.Arrived && next.What != s.What && next.Enrolment == s.Enrolment && next.Step == s.Step && next.Time.Equal(s.Time)
}

// follows says whether the line before names the cause.
func (s *PathStep) follows(before *PathStep) bool {
	return nurture.What(before.What) == nurture.Enrolled && before.Enrolment == s.Enrolment && before.Time.Equal(s.Time)
}

const pathTime = "2006-01-02 15:04:05 MST"

var pathColumns = []metav1.TableColumnDefinition{
	{Name: "Time", Type: "string"},
	{Name: "Scenario", Type: "string"},
	{Name: "Step", Type: "string"},
	{Name: "What", Type: "string"},
}

// sentence says what happened, for people.
func (s *PathStep) sentence() string {
	switch nurture.What(s.What) {
	case nurture.Enrolled:
		return "entered" + s.cause()
	case nurture.WasHeldOut:
		return "entered" + s.cause() + ", and is held out: nothing is sent but what is owed"
	case nurture.Refused:
		return "did not enter: " + s.Reason + s.cause()
	case nurture.WaitedForAudience:
		return "is not in the audience yet; looked at again until " + s.until()
	case nurture.Arrived:
		return "arrived" + s.cause()
	case nurture.Waited:
		return "waits until " + s.until()
	case nurture.PutOff:
		return "put off until " + s.until() + ": " + s.Reason
	case nurture.Skipped:
		return "skipped: " + s.Reason
	case nurture.Sent:
		return strings.TrimSpace("sent " + quoted(s.Subject))
	case nurture.Failed:
		return strings.TrimSpace("failed: " + s.Reason + " " + s.Subject)
	case nurture.Converted:
		return "converted" + s.cause()
	case nurture.Exited:
		return "left: " + s.Reason + s.cause()
	}
	return strings.TrimSpace(strings.ToLower(s.What) + " " + s.Reason)
}

func (s *PathStep) cause() string {
	switch s.By {
	case "", event.MessageSent, event.MessageFailed:
		return "" // that one step follows another needs no words
	}
	return " by " + s.By
}

func (s *PathStep) until() string {
	if s.Until == nil {
		return "something happens"
	}
	return s.Until.Format(time.DateTime)
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return "“" + text + "”"
}
