// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"encoding/json"
	"html"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// filter is one that templates may name. It gives nothing for nothing, so that default can follow.
type filter struct {
	min, max int // arguments
	apply    func(r *run, v any, args []any) (any, error)
}

// filters are all that templates may name. The library's own are not among them: several cut letters in two, print a million as 1e+06 or end
// the program on odd arguments.
var filters = map[string]filter{
	"default": {1, 1, func(_ *run, v any, args []any) (any, error) {
		if v == nil || v == false || isEmpty(v) {
			return args[0], nil
		}
		return v, nil
	}},

	"money":      {0, 1, moneyFilter},
	"number":     {0, 1, numberFilter},
	"percent":    {0, 1, percentFilter},
	"plural":     {2, 3, pluralFilter},
	"date":       {0, 1, dateFilter},
	"days_until": {0, 0, daysUntilFilter},

	"plus":       {1, 1, arithmetic(func(a, b float64) (float64, bool) { return a + b, true })},
	"minus":      {1, 1, arithmetic(func(a, b float64) (float64, bool) { return a - b, true })},
	"times":      {1, 1, arithmetic(func(a, b float64) (float64, bool) { return a * b, true })},
	"divided_by": {1, 1, arithmetic(func(a, b float64) (float64, bool) { return a / b, b != 0 })},
	"modulo":     {1, 1, arithmetic(func(a, b float64) (float64, bool) { return math.Mod(a, b), b != 0 })},
	"at_least":   {1, 1, arithmetic(func(a, b float64) (float64, bool) { return max(a, b), true })},
	"at_most":    {1, 1, arithmetic(func(a, b float64) (float64, bool) { return min(a, b), true })},
	"abs":        {0, 0, rounding(math.Abs)},
	"ceil":       {0, 0, rounding(math.Ceil)},
	"floor":      {0, 0, rounding(math.Floor)},
	"round":      {0, 1, roundFilter},

	"upcase":         {0, 0, onText(strings.ToUpper)},
	"downcase":       {0, 0, onText(strings.ToLower)},
	"capitalize":     {0, 0, onText(capitalize)},
	"strip":          {0, 0, onText(strings.TrimSpace)},
	"lstrip":         {0, 0, onText(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) })},
	"rstrip":         {0, 0, onText(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) })},
	"strip_newlines": {0, 0, onText(func(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) })},
	"strip_html":     {0, 0, onText(func(s string) string { return strings.TrimSpace(TextOf(s)) })},
	"url_decode": {0, 0, onText(func(s string) string {
		if decoded, err := url.QueryUnescape(s); err == nil {
			return decoded
		}
		return s
	})},
	"append":        {1, 1, withText(func(s, more string) string { return s + more })},
	"prepend":       {1, 1, withText(func(s, more string) string { return more + s })},
	"remove":        {1, 1, withText(func(s, old string) string { return strings.ReplaceAll(s, old, "") })},
	"remove_first":  {1, 1, withText(func(s, old string) string { return strings.Replace(s, old, "", 1) })},
	"replace":       {2, 2, replaceFilter(-1)},
	"replace_first": {2, 2, replaceFilter(1)},
	"truncate":      {0, 2, truncateFilter},
	"truncatewords": {0, 2, truncateWordsFilter},
	"split":         {1, 1, splitFilter},
	"slice":         {1, 2, sliceFilter},

	"size":    {0, 0, sizeFilter},
	"first":   {0, 0, pick(func(list []any) any { return list[0] })},
	"last":    {0, 0, pick(func(list []any) any { return list[len(list)-1] })},
	"join":    {0, 1, joinFilter},
	"map":     {1, 1, mapFilter},
	"where":   {1, 2, whereFilter},
	"sort":    {0, 1, sortFilter},
	"reverse": {0, 0, listFilter(func(list []any) []any { slices.Reverse(list); return list })},
	"uniq":    {0, 0, listFilter(unique)},
	"compact": {0, 0, listFilter(func(list []any) []any { return slices.DeleteFunc(list, func(v any) bool { return v == nil }) })},
	"concat":  {1, 1, concatFilter},
	"sum":     {0, 1, sumFilter},

	"raw": {0, 0, func(_ *run, v any, _ []any) (any, error) { return markAs(trusted, textOf(v)), nil }},
	"escape": {0, 0, func(_ *run, v any, _ []any) (any, error) {
		return markAs(markup, html.EscapeString(clean(plain(v)))), nil
	}},
	"escape_once": {0, 0, func(_ *run, v any, _ []any) (any, error) {
		return markAs(markup, html.EscapeString(html.UnescapeString(clean(textOf(v))))), nil
	}},
	"newline_to_br": {0, 0, func(_ *run, v any, _ []any) (any, error) {
		return markAs(markup, strings.ReplaceAll(html.EscapeString(clean(plain(v))), "\n", "<br>\n")), nil
	}},
	"url_encode": {0, 0, func(_ *run, v any, _ []any) (any, error) { return markAs(encoded, percentEncode(plain(v))), nil }},
	"json": {0, 0, func(_ *run, v any, _ []any) (any, error) {
		text, err := json.Marshal(unmarked(v))
		return markAs(jsonDoc, string(text)), err
	}},
}

func unmarked(v any) any {
	switch v := v.(type) {
	case *marked:
		return v.text
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = unmarked(v[i])
		}
		return list
	}
	return v
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case *marked:
		return v.text == ""
	case []any:
		return len(v) == 0
	case *object:
		return v.Len() == 0
	}
	return false
}

func complain(filter, message string) error { return &filterError{filter: filter, message: message} }

// number gives whole numbers as such, so that they compare and print as they should.
func number(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f)
	}
	return f
}

func arithmetic(compute func(a, b float64) (float64, bool)) func(*run, any, []any) (any, error) {
	return func(_ *run, v any, args []any) (any, error) {
		a, okA := numberOf(v)
		b, okB := numberOf(args[0])
		if v == nil {
			a, okA = 0, true
		}
		if !okA || !okB {
			return nil, complain("of arithmetic", "a value is not a number")
		}
		result, ok := compute(a, b)
		if !ok {
			return nil, complain("divided_by", "the divisor is 0")
		}
		return number(result), nil
	}
}

func rounding(compute func(float64) float64) func(*run, any, []any) (any, error) {
	return func(_ *run, v any, _ []any) (any, error) {
		if v == nil {
			return nil, nil
		}
		f, ok := numberOf(v)
		if !ok {
			return nil, complain("of rounding", "the value is not a number")
		}
		return number(compute(f)), nil
	}
}

func roundFilter(r *run, v any, args []any) (any, error) {
	places, ok := 0.0, true
	if len(args) > 0 {
		places, ok = numberOf(args[0])
	}
	if !ok || places < 0 || places > 10 {
		return nil, complain("round", "the number of decimals is not between 0 and 10")
	}
	scale := math.Pow10(int(places))
	return rounding(func(f float64) float64 {
		scaled := f * scale
		return math.Round(scaled) / scale
	})(r, v, nil)
}

func moneyFilter(r *run, v any, args []any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	f, ok := numberOf(v)
	if !ok {
		return nil, complain("money", "the value is not a number")
	}
	currency := r.currency
	if len(args) > 0 {
		currency = strings.ToUpper(textOf(args[0]))
	}
	return r.locale.money(f, currency), nil
}

func numberFilter(r *run, v any, args []any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	f, ok := numberOf(v)
	decimals := -1
	if len(args) > 0 {
		n, isNumber := numberOf(args[0])
		decimals, ok = int(n), ok && isNumber && n >= 0 && n <= 10
	}
	if !ok {
		return nil, complain("number", "the value is not a number, or the decimals are not between 0 and 10")
	}
	return r.locale.number(f, decimals), nil
}

// percentFilter writes a number of percents: 15 is 15 %.
func percentFilter(r *run, v any, args []any) (any, error) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(textOf(v)), "%"))
	written, err := numberFilter(r, text, args)
	if err != nil || written == nil {
		return written, err
	}
	if r.locale == russian {
		return textOf(written) + noBreak + "%", nil
	}
	return textOf(written) + "%", nil
}

func pluralFilter(_ *run, v any, args []any) (any, error) {
	n, ok := numberOf(v)
	if v == nil {
		n, ok = 0, true
	}
	if !ok {
		return nil, complain("plural", "the value is not a number")
	}
	forms := make([]string, len(args))
	for i, form := range args {
		forms[i] = textOf(form)
	}
	return plural(n, forms), nil
}
