// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import "strings"

// call is one of the Segment HTTP Tracking API.
type call string

const (
	noCall       call = ""
	callTrack    call = "track"
	callIdentify call = "identify"
	callPage     call = "page"
	callScreen   call = "screen"
	callGroup    call = "group"
	callAlias    call = "alias"
	callBatch    call = "batch"
	callMetrics  call = "m" // the libraries' own performance figures, which nobody here needs
)

// segmentCalls are the last parts of the API's paths. Libraries for browsers and phones use the first letters.
var segmentCalls = map[string]call{
	"track": callTrack, "t": callTrack,
	"identify": callIdentify, "i": callIdentify,
	"page": callPage, "p": callPage,
	"screen": callScreen, "s": callScreen,
	"group": callGroup, "g": callGroup,
	"alias": callAlias, "a": callAlias,
	"batch": callBatch, "b": callBatch, "import": callBatch,
	"m": callMetrics,
}

// route is what a request's path asks for.
type route struct {
	feed string // namespace/name; empty: the write key says it
	call call   // empty: not a Segment path
}

// parseRoute reads /{namespace}/{feed}, /{namespace}/{feed}/v1/{call} and /v1/{call}. The last wins over a namespace that
// is called v1.
func parseRoute(path string) (route, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) == 2 && parts[0] == "v1":
		c, known := segmentCalls[parts[1]]
		return route{call: c}, known
	case len(parts) == 2 && parts[0] != "" && parts[1] != "":
		return route{feed: parts[0] + "/" + parts[1]}, true
	case len(parts) == 4 && parts[0] != "" && parts[1] != "" && parts[2] == "v1":
		c, known := segmentCalls[parts[3]]
		return route{feed: parts[0] + "/" + parts[1], call: c}, known
	default:
		return route{}, false
	}
}
