// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// MessagingPolicy bounds what any one person is sent.
type MessagingPolicy struct {
	// quietHours in which marketing messages do not leave.
	// +optional
	QuietHours *QuietHours `json:"quietHours,omitempty"`

	// frequencyCap bounds the marketing messages to one person.
	// +optional
	FrequencyCap *FrequencyCap `json:"frequencyCap,omitempty"`

	// consent lists what people can agree to receive.
	// +optional
	Consent *ConsentPolicy `json:"consent,omitempty"`

	// zone gives a person's time zone by its name, such as "Europe/Moscow". Without
	// it contact.attributes.timezone; people without one live in the workspace's.
	// +optional
	// +default="contact.attributes.timezone"
	Zone Expression `json:"zone,omitempty"`

	// language gives a person's language, such as "ru". Without it
	// contact.attributes.language.
	// +optional
	// +default="contact.attributes.language"
	Language Expression `json:"language,omitempty"`

	// holidays on which messages whose window has skipHolidays do not leave.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=128
	Holidays []Date `json:"holidays,omitempty"`

	// approval holds back a scenario that would reach many people at once.
	// +optional
	Approval *ApprovalPolicy `json:"approval,omitempty"`
}

// PolicyAction says what becomes of a message that the policy stops.
//
// +kubebuilder:validation:Enum=Defer;Drop
type PolicyAction string

// Policy actions.
const (
	// PolicyActionDefer sends the message as soon as the policy lets it.
	PolicyActionDefer PolicyAction = "Defer"
	// PolicyActionDrop does not send the message; the person moves on.
	PolicyActionDrop PolicyAction = "Drop"
)

// QuietHours is a part of the day in the zone of the person, or else of the
// workspace. It may pass midnight.
//
// +kubebuilder:validation:XValidation:rule="self.from != self.to",message="from and to are the same time: write when quiet hours begin and when they end, such as 21:00 and 09:00"
type QuietHours struct {
	// from is when it begins, such as "21:00".
	// +required
	// +kubebuilder:validation:MinLength=5
	// +kubebuilder:validation:MaxLength=5
	// +kubebuilder:validation:Pattern=`^([01][0-9]|2[0-3]):[0-5][0-9]$`
	From string `json:"from"`

	// to is when it ends, such as "09:00".
	// +required
	// +kubebuilder:validation:MinLength=5
	// +kubebuilder:validation:MaxLength=5
	// +kubebuilder:validation:Pattern=`^([01][0-9]|2[0-3]):[0-5][0-9]$`
	To string `json:"to"`

	// action on a message that is due in quiet hours: Defer sends it when they
	// end, Drop does not send it.
	// +optional
	// +default="Defer"
	Action PolicyAction `json:"action,omitempty"`
}

// FrequencyCap bounds how many marketing messages one person is sent in any
// stretch of time.
type FrequencyCap struct {
	// messages that one person is sent at most.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Messages int32 `json:"messages"`

	// per is the stretch of time, such as "7d".
	// +required
	Per Duration `json:"per"`

	// action on a message over the cap: Defer sends it when the cap allows, Drop
	// does not send it.
	// +optional
	// +default="Defer"
	Action PolicyAction `json:"action,omitempty"`
}

// ConsentPolicy lists what people can agree to receive.
type ConsentPolicy struct {
	// mode Explicit sends marketing messages only to people who have agreed to
	// receive them. Implied sends them to all who have not declined.
	// +optional
	// +default="Explicit"
	Mode ConsentMode `json:"mode,omitempty"`

	// topics that people subscribe to and unsubscribe from one by one.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.all(t, self.exists_one(u, u.name == t.name))",message="topics need different names: give each topic a name of its own"
	Topics []ConsentTopic `json:"topics,omitempty"`
}

// ConsentMode says what silence means.
//
// +kubebuilder:validation:Enum=Explicit;Implied
type ConsentMode string

// Modes of consent.
const (
	// ConsentExplicit takes it for a no.
	ConsentExplicit ConsentMode = "Explicit"
	// ConsentImplied takes it for a yes.
	ConsentImplied ConsentMode = "Implied"
)

// ConsentTopic is something that people can agree to receive.
type ConsentTopic struct {
	// name of the topic in scenarios.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title that people see, in any language.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// doubleOptIn asks people to confirm by a link that the address is theirs
	// before anything is sent.
	// +optional
	DoubleOptIn bool `json:"doubleOptIn,omitempty"`
}

// ApprovalPolicy holds back a scenario that would reach many people at once, so
// that a slip in a condition does not write to everybody: the scenario is Held,
// its status says whom it would reach, and somebody writes the version into
// spec.approvedVersion.
type ApprovalPolicy struct {
	// above this number of people a scenario waits until somebody approves its
	// version.
	// +required
	// +kubebuilder:validation:Minimum=0
	Above int64 `json:"above"`
}
