// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire is what channels over HTTP share: it tells whether a request can have reached its receiver, and says what went wrong without
// saying to whom or with which secret.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// keepIdle is how long a connection waits for another request. It is short on purpose: a receiver that closes an idle connection at the moment
// when a request goes out on it leaves the request in doubt.
const keepIdle = 3 * time.Second

// Client makes a client for at most so many requests at a time. It follows no redirects and, as it is given no way to read a body twice, makes
// no request again by itself.
func Client(connections int) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   10 * time.Second,
			MaxIdleConns:          connections,
			MaxIdleConnsPerHost:   connections,
			IdleConnTimeout:       keepIdle,
			ForceAttemptHTTP2:     true,
			ExpectContinueTimeout: time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Try watches one request.
type Try struct{ written atomic.Bool }

// Watch makes a context whose request is watched.
func Watch(ctx context.Context) (context.Context, *Try) {
	try := &Try{}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				try.written.Store(true)
			}
		},
	}), try
}

// Written says whether all of the request was handed to the network, so that the receiver may have acted on it. Until then it cannot have.
func (t *Try) Written() bool { return t.written.Load() }

// RetryAfter reads the header of that name: seconds or a date; 0 where it says nothing or a time that has passed. A day is the most.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return bounded(seconds)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), mostPatience))
}

// mostPatience is the longest wait that a receiver may ask for.
const mostPatience = 24 * time.Hour

func bounded(seconds int64) time.Duration {
	if seconds >= int64(mostPatience/time.Second) {
		return mostPatience
	}
	return max(0, time.Duration(seconds)*time.Second)
}

// Explain says what became of a request without its address, as a token or a person's id may be part of that.
func Explain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return err
}
