// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxItems bounds lists that filters make.
const maxItems = 10_000

func onText(change func(string) string) func(*run, any, []any) (any, error) {
	return func(_ *run, v any, _ []any) (any, error) {
		if v == nil {
			return nil, nil
		}
		return change(textOf(v)), nil
	}
}

func withText(change func(s, argument string) string) func(*run, any, []any) (any, error) {
	return func(_ *run, v any, args []any) (any, error) { return change(textOf(v), textOf(args[0])), nil }
}

func capitalize(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

func replaceFilter(times int) func(*run, any, []any) (any, error) {
	return func(_ *run, v any, args []any) (any, error) {
		s, old, by := textOf(v), textOf(args[0]), textOf(args[1])
		if old == "" {
			return s, nil
		}
		if times < 0 && strings.Count(s, old)*len(by) > MaxBytes {
			return nil, ErrTooLarge
		}
		return strings.Replace(s, old, by, times), nil
	}
}

// count reads an optional argument that counts something.
func count(args []any, at, otherwise int) int {
	if at >= len(args) {
		return otherwise
	}
	n, ok := numberOf(args[at])
	if !ok {
		return otherwise
	}
	return int(max(-MaxBytes, min(n, MaxBytes)))
}

func ellipsis(args []any) string {
	if len(args) > 1 {
		return textOf(args[1])
	}
	return "…"
}

func truncateFilter(_ *run, v any, args []any) (any, error) {
	runes, dots := []rune(textOf(v)), ellipsis(args)
	limit := max(0, count(args, 0, 50))
	if len(runes) <= limit {
		return string(runes), nil
	}
	return strings.TrimRightFunc(string(runes[:max(0, limit-utf8.RuneCountInString(dots))]), unicode.IsSpace) + dots, nil
}

func truncateWordsFilter(_ *run, v any, args []any) (any, error) {
	words, limit := strings.Fields(textOf(v)), max(1, count(args, 0, 15))
	if len(words) <= limit {
		return textOf(v), nil
	}
	return strings.Join(words[:limit], " ") + ellipsis(args), nil
}

func splitFilter(_ *run, v any, args []any) (any, error) {
	parts := strings.SplitN(textOf(v), textOf(args[0]), maxItems)
	list := make([]any, 0, len(parts))
	for _, part := range parts {
		list = append(list, part)
	}
	for len(list) > 0 && list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	return list, nil
}

func sliceFilter(_ *run, v any, args []any) (any, error) {
	if list, isList := v.([]any); isList {
		from, to := bounds(len(list), args)
		return list[from:to], nil
	}
	runes := []rune(textOf(v))
	from, to := bounds(len(runes), args)
	return string(runes[from:to]), nil
}

func bounds(length int, args []any) (from, to int) {
	from = count(args, 0, 0)
	if from < 0 {
		from += length
	}
	from = max(0, min(from, length))
	return from, max(from, min(from+count(args, 1, 1), length))
}

func sizeFilter(_ *run, v any, _ []any) (any, error) {
	switch v := v.(type) {
	case []any:
		return len(v), nil
	case *object:
		return v.Len(), nil
	}
	return utf8.RuneCountInString(textOf(v)), nil
}

// listOf gives a list of its own that may be changed. A single value is a list of one, nothing an empty one.
func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return slices.Clone(v)
	}
	return []any{v}
}

func listFilter(change func([]any) []any) func(*run, any, []any) (any, error) {
	return func(_ *run, v any, _ []any) (any, error) { return change(listOf(v)), nil }
}

func pick(choose func([]any) any) func(*run, any, []any) (any, error) {
	return func(_ *run, v any, _ []any) (any, error) {
		list := listOf(v)
		if len(list) == 0 {
			return nil, nil
		}
		return choose(list), nil
	}
}

func unique(list []any) []any {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(v any) bool {
		key := jsonValue(unmarked(v))
		had := seen[key]
		seen[key] = true
		return had
	})
}

func joinFilter(_ *run, v any, args []any) (any, error) {
	separator := " "
	if len(args) > 0 {
		separator = textOf(args[0])
	}
	var b strings.Builder
	for i, item := range listOf(v) {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(textOf(item))
		if b.Len() > MaxBytes {
			return nil, ErrTooLarge
		}
	}
	return b.String(), nil
}

// field gives a member of an item; nil when there is none.
func field(item any, name string) any {
	if o, ok := item.(*object); ok {
		return o.fields[name]
	}
	return nil
}

func mapFilter(_ *run, v any, args []any) (any, error) {
	list := listOf(v)
	for i := range list {
		list[i] = field(list[i], textOf(args[0]))
	}
	return list, nil
}

func whereFilter(_ *run, v any, args []any) (any, error) {
	return slices.DeleteFunc(listOf(v), func(item any) bool {
		value := field(item, textOf(args[0]))
		if len(args) == 1 {
			return value == nil || value == false
		}
		return jsonValue(unmarked(value)) != jsonValue(unmarked(args[1]))
	}), nil
}

// sortFilter puts numbers before texts, and nothing last.
func sortFilter(_ *run, v any, args []any) (any, error) {
	list := listOf(v)
	key := func(item any) any { return item }
	if len(args) > 0 {
		key = func(item any) any { return field(item, textOf(args[0])) }
	}
	slices.SortStableFunc(list, func(a, b any) int { return compare(key(a), key(b)) })
	return list, nil
}

func compare(a, b any) int {
	if ranks := cmp.Compare(rank(a), rank(b)); ranks != 0 {
		return ranks
	}
	if rank(a) == 0 {
		x, _ := numberOf(a)
		y, _ := numberOf(b)
		return cmp.Compare(x, y)
	}
	return strings.Compare(textOf(a), textOf(b))
}

func rank(v any) int {
	switch v.(type) {
	case int, float64:
		return 0
	case nil:
		return 2
	}
	return 1
}

func concatFilter(_ *run, v any, args []any) (any, error) {
	list := append(listOf(v), listOf(args[0])...)
	if len(list) > maxItems {
		return nil, ErrTooLarge
	}
	return list, nil
}

func sumFilter(_ *run, v any, args []any) (any, error) {
	var sum float64
	for _, item := range listOf(v) {
		if len(args) > 0 {
			item = field(item, textOf(args[0]))
		}
		if f, ok := numberOf(item); ok {
			sum += f
		}
	}
	return number(sum), nil
}
