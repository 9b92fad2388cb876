// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/valyala/fastjson"

	"github.com/waymark-dev/waymark/internal/event"
)

// Text gives the value as text, and false when it is missing. Whole numbers are written without a point, so that an id that
// came as a number is the same as one that came as a text.
func (v *Value) Text(s *Scratch) (string, bool, *Fault) {
	text, present, fault := v.AppendText(nil, s)
	return string(text), present, fault
}

// AppendText appends what Text gives to buf.
func (v *Value) AppendText(buf []byte, s *Scratch) ([]byte, bool, *Fault) {
	if v.path != nil {
		field, ok := s.field(v.path)
		switch {
		case !ok:
			return buf, false, s.fault
		case field == nil:
			return buf, false, nil
		}
		return s.appendTextOfJSON(buf, field)
	}
	value, fault := v.code.value(s)
	if value == nil {
		return buf, false, fault
	}
	switch value := value.(type) {
	case types.String:
		return append(buf, value...), true, nil
	case types.Bool:
		return strconv.AppendBool(buf, bool(value)), true, nil
	case types.Int:
		return strconv.AppendInt(buf, int64(value), 10), true, nil
	case types.Uint:
		return strconv.AppendUint(buf, uint64(value), 10), true, nil
	case types.Double:
		return appendDouble(buf, float64(value)), true, nil
	}
	return buf, false, faultNoText
}

func (s *Scratch) appendTextOfJSON(buf []byte, v *fastjson.Value) ([]byte, bool, *Fault) {
	switch v.Type() {
	case fastjson.TypeString:
		return append(buf, v.GetStringBytes()...), true, nil
	case fastjson.TypeTrue, fastjson.TypeFalse:
		return strconv.AppendBool(buf, v.Type() == fastjson.TypeTrue), true, nil
	case fastjson.TypeNumber:
		return appendDouble(buf, s.double(v)), true, nil
	}
	return buf, false, faultNoText
}

func appendDouble(buf []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.AppendInt(buf, int64(f), 10)
	}
	return strconv.AppendFloat(buf, f, 'g', -1, 64)
}

// Time gives the value as an instant, and false when it is missing or an empty text. Texts without a zone are read in zone.
// Numbers, also when written as text, are seconds since 1970, or milliseconds when they are 100,000,000,000 or more.
func (v *Value) Time(s *Scratch, zone *time.Location) (event.Time, bool, *Fault) {
	value, fault := v.code.value(s)
	if value == nil {
		return 0, false, fault
	}
	switch value := value.(type) {
	case types.Timestamp:
		return instant(value.Time)
	case types.String:
		return timeOfText(string(value), zone)
	case types.Double:
		return timeOfNumber(float64(value))
	case types.Int:
		return timeOfNumber(float64(value))
	case types.Uint:
		return timeOfNumber(float64(value))
	}
	return 0, false, faultNoTime
}

func timeOfText(text string, zone *time.Location) (event.Time, bool, *Fault) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false, nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return timeOfNumber(n)
	}
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	layout := "2006-01-02T15:04:05" // fractions of a second are read after it
	switch {
	case len(text) == len(time.DateOnly):
		layout = time.DateOnly
	case len(text) == len("2006-01-02T15:04"):
		layout = "2006-01-02T15:04"
	case strings.HasSuffix(text, "Z") || len(text) > 19 && strings.ContainsAny(text[19:], "+-"):
		layout = time.RFC3339
	}
	t, err := time.ParseInLocation(layout, text, zone)
	if err != nil {
		return 0, false, faultNoTime
	}
	return instant(t)
}

func timeOfNumber(n float64) (event.Time, bool, *Fault) {
	micros := n * 1e6
	if math.Abs(n) >= 1e11 {
		micros = n * 1e3
	}
	if !(micros >= 0 && micros < 253402300800e6) { // also NaN
		return 0, false, faultFarTime
	}
	return event.Time(math.Round(micros)), true, nil
}

func instant(t time.Time) (event.Time, bool, *Fault) {
	if t.Unix() < 0 || t.Year() > 9999 {
		return 0, false, faultFarTime
	}
	return event.At(t), true, nil
}

// Object appends the value as a JSON object to buf, and gives false when it is missing.
func (v *Value) Object(s *Scratch, buf []byte) ([]byte, bool, *Fault) {
	value, fault := v.code.value(s)
	if value == nil {
		return buf, false, fault
	}
	if _, isMap := value.(traits.Mapper); !isMap {
		return buf, false, faultNoObject
	}
	out, ok := appendJSON(buf, value)
	if !ok {
		return buf, false, faultNoJSON
	}
	return out, true, nil
}

// JSON appends the value as JSON to buf, and gives false when it is missing.
func (v *Value) JSON(s *Scratch, buf []byte) ([]byte, bool, *Fault) {
	value, fault := v.code.value(s)
	if value == nil {
		return buf, false, fault
	}
	out, ok := appendJSON(buf, value)
	if !ok {
		return buf, false, faultNoJSON
	}
	return out, true, nil
}

// appendJSON writes a CEL value as JSON. Keys of maps that CEL made are sorted; documents keep their order.
func appendJSON(buf []byte, v ref.Val) ([]byte, bool) {
	switch v := v.(type) {
	case *object:
		return v.json.MarshalTo(buf), true
	case types.Bool:
		return strconv.AppendBool(buf, bool(v)), true
	case types.Int:
		return strconv.AppendInt(buf, int64(v), 10), true
	case types.Uint:
		return strconv.AppendUint(buf, uint64(v), 10), true
	case types.Double:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return buf, false
		}
		return appendDouble(buf, float64(v)), true
	case types.String:
		return appendQuoted(buf, string(v)), true
	case types.Timestamp:
		return appendQuoted(buf, v.UTC().Format(time.RFC3339Nano)), true
	case types.Null:
		return append(buf, "null"...), true
	case traits.Mapper:
		return appendMap(buf, v)
	case traits.Lister:
		return appendList(buf, v)
	}
	return buf, false
}

func appendMap(buf []byte, m traits.Mapper) ([]byte, bool) {
	var keys []string
	for it := m.Iterator(); it.HasNext() == types.True; {
		key, ok := it.Next().(types.String)
		if !ok {
			return buf, false
		}
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	buf = append(buf, '{')
	for i, key := range keys {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(appendQuoted(buf, key), ':')
		var ok bool
		if buf, ok = appendJSON(buf, m.Get(types.String(key))); !ok {
			return buf, false
		}
	}
	return append(buf, '}'), true
}

func appendList(buf []byte, list traits.Lister) ([]byte, bool) {
	buf = append(buf, '[')
	for it, first := list.Iterator(), true; it.HasNext() == types.True; first = false {
		if !first {
			buf = append(buf, ',')
		}
		var ok bool
		if buf, ok = appendJSON(buf, it.Next()); !ok {
			return buf, false
		}
	}
	return append(buf, ']'), true
}

// appendQuoted writes a JSON string. Bytes that are no UTF-8 become the replacement character.
func appendQuoted(buf []byte, text string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			buf = append(buf, '\\', byte(r))
		case r < 0x20:
			buf = append(buf, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
		default:
			buf = append(buf, string(r)...)
		}
	}
	return append(buf, '"')
}
