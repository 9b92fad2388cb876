// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
)

const validEventFeed = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  http: {}
`

var eventFeedRules = map[string]ruleCase{
	"accepts a feed that says no more than http": {edit: asItIs},
	"accepts every field of http": {edit: `
spec:
  workspaceRef: {name: default, namespace: marketing}
  trust: Server
  allowTypes: [page.viewed, "order.*", "Order Completed"]
  http:
    protocols: [CloudEvents, Segment, Webhook]
    writeKeySecretRef: {name: shop-key, key: writeKey}
    cors: {allowOrigins: ["https://shop.example.com", "https://*.example.com", "http://localhost:3000"], maxAge: 1h}
    rateLimit: {eventsPerSecond: 100, burst: 500}
    maxBodyBytes: 512Ki
  mapping:
    contact: body.customer.email
    type: "'deal.' + body.status"
    time: body.updated_at
    id: body.deal_id
    data: body.deal
    drop: body.test == true`},
	"accepts Kafka": {edit: `
spec:
  http: null
  kafka:
    brokers: ["kafka-0.kafka:9092", "[2001:db8::1]:9092"]
    topics: [orders, page.views]
    consumerGroup: waymark
    startFrom: Earliest
    format: JSON
    tls: {caSecretRef: {name: kafka-ca}, certificateSecretRef: {name: kafka-client}}
    sasl: {mechanism: SCRAM-SHA-512, credentialsSecretRef: {name: kafka}}
  mapping: {contact: body.user, type: body.event}`},
	"accepts NATS": {edit: `
spec:
  http: null
  nats: {url: "tls://nats:4222", stream: ORDERS, subjects: ["orders.>"], credentialsSecretRef: {name: nats}, tls: {}}`},

	"refuses a name with a dot": {edit: `metadata: {name: shop.example}`,
		refused: "the name of an EventFeed becomes part of addresses and other names: use at most 52 lower-case letters, digits and hyphens, without dots"},
	"refuses a feed without a source": {edit: `spec: {http: null}`, refused: "set exactly one of http, kafka and nats"},
	"refuses a feed with two sources": {edit: `spec: {nats: {url: "nats://nats:4222", stream: ORDERS}}`,
		refused: "set exactly one of http, kafka and nats"},
	"refuses a webhook without a mapping": {edit: `spec: {http: {protocols: [Webhook]}}`,
		refused: `protocol Webhook needs mapping.contact and mapping.type, such as contact: body.email and type: "'lead.created'"`},
	"refuses a webhook whose mapping gives no type": {edit: `spec: {http: {protocols: [Webhook]}, mapping: {contact: body.email}}`,
		refused: `protocol Webhook needs mapping.contact and mapping.type, such as contact: body.email and type: "'lead.created'"`},
	"refuses JSON from Kafka without a mapping": {
		edit:    `spec: {http: null, kafka: {brokers: ["kafka:9092"], topics: [orders], format: JSON}}`,
		refused: `format JSON needs mapping.contact and mapping.type, such as contact: body.email and type: "'lead.created'"`},
	"refuses JSON from NATS without a mapping": {
		edit:    `spec: {http: null, nats: {url: "nats://nats:4222", stream: ORDERS, format: JSON}}`,
		refused: `format JSON needs mapping.contact and mapping.type, such as contact: body.email and type: "'lead.created'"`},
	"refuses Waymark's own types": {edit: `spec: {allowTypes: [page.viewed, waymark.message.clicked]}`,
		refused: "types that begin with waymark. are Waymark's own and cannot come from outside: remove them"},
	"refuses a type that ends in a blank": {edit: `spec: {allowTypes: ["page.viewed "]}`, refused: "spec.allowTypes[0]"},
	"refuses a body limit that is too large": {edit: `spec: {http: {maxBodyBytes: 1Gi}}`,
		refused: "write between 1Ki and 16Mi, such as 1Mi"},
	"refuses an origin with a path": {edit: `spec: {http: {cors: {allowOrigins: ["https://shop.example.com/"]}}}`,
		refused: "spec.http.cors.allowOrigins[0]"},
	"refuses a protocol that it does not know": {edit: `spec: {http: {protocols: [MQTT]}}`, refused: `"CloudEvents", "Segment", "Webhook"`},
	"refuses a broker without a port": {edit: `spec: {http: null, kafka: {brokers: [kafka], topics: [orders]}}`,
		refused: "spec.kafka.brokers[0]"},

	"refuses another workspace": {before: asItIs, edit: `spec: {workspaceRef: {name: other}}`,
		refused: "workspaceRef cannot change, as the events are in that workspace's log: create another EventFeed"},
	"refuses a workspace in another namespace": {before: asItIs, edit: `spec: {workspaceRef: {namespace: other}}`,
		refused: "workspaceRef cannot change, as the events are in that workspace's log: create another EventFeed"},
	"refuses another kind of source": {before: asItIs, edit: `spec: {http: null, nats: {url: "nats://nats:4222", stream: ORDERS}}`,
		refused: "a feed stays http, kafka or nats, as positions in the source would be lost: create another EventFeed"},
	"accepts another mapping": {before: asItIs, edit: `spec: {mapping: {contact: body.id, type: "'lead.created'"}}`},
}

var _ = Describe("EventFeed", func() { specs(validEventFeed, eventFeedRules) })
