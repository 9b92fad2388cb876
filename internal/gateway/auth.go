// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// keyHash stands for a write key. Comparing and looking up hashes tells nothing of the key by the time it takes.
type keyHash [sha256.Size]byte

func hashKey(key string) keyHash { return sha256.Sum256([]byte(key)) }

// shownKey is the write key that a request's head shows, or empty: the user of Basic authentication, a Bearer token, the
// header X-Waymark-Key, or the query parameter writeKey for senders that can only be given an address.
func shownKey(r *http.Request) string {
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	credentials = strings.TrimSpace(credentials)
	switch {
	case strings.EqualFold(scheme, "Bearer") && credentials != "":
		return credentials
	case strings.EqualFold(scheme, "Basic"):
		if user := basicUser(credentials); user != "" {
			return user
		}
	}
	if key := r.Header.Get("X-Waymark-Key"); key != "" {
		return key
	}
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get("writeKey")
}

// basicUser is the user of Basic credentials. Some of Segment's libraries leave the colon out.
func basicUser(credentials string) string {
	decoded, err := base64.StdEncoding.DecodeString(credentials)
	if err != nil {
		return ""
	}
	user, _, _ := strings.Cut(string(decoded), ":")
	return user
}

// admits tells whether the key opens the feed. It compares with every key, so that time says nothing.
func (f *feed) admits(key string) bool {
	if len(f.keys) == 0 {
		return true
	}
	shown, found := hashKey(key), 0
	for i := range f.keys {
		found |= subtle.ConstantTimeCompare(shown[:], f.keys[i][:])
	}
	return found == 1
}

func unauthorized(key string) *Problem {
	p := &Problem{
		Reason: Unauthorized, Error: "the write key is not one of this feed", status: http.StatusUnauthorized,
		Hint: "use the key from the Secret that the EventFeed's status.http.writeKeySecretName names",
	}
	if key == "" {
		p.Error = "the request shows no write key"
		p.Hint = "send the key as the user of Basic authentication, as a Bearer token, as the header X-Waymark-Key or as the query parameter writeKey"
	}
	return p
}
