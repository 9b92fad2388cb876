// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Visitor says who followed a link.
type Visitor uint8

const (
	// Human is a person, as far as can be told.
	Human Visitor = iota
	// Machine is a program: a proxy that fetches pictures beforehand, a scanner that tries links, a robot.
	Machine
)

// String names the visitor.
func (v Visitor) String() string {
	if v == Machine {
		return "Machine"
	}
	return "Human"
}

// atOnce is how soon after sending nobody has read a message yet, and within which nobody follows two of its links.
const atOnce = 2 * time.Second

// Parts of the names, in lower case, by which programs show themselves. Sources are their makers' pages and what mail services publish.
var machineAgents = []string{
	// Pictures fetched by mail services, whether or not anybody looks.
	"googleimageproxy", "ggpht.com", "yahoomailproxy", "yahoo! slurp", "bingpreview", "outlook-linkpreview", "skypeuripreview",
	// Scanners of links.
	"barracuda", "proofpoint", "mimecast", "symantec", "messagelabs", "trendmicro", "safelinks", "microsoft office existence discovery", "forcepoint",
	"ironport", "sophos", "fireeye", "trellix", "cloudmark", "zscaler", "netcraft", "virustotal", "urlscan", "checkpoint", "kaspersky", "drweb",
	// Previews of messengers.
	"telegrambot", "whatsapp/", "slackbot", "slack-imgproxy", "discordbot", "facebookexternalhit", "twitterbot", "linkedinbot", "viber/", "vkshare",
	"mail.ru_bot", "yandexbot", "yandeximageresizer", "googlebot", "google-safety", "feedfetcher", "applebot",
	// Browsers that nobody sits at, and libraries.
	"headlesschrome", "phantomjs", "puppeteer", "playwright", "selenium", "lighthouse", "curl/", "wget/", "python-requests", "python-urllib", "aiohttp",
	"go-http-client", "java/", "okhttp", "apache-httpclient", "libwww-perl", "node-fetch", "axios/", "guzzlehttp", "ruby", "scrapy",
	"crawler", "spider", "scanner", "bot/", "bot;", "monitoring",
}

// applePrefetch is all that Apple's mail privacy proxy says of itself.
const applePrefetch = "mozilla/5.0"

// Classify says who made a request for a link of a message that was sent at sentAt. A clock that is behind counts as at once.
func Classify(r *http.Request, sentAt, now time.Time) Visitor {
	agent := strings.ToLower(strings.TrimSpace(r.UserAgent()))
	switch {
	case r.Method == http.MethodHead, agent == "", agent == applePrefetch:
		return Machine
	case isPrefetch(r.Header):
		return Machine
	}
	for _, part := range machineAgents {
		if strings.Contains(agent, part) {
			return Machine
		}
	}
	if now.Sub(sentAt) < atOnce && !looksLikeBrowser(r.Header, agent) {
		return Machine
	}
	return Human
}

// isPrefetch knows requests that browsers and proxies make before anybody asks.
func isPrefetch(h http.Header) bool {
	for _, name := range []string{"Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"} {
		value := strings.ToLower(h.Get(name))
		if strings.Contains(value, "prefetch") || strings.Contains(value, "preview") {
			return true
		}
	}
	return false
}

// looksLikeBrowser asks for what all browsers send and few programs do.
func looksLikeBrowser(h http.Header, agent string) bool {
	engine := strings.Contains(agent, "applewebkit/") || strings.Contains(agent, "gecko/") || strings.Contains(agent, "trident/")
	return engine && h.Get("Accept-Language") != ""
}

// Watch finds programs that follow several links of one message at once. It remembers a bounded number of messages, the latest ones, for
// no longer than it must. The zero value is ready; it is safe for concurrent use.
type Watch struct {
	mu     sync.Mutex
	latest map[string]follow
	order  []string // a ring of the messages in latest, the oldest at next
	next   int
}

type follow struct {
	target  string
	at      time.Time
	machine bool
}

// watched is how many messages a Watch remembers.
const watched = 4096

// Follows notes that a link of the message was followed, and says whether a program is doing it: another link of that message was followed
// less than two seconds before. What it was first is not changed by that.
func (w *Watch) Follows(message, target string, now time.Time) Visitor {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest == nil {
		w.latest = make(map[string]follow)
	}
	last, known := w.latest[message]
	if !known {
		w.remember(message)
	}
	since := now.Sub(last.at)
	near := known && since < atOnce && since > -atOnce
	machine := near && (last.machine || last.target != target)
	w.latest[message] = follow{target: target, at: now, machine: machine}
	if machine {
		return Machine
	}
	return Human
}

func (w *Watch) remember(message string) {
	if len(w.order) < watched {
		w.order = append(w.order, message)
		return
	}
	delete(w.latest, w.order[w.next])
	w.order[w.next] = message
	w.next = (w.next + 1) % watched
}
