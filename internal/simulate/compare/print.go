// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"sigs.k8s.io/yaml"
)

// Formats of differences.
const (
	// FormatTable is for people.
	FormatTable = "table"
	// FormatYAML and FormatJSON are for programs.
	FormatYAML = "yaml"
	FormatJSON = "json"
)

// Formats are all that Print knows.
var Formats = []string{FormatTable, FormatYAML, FormatJSON}

// Print writes the difference in one of the Formats.
func (d *Difference) Print(w io.Writer, format string) error {
	switch format {
	case FormatTable:
		return d.printTables(w)
	case FormatYAML:
		text, err := yaml.Marshal(d)
		if err != nil {
			return fmt.Errorf("write the difference as YAML: %w", err)
		}
		_, err = w.Write(text)
		return err
	case FormatJSON:
		text, err := json.MarshalIndent(d, "", "    ")
		if err != nil {
			return fmt.Errorf("write the difference as JSON: %w", err)
		}
		_, err = w.Write(append(text, '\n'))
		return err
	}
	return fmt.Errorf("unknown format %q: write one of %s", format, strings.Join(Formats, ", "))
}

func (d *Difference) printTables(w io.Writer) error {
	if d.IsEmpty() {
		_, err := fmt.Fprintf(w, "Nobody would be sent anything else, as of %s.\n", instant(d.AsOf))
		return err
	}
	p := &printer{w: w}
	p.printf("As of %s, %s. Times are UTC.\n", instant(d.AsOf), d.Contacts.sentence())
	for i := range d.Scenarios {
		p.scenario(&d.Scenarios[i])
	}
	return p.err
}

func instant(t time.Time) string { return t.Format("2006-01-02 15:04:05 MST") }

// sentence says whom it concerns.
func (c *Concerned) sentence() string {
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{{c.More, "more messages"}, {c.Fewer, "fewer"}, {c.Other, "other ones"}, {c.Moved, "the same at another time"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", part.what, part.n))
		}
	}
	if len(parts) == 0 {
		return "nobody would be sent anything else"
	}
	return "contacts who would be sent " + strings.Join(parts, ", ")
}

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// table prints rows under a heading, or nothing where there are none.
func (p *printer) table(heading []string, rows [][]string) {
	if p.err != nil || len(rows) == 0 {
		return
	}
	const padding = 3
	aligned := tabwriter.NewWriter(p.w, 0, 0, padding, ' ', 0)
	for _, row := range append([][]string{heading}, rows...) {
		_, _ = fmt.Fprintln(aligned, strings.TrimRight(strings.Join(row, "\t"), "\t ")) // Flush gives the error
	}
	p.err = aligned.Flush()
}

func (p *printer) scenario(s *Scenario) {
	only := ""
	if s.In != "" {
		only = fmt.Sprintf(", which only the %s manifests have", strings.ToLower(s.In))
	}
	p.printf("\nScenario %s%s: %s\n", s.Scenario, only, s.Contacts.sentence())
	var rows [][]string
	for i := range s.Steps {
		step := &s.Steps[i]
		c := &step.Contacts
		rows = append(rows, []string{step.Step, number(step.Before), number(step.After), some(c.More), some(c.Fewer), some(c.Other), some(c.Moved)})
	}
	p.table([]string{"STEP", "BEFORE", "AFTER", "MORE", "FEWER", "OTHER", "MOVED"}, rows)
	rows = nil
	for _, n := range s.Numbers {
		rows = append(rows, []string{n.Name, n.Before, n.After})
	}
	if len(rows) > 0 {
		p.printf("\n")
	}
	p.table([]string{"NUMBER", "BEFORE", "AFTER"}, rows)
	rows = nil
	for i := range s.Examples {
		rows = append(rows, s.Examples[i].rows()...)
	}
	if len(rows) > 0 {
		p.printf("\n")
	}
	p.table([]string{"EXAMPLE", "CONTACT", "STEP", "BEFORE", "AFTER"}, rows)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// some leaves nothing empty.
func some(n int64) string {
	if n == 0 {
		return "."
	}
	return number(n)
}

func (e *Example) rows() [][]string {
	rows := [][]string{{e.Kind, e.Contact, e.Step, e.Before.text(), e.After.text()}}
	for _, part := range e.Differs {
		before, after := inView(part.Before, part.After)
		rows = append(rows, []string{"", "", "  " + part.Part, short(before), short(after)})
	}
	return rows
}

func (s *Sent) text() string {
	if s == nil {
		return "-"
	}
	return strings.TrimSpace(s.Time.Format("2006-01-02 15:04") + " " + short(s.Subject))
}

// inView cuts off what two lines begin with alike, if else it could not be seen where they differ.
func inView(a, b string) (string, string) {
	const far, context = 40, 15
	x, y := []rune(a), []rune(b)
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	if same <= far {
		return a, b
	}
	return "…" + string(x[same-context:]), "…" + string(y[same-context:])
}

// short keeps a cell readable.
func short(text string) string {
	const most = 60
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
