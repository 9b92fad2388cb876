// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import "strings"

// variable is a mention of a variable in an expression.
type variable struct {
	root string
	path []string // the names that follow, as far as they are written out
	open bool     // something follows that only rendering knows, such as [x]
	text string
}

// call is a mention of a filter.
type call struct {
	name string
	args int
}

// symbol is one symbol of an expression.
type symbol struct {
	kind symbolKind
	text string
	end  int // the offset behind it
}

type symbolKind uint8

const (
	other    symbolKind = iota // an operator or a number
	name                       // an identifier
	keyword                    // an identifier with a colon behind it
	property                   // .name
	quoted                     // a string
)

// reserved are identifiers that are no variables.
var reserved = map[string]bool{"true": true, "false": true, "nil": true, "and": true, "or": true, "contains": true, "in": true}

// symbols cuts an expression. It takes what the library's own scanner takes, whose expressions cannot be looked into.
func symbols(source string) []symbol {
	var list []symbol
	for i := 0; i < len(source); {
		c := source[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'':
			end := strings.IndexByte(source[i+1:], c)
			if end < 0 {
				return append(list, symbol{quoted, source[i+1:], len(source)}) // the parser says so too
			}
			list = append(list, symbol{quoted, source[i+1 : i+1+end], i + end + 2})
			i += end + 2
		case isLetter(c):
			end := identifierEnd(source, i)
			if end < len(source) && source[end] == ':' {
				list = append(list, symbol{keyword, source[i:end], end + 1})
				end++
			} else {
				list = append(list, symbol{name, source[i:end], end})
			}
			i = end
		case strings.HasPrefix(source[i:], ".."):
			list = append(list, symbol{other, "..", i + 2})
			i += 2
		case c == '.' && i+1 < len(source) && isLetter(source[i+1]):
			end := identifierEnd(source, i+1)
			list = append(list, symbol{property, source[i+1 : end], end})
			i = end
		case c >= '0' && c <= '9':
			end := i + 1
			for end < len(source) && (source[end] >= '0' && source[end] <= '9' || source[end] == '.' && !strings.HasPrefix(source[end:], "..")) {
				end++
			}
			list = append(list, symbol{other, source[i:end], end})
			i = end
		default:
			list = append(list, symbol{other, source[i : i+1], i + 1})
			i++
		}
	}
	return list
}

func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func identifierEnd(source string, i int) int {
	for i < len(source) && (isLetter(source[i]) || source[i] >= '0' && source[i] <= '9' || source[i] == '-') {
		i++
	}
	if i < len(source) && source[i] == '?' {
		i++
	}
	return i
}

// mentions finds the variables and filters of an expression that the parser has accepted.
func mentions(list []symbol) (variables []variable, calls []call) {
	for i := 0; i < len(list); i++ {
		s := list[i]
		switch {
		case s.kind == other && s.text == "|" && i+1 < len(list):
			i++
			calls = append(calls, call{name: list[i].text, args: countArgs(list[i:])})
		case s.kind == name && !reserved[s.text]:
			v := variable{root: s.text, text: s.text}
			i = v.follow(list, i+1) - 1
			variables = append(variables, v)
		}
	}
	return variables, calls
}

// follow reads the names behind a variable and gives the index of the first symbol that is not one.
func (v *variable) follow(list []symbol, i int) int {
	for i < len(list) && !v.open {
		switch {
		case list[i].kind == property:
			v.path = append(v.path, list[i].text)
			v.text += "." + list[i].text
			i++
		case i+2 < len(list) && list[i].text == "[" && list[i].kind == other && list[i+1].kind == quoted && list[i+2].text == "]":
			v.path = append(v.path, list[i+1].text)
			v.text += `["` + list[i+1].text + `"]`
			i += 3
		case list[i].kind == other && list[i].text == "[":
			v.open = true // what is inside is looked at as any other variable
		default:
			return i
		}
	}
	return i
}

// countArgs counts the arguments of the filter with which the list begins.
func countArgs(list []symbol) int {
	if list[0].kind != keyword {
		return 0
	}
	args, depth := 1, 0
	for _, s := range list[1:] {
		if s.kind != other {
			continue
		}
		switch s.text {
		case "(", "[":
			depth++
		case ")", "]":
			if depth--; depth < 0 {
				return args
			}
		case ",":
			if depth == 0 {
				args++
			}
		case "|":
			if depth == 0 {
				return args
			}
		}
	}
	return args
}

// nearest gives the known word that is closest to a wrong one; empty when none is close.
func nearest(wrong string, known []string) string {
	best, distance := "", len(wrong)/3+2
	for _, word := range known {
		if d := editDistance(strings.ToLower(wrong), strings.ToLower(word)); d < distance {
			best, distance = word, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
