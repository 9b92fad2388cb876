// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// drainLimit is how much of a body that is refused for its size is still read, so that the sender, who may be writing all
// this while, gets to read the answer instead of a broken connection.
const drainLimit = 32 << 20

// budget bounds the bytes of all bodies in memory at once.
type budget struct {
	limit int64
	used  atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readBody reads and unpacks a request's body of at most limit bytes. The body's memory counts against the budget until
// release is called; release is never nil.
func readBody(r *http.Request, limit int64, memory *budget) (body []byte, release func(), problem *Problem) {
	release = func() {}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if encoding != "" && encoding != "identity" && encoding != "gzip" {
		return nil, release, unsupported("Content-Encoding", encoding, "send the body plain or with gzip", "the body's encoding is not supported")
	}
	if r.ContentLength > limit {
		drain(r)
		return nil, release, bodyTooLarge(limit)
	}
	need := limit // unknown length, or unpacked length
	if encoding != "gzip" && r.ContentLength >= 0 {
		need = r.ContentLength
	}
	if !memory.take(need) {
		return nil, release, unavailable(time.Second, "too many requests are being read at once", "try again after the time in Retry-After")
	}
	release = func() { memory.give(need) }
	if encoding == "gzip" {
		body, problem = readGzip(r.Body, limit)
	} else {
		body, problem = readPlain(r.Body, r.ContentLength, limit)
	}
	if problem != nil && problem.Reason == TooLarge {
		drain(r)
	}
	return body, release, problem
}

func readPlain(from io.Reader, length, limit int64) ([]byte, *Problem) {
	if length >= 0 {
		body := make([]byte, length)
		if _, err := io.ReadFull(from, body); err != nil {
			return nil, cutShort()
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, cutShort()
	}
	if int64(len(body)) > limit {
		return nil, bodyTooLarge(limit)
	}
	return body, nil
}

func readGzip(from io.Reader, limit int64) ([]byte, *Problem) {
	unpacker, _ := gzipReaders.Get().(*gzip.Reader)
	defer gzipReaders.Put(unpacker)
	if err := unpacker.Reset(io.LimitReader(from, limit)); err != nil {
		return nil, badGzip(err)
	}
	body, err := io.ReadAll(io.LimitReader(unpacker, limit+1))
	if err != nil {
		return nil, badGzip(err)
	}
	if int64(len(body)) > limit {
		return nil, bodyTooLarge(limit)
	}
	return body, nil
}

func drain(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return // the sender waits for leave to send, which reading would give
	}
	_, _ = io.CopyN(io.Discard, r.Body, drainLimit) // the sender may well give up; the answer is the same
}

func cutShort() *Problem {
	p := malformed("", "the body ended before its announced length")
	p.Hint = "send the whole body"
	return p
}

func badGzip(err error) *Problem {
	p := malformed("", "the body is not valid gzip")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		p = malformed("", "the gzip body ends early")
	}
	p.Hint = "pack the whole body with gzip, or leave Content-Encoding out"
	return p
}

func bodyTooLarge(limit int64) *Problem {
	return tooLarge("", fmt.Sprintf("send smaller batches, or raise spec.http.maxBodyBytes of the EventFeed (now %d)", limit),
		"the body is longer than %d bytes after unpacking", limit)
}
