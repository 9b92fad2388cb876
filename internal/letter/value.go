// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/osteele/liquid/values"
)

// object is a JSON object as templates see it. Unlike a Go map it is iterated in the order of its names, so that equal data renders to
// equal bytes.
type object struct {
	names  []string // sorted
	fields map[string]any
}

func newObject(fields map[string]any) *object {
	o := &object{names: make([]string, 0, len(fields)), fields: fields}
	for name := range fields {
		o.names = append(o.names, name)
	}
	slices.Sort(o.names)
	return o
}

// Len and Index let a loop go over pairs of name and value.
func (o *object) Len() int        { return len(o.names) }
func (o *object) Index(i int) any { return []any{o.names[i], o.fields[o.names[i]]} }

// MarshalJSON writes it back.
func (o *object) MarshalJSON() ([]byte, error) { return json.Marshal(o.fields) }

func (o *object) Interface() any                { return o }
func (o *object) Int() int                      { return len(o.names) }
func (o *object) Equal(other values.Value) bool { return other.Interface() == any(o) }
func (o *object) Less(values.Value) bool        { return false }
func (o *object) Test() bool                    { return true }

func (o *object) Contains(v values.Value) bool {
	name, ok := v.Interface().(string)
	_, found := o.fields[name]
	return ok && found
}

func (o *object) IndexValue(v values.Value) values.Value {
	name, ok := v.Interface().(string)
	if !ok {
		return values.ValueOf(nil)
	}
	return values.ValueOf(o.fields[name])
}

func (o *object) PropertyValue(v values.Value) values.Value {
	name, _ := v.Interface().(string)
	field, found := o.fields[name]
	if !found && name == "size" {
		return values.ValueOf(len(o.names))
	}
	return values.ValueOf(field)
}

var errNoObject = errors.New("it is no JSON object")

// decode reads a JSON object into what templates see: objects, []any, string, bool, int for whole numbers that fit, float64 for others.
// Empty is an empty object.
func decode(data []byte) (*object, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return newObject(nil), nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errNoObject // the decoder's own words quote the data
	}
	if o, ok := wrap(v).(*object); ok {
		return o, nil
	}
	return nil, errNoObject
}

func wrap(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			v[name] = wrap(field)
		}
		return newObject(v)
	case []any:
		for i := range v {
			v[i] = wrap(v[i])
		}
		return v
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, strconv.IntSize); err == nil {
			return int(n)
		}
		f, _ := v.Float64() // out of range is infinity, which textOf knows
		return f
	default:
		return v
	}
}

// mark says what a text already is.
type mark uint8

const (
	markup  mark = iota // HTML, for where elements may stand
	trusted             // right as it is wherever it stands: the author said so
	encoded             // percent-encoded for a URL
	jsonDoc             // a JSON document
)

// marked is a text that needs not be escaped again where it is fit to stand. To everything else it is its text.
type marked struct {
	values.Value

	text string
	is   mark
}

func markAs(is mark, text string) *marked {
	return &marked{Value: values.ValueOf(text), text: text, is: is}
}

// Interface keeps the mark when the value goes on into a filter or a variable.
func (m *marked) Interface() any { return m }

// textOf writes a value as people expect to read it.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case *marked:
		return v.text
	case int:
		return strconv.Itoa(v)
	case float64:
		return textOfFloat(v)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		var b strings.Builder
		for _, item := range v {
			b.WriteString(textOf(item))
		}
		return b.String()
	case *object:
		text, _ := json.Marshal(v) // of parts that came from JSON
		return string(text)
	default:
		return fmt.Sprint(v)
	}
}

// textOfFloat writes at most ten decimals and no exponent: what sums of prices leave behind the tenth is not meant.
func textOfFloat(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return ""
	}
	text := strconv.FormatFloat(f, 'f', 10, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// numberOf reads a number; text is one when all of it is.
func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, !math.IsInf(v, 0) && !math.IsNaN(v)
	case string:
		text := strings.TrimSpace(v)
		if text == "" || strings.ContainsAny(text, "xXpP_nN") { // no hexadecimal, no infinities
			return 0, false
		}
		f, err := strconv.ParseFloat(text, 64)
		return f, err == nil
	case *marked:
		return numberOf(v.text)
	default:
		return 0, false
	}
}
