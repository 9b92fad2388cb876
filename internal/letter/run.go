// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
	standard "github.com/osteele/liquid/tags"
)

// Tags that Compile writes in place of, or beside, the author's.
const (
	stepTag    = "waymark_step"
	captureTag = "waymark_capture"
)

// listFilterName is the filter behind what a loop goes over.
const listFilterName = "waymark_list"

// runName is the variable under which a run's own tags find it. No template can name it, as compiling lets it name no such variable.
const runName = "waymark run"

// grammar is what templates are parsed by. Its filters are those of each run.
var grammar = newGrammar()

func newGrammar() render.Config {
	c := render.NewConfig()
	standard.AddStandardTags(c)
	c.AddTag(stepTag, func(string) (func(io.Writer, render.Context) error, error) {
		return func(_ io.Writer, ctx render.Context) error { return runOf(ctx).step(1) }, nil
	})
	c.AddBlock(captureTag).Compiler(func(node render.BlockNode) (func(io.Writer, render.Context) error, error) {
		name := strings.TrimSpace(node.Args)
		return func(_ io.Writer, ctx render.Context) error {
			var inner bounded
			if err := ctx.RenderChildren(&inner); err != nil {
				return err
			}
			ctx.Set(name, runOf(ctx).captured(inner.String()))
			return nil
		}, nil
	})
	return c
}

func compileSource(source, part string) (render.Node, error) {
	root, err := grammar.Compile(source, parser.SourceLoc{Pathname: part, LineNo: 1})
	if err != nil {
		return nil, err
	}
	return root, nil
}

func runOf(ctx render.Context) *run {
	r, _ := ctx.Get(runName).(*run)
	return r
}

// run is the rendering of one letter for one contact.
type run struct {
	now      time.Time
	zone     *time.Location
	locale   *locale
	currency string
	bindings map[string]any

	steps int
	page  bool // the part is HTML, so that what is captured is markup
}

// step takes n steps of those that a part may take.
func (r *run) step(n int) error {
	if r.steps -= n; r.steps < 0 {
		return ErrTooLong
	}
	return nil
}

func (r *run) captured(text string) any {
	if r.page {
		return markAs(markup, text)
	}
	return text
}

// bounded keeps at most MaxBytes.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > MaxBytes {
		return 0, ErrTooLarge
	}
	return b.Builder.Write(p)
}

// render makes the text of one part.
func (r *run) render(part string, t *template) (text string, err error) {
	r.steps, r.page = maxSteps, part == "html"
	config := grammar
	config.Config.Config = expressions.NewConfig()
	for _, name := range t.filters {
		config.AddFilter(name, r.guard(filters[name]))
	}
	config.AddFilter(listFilterName, func(v any) any {
		if v == nil {
			return []any{}
		}
		return v
	})
	for _, name := range t.escapes {
		config.AddFilter(name, func(v any) (any, error) {
			escaped := escape(name, v)
			return escaped, r.step(1 + len(escaped)/256)
		})
	}
	defer func() {
		if broken := recover(); broken != nil {
			text, err = "", r.failed(part, 0, broken)
		}
	}()
	var out bounded
	if fault := render.Render(t.root, &out, r.bindings, config); fault != nil {
		return "", r.failed(part, fault.LineNumber(), fault)
	}
	return out.String(), nil
}

// guard bounds what a filter makes and how often it is called.
func (r *run) guard(f filter) func(v any, args ...any) (any, error) {
	return func(v any, args ...any) (any, error) {
		size := 0
		if text, isText := v.(string); isText {
			size = len(text)
		}
		if list, isList := v.([]any); isList {
			size = 16 * len(list)
		}
		if err := r.step(1 + size/256); err != nil {
			return nil, err
		}
		result, err := f.apply(r, v, args)
		if text, isText := result.(string); err == nil && isText && len(text) > MaxBytes {
			return nil, ErrTooLarge
		}
		return result, err
	}
}

var errNotRendered = errors.New("a value does not fit where the template uses it")

// failed tells what of a fault holds nothing of the contact. The library's own words quote values.
func (r *run) failed(part string, line int, fault any) error {
	for depth := 0; fault != nil && depth < 20; depth++ {
		switch f := fault.(type) {
		case *filterError:
			return &RenderError{Part: part, Line: line, Err: f}
		case expressions.FilterError:
			fault = f.Err
			continue
		case error:
			for _, known := range []error{ErrTooLarge, ErrTooLong} {
				if errors.Is(f, known) {
					return &RenderError{Part: part, Line: line, Err: known}
				}
			}
			if caused, ok := f.(interface{ Cause() error }); ok {
				fault = caused.Cause()
				continue
			}
		}
		break
	}
	return &RenderError{Part: part, Line: line, Err: errNotRendered}
}

var _ fmt.Stringer = (*bounded)(nil)
