// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventfile

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/waymark-dev/waymark/internal/definition"
)

// separators that tables come with; the header shows which.
const separators = ",;\t"

// readCSV reads a table. Its first row names the columns; an empty cell is a field that is missing.
func readCSV(r *bufio.Reader, blankLines int, visit Visit) error {
	text := &boundedLines{source: r, line: blankLines}
	first, err := text.peekLine()
	if err != nil {
		return err
	}
	table := csv.NewReader(text)
	table.Comma = separatorOf(first)
	table.ReuseRecord = true
	header, err := table.Read()
	if err != nil {
		return csvProblem(err, blankLines)
	}
	columns, err := columnsOf(header)
	if err != nil {
		return atLine(blankLines+1, err)
	}
	for {
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvProblem(err, blankLines)
		}
		line, _ := table.FieldPos(0)
		row, err := rowOf(columns, cells)
		if err == nil {
			err = visit(blankLines+line, &definition.Message{Row: row})
		}
		if err != nil {
			return atLine(blankLines+line, err)
		}
	}
}

// separatorOf takes what the header has most of.
func separatorOf(header string) rune {
	best := ','
	for _, s := range separators {
		if strings.Count(header, string(s)) > strings.Count(header, string(best)) {
			best = s
		}
	}
	return best
}

func columnsOf(header []string) ([]string, error) {
	columns := make([]string, len(header))
	seen := map[string]bool{}
	for i, cell := range header {
		name := strings.TrimSpace(cell)
		switch {
		case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
			return nil, wrong("", "is neither JSON nor a table in UTF-8")
		case name == "":
			return nil, wrong("", fmt.Sprintf("column %d has no name: the first row must name every column", i+1))
		case seen[name]:
			return nil, wrong(name, "two columns have this name: rename one")
		}
		seen[name] = true
		columns[i] = name
	}
	return columns, nil
}

func rowOf(columns, cells []string) (map[string]string, error) {
	row := make(map[string]string, len(columns))
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			return nil, wrong(columns[i], "is not valid UTF-8: save the file as UTF-8")
		}
		if cell != "" {
			row[columns[i]] = cell
		}
	}
	return row, nil
}

func csvProblem(err error, blankLines int) error {
	var broken *csv.ParseError
	var problem *Problem
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &broken) && errors.Is(broken.Err, csv.ErrFieldCount):
		return atLine(blankLines+broken.Line, wrong("", "has another number of cells than the first row"))
	case errors.As(err, &broken):
		return atLine(blankLines+broken.Line, wrong("", fmt.Sprintf("invalid CSV at character %d: %v", broken.Column, broken.Err)))
	}
	return unpackProblem(err)
}

// boundedLines passes text on and stops at a line that is too long. It also shows the first line before it is read.
type boundedLines struct {
	source *bufio.Reader
	line   int // complete lines passed on
	length int // of the line that is being passed on
}

func (b *boundedLines) peekLine() (string, error) {
	start, err := b.source.Peek(b.source.Size())
	if err != nil && !errors.Is(err, io.EOF) && len(start) == 0 {
		return "", unpackProblem(err)
	}
	first, _, _ := strings.Cut(string(start), "\n")
	return first, nil
}

// Read implements io.Reader.
func (b *boundedLines) Read(p []byte) (int, error) {
	n, err := b.source.Read(p)
	for _, c := range p[:n] {
		b.length++
		if c == '\n' {
			b.line, b.length = b.line+1, 0
		}
		if b.length > MaxLineBytes {
			return 0, &Problem{Line: b.line + 1, Message: fmt.Sprintf("the line is longer than %d bytes", MaxLineBytes)}
		}
	}
	return n, err
}
