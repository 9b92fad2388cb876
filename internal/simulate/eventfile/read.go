// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package eventfile reads events from files: CloudEvents as JSON Lines, and tables as CSV, either of them compressed with gzip.
// What a file holds is told by its first bytes and not by its name. Files are streamed, one line at a time.
package eventfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/waymark-dev/waymark/internal/definition"
)

// MaxLineBytes bounds a line, so that a file that is no text cannot fill the memory.
const MaxLineBytes = 1 << 20

// Visit takes one line's message. A row of a table comes as the message's Row, a CloudEvent as its Event with the line as its Body.
// The message and all that it holds may be kept. An error that is a *Problem is given the file and line; any error ends the reading.
type Visit func(line int, m *definition.Message) error

// Read visits every event of a file, in order. The name is for problems. The error is a *Problem when the file's content is to
// blame.
func Read(name string, r io.Reader, visit Visit) error {
	err := read(r, visit)
	if problem, blamed := errors.AsType[*Problem](err); blamed {
		problem.File = name
		return problem
	}
	if err != nil {
		return fmt.Errorf("read events from %s: %w", name, err)
	}
	return nil
}

func read(r io.Reader, visit Visit) error {
	text, err := unpack(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return err
	}
	if err := skipByteOrderMark(text); err != nil {
		return err
	}
	first, blankLines, err := firstByte(text)
	switch {
	case errors.Is(err, io.EOF):
		return nil // an empty file holds no events
	case err != nil:
		return atLine(blankLines+1, unpackProblem(err))
	case first == '{':
		return readJSONLines(text, blankLines, visit)
	case first == '[':
		return atLine(blankLines+1, wrong("", "is a JSON array: write one CloudEvent a line, without brackets and commas around them"))
	}
	return readCSV(text, blankLines, visit)
}

var gzipMagic = []byte{0x1f, 0x8b}

// unpack undoes gzip if the content is compressed.
func unpack(r *bufio.Reader) (*bufio.Reader, error) {
	magic, err := r.Peek(len(gzipMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(magic, gzipMagic) {
		return r, nil
	}
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return nil, unpackProblem(err)
	}
	return bufio.NewReaderSize(unpacked, 64<<10), nil
}

// unpackProblem blames the file for what only a damaged one causes.
func unpackProblem(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		return wrong("", "the compressed file is damaged or cut short: "+err.Error())
	}
	return err
}

func skipByteOrderMark(r *bufio.Reader) error {
	mark, err := r.Peek(3)
	if err != nil {
		return nil // shorter than a mark, or what is wrong shows at the next read
	}
	if mark[0] == 0xFE && mark[1] == 0xFF || mark[0] == 0xFF && mark[1] == 0xFE {
		return atLine(1, wrong("", "is UTF-16 text: save it as UTF-8"))
	}
	if string(mark) == "\uFEFF" {
		_, err = r.Discard(len(mark))
	}
	return err
}

// firstByte gives the first byte that is no blank, without taking it, and how many lines were blank before it.
func firstByte(r *bufio.Reader) (first byte, blankLines int, err error) {
	for {
		b, err := r.ReadByte()
		switch {
		case err != nil:
			return 0, blankLines, err
		case b == '\n':
			blankLines++
		case b != ' ' && b != '\t' && b != '\r':
			return b, blankLines, r.UnreadByte()
		}
	}
}

// atLine says on which line a problem lies, unless it is known already.
func atLine(line int, err error) error {
	var problem *Problem
	if errors.As(err, &problem) && problem.Line == 0 {
		problem.Line = line
	}
	return err
}
