// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Problem is one thing that is wrong with a manifest.
type Problem struct {
	// File as it was named, "-" for standard input.
	File string
	// Line of the offending field from 1; 0 when the file as a whole is meant.
	Line int
	// Resource is kind and name, such as "Funnel shop"; empty while they are not known.
	Resource string
	// Field is the path of the field, such as spec.stages[1].where; empty when none is meant.
	Field string
	// Message says what is wrong and what to write instead.
	Message string
}

// Error writes "shop.yaml:14: Funnel shop: spec.stages[1].where: what is wrong".
func (p *Problem) Error() string {
	place := p.File
	if p.Line > 0 {
		place += ":" + strconv.Itoa(p.Line)
	}
	parts := []string{place}
	for _, part := range []string{p.Resource, p.Field, p.Message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Origin is where an object stands.
type Origin struct {
	file string
	line int
	name string     // kind and name
	node *yaml.Node // the document's or, in a List, the item's mapping; nil if it could not be read again
}

// Problem gives an error of the API the place that it is about.
func (o *Origin) Problem(err *field.Error) *Problem {
	message := err.ErrorBody()
	if err.Type == field.ErrorTypeForbidden || err.Type == field.ErrorTypeInvalid && !showsValue(err.BadValue) {
		message = err.Detail
	}
	path := err.Field
	if path == "<nil>" { // a rule about the whole object
		path = ""
	}
	return &Problem{File: o.file, Line: o.lineOf(path), Resource: o.name, Field: path, Message: message}
}

// showsValue says whether an error's value tells more than the name of its type, which the API server puts in its place.
func showsValue(value any) bool {
	return value != any(field.OmitValueType{}) && value != "object" && value != "array"
}

// lineOf gives the line of a field, or of its nearest ancestor that exists.
func (o *Origin) lineOf(path string) int {
	line, node := o.line, o.node
	for _, step := range steps(path) {
		if node == nil {
			break
		}
		var at int
		if node, at = child(node, step); node != nil {
			line = at
		}
	}
	return line
}

// steps takes a path such as spec.stages[1].where or metadata.labels[a.b/c] apart.
func steps(path string) []string {
	var all []string
	for path != "" {
		switch path[0] {
		case '.':
			path = path[1:]
		case '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return append(all, path[1:])
			}
			all, path = append(all, path[1:end]), path[end+1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			all, path = append(all, path[:end]), path[end:]
		}
	}
	return all
}

// child gives what lies under a key or an index of a node, and the line of the key or of the element.
func child(node *yaml.Node, step string) (*yaml.Node, int) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1], node.Content[i].Line
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i].Line
		}
	}
	return nil, 0
}
