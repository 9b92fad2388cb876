// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
)

const validWorkspace = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  timeZone: Europe/Moscow
  currency: RUB
  eventLog:
    partitions: 4
    retention: {age: 90d, maxSize: 6Gi}
    embedded: {storage: 10Gi, storageClassName: fast}
`

var workspaceRules = map[string]ruleCase{
	"accepts a valid workspace": {edit: asItIs},
	"accepts every field": {edit: `
spec:
  publicURL: https://go.example.com
  eventLog: {lateness: 3d}
  runner:
    replicas: 1
    resources: {requests: {cpu: 500m, memory: 512Mi}, limits: {memory: 1Gi}}
    nodeSelector: {kubernetes.io/arch: amd64}
    tolerations: [{key: dedicated, value: waymark, effect: NoSchedule}, {operator: Exists}]
    priorityClassName: high
  delivery: {mode: Redirect, to: qa@example.com}
  policy:
    quietHours: {from: "21:00", to: "09:00", action: Drop}
    frequencyCap: {messages: 3, per: 7d}
    consent: {topics: [{name: offers, title: Предложения}, {name: news}]}
    approval: {above: 1000}
  allowedNamespaces: [shop, "*"]
  deletionPolicy: Delete`},
	"accepts a NATS cluster with several runners": {edit: `
spec:
  eventLog: {embedded: null, nats: {url: "nats://a:4222,nats://b:4222", credentialsSecretRef: {name: nats}, replicas: 3}}
  runner: {replicas: 3}`},

	"refuses a name with a dot": {edit: `metadata: {name: shop.example}`,
		refused: "the name of a Workspace becomes part of other names: use at most 40 lower-case letters, digits and hyphens, without dots"},
	"refuses a name that is too long": {edit: `metadata: {name: a-very-long-name-that-would-not-fit-elsewhere}`,
		refused: "the name of a Workspace becomes part of other names: use at most 40 lower-case letters, digits and hyphens, without dots"},
	"refuses the zone Local": {edit: `spec: {timeZone: Local}`,
		refused: "Local differs from machine to machine: write the name of a time zone such as Europe/Moscow, or UTC"},
	"refuses a time zone with blanks":     {edit: `spec: {timeZone: "Europe / Moscow"}`, refused: "spec.timeZone"},
	"refuses a currency in small letters": {edit: `spec: {currency: rub}`, refused: "spec.currency"},
	"refuses a public URL without a scheme": {edit: `spec: {publicURL: go.example.com}`,
		refused: "write an absolute URL such as https://go.example.com"},
	"refuses a public URL of another scheme": {edit: `spec: {publicURL: "ftp://go.example.com"}`,
		refused: "write an absolute URL such as https://go.example.com"},
	"refuses a namespace that is none": {edit: `spec: {allowedNamespaces: [Shop]}`, refused: "spec.allowedNamespaces"},

	"refuses a log without a place": {edit: `spec: {eventLog: {embedded: null}}`,
		refused: "set exactly one of embedded (nothing to install) and nats (a cluster that exists)"},
	"refuses a log with two places": {edit: `spec: {eventLog: {nats: {url: "nats://nats:4222"}}}`,
		refused: "set exactly one of embedded (nothing to install) and nats (a cluster that exists)"},
	"refuses a NATS address with a password": {edit: `spec: {eventLog: {embedded: null, nats: {url: "nats://me:secret@nats:4222"}}}`,
		refused: "spec.eventLog.nats.url"},
	"refuses several embedded runners": {edit: `spec: {runner: {replicas: 2}}`,
		refused: "an embedded event log runs in exactly one pod: set runner.replicas to 1, or name a NATS cluster in eventLog.nats to run more"},
	"refuses a log as large as its volume": {edit: `spec: {eventLog: {retention: {maxSize: 10Gi}}}`,
		refused: "maxSize must be less than embedded.storage, which also holds the state: about 60% of it is a good start"},
	"refuses a log too small to be one": {edit: `spec: {eventLog: {retention: {maxSize: 1Ki}}}`, refused: "write at least 16Mi, such as 6Gi"},
	"refuses a volume too small for a log": {edit: `spec: {eventLog: {retention: null, embedded: {storage: 1Mi}}}`,
		refused: "write at least 64Mi, such as 10Gi"},
	"accepts a volume's size in bytes":    {edit: `spec: {eventLog: {embedded: {storage: 10737418240}}}`},
	"refuses a duration in another order": {edit: `spec: {eventLog: {retention: {age: 3h2d}}}`, refused: "spec.eventLog.retention.age"},
	"refuses a duration of nothing":       {edit: `spec: {eventLog: {lateness: 0s}}`, refused: "spec.eventLog.lateness"},

	"refuses no processor": {edit: `spec: {runner: {resources: {requests: {cpu: 0}}}}`, refused: "write an amount above zero, such as 500m"},
	"refuses no memory":    {edit: `spec: {runner: {resources: {limits: {memory: "-1Gi"}}}}`, refused: "write an amount above zero, such as 512Mi"},
	"refuses a toleration of a value that only has to exist": {
		edit:    `spec: {runner: {tolerations: [{key: a, operator: Exists, value: b}]}}`,
		refused: "operator Exists takes no value: remove value, or write operator: Equal"},
	"refuses a toleration of nothing": {edit: `spec: {runner: {tolerations: [{effect: NoSchedule}]}}`,
		refused: "without a key the toleration matches every taint, which needs operator: Exists"},
	"refuses a label that is too long": {
		edit:    `spec: {runner: {nodeSelector: {a: "0123456789012345678901234567890123456789012345678901234567890123"}}}`,
		refused: "labels have at most 316 characters before the colon and 63 after it"},

	"refuses a redirection to nowhere": {edit: `spec: {delivery: {mode: Redirect}}`,
		refused: "mode Redirect needs the address in to, and the other modes take none"},
	"refuses an address that is not used": {edit: `spec: {delivery: {mode: Live, to: qa@example.com}}`,
		refused: "mode Redirect needs the address in to, and the other modes take none"},
	"refuses quiet hours without end": {edit: `spec: {policy: {quietHours: {from: "09:00", to: "09:00"}}}`,
		refused: "from and to are the same time: write when quiet hours begin and when they end, such as 21:00 and 09:00"},
	"refuses a time that is no time": {edit: `spec: {policy: {quietHours: {from: "24:00", to: "09:00"}}}`,
		refused: "spec.policy.quietHours.from"},
	"refuses two topics of one name": {edit: `spec: {policy: {consent: {topics: [{name: offers}, {name: offers}]}}}`,
		refused: "topics need different names: give each topic a name of its own"},

	"refuses another number of partitions": {before: asItIs, edit: `spec: {eventLog: {partitions: 8}}`,
		refused: "partitions cannot change, because contacts are spread over them: create another Workspace with the new number"},
	"refuses to leave out a number of partitions that is not the default": {
		before: `spec: {eventLog: {partitions: 8}}`, edit: `spec: {eventLog: {partitions: null}}`,
		refused: "partitions cannot change, because contacts are spread over them: create another Workspace with the new number"},
	"refuses to move the log to NATS": {before: asItIs, edit: `spec: {eventLog: {embedded: null, nats: {url: "nats://nats:4222"}}}`,
		refused: "a log cannot move between embedded and nats: create another Workspace and point its feeds to it"},
	"accepts a volume that grows":                  {before: asItIs, edit: `spec: {eventLog: {embedded: {storage: 11Gi}}}`},
	"accepts the same size written in another way": {before: asItIs, edit: `spec: {eventLog: {embedded: {storage: 10240Mi}}}`},
	"refuses a volume that shrinks": {before: asItIs, edit: `spec: {eventLog: {embedded: {storage: 9Gi}}}`,
		refused: "storage cannot shrink: write the old size or a larger one"},
	"refuses another storage class": {before: asItIs, edit: `spec: {eventLog: {embedded: {storageClassName: slow}}}`,
		refused: "storageClassName cannot change, as the volume exists: create another Workspace"},
	"refuses to take the storage class away": {before: asItIs, edit: `spec: {eventLog: {embedded: {storageClassName: null}}}`,
		refused: "storageClassName cannot change, as the volume exists: create another Workspace"},
	"accepts another time zone": {before: asItIs, edit: `spec: {timeZone: UTC}`},
}

var _ = Describe("Workspace", func() { specs(validWorkspace, workspaceRules) })
