// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// page is what a person sees. With Buttons it is a form.
type page struct {
	Title, Text string
	Topics      []topic
	Buttons     []button
	// Press lets a script press the first button as soon as a person sees the page.
	Press bool
}

type topic struct {
	Title, Field string
	Choices      []choice
}

type choice struct {
	Value, Label string
	Chosen       bool
}

type button struct{ Label, Name, Value string }

// seen is the page's text, by which a person agreed.
func (p page) seen() string {
	lines := []string{p.Title, p.Text}
	for _, b := range p.Buttons {
		lines = append(lines, b.Label)
	}
	return strings.Join(lines, "\n")
}

const style = `body{margin:0;background:#f4f4f2;color:#1c1c1c;font:18px/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:3rem 1.25rem}h1{font-size:1.6rem;line-height:1.25}
fieldset{margin:0 0 1rem;padding:.75rem 1rem;border:1px solid #8a8a86;border-radius:.5rem;background:#fff}legend{font-weight:600;padding:0 .25rem}
label{display:block;padding:.3rem 0}button{display:block;margin:1rem 0 0;padding:.8rem 1.4rem;border:2px solid #1a4f8b;border-radius:.5rem;
background:#1a4f8b;color:#fff;font:inherit;cursor:pointer}button+button{background:#fff;color:#1a4f8b}:focus-visible{outline:3px solid #d98200;outline-offset:2px}`

var layout = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{{.Page.Title}}</title>
<style>` + style + `</style>
</head>
<body>
<main>
<h1>{{.Page.Title}}</h1>
<p>{{.Page.Text}}</p>
{{- if .Page.Buttons}}
<form method="post">
<input type="hidden" name="lang" value="{{.Language}}">
{{- range .Page.Topics}}{{$field := .Field}}
<fieldset>
<legend>{{.Title}}</legend>
{{- range .Choices}}
<label><input type="radio" name="{{$field}}" value="{{.Value}}"{{if .Chosen}} checked{{end}} required> {{.Label}}</label>
{{- end}}
</fieldset>
{{- end}}
{{- range .Page.Buttons}}
<button type="submit" name="{{.Name}}" value="{{.Value}}">{{.Label}}</button>
{{- end}}
</form>
{{- end}}
</main>
{{- if .Page.Press}}
<script>` + press + `</script>
{{- end}}
</body>
</html>
`))

// press sends the form for a person who has just come by a link: not before the page is visible, and not again when they come back to it.
const press = `(function () {
  var came = performance.getEntriesByType("navigation")[0];
  if (came && came.type !== "navigate") return;
  function press() {
    if (document.visibilityState !== "visible") return;
    document.removeEventListener("visibilitychange", press);
    document.querySelector("button").click();
  }
  document.addEventListener("visibilitychange", press);
  press();
})();`

// policy lets a page use nothing but its own style and its own form.
var policy = "default-src 'none'; style-src " + digest(style) + "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// digest names a style or a script in a policy.
func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// setHeaders keeps every answer out of caches, indexes and frames, and its address, which is a secret, from the pages that it leads to.
func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store, max-age=0")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}

func (v *visit) show(status int, p page) {
	var out bytes.Buffer
	if err := layout.Execute(&out, struct {
		Language string
		Page     page
	}{v.words.language, p}); err != nil { // it fails on no page that can be made
		http.Error(v.answer, p.Text, http.StatusInternalServerError)
		return
	}
	h := v.answer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.words.language)
	h.Set("Vary", "Accept-Language")
	if p.Press {
		h.Set("Content-Security-Policy", policy+"; script-src "+digest(press))
	}
	v.answer.WriteHeader(status)
	_, _ = v.answer.Write(out.Bytes()) // only the connection can fail, and nobody is left to tell
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
