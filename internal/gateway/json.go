// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
	"unsafe"

	"github.com/tidwall/gjson"
)

// maxDepth bounds how deeply a body's objects and arrays nest. Readers of JSON recurse, and a stack must not depend on a
// sender's good will.
const maxDepth = 64

// parseJSON checks that body is one strictly valid JSON value and returns it. What is read from the value shares body's
// memory, which must not change afterwards.
func parseJSON(body []byte) (gjson.Result, *Problem) {
	if depth := nesting(body); depth > maxDepth {
		p := malformed("", "the JSON nests deeper than %d levels", maxDepth)
		p.Hint = "send flatter data"
		return gjson.Result{}, p
	}
	if !utf8.Valid(body) {
		p := malformed("", "the body is not valid UTF-8")
		p.Hint = "encode the body as UTF-8"
		return gjson.Result{}, p
	}
	if !gjson.ValidBytes(body) {
		return gjson.Result{}, syntaxProblem(body)
	}
	return gjson.Parse(text(body)), nil
}

// syntaxProblem finds out where the JSON breaks. It is off the fast path: gjson only says that it does.
func syntaxProblem(body []byte) *Problem {
	var anything json.RawMessage
	err := json.Unmarshal(body, &anything)
	p := malformed("", "the body is not valid JSON")
	p.Hint = "send valid JSON"
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, column := position(body, int(syntax.Offset))
		p = malformed("", "the body is not valid JSON: %v at line %d, column %d", syntax, line, column)
		p.Hint = "correct the JSON there"
	}
	return p
}

// position gives the line and column, from 1, of the byte before offset.
func position(body []byte, offset int) (line, column int) {
	line = 1
	for i := range min(max(offset-1, 0), len(body)) {
		column++
		if body[i] == '\n' {
			line, column = line+1, 0
		}
	}
	return line, column + 1
}

// nesting is the deepest nesting of brackets outside of strings; it needs no valid JSON.
func nesting(body []byte) int {
	depth, deepest := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i = closingQuote(body, i+1)
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}

// closingQuote is the index of the quote that ends the string which starts at i, or the body's end.
func closingQuote(body []byte, i int) int {
	for ; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return i
}

// text views bytes that never change again as a string, without a copy.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// bytesOf views a string that came out of a body as bytes, without a copy. Nobody writes to them.
func bytesOf(s string) []byte {
	if s == "" {
		return nil
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// isObject tells whether raw, valid JSON without space around it, is an object.
func isObject(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' }
