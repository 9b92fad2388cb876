// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkspaceSpec says how one data plane runs: where its events are kept, in
// which zone its days begin, and what rules its messages keep.
//
// +kubebuilder:validation:XValidation:rule="!has(self.eventLog.embedded) || !has(self.runner) || !has(self.runner.replicas) || self.runner.replicas == 1",fieldPath=".runner.replicas",message="an embedded event log runs in exactly one pod: set runner.replicas to 1, or name a NATS cluster in eventLog.nats to run more"
type WorkspaceSpec struct {
	// timeZone in which days, weeks and months begin, by its IANA name such as
	// "Europe/Moscow".
	// +optional
	// +default="UTC"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`
	// +kubebuilder:validation:XValidation:rule="self != 'Local'",message="Local differs from machine to machine: write the name of a time zone such as Europe/Moscow, or UTC"
	TimeZone string `json:"timeZone,omitempty"`

	// currency in which the values of events are stated, as three capital letters
	// of ISO 4217 such as "RUB". It is shown beside revenue; nothing is converted.
	// Without it revenue is a bare number.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	Currency string `json:"currency,omitempty"`

	// publicURL under which the internet reaches this workspace, such as
	// "https://go.example.com". Links in messages that count clicks or unsubscribe
	// begin with it. The Ingress or Gateway that serves it is yours.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHost() != ''",message="write an absolute URL such as https://go.example.com"
	PublicURL string `json:"publicURL,omitempty"`

	// eventLog keeps every event in order. Numbers can always be computed again
	// from it.
	// +required
	EventLog EventLogSpec `json:"eventLog"`

	// runner computes funnels from the log.
	// +optional
	Runner *RunnerSpec `json:"runner,omitempty"`

	// delivery says whether messages really leave. Without it they do.
	// +optional
	Delivery *DeliverySpec `json:"delivery,omitempty"`

	// policy bounds what any one person is sent, across all scenarios of the
	// workspace.
	// +optional
	Policy *MessagingPolicy `json:"policy,omitempty"`

	// allowedNamespaces lists the other namespaces whose feeds and funnels may use
	// this workspace. "*" allows all. Those of the workspace's own namespace
	// always may.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$`
	AllowedNamespaces []string `json:"allowedNamespaces,omitempty"`

	// deletionPolicy says what becomes of the stored contacts, events and consent
	// when the workspace is deleted. Retain leaves the volume, so that a workspace
	// of the same name takes it up again. Delete removes it.
	// +optional
	// +default="Retain"
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// DeletionPolicy says what becomes of stored data when its workspace is
// deleted.
//
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

// Deletion policies.
const (
	// DeletionPolicyRetain leaves the data in place.
	DeletionPolicyRetain DeletionPolicy = "Retain"
	// DeletionPolicyDelete removes the data together with the workspace.
	DeletionPolicyDelete DeletionPolicy = "Delete"
)

// EventLogSpec says where events are kept and for how long: exactly one of
// embedded and nats.
//
// +kubebuilder:validation:XValidation:rule="has(self.embedded) != has(self.nats)",message="set exactly one of embedded (nothing to install) and nats (a cluster that exists)"
// +kubebuilder:validation:XValidation:rule="has(self.embedded) == has(oldSelf.embedded)",message="a log cannot move between embedded and nats: create another Workspace and point its feeds to it"
// +kubebuilder:validation:XValidation:rule="!has(self.embedded) || !has(self.retention) || !has(self.retention.maxSize) || quantity(string(self.retention.maxSize)).compareTo(quantity(string(self.embedded.storage))) < 0",fieldPath=".retention.maxSize",message="maxSize must be less than embedded.storage, which also holds the state: about 60% of it is a good start"
type EventLogSpec struct {
	// partitions share the contacts among them, so that several can be computed at
	// once. It cannot change later.
	// +optional
	// +default=4
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="partitions cannot change, because contacts are spread over them: create another Workspace with the new number"
	Partitions int32 `json:"partitions,omitempty"`

	// lateness is how old an event may be on arrival and still change funnels
	// exactly. Older ones are counted as too late and only update the contact.
	// Without it every event within the retention counts.
	// +optional
	Lateness Duration `json:"lateness,omitempty"`

	// retention says for how long events are kept. A funnel needs its period and
	// its window.
	// +optional
	Retention *RetentionSpec `json:"retention,omitempty"`

	// embedded keeps the log on a volume of the workspace's own pod. Nothing else
	// has to be installed.
	// +optional
	Embedded *EmbeddedLogSpec `json:"embedded,omitempty"`

	// nats keeps the log in a NATS cluster that exists, with JetStream enabled.
	// +optional
	NATS *NATSLogSpec `json:"nats,omitempty"`
}

// RetentionSpec bounds the log. What is reached first counts. Events that a
// running computation still needs stay.
type RetentionSpec struct {
	// age after which events are removed. Without it they are kept for 90 days.
	// +optional
	// +default="90d"
	Age Duration `json:"age,omitempty"`

	// maxSize of the log over all partitions, such as "6Gi"; the oldest events are
	// removed first. Without it only age counts, and a volume that fills up makes
	// senders wait.
	// +optional
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).compareTo(quantity('16Mi')) >= 0",message="write at least 16Mi, such as 6Gi"
	MaxSize *resource.Quantity `json:"maxSize,omitempty"`
}

// EmbeddedLogSpec describes the volume of an embedded log.
//
// +kubebuilder:validation:XValidation:rule="has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)",fieldPath=".storageClassName",message="storageClassName cannot change, as the volume exists: create another Workspace"
type EmbeddedLogSpec struct {
	// storage is the size of the volume, such as "10Gi". It may grow, if the
	// storage class allows that, and never shrink.
	// +required
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).compareTo(quantity('64Mi')) >= 0",message="write at least 64Mi, such as 10Gi"
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).compareTo(quantity(string(oldSelf))) >= 0",message="storage cannot shrink: write the old size or a larger one"
	Storage resource.Quantity `json:"storage"`

	// storageClassName of the volume. Without it the cluster's default class is
	// used.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	StorageClassName *string `json:"storageClassName,omitempty"`
}

// NATSLogSpec names a NATS cluster with JetStream.
type NATSLogSpec struct {
	// url of the cluster, such as "nats://nats.messaging.svc:4222"; several are
	// separated by commas.
	// +required
	// +kubebuilder:validation:MinLength=7
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^(nats|tls|ws|wss)://[^\s,@]+(,(nats|tls|ws|wss)://[^\s,@]+)*$`
	URL string `json:"url"`

	// credentialsSecretRef names a Secret of this namespace with the key
	// "user.creds", or "nkey", or "username" and "password". Without it Waymark
	// connects without credentials.
	// +optional
	CredentialsSecretRef *SecretReference `json:"credentialsSecretRef,omitempty"`

	// caSecretRef names a Secret of this namespace whose key "ca.crt" holds the
	// authorities that the cluster's certificates come from. Without it the
	// well-known ones count.
	// +optional
	CASecretRef *SecretReference `json:"caSecretRef,omitempty"`

	// replicas of each stream in the cluster. Without it 3.
	// +optional
	// +default=3
	// +kubebuilder:validation:Enum=1;3;5
	Replicas int32 `json:"replicas,omitempty"`
}

// RunnerSpec describes the pods that take in events and compute.
type RunnerSpec struct {
	// replicas share the partitions. With an embedded log it is 1.
	// +optional
	// +default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	Replicas int32 `json:"replicas,omitempty"`

	// resources of each pod.
	// +optional
	Resources *ComputeResources `json:"resources,omitempty"`

	// nodeSelector lists labels that a node must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 316 && self[k].size() <= 63)",message="labels have at most 316 characters before the colon and 63 after it"
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations let the pods run on nodes with these taints.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Tolerations []Toleration `json:"tolerations,omitempty"`

	// priorityClassName of the pods.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	PriorityClassName string `json:"priorityClassName,omitempty"`
}

// ComputeResources states what a pod asks for and what it may use at most.
type ComputeResources struct {
	// requests is what the scheduler sets aside.
	// +optional
	Requests *ComputeAmounts `json:"requests,omitempty"`

	// limits is what the pod may use at most.
	// +optional
	Limits *ComputeAmounts `json:"limits,omitempty"`
}

// ComputeAmounts is an amount of processor time and memory.
type ComputeAmounts struct {
	// cpu in cores, such as "500m".
	// +optional
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",message="write an amount above zero, such as 500m"
	CPU *resource.Quantity `json:"cpu,omitempty"`

	// memory in bytes, such as "512Mi".
	// +optional
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",message="write an amount above zero, such as 512Mi"
	Memory *resource.Quantity `json:"memory,omitempty"`
}

// Toleration lets pods run on nodes with a taint. Its fields mean what they
// mean in a pod.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.operator) && self.operator == 'Exists') || !has(self.value)",message="operator Exists takes no value: remove value, or write operator: Equal"
// +kubebuilder:validation:XValidation:rule="has(self.key) || (has(self.operator) && self.operator == 'Exists')",message="without a key the toleration matches every taint, which needs operator: Exists"
type Toleration struct {
	// key of the taint. Without it every taint is tolerated.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=316
	Key string `json:"key,omitempty"`

	// operator that compares the value. Without it Equal.
	// +optional
	// +kubebuilder:validation:Enum=Equal;Exists
	Operator string `json:"operator,omitempty"`

	// value of the taint.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Value string `json:"value,omitempty"`

	// effect of the taint. Without it every effect.
	// +optional
	// +kubebuilder:validation:Enum=NoSchedule;PreferNoSchedule;NoExecute
	Effect string `json:"effect,omitempty"`

	// tolerationSeconds for which a NoExecute taint is tolerated. Without it
	// forever.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TolerationSeconds *int64 `json:"tolerationSeconds,omitempty"`
}

// DeliverySpec says whether messages really leave.
//
// +kubebuilder:validation:XValidation:rule="(self.mode == 'Redirect') == has(self.to)",message="mode Redirect needs the address in to, and the other modes take none"
type DeliverySpec struct {
	// mode Live sends. Redirect sends every message to one address instead. DryRun
	// does everything but send.
	// +required
	Mode DeliveryMode `json:"mode"`

	// to is the address that receives every message in mode Redirect, such as
	// "qa@example.com".
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	To string `json:"to,omitempty"`
}

// DeliveryMode says whether messages really leave.
//
// +kubebuilder:validation:Enum=Live;Redirect;DryRun
type DeliveryMode string

// Delivery modes.
const (
	// DeliveryModeLive sends messages to those whom they are for.
	DeliveryModeLive DeliveryMode = "Live"
	// DeliveryModeRedirect sends every message to one address.
	DeliveryModeRedirect DeliveryMode = "Redirect"
	// DeliveryModeDryRun sends nothing.
	DeliveryModeDryRun DeliveryMode = "DryRun"
)

// Workspace is one data plane: an event log with the pods that take in events,
// compute funnels and send messages. It has its own time zone, currency and
// messaging policy. Teams that must not share contacts have a workspace each.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ws,categories=waymark
// +kubebuilder:printcolumn:name="Log",type=string,JSONPath=`.status.log`,description="Where events are kept."
// +kubebuilder:printcolumn:name="Partitions",type=string,JSONPath=`.status.partitions`,description="Partitions that run, of all."
// +kubebuilder:printcolumn:name="Storage",type=string,JSONPath=`.status.storage`,description="Storage that is used."
// +kubebuilder:printcolumn:name="Feeds",type=integer,JSONPath=`.status.feeds`,description="EventFeeds that use the workspace."
// +kubebuilder:printcolumn:name="Funnels",type=integer,JSONPath=`.status.funnels`,description="Funnels that use the workspace."
// +kubebuilder:printcolumn:name="Time zone",type=string,JSONPath=`.spec.timeZone`,description="Zone in which days begin.",priority=1
// +kubebuilder:printcolumn:name="Ingest",type=string,JSONPath=`.status.ingestURL`,description="Address within the cluster that takes in events.",priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether the workspace runs as its spec says."
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not.",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 40",message="the name of a Workspace becomes part of other names: use at most 40 lower-case letters, digits and hyphens, without dots"
type Workspace struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says what there should be.
	// +required
	Spec WorkspaceSpec `json:"spec"`

	// status says what there is.
	// +optional
	// +default={"observedGeneration": -1}
	Status WorkspaceStatus `json:"status,omitzero"`
}

// WorkspaceList is a list of Workspaces.
//
// +kubebuilder:object:root=true
type WorkspaceList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items of the list.
	Items []Workspace `json:"items"`
}
