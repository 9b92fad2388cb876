// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/waymark-dev/waymark/internal/control"
)

// spaces is an endless run of blanks.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func newRequest(t *testing.T, method, path, kind string, body io.Reader) *http.Request {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), cmp.Or(method, http.MethodPut), cmp.Or(path, control.DefinitionsPath), body)
	request.Header.Set("Content-Type", cmp.Or(kind, "application/json"))
	return request
}

func record(handler http.Handler, request *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}
