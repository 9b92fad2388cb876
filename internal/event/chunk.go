// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// A chunk is a run of encoded events. Each is: flags (1 byte), key id, time, received less time, and then the contact, type,
// source, id and data, each behind its length; one flag says that the origin follows. Numbers are varints; times are zigzag
// varints. The version of the format is the record's (package record), not repeated here.

// ErrCorrupt is wrapped by every error that decoding bytes of the log gives.
var ErrCorrupt = errors.New("corrupt event chunk")

// Append encodes e at the end of buf and returns the longer buf.
func Append(buf []byte, e *Event) []byte {
	flags := e.Flags &^ forwarded
	if e.Origin != "" {
		flags |= forwarded
	}
	buf = append(buf, byte(flags))
	buf = binary.AppendUvarint(buf, uint64(e.KeyID))
	buf = binary.AppendVarint(buf, int64(e.Time))
	buf = binary.AppendVarint(buf, int64(e.Received-e.Time))
	for _, s := range [...]string{e.Contact, e.Type, e.Source, e.ID} {
		buf = binary.AppendUvarint(buf, uint64(len(s)))
		buf = append(buf, s...)
	}
	buf = binary.AppendUvarint(buf, uint64(len(e.Data)))
	buf = append(buf, e.Data...)
	if e.Origin != "" {
		buf = binary.AppendUvarint(buf, uint64(len(e.Origin)))
		buf = append(buf, e.Origin...)
	}
	return buf
}

// Next decodes the event at the start of chunk into e and returns the rest of the chunk. The event's strings and data share
// the chunk's memory, which must not change while they are in use.
func Next(chunk []byte, e *Event) (rest []byte, err error) {
	d := decoder{left: chunk}
	flags := Flags(d.byte())
	e.Flags = flags &^ forwarded
	e.KeyID = uint32(d.uvarint())
	e.Time = Time(d.varint())
	e.Received = e.Time + Time(d.varint())
	e.Contact = d.string()
	e.Type = d.string()
	e.Source = d.string()
	e.ID = d.string()
	e.Data = d.bytes()
	e.Origin = ""
	if flags&forwarded != 0 {
		e.Origin = d.string()
	}
	if d.bad {
		return nil, fmt.Errorf("%w: event cut short, %d bytes left", ErrCorrupt, len(chunk))
	}
	return d.left, nil
}

type decoder struct {
	left []byte
	bad  bool
}

func (d *decoder) byte() byte {
	if len(d.left) == 0 {
		d.bad = true
		return 0
	}
	b := d.left[0]
	d.left = d.left[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.left)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.left = d.left[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.left)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.left = d.left[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if d.bad || n > uint64(len(d.left)) {
		d.bad = true
		return nil
	}
	b := d.left[:n:n]
	d.left = d.left[n:]
	return b
}

func (d *decoder) string() string {
	b := d.bytes()
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b)) // the chunk is never written to after it was read from the log
}
