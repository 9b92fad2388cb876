// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// preflightSeconds is how long a browser may remember an answer about what it may send.
const preflightSeconds = "3600"

// originAllowed tells whether the list lets pages of an origin send events. An entry is an origin, "*", or a scheme with
// "*." for every subdomain.
func originAllowed(list []string, origin string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		if entry == "*" || strings.EqualFold(entry, origin) {
			return true
		}
		scheme, domain, wild := strings.Cut(entry, "*.")
		if !wild || len(origin) <= len(scheme)+len(domain)+1 || !strings.EqualFold(origin[:len(scheme)], scheme) {
			return false
		}
		suffix := "." + domain
		return strings.EqualFold(origin[len(origin)-len(suffix):], suffix)
	})
}

// allowOrigin lets a browser's page read the answer.
func allowOrigin(w http.ResponseWriter, origin string) {
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Add("Vary", "Origin")
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After, X-RateLimit-Reset")
}

// preflight answers a browser that asks what it may send.
func preflight(w http.ResponseWriter, r *http.Request, allowed []string) {
	origin := r.Header.Get("Origin")
	w.Header().Set("Allow", "POST, OPTIONS")
	if origin == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !originAllowed(allowed, origin) {
		ps := one(foreignOrigin(origin))
		ps.write(w)
		return
	}
	allowOrigin(w, origin)
	w.Header().Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		w.Header().Set("Access-Control-Allow-Headers", asked)
	}
	w.Header().Set("Access-Control-Max-Age", preflightSeconds)
	w.WriteHeader(http.StatusNoContent)
}

func foreignOrigin(origin string) *Problem {
	return &Problem{
		Reason: OriginNotAllowed, Field: "Origin", Value: shorten(origin), status: http.StatusForbidden,
		Error: "pages of this origin may not send events to this feed",
		Hint:  "add the origin to spec.http.cors.allowOrigins of the EventFeed",
	}
}
