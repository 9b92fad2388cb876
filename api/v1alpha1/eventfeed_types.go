// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EventFeedSpec says where events come from and how they are read: exactly one
// of http, kafka and nats.
//
// +kubebuilder:validation:XValidation:rule="[has(self.http), has(self.kafka), has(self.nats)].exists_one(x, x)",message="set exactly one of http, kafka and nats"
// +kubebuilder:validation:XValidation:rule="self.workspaceRef == oldSelf.workspaceRef",fieldPath=".workspaceRef",message="workspaceRef cannot change, as the events are in that workspace's log: create another EventFeed"
// +kubebuilder:validation:XValidation:rule="has(self.http) == has(oldSelf.http) && has(self.kafka) == has(oldSelf.kafka) && has(self.nats) == has(oldSelf.nats)",message="a feed stays http, kafka or nats, as positions in the source would be lost: create another EventFeed"
// +kubebuilder:validation:XValidation:rule="!(has(self.http) && has(self.http.protocols) && 'Webhook' in self.http.protocols) || (has(self.mapping) && has(self.mapping.contact) && has(self.mapping.type))",fieldPath=".mapping",message="protocol Webhook needs mapping.contact and mapping.type, such as contact: body.email and type: \"'lead.created'\""
// +kubebuilder:validation:XValidation:rule="!((has(self.kafka) && has(self.kafka.format) && self.kafka.format == 'JSON') || (has(self.nats) && has(self.nats.format) && self.nats.format == 'JSON')) || (has(self.mapping) && has(self.mapping.contact) && has(self.mapping.type))",fieldPath=".mapping",message="format JSON needs mapping.contact and mapping.type, such as contact: body.email and type: \"'lead.created'\""
type EventFeedSpec struct {
	// workspaceRef names the Workspace whose log takes the events. It cannot
	// change.
	// +required
	WorkspaceRef WorkspaceReference `json:"workspaceRef"`

	// http lets sources send events to Waymark.
	// +optional
	HTTP *HTTPSource `json:"http,omitempty"`

	// kafka reads events from topics.
	// +optional
	Kafka *KafkaSource `json:"kafka,omitempty"`

	// nats reads events from a JetStream stream.
	// +optional
	NATS *NATSSource `json:"nats,omitempty"`

	// trust of what the source says. Public is for keys that anybody can see, as
	// in a web page or an app: such a source cannot set consent and cannot join
	// two known contacts. Server is for your own systems.
	// +optional
	// +default="Public"
	Trust Trust `json:"trust,omitempty"`

	// allowTypes lists the types of events that are taken; others are refused and
	// counted. A type that ends in ".*" stands for all that begin like it. Without
	// a list every type is taken. Types that begin with "waymark." are Waymark's
	// own and never taken from outside.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(t, !t.startsWith('waymark.'))",message="types that begin with waymark. are Waymark's own and cannot come from outside: remove them"
	AllowTypes []EventType `json:"allowTypes,omitempty"`

	// mapping reads events out of bodies of any shape. Protocol Webhook and format
	// JSON need it; CloudEvents and Segment bring everything along, and a mapping
	// only overrides what it names.
	// +optional
	Mapping *EventMapping `json:"mapping,omitempty"`
}

// Trust says what a source may do.
//
// +kubebuilder:validation:Enum=Server;Public
type Trust string

// Levels of trust.
const (
	// TrustServer is for sources whose key only your own systems know.
	TrustServer Trust = "Server"
	// TrustPublic is for sources whose key anybody can see, such as web pages.
	TrustPublic Trust = "Public"
)

// HTTPSource takes in events that are sent to /{namespace}/{feed} of the
// workspace's ingest address. Every request carries the write key: as the user
// name of Basic authentication (so do Segment's SDKs), as a Bearer token, or,
// for systems that can only be given an address, as the query parameter
// writeKey.
type HTTPSource struct {
	// protocols that are understood. CloudEvents is CloudEvents 1.0 in structured,
	// binary and batch mode. Segment is the HTTP Tracking API, for Segment's SDKs.
	// Webhook is any JSON or form that the mapping can read.
	// +optional
	// +listType=set
	// +default=["CloudEvents", "Segment"]
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	Protocols []HTTPProtocol `json:"protocols,omitempty"`

	// writeKeySecretRef names the key of a Secret of this namespace that senders
	// must show. Without it Waymark makes a key and keeps it under "writeKey" in
	// the Secret that status.http.writeKeySecretName names.
	// +optional
	WriteKeySecretRef *SecretKeyReference `json:"writeKeySecretRef,omitempty"`

	// cors lets pages of these sites send events from browsers. Without it
	// browsers of other sites are refused.
	// +optional
	CORS *CORSPolicy `json:"cors,omitempty"`

	// rateLimit of the feed. Requests over it are told to try again later.
	// +optional
	RateLimit *RateLimit `json:"rateLimit,omitempty"`

	// maxBodyBytes of one request after unpacking, such as "1Mi". Longer ones are
	// refused.
	// +optional
	// +default="1Mi"
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).compareTo(quantity('1Ki')) >= 0 && quantity(string(self)).compareTo(quantity('16Mi')) <= 0",message="write between 1Ki and 16Mi, such as 1Mi"
	MaxBodyBytes *resource.Quantity `json:"maxBodyBytes,omitempty"`
}

// HTTPProtocol is a way to send events over HTTP.
//
// +kubebuilder:validation:Enum=CloudEvents;Segment;Webhook
type HTTPProtocol string

// Protocols of HTTP sources.
const (
	// HTTPProtocolCloudEvents is CloudEvents 1.0 over HTTP.
	HTTPProtocolCloudEvents HTTPProtocol = "CloudEvents"
	// HTTPProtocolSegment is the Segment HTTP Tracking API.
	HTTPProtocolSegment HTTPProtocol = "Segment"
	// HTTPProtocolWebhook is any JSON or form that a mapping can read.
	HTTPProtocolWebhook HTTPProtocol = "Webhook"
)

// CORSPolicy says which sites' pages may send events from browsers.
type CORSPolicy struct {
	// allowOrigins lists origins such as "https://shop.example.com".
	// "https://*.example.com" stands for every subdomain and "*" for every site.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^(\*|https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?)$`
	AllowOrigins []string `json:"allowOrigins"`

	// maxAge for which browsers may remember the answer. Without it 1h.
	// +optional
	// +default="1h"
	MaxAge Duration `json:"maxAge,omitempty"`
}

// RateLimit bounds how fast events come in.
type RateLimit struct {
	// eventsPerSecond over all senders of the feed.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	EventsPerSecond int32 `json:"eventsPerSecond"`

	// burst of events that may come at once. Without it the events of two seconds.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000000
	Burst int32 `json:"burst,omitempty"`
}

// MessageFormat is how a message of Kafka or NATS is read.
//
// +kubebuilder:validation:Enum=CloudEvents;JSON
type MessageFormat string

// Formats of messages.
const (
	// MessageFormatCloudEvents is CloudEvents 1.0 in structured or binary mode.
	MessageFormatCloudEvents MessageFormat = "CloudEvents"
	// MessageFormatJSON is any JSON object that a mapping can read.
	MessageFormatJSON MessageFormat = "JSON"
)

// StartPosition says where reading begins the first time.
//
// +kubebuilder:validation:Enum=Earliest;Latest
type StartPosition string

// Start positions.
const (
	// StartEarliest begins with the oldest message that there is.
	StartEarliest StartPosition = "Earliest"
	// StartLatest begins with messages that come after the feed was made.
	StartLatest StartPosition = "Latest"
)

// KafkaSource reads events from topics of a Kafka cluster.
type KafkaSource struct {
	// brokers to ask first, as host:port.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=3
	// +kubebuilder:validation:items:MaxLength=261
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9.\[\]:-]+:[0-9]{1,5}$`
	Brokers []string `json:"brokers"`

	// topics to read.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=249
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9._-]+$`
	Topics []string `json:"topics"`

	// consumerGroup that the position is kept under. Without it one is made of the
	// feed's namespace and name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=249
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	ConsumerGroup string `json:"consumerGroup,omitempty"`

	// startFrom where the group has no position yet.
	// +optional
	// +default="Latest"
	StartFrom StartPosition `json:"startFrom,omitempty"`

	// format of the messages.
	// +optional
	// +default="CloudEvents"
	Format MessageFormat `json:"format,omitempty"`

	// tls secures the connection. Without it the connection is plain.
	// +optional
	TLS *TLSClient `json:"tls,omitempty"`

	// sasl authenticates Waymark to the brokers.
	// +optional
	SASL *KafkaSASL `json:"sasl,omitempty"`
}

// TLSClient secures an outgoing connection. An empty object trusts the
// well-known authorities.
type TLSClient struct {
	// caSecretRef names a Secret whose key "ca.crt" holds the authorities to trust
	// instead of the well-known ones.
	// +optional
	CASecretRef *SecretReference `json:"caSecretRef,omitempty"`

	// certificateSecretRef names a Secret with "tls.crt" and "tls.key" that
	// Waymark shows to the other side.
	// +optional
	CertificateSecretRef *SecretReference `json:"certificateSecretRef,omitempty"`
}

// KafkaSASL authenticates Waymark to Kafka brokers.
type KafkaSASL struct {
	// mechanism that the brokers ask for.
	// +required
	// +kubebuilder:validation:Enum=PLAIN;SCRAM-SHA-256;SCRAM-SHA-512
	Mechanism string `json:"mechanism"`

	// credentialsSecretRef names a Secret with the keys "username" and "password".
	// +required
	CredentialsSecretRef SecretReference `json:"credentialsSecretRef"`
}

// NATSSource reads events from a JetStream stream that exists.
type NATSSource struct {
	// url of the cluster, such as "nats://nats.messaging.svc:4222"; several are
	// separated by commas.
	// +required
	// +kubebuilder:validation:MinLength=7
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^(nats|tls|ws|wss)://[^\s,@]+(,(nats|tls|ws|wss)://[^\s,@]+)*$`
	URL string `json:"url"`

	// stream to read.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^[^\s.*>/\\<&"]+$`
	Stream string `json:"stream"`

	// subjects of the stream that are read. Without it all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +kubebuilder:validation:items:Pattern=`^[^\s\\<&"]+$`
	Subjects []string `json:"subjects,omitempty"`

	// consumer is the durable consumer that the position is kept under. Without it
	// one is made of the feed's namespace and name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^[^\s.*>/\\<&"]+$`
	Consumer string `json:"consumer,omitempty"`

	// startFrom where the consumer does not exist yet.
	// +optional
	// +default="Latest"
	StartFrom StartPosition `json:"startFrom,omitempty"`

	// format of the messages.
	// +optional
	// +default="CloudEvents"
	Format MessageFormat `json:"format,omitempty"`

	// credentialsSecretRef names a Secret with the key "user.creds", or "nkey", or
	// "username" and "password".
	// +optional
	CredentialsSecretRef *SecretReference `json:"credentialsSecretRef,omitempty"`

	// tls secures the connection. Without it the scheme of the url decides.
	// +optional
	TLS *TLSClient `json:"tls,omitempty"`
}

// EventMapping reads an event out of a body of any shape. Every field is a CEL
// expression over these variables: body, the decoded JSON object, form or CSV
// row (whose values are text); headers, those of the request or message in
// lower case; and, for Kafka and NATS, key and subject. An event whose
// expression fails is refused and counted.
type EventMapping struct {
	// contact gives who did it, as text: an account's id or an e-mail address,
	// such as "body.customer.email".
	// +optional
	Contact Expression `json:"contact,omitempty"`

	// type gives what happened, as text, such as "'deal.' + body.status" or,
	// always the same, "'lead.created'".
	// +optional
	Type Expression `json:"type,omitempty"`

	// time gives when it happened: a timestamp, text of RFC 3339, or a number of
	// seconds since 1970. Without it the time of arrival counts.
	// +optional
	Time Expression `json:"time,omitempty"`

	// id gives what tells this event from every other of the feed, as text, so
	// that one that is sent twice counts once. Without it Waymark takes a hash of
	// the body.
	// +optional
	ID Expression `json:"id,omitempty"`

	// data gives the details that funnels can ask for as event.data, an object.
	// Without it the whole body.
	// +optional
	Data Expression `json:"data,omitempty"`

	// drop gives true for what is no event at all, such as a test message. It is
	// counted and not an error.
	// +optional
	Drop Expression `json:"drop,omitempty"`
}

// EventFeed is a source of events: what people do on a site, in an app, in a
// shop or in a CRM. It says how they come in, how they are read and how far
// they are trusted.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=feed,categories=waymark
// +kubebuilder:printcolumn:name="Source",type=string,JSONPath=`.status.source`,description="Kind of source."
// +kubebuilder:printcolumn:name="Workspace",type=string,JSONPath=`.spec.workspaceRef.name`,description="Workspace that takes the events."
// +kubebuilder:printcolumn:name="Trust",type=string,JSONPath=`.spec.trust`,description="How far the source is trusted."
// +kubebuilder:printcolumn:name="Accepted",type=integer,JSONPath=`.status.events.accepted`,description="Events that were taken in."
// +kubebuilder:printcolumn:name="Rejected",type=integer,JSONPath=`.status.events.rejected`,description="Events that were refused."
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.http.url`,description="Where events are sent to within the cluster.",priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether events can come in."
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not.",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 52",message="the name of an EventFeed becomes part of addresses and other names: use at most 52 lower-case letters, digits and hyphens, without dots"
type EventFeed struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says what there should be.
	// +required
	Spec EventFeedSpec `json:"spec"`

	// status says what there is.
	// +optional
	// +default={"observedGeneration": -1}
	Status EventFeedStatus `json:"status,omitzero"`
}

// EventFeedList is a list of EventFeeds.
//
// +kubebuilder:object:root=true
type EventFeedList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items of the list.
	Items []EventFeed `json:"items"`
}
