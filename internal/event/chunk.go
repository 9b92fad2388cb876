// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/waymark-dev/waymark/internal/packing"
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
		buf = packing.AppendText(buf, s)
	}
	buf = binary.AppendUvarint(buf, uint64(len(e.Data)))
	buf = append(buf, e.Data...)
	if e.Origin != "" {
		buf = packing.AppendText(buf, e.Origin)
	}
	return buf
}

// Next decodes the event at the start of chunk into e and returns the rest of the chunk. The event's strings and data share
// the chunk's memory, which must not change while they are in use.
func Next(chunk []byte, e *Event) (rest []byte, err error) {
	d := decoder{packing.Read(chunk)}
	flags := Flags(d.Byte())
	e.Flags = flags &^ forwarded
	e.KeyID = uint32(d.Uvarint())
	e.Time = Time(d.Varint())
	e.Received = e.Time + Time(d.Varint())
	e.Contact = d.string()
	e.Type = d.string()
	e.Source = d.string()
	e.ID = d.string()
	e.Data = d.Sized()
	e.Origin = ""
	if flags&forwarded != 0 {
		e.Origin = d.string()
	}
	if d.Bad {
		return nil, fmt.Errorf("%w: event cut short, %d bytes left", ErrCorrupt, len(chunk))
	}
	return d.Left, nil
}

// decoder takes apart a chunk.
type decoder struct{ packing.Reader }

func (d *decoder) string() string {
	b := d.Sized()
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b)) // the chunk is never written to after it was read from the log
}
