// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ScenarioStep is one step. What it does is said by exactly one of send, wait,
// waitFor, branch, split, set, webhook, enter, task and exit.
//
// +kubebuilder:validation:XValidation:rule="[has(self.send), has(self.wait), has(self.waitFor), has(self.branch), has(self.split), has(self.set), has(self.webhook), has(self.enter), has(self.task), has(self.exit)].exists_one(x, x)",message="say what the step does with exactly one of send, wait, waitFor, branch, split, set, webhook, enter, task and exit"
// +kubebuilder:validation:XValidation:rule="!has(self.exit) || !has(self.then)",fieldPath=".then",message="nothing follows an exit: remove then"
type ScenarioStep struct {
	// name of the step, such as "remind". Other steps and the results name it so,
	// and people inside are found by it after an edit.
	// +required
	Name StepName `json:"name"`

	// title that people read, in any language.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// send a message.
	// +optional
	Send *SendStep `json:"send,omitempty"`

	// wait for some time.
	// +optional
	Wait *WaitStep `json:"wait,omitempty"`

	// waitFor something to happen or to become true.
	// +optional
	WaitFor *WaitForStep `json:"waitFor,omitempty"`

	// branch by conditions.
	// +optional
	Branch *BranchStep `json:"branch,omitempty"`

	// split people at random, each person always the same way.
	// +optional
	Split *SplitStep `json:"split,omitempty"`

	// set attributes of the contact.
	// +optional
	Set *SetStep `json:"set,omitempty"`

	// webhook calls another system and may keep its answer.
	// +optional
	Webhook *WebhookStep `json:"webhook,omitempty"`

	// enter another scenario; this one goes on.
	// +optional
	Enter *EnterStep `json:"enter,omitempty"`

	// task asks one of your people to do something, and waits for it.
	// +optional
	Task *TaskStep `json:"task,omitempty"`

	// exit ends the scenario for the person.
	// +optional
	Exit *ExitStep `json:"exit,omitempty"`

	// then names the step that follows. Without it the next one in the list; after
	// the last the person is done.
	// +optional
	Then StepName `json:"then,omitempty"`
}

// BranchStep goes the way of the first case that is true.
type BranchStep struct {
	// cases in the order in which they are tried.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Cases []BranchCase `json:"cases"`

	// else names the step that follows when none is. Without it the one that
	// follows anyway.
	// +optional
	Else StepName `json:"else,omitempty"`
}

// BranchCase is one way of a branch.
type BranchCase struct {
	// when is the condition, such as "contact.attributes.orders > 3". Variables are
	// contact.attributes, trigger (the event that let the person in) and vars.
	// +required
	When Expression `json:"when"`

	// then names the step that follows.
	// +required
	Then StepName `json:"then"`
}

// SplitStep draws a way for each person, always the same one.
//
// +kubebuilder:validation:XValidation:rule="self.ways.all(w, has(w.percent)) || self.ways.all(w, !has(w.percent))",message="give every way a percent, or none of them"
type SplitStep struct {
	// ways that people are spread over.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=2
	// +kubebuilder:validation:MaxItems=4
	Ways []SplitWay `json:"ways"`
}

// SplitWay is one way of a split.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.percent) && has(self.weight))",message="set one of percent and weight"
type SplitWay struct {
	// name of the way in the results.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// percent of the people, such as "50%". All together are 100%.
	// +optional
	Percent Percent `json:"percent,omitempty"`

	// weight of the way among all. Without it and percent 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Weight int32 `json:"weight,omitempty"`

	// then names the step that follows. Without it the one that follows anyway.
	// +optional
	Then StepName `json:"then,omitempty"`
}

// SetStep writes attributes of the contact.
type SetStep struct {
	// attributes to write: by their names, expressions for their values, such as
	// "true" or "trigger.data.total".
	// +required
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() >= 1 && k.size() <= 64)",message="names of attributes have 1 to 64 characters"
	Attributes map[string]Expression `json:"attributes"`
}

// WebhookStep calls another system.
type WebhookStep struct {
	// channelRef names a MessageChannel with webhook.
	// +required
	ChannelRef MessageChannelReference `json:"channelRef"`

	// url replaces the channel's.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	URL string `json:"url,omitempty"`

	// method of the call. Without it POST.
	// +optional
	// +kubebuilder:validation:Enum=POST;PUT;PATCH;GET;DELETE
	Method string `json:"method,omitempty"`

	// payload is the JSON object that is sent along.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Payload string `json:"payload,omitempty"`

	// store keeps the answer, if it is JSON, as vars with this name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	Store string `json:"store,omitempty"`

	// onFailure names the step that follows when the call failed for good. Without
	// it the one that follows anyway.
	// +optional
	OnFailure StepName `json:"onFailure,omitempty"`
}

// EnterStep lets the person into another scenario.
type EnterStep struct {
	// scenarioRef names a NurtureScenario whose trigger is enter.
	// +required
	ScenarioRef NurtureScenarioReference `json:"scenarioRef"`
}

// TaskStep asks one of your people to do something, and waits for it.
type TaskStep struct {
	// channelRef names a MessageChannel with webhook that takes tasks.
	// +required
	ChannelRef MessageChannelReference `json:"channelRef"`

	// title of the task.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Title string `json:"title"`

	// assignee is whom the task is for.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Assignee string `json:"assignee,omitempty"`

	// payload is a JSON object with more about it.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Payload string `json:"payload,omitempty"`

	// due is how long there is for it.
	// +required
	Due Duration `json:"due"`

	// done is the event that says that it is done.
	// +required
	Done EventMatch `json:"done"`

	// onOverdue names the step that follows when it is not done in time. Without it
	// the one that follows anyway.
	// +optional
	OnOverdue StepName `json:"onOverdue,omitempty"`
}

// ExitStep ends the scenario for the person.
type ExitStep struct {
	// reason that is counted. Without it Done.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Reason string `json:"reason,omitempty"`
}
