// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
)

const validMessageChannel = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: MessageChannel
metadata: {name: mail}
spec:
  workspaceRef: {name: default}
  smtp: {host: smtp.example.com, from: shop@example.com}
`

var messageChannelRules = map[string]ruleCase{
	"accepts a mail server": {edit: asItIs},
	"accepts every field of mail": {edit: `
spec:
  smtp:
    host: smtp.example.com
    port: 465
    encryption: TLS
    from: shop@пример.рф
    fromName: Магазин
    replyTo: help@example.com
    auth: {usernameSecretRef: {name: mail, key: user}, passwordSecretRef: {name: mail, key: password}}
    caSecretRef: {name: mail, key: ca.crt}
    dkim: {domain: example.com, selector: waymark, privateKeySecretRef: {name: mail, key: dkim.pem}}
    connections: 8
  address: contact.attributes.work_email
  guarantee: AtLeastOnce
  limits:
    messages: 10
    per: 1s
    retries: 3
    retryFor: 6h
    warmUp: {since: 2026-10-01, first: 100, growthPercent: 130, until: 100000}
  breaker: {bounces: 5%, complaints: "0.3%", of: 500, pause: 2h}
  feedback:
  - {event: mail.bounced, where: "event.data.code.startsWith('5.1')", kind: HardBounce, message: event.data.message_id}
  tracking: {clicks: true, opens: true}`},
	"accepts a webhook": {edit: `
spec:
  smtp: null
  webhook:
    url: https://sms.example.com/send?from=shop&kind=text
    headers: [{name: X-Team, value: shop}, {name: Authorization, valueSecretRef: {name: sms, key: token}}]
    signingSecretRefs: [{name: sms, key: new}, {name: sms, key: old}]
    timeout: 5s
    concurrency: 32`},
	"accepts a bot": {edit: `spec: {smtp: null, telegram: {tokenSecretRef: {name: bot, key: token}, updates: true}}`},

	"refuses a name with a dot": {edit: `metadata: {name: mail.shop}`,
		refused: "use at most 63 lower-case letters, digits and hyphens for the name of a MessageChannel, without dots"},
	"refuses a channel that is none": {edit: `spec: {smtp: null}`, refused: "set exactly one of smtp, webhook and telegram"},
	"refuses two channels in one": {edit: `spec: {telegram: {tokenSecretRef: {name: bot, key: token}}}`,
		refused: "set exactly one of smtp, webhook and telegram"},
	"refuses a password in the clear": {
		edit:    `spec: {smtp: {encryption: None, auth: {usernameSecretRef: {name: m, key: u}, passwordSecretRef: {name: m, key: p}}}}`,
		refused: "a password never goes over a connection in the clear: write encryption: StartTLS or TLS, or remove auth"},
	"refuses a sender without an at sign": {edit: `spec: {smtp: {from: shop}}`, refused: "spec.smtp.from"},
	"refuses a user in an address": {edit: `spec: {smtp: null, webhook: {url: "https://user:password@example.com/"}}`,
		refused: "spec.webhook.url"},
	"refuses a header without a value": {edit: `spec: {smtp: null, webhook: {url: "https://example.com/", headers: [{name: X-Team}]}}`,
		refused: "set exactly one of value and valueSecretRef"},
	"refuses a limit without a time": {edit: `spec: {limits: {messages: 10}}`,
		refused: "write both messages and per, such as messages: 10 and per: 1s, or neither"},
	"refuses a warm-up that shrinks": {edit: `spec: {limits: {warmUp: {since: 2026-10-01, first: 100, until: 10}}}`,
		refused: "the warm-up ends with at least as many messages a day as it begins with: exchange first and until"},
	"refuses a breaker that nothing breaks": {edit: `spec: {breaker: {of: 100}}`,
		refused: "say what stops the channel: write bounces, complaints or both"},
	"refuses feedback that it does not know": {edit: `spec: {feedback: [{event: mail.read, kind: Read}]}`, refused: `"HardBounce"`},

	"refuses another workspace": {before: asItIs, edit: `spec: {workspaceRef: {name: other}}`,
		refused: "workspaceRef cannot change: create another MessageChannel"},
	"refuses another medium": {before: asItIs, edit: `spec: {smtp: null, telegram: {tokenSecretRef: {name: bot, key: token}}}`,
		refused: "a channel stays smtp, webhook or telegram, as addresses would no longer fit: create another MessageChannel"},
	"accepts another server": {before: asItIs, edit: `spec: {smtp: {host: other.example.com}}`},
}

var _ = Describe("MessageChannel", func() { specs(validMessageChannel, messageChannelRules) })
