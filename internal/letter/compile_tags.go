// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
)

// tags are those that templates may have. The library's include would read files.
var tags = []string{
	"assign", "break", "capture", "case", "comment", "continue", "cycle", "else", "elsif", "endcapture", "endcase", "endcomment", "endfor", "endif",
	"endraw", "endunless", "for", "if", "raw", "unless", "when",
}

func (k *compiler) tag(t parser.Token) {
	if !slices.Contains(tags, t.Name) {
		k.unknownTag(t)
		return
	}
	source := t.Source
	switch t.Name {
	case "comment", "raw":
		k.hidden = t.Name
	case "if", "unless", "case":
		if _, ok := k.expression(t.Args, ""); ok {
			k.open(t)
		}
	case "for":
		source = k.loop(t)
	case "capture":
		if name := strings.TrimSpace(t.Args); !isName(name) {
			k.complain(t.Source, "it names no variable", "write {% capture name %}")
		} else {
			k.open(t)
			k.known[name] = true
		}
		if _, isPage := k.at.(inHTML); isPage {
			k.at = inHTML{}
		}
		source = strings.Replace(source, t.Name, captureTag, 1)
	case "elsif", "else", "when":
		k.clause(t)
	case "endif", "endunless", "endcase", "endfor", "endcapture":
		k.close(t)
		source = strings.Replace(source, "endcapture", "end"+captureTag, 1)
	case "assign":
		k.assign(t)
	case "cycle":
		if !k.inLoop() {
			k.complain(t.Source, "it stands outside of a loop", "write it between {% for … %} and {% endfor %}")
		} else {
			k.expression(t.Args, expressions.CycleStatementSelector)
		}
	case "break", "continue":
		k.leave(t)
	default: // an end without a beginning: endcomment, endraw
		k.complain(t.Source, "nothing begins that it could end", "remove it")
	}
	k.out.WriteString(source)
}

func (k *compiler) unknownTag(t parser.Token) {
	hint := "tags are " + strings.Join(tags, ", ")
	if word := nearest(t.Name, tags); word != "" {
		hint = "write " + word
	}
	switch t.Name {
	case "include", "render", "layout":
		hint = "write the text here: templates read no files"
	case "tablerow":
		hint = "write {% for %} and the cells' tags"
	}
	k.complain(t.Source, "there is no such tag", hint)
}

func isName(text string) bool {
	list := symbols(text)
	if len(list) != 1 || list[0].kind != name || reserved[list[0].text] {
		return false
	}
	_, taken := roots[list[0].text]
	return !taken
}

func (k *compiler) open(t parser.Token) {
	if len(k.blocks) >= 64 {
		k.complain(t.Source, "blocks lie too deep in each other", "simplify the template")
		return
	}
	k.blocks = append(k.blocks, &block{token: t, entered: k.at})
}

func (k *compiler) inLoop() bool {
	return slices.ContainsFunc(k.blocks, func(b *block) bool { return b.token.Name == "for" })
}

// loop begins a loop and gives its tag anew: what it goes over is made a list, as the library shows no else where there is nothing at all, and
// a tag behind it counts its turns.
func (k *compiler) loop(t parser.Token) string {
	list := symbols(t.Args)
	if len(list) < 3 || list[0].kind != name || list[1].text != "in" || parse(expressions.LoopStatementSelector+t.Args) != nil {
		k.complain(t.Source, "the loop cannot be read", "write {% for item in event.data.items %}, behind it perhaps limit: 5, offset: 1 or reversed")
		return ""
	}
	if !isName(list[0].text) {
		k.complain(list[0].text, "a loop's variable cannot have the name of one that is always there", "choose another name")
		return ""
	}
	over := 3
	for over < len(list) && !isModifier(list[over-1], list[over]) {
		over++
	}
	variables, calls := mentions(slices.DeleteFunc(slices.Clone(list[2:]), func(s symbol) bool { return s.kind == name && s.text == "reversed" }))
	for _, v := range variables {
		k.variable(v)
	}
	for _, c := range calls {
		k.call(c)
	}
	if k.loops++; k.loops > maxLoops {
		k.complain(t.Source, fmt.Sprintf("more than %d loops lie in each other", maxLoops), "simplify the template")
	}
	b := &block{token: t, entered: k.at}
	for _, own := range []string{list[0].text, "forloop"} {
		if !k.known[own] {
			b.own = append(b.own, own)
			k.known[own] = true
		}
	}
	k.blocks = append(k.blocks, b)
	at := strings.Index(t.Source, t.Args) + list[over-1].end
	return t.Source[:at] + " | " + listFilterName + t.Source[at:] + "{% " + stepTag + " %}"
}

// isModifier says whether a symbol of a loop, behind another, changes which turns there are.
func isModifier(before, s symbol) bool {
	if before.kind == other && (before.text == "|" || before.text == ",") {
		return false
	}
	return s.kind == name && s.text == "reversed" || s.kind == keyword && (s.text == "limit" || s.text == "offset")
}

// leave checks a break or continue: what follows the loop must not depend on it.
func (k *compiler) leave(t parser.Token) {
	for _, b := range slices.Backward(k.blocks) {
		if b.token.Name == "for" {
			if _, same := join(k.at, b.entered); !same {
				k.complain(t.Source, "it leaves the loop in the midst of a tag", "finish the tag before it")
			}
			return
		}
	}
	k.complain(t.Source, "it stands outside of a loop", "write it between {% for … %} and {% endfor %}")
}

func (k *compiler) assign(t parser.Token) {
	list := symbols(t.Args)
	if len(list) < 3 || !isName(list[0].text) || list[1].text != "=" || parse(expressions.AssignStatementSelector+t.Args) != nil {
		k.complain(t.Source, "it cannot be read", "write {% assign name = value %}, with a name that is not taken")
		return
	}
	variables, calls := mentions(list[2:])
	for _, v := range variables {
		k.variable(v)
	}
	for _, c := range calls {
		k.call(c)
	}
	k.known[list[0].text] = true
}

// clause begins another branch of the block at hand.
func (k *compiler) clause(t parser.Token) {
	var b *block
	if len(k.blocks) > 0 {
		b = k.blocks[len(k.blocks)-1]
	}
	fits := b != nil && !b.isElse
	if fits {
		switch t.Name {
		case "elsif":
			fits = b.token.Name == "if"
		case "when":
			fits = b.token.Name == "case"
		default:
			fits = b.token.Name != "capture"
		}
	}
	if !fits {
		k.complain(t.Source, "it has no place here", "elsif and else belong to if, else to unless and for, when and else to case, and nothing follows an else")
		return
	}
	switch t.Name {
	case "elsif":
		k.expression(t.Args, "")
	case "when":
		k.expression(t.Args, expressions.WhenStatementSelector)
	default:
		b.isElse = true
	}
	k.branchEnds(b)
	k.at = b.entered
}

// branchEnds holds where a branch ended against where the others did.
func (k *compiler) branchEnds(b *block) {
	b.branches++
	if b.token.Name == "case" && b.branches == 1 { // what stands before the first when is never shown
		return
	}
	if b.ended == nil {
		b.ended = k.at
		return
	}
	joined, same := join(b.ended, k.at)
	if !same {
		k.complain(b.token.Source, "its branches end in different places of the document",
			"let each of them close the tags and quotes that it opens")
	}
	b.ended = joined
}

func (k *compiler) close(t parser.Token) {
	if len(k.blocks) == 0 || "end"+k.blocks[len(k.blocks)-1].token.Name != t.Name {
		hint := "remove it"
		if len(k.blocks) > 0 {
			hint = "write {% end" + k.blocks[len(k.blocks)-1].token.Name + " %}"
		}
		k.complain(t.Source, "it does not end the block that is open", hint)
		return
	}
	b := k.blocks[len(k.blocks)-1]
	k.blocks = k.blocks[:len(k.blocks)-1]
	if b.token.Name == "capture" {
		if _, isPage := k.at.(inHTML); isPage && k.at != (inHTML{}) {
			k.complain(b.token.Source, "it ends in the midst of a tag", "let it close the tags and quotes that it opens")
		}
		k.at = b.entered
		return
	}
	k.branchEnds(b)
	if !b.isElse || b.token.Name == "for" { // nothing of it may be shown, or several turns
		k.at = b.entered
		k.branchEnds(b)
	}
	if b.ended != nil {
		k.at = b.ended
	}
	if b.token.Name == "for" {
		k.loops--
		for _, own := range b.own {
			delete(k.known, own)
		}
	}
}
