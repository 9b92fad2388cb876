// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package control is the conversation between the operator and a workspace's runner: definitions go down, reports come up.
// The operator is the only client, and who holds its keys: people use them to read and to write what the runner remembers of whom nothing may be
// sent. Both sides prove who they are with certificates of the workspace's own CA.
package control

import (
	"encoding/json"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// Paths of the control port.
const (
	DefinitionsPath = "/v1/definitions" // PUT Definitions gives Applied
	ReportPath      = "/v1/report"      // GET gives Report
	HealthPath      = "/healthz"        // GET gives 200 while the server runs

	SuppressionsPath = "/v1/suppressions" // GET gives Suppression lines; POST of such lines gives Suppressed
	ConsentsPath     = "/v1/consents"     // GET gives Consent lines
)

// OperatorName is the common name of the operator's certificate. A runner answers nobody else.
const OperatorName = "waymark-manager"

// Definitions is the whole set that a runner is to run. What is not in it is withdrawn.
type Definitions struct {
	// Leader is the operator's term; a call of an older term than one seen is refused.
	Leader uint64 `json:"leader"`
	// Call counts the operator's calls within its term: of two, the one with the lesser number is outdated, whichever arrives first. 0
	// when it does not count them.
	Call uint64 `json:"call,omitempty"`
	// Definitions are in the order of their keys.
	Definitions []Definition `json:"definitions"`
}

// Definition is one resource's meaning in one version.
type Definition struct {
	// Key is kind/namespace/name.
	Key string `json:"key"`
	// Version is the hash of Meaning.
	Version string `json:"version"`
	// UID and Generation are the resource's; an older generation of the same UID is ignored.
	UID        string `json:"uid"`
	Generation int64  `json:"generation"`
	// Meaning is the canonical form (package definition). Empty keeps what the runner has under Key, whatever that is: the
	// operator sends it for a resource whose latest spec is invalid, so that the valid one it had goes on.
	Meaning json.RawMessage `json:"meaning,omitempty"`
	// Source is the operator's own, to be given back when it asks to keep what there is: the spec that the version was compiled from,
	// which an operator that has just started does not know when a later one is invalid. No runner reads it.
	Source json.RawMessage `json:"source,omitempty"`
	// Standing is what a scenario is told besides its meaning (a definition.Standing as canonical JSON); empty for other kinds, and for
	// one that is to be as it was.
	Standing json.RawMessage `json:"standing,omitempty"`
}

// Keep says that the runner is to keep what it has under the key.
func (d *Definition) Keep() bool { return len(d.Meaning) == 0 }

// Applied is the answer to Definitions: all of them are in the log's order of things now, but for those refused.
type Applied struct {
	// Refused are the definitions that this runner cannot run; what it had under their keys goes on.
	Refused []Refusal `json:"refused,omitempty"`
	// Kept are the versions that are in force under the keys to be kept, with their Source and without Meaning.
	Kept []Definition `json:"kept,omitempty"`
}

// Refusal says why a definition is not run.
type Refusal struct {
	Key     string `json:"key"`
	Version string `json:"version"`
	// Message says what is wrong, with the field's path where there is one.
	Message string `json:"message"`
}

// Report is the state of one runner.
type Report struct {
	// Engine is the version of the fold's rules.
	Engine int `json:"engine"`
	// TimeZoneData is the version of the time zone rules.
	TimeZoneData string `json:"timeZoneData"`
	// Ingest says whether events can be appended durably now.
	Ingest Ingest `json:"ingest"`
	// Storage is the data volume.
	Storage Storage `json:"storage"`
	// Feeds are the served feeds, in the order of their keys.
	Feeds []Feed `json:"feeds,omitempty"`
	// FeedsVersion is the version of the feeds file that is served.
	FeedsVersion string `json:"feedsVersion,omitempty"`
	// Channels are those that the sender works with, in the order of their keys, and DeliveryVersion the version of the delivery file.
	Channels        []Channel `json:"channels,omitempty"`
	DeliveryVersion string    `json:"deliveryVersion,omitempty"`
	// AsOf is the runner's time, in microseconds since 1970, for which all partitions speak. While a partition cannot follow the clock
	// (Ingest tells why) it may lie outside that partition's [Clock, NextDue).
	AsOf int64 `json:"asOf"`
	// Partitions are those this runner owns and has numbers of, in their order.
	Partitions []aggregate.Partition `json:"partitions"`
	// Faults are those that it owns and has no numbers of now, in their order.
	Faults []Fault `json:"faults,omitempty"`
}

// Fault says why a partition does not run.
type Fault struct {
	Partition int `json:"partition"`
	// Reason is a PascalCase word, such as CatchingUp or LogDiverged.
	Reason string `json:"reason"`
	// Message explains the reason.
	Message string `json:"message"`
}

// Ingest is whether events are taken.
type Ingest struct {
	Ready bool `json:"ready"`
	// Reason is a PascalCase word, such as StorageFull or ClockSuspect; empty when ready.
	Reason string `json:"reason,omitempty"`
	// Message explains the reason.
	Message string `json:"message,omitempty"`
}

// Storage tells of the data volume, in bytes.
type Storage struct {
	Capacity uint64 `json:"capacity"`
	Free     uint64 `json:"free"`
	Log      uint64 `json:"log"`
}

// Feed counts what came through one feed since the runner started.
type Feed struct {
	// Key is namespace/name.
	Key string `json:"key"`
	// Accepted counts events that were made durable.
	Accepted int64 `json:"accepted"`
	// Dropped counts messages that the mapping dropped.
	Dropped int64 `json:"dropped"`
	// Clamped counts events whose time lay too far in the future.
	Clamped int64 `json:"clamped"`
	// Refused counts refused messages by a closed list of reasons.
	Refused map[string]int64 `json:"refused,omitempty"`
	// LastEvent is when the last one was accepted, in microseconds since 1970; 0 is never.
	LastEvent int64 `json:"lastEvent,omitempty"`
}

// Channel is what the sender knows of a MessageChannel beside its numbers.
type Channel struct {
	// Key is the channel's.
	Key string `json:"key"`
	// Accepted: its settings and secrets could be used. Probed: it was tried since, or a message was.
	Accepted bool `json:"accepted"`
	Probed   bool `json:"probed"`
	// Reachable says how the last message or probe went, Since, in microseconds since 1970, since when that has been so.
	Reachable bool  `json:"reachable"`
	Since     int64 `json:"since,omitempty"`
	// Message explains an outage. It holds no secret and nothing personal.
	Message string `json:"message,omitempty"`
	// LastClass is why a message was last not accepted (package channel); empty: all were since the runner started.
	LastClass string `json:"lastClass,omitempty"`
	// InFlight counts messages that are claimed and of which no result is durable yet.
	InFlight int `json:"inFlight,omitempty"`
}
