// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package letter makes what a message says out of templates and data. Templates are Liquid. Whatever comes from data is escaped for the place
// where it stands, so that no contact writes a header, markup, a script or an address of theirs into anybody's message.
package letter

import (
	"fmt"
	"slices"

	"github.com/osteele/liquid/render"
)

const (
	// MaxBytes bounds each part of a rendered letter, and each value that a template makes.
	MaxBytes = 256 << 10
	// MaxButtonData bounds what a pressed button sends back, in bytes.
	MaxButtonData = 64
	// maxSteps bounds what one part's rendering may do: a turn of a loop, a filter or an output each take at least one.
	maxSteps = 100_000
	// maxLoops is how deep loops may lie in each other.
	maxLoops = 4
)

// Content is a letter's templates.
type Content struct {
	// Subject, Preheader and FromName are one line each. The preheader is what mail programs show beside the subject.
	Subject, Preheader, FromName string
	// Text and HTML are the body. Of HTML without Text a text is made.
	Text, HTML string
	// Buttons are rows of buttons under a bot's message.
	Buttons [][]Button
	// Payload is a JSON object for a webhook.
	Payload string
	// URL is a webhook's address.
	URL string
}

// Button is a button's templates; and, of a Rendered, the button. URL is opened, or Data comes back, at most MaxButtonData bytes.
type Button struct{ Text, URL, Data string }

// Letter is a Content that compiled. It is safe for concurrent use.
type Letter struct {
	parts   map[string]*template
	buttons [][]Button
	reads   Reads
}

// Reads says what a letter looks at, so that no more needs to be kept for it.
type Reads struct {
	// Contact, Event and Vars are the contact's attributes, the data of the event that let it in, and what steps stored.
	Contact, Event, Vars Read
	// Survey is set when something of the message's question is looked at.
	Survey bool
}

// Read says which names of an object are looked at.
type Read struct {
	// Any is set when something of it is looked at; of the event that may be its id, type, time or source alone.
	Any bool
	// All is set when it is only known while rendering which names.
	All bool
	// Names are those that are known, in their order.
	Names []string
}

func (r *Read) add(v variable, from int) {
	r.Any = true
	if len(v.path) <= from {
		r.All = true
		return
	}
	if at, found := slices.BinarySearch(r.Names, v.path[from]); !found {
		r.Names = slices.Insert(r.Names, at, v.path[from])
	}
}

// template is one part.
type template struct {
	root    render.Node
	filters []string // that it names
	escapes []string // that stand behind its outputs
}

// Compile checks and prepares a content. The error is Problems.
func Compile(c Content) (*Letter, error) {
	l := &Letter{parts: make(map[string]*template), buttons: c.Buttons}
	var problems Problems
	part := func(name, source string, at place) {
		if source == "" || len(problems) >= maxProblems {
			return
		}
		k := &compiler{part: name, reads: &l.reads, at: at}
		if t := k.compile(source); t != nil {
			l.parts[name] = t
		}
		problems = append(problems, k.problems...)
	}
	part("subject", c.Subject, anywhere{filterLine})
	part("preheader", c.Preheader, anywhere{filterLine})
	part("fromName", c.FromName, anywhere{filterLine})
	part("text", c.Text, anywhere{filterText})
	part("html", c.HTML, inHTML{})
	part("payload", c.Payload, inJSON{})
	part("url", c.URL, anywhere{filterLink})
	for i, row := range c.Buttons {
		for j, b := range row {
			name := buttonPart(i, j)
			part(name+".text", b.Text, anywhere{filterLine})
			part(name+".url", b.URL, anywhere{filterLink})
			part(name+".data", b.Data, anywhere{filterLine})
		}
	}
	if len(problems) > 0 {
		return nil, problems[:min(len(problems), maxProblems)]
	}
	return l, nil
}

func buttonPart(row, column int) string { return fmt.Sprintf("buttons[%d][%d]", row, column) }

// Reads says what the letter looks at.
func (l *Letter) Reads() Reads { return l.reads }
