// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// MaxDefinitionsBytes bounds the body that hands definitions over: far more than the largest specs of one workspace.
const MaxDefinitionsBytes = 64 << 20

var (
	// ErrOlderLeader says that a later operator has spoken; the caller should stand down.
	ErrOlderLeader = errors.New("the call is of an older leader than one seen before")
	// ErrOlderCall says that a later call of the same operator came first, so this one is outdated.
	ErrOlderCall = errors.New("the call is outdated by a later one")
	// ErrInvalid says that the call itself is wrong and would be wrong again.
	ErrInvalid = errors.New("invalid call")
	// ErrUnavailable says that the runner cannot do this now; the same call may succeed later.
	ErrUnavailable = errors.New("the runner cannot do this now")
)

// Plane is the runner as the control port serves it.
type Plane interface {
	// Apply makes definitions the whole set that runs. It returns once what differs is in the log. Errors wrap ErrOlderLeader,
	// ErrOlderCall, ErrInvalid or ErrUnavailable; then some partitions may have taken the set and the call is to be repeated.
	Apply(ctx context.Context, definitions Definitions) (Applied, error)
	// Report gives the state of all partitions for one instant. Errors wrap ErrUnavailable.
	Report(ctx context.Context) (Report, error)
}

// problem is the body of an answer that is an error.
type problem struct {
	Error string `json:"error"`
}

// NewHandler serves a plane and a ledger. It authenticates nobody: that is the TLS configuration's part.
func NewHandler(plane Plane, ledger Ledger, logger *slog.Logger) http.Handler {
	h := &handler{plane: plane, ledger: ledger, logger: logger}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT "+DefinitionsPath, h.apply)
	mux.HandleFunc("GET "+ReportPath, h.report)
	mux.HandleFunc("GET "+SuppressionsPath, h.suppressions)
	mux.HandleFunc("POST "+SuppressionsPath, h.suppress)
	mux.HandleFunc("GET "+ConsentsPath, h.consents)
	mux.HandleFunc("GET "+HealthPath, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return mux
}

type handler struct {
	plane  Plane
	ledger Ledger
	logger *slog.Logger
}

func (h *handler) apply(w http.ResponseWriter, r *http.Request) {
	definitions, err := readDefinitions(w, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	applied, err := h.plane.Apply(r.Context(), definitions)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.answer(w, r, http.StatusOK, applied)
}

func readDefinitions(w http.ResponseWriter, r *http.Request) (Definitions, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return Definitions{}, fmt.Errorf("%w: Content-Type is %q, want application/json", ErrInvalid, r.Header.Get("Content-Type"))
	}
	var definitions Definitions
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxDefinitionsBytes)).Decode(&definitions); err != nil {
		return Definitions{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	seen := map[string]bool{}
	for i, d := range definitions.Definitions {
		switch {
		case d.Key == "":
			return Definitions{}, fmt.Errorf("%w: definitions[%d].key is empty", ErrInvalid, i)
		case seen[d.Key]:
			return Definitions{}, fmt.Errorf("%w: definitions[%d].key %q comes twice", ErrInvalid, i, d.Key)
		case !d.Keep() && d.Version == "":
			return Definitions{}, fmt.Errorf("%w: definitions[%d].version of %q is empty", ErrInvalid, i, d.Key)
		}
		seen[d.Key] = true
	}
	return definitions, nil
}

func (h *handler) report(w http.ResponseWriter, r *http.Request) {
	report, err := h.plane.Report(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.answer(w, r, http.StatusOK, report)
}

func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrInvalid):
		status = http.StatusBadRequest
	case errors.Is(err, ErrOlderLeader):
		status = http.StatusConflict
	case errors.Is(err, ErrOlderCall):
		status = http.StatusPreconditionFailed
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	h.logger.Warn("control call failed", "method", r.Method, "path", r.URL.Path, "status", status, "error", err.Error())
	h.answer(w, r, status, problem{Error: err.Error()})
}

func (h *handler) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		h.logger.Error("control answer cannot be encoded", "path", r.URL.Path, "error", err.Error())
		http.Error(w, `{"error":"the answer cannot be encoded"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(encoded)))
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // the caller has gone; nothing is lost
}

// NewServer makes the server of a control port; run it with ServeTLS and empty file names.
func NewServer(plane Plane, ledger Ledger, keys *KeyFiles, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           NewHandler(plane, ledger, logger),
		TLSConfig:         keys.ServerTLS(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
