// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
)

// Defaults that hold where a spec says nothing. The resource definitions state the same ones, except for
// DefaultRollingDays: a member of a union has no default that an API server may write.
const (
	// DefaultTimeZone is the zone of a workspace.
	DefaultTimeZone = "UTC"
	// DefaultPartitions is the number of partitions of a log.
	DefaultPartitions int32 = 4
	// DefaultRetentionAge is how long events are kept.
	DefaultRetentionAge Duration = "90d"
	// DefaultWindow is how long a person may take from the first stage to the last.
	DefaultWindow Duration = "30d"
	// DefaultRollingDays is the period of a funnel without one.
	DefaultRollingDays int32 = 30
	// DefaultMinGroup is the smallest number of people that a breakdown shows by itself.
	DefaultMinGroup int32 = 5
	// DefaultBreakdownLimit is how many values a breakdown shows.
	DefaultBreakdownLimit int32 = 10
	// DefaultTriggerMaxAge is how old a drop-off may be and still start a scenario.
	DefaultTriggerMaxAge Duration = "1h"
	// DefaultMaxBodyBytes is how long the body of a request may be.
	DefaultMaxBodyBytes = "1Mi"
	// DefaultMaxAge is how old an event may be and still let somebody into a scenario.
	DefaultMaxAge Duration = "24h"
	// DefaultTimeOfDay is when something happens on a date or a weekday that says no time.
	DefaultTimeOfDay TimeOfDay = "10:00"
	// DefaultChurnAfter is after how long without a purchase a buyer counts as lost.
	DefaultChurnAfter Duration = "90d"
	// DefaultSurveyWithin is how long after a person left an answer counts.
	DefaultSurveyWithin Duration = "30d"
	// DefaultImprovementSpan is how long before and after an improvement are compared.
	DefaultImprovementSpan Duration = "28d"
	// DefaultRetries and DefaultRetryFor bound how often and how long a message is tried again.
	DefaultRetries  int32    = 8
	DefaultRetryFor Duration = "24h"
)

// Default fills in what the API server would fill in, for manifests that have not passed through one.
func (w *Workspace) Default() {
	setDefault(&w.Spec.TimeZone, DefaultTimeZone)
	setDefault(&w.Spec.DeletionPolicy, DeletionPolicyRetain)
	setDefault(&w.Spec.EventLog.Partitions, DefaultPartitions)
	if w.Spec.EventLog.Retention != nil {
		setDefault(&w.Spec.EventLog.Retention.Age, DefaultRetentionAge)
	}
	if w.Spec.EventLog.NATS != nil {
		setDefault(&w.Spec.EventLog.NATS.Replicas, 3)
	}
	if w.Spec.Runner != nil {
		setDefault(&w.Spec.Runner.Replicas, 1)
	}
	if w.Spec.Policy != nil {
		w.Spec.Policy.setDefaults()
	}
	setUnobserved(&w.Status.ObservedGeneration)
}

func (p *MessagingPolicy) setDefaults() {
	setDefault(&p.Zone, "contact.attributes.timezone")
	setDefault(&p.Language, "contact.attributes.language")
	if p.QuietHours != nil {
		setDefault(&p.QuietHours.Action, PolicyActionDefer)
	}
	if p.FrequencyCap != nil {
		setDefault(&p.FrequencyCap.Action, PolicyActionDefer)
	}
	if p.Consent != nil {
		setDefault(&p.Consent.Mode, ConsentExplicit)
	}
}

// Default fills in what the API server would fill in, for manifests that have not passed through one.
func (f *EventFeed) Default() {
	setDefault(&f.Spec.Trust, TrustPublic)
	if f.Spec.HTTP != nil {
		f.Spec.HTTP.setDefaults()
	}
	if f.Spec.Kafka != nil {
		setDefault(&f.Spec.Kafka.StartFrom, StartLatest)
		setDefault(&f.Spec.Kafka.Format, MessageFormatCloudEvents)
	}
	if f.Spec.NATS != nil {
		setDefault(&f.Spec.NATS.StartFrom, StartLatest)
		setDefault(&f.Spec.NATS.Format, MessageFormatCloudEvents)
	}
	setUnobserved(&f.Status.ObservedGeneration)
}

func (h *HTTPSource) setDefaults() {
	if h.Protocols == nil {
		h.Protocols = []HTTPProtocol{HTTPProtocolCloudEvents, HTTPProtocolSegment}
	}
	if h.MaxBodyBytes == nil {
		size := resource.MustParse(DefaultMaxBodyBytes)
		h.MaxBodyBytes = &size
	}
	if h.CORS != nil {
		setDefault(&h.CORS.MaxAge, "1h")
	}
}

// Default fills in what the API server would fill in, for manifests that have not passed through one.
func (f *Funnel) Default() {
	setDefault(&f.Spec.Window, DefaultWindow)
	setDefault(&f.Spec.Order, OrderOrdered)
	setDefault(&f.Spec.EntryPolicy, EntryLatestStart)
	setDefault(&f.Spec.Count, CountContacts)
	setDefault(&f.Spec.MinGroup, DefaultMinGroup)
	setDefault(&f.Spec.TriggerMaxAge, DefaultTriggerMaxAge)
	for i := range f.Spec.Breakdowns {
		setDefault(&f.Spec.Breakdowns[i].Limit, DefaultBreakdownLimit)
	}
	for i := range f.Spec.Exclusions {
		setDefault(&f.Spec.Exclusions[i].Action, ExclusionDiscard)
	}
	setUnobserved(&f.Status.ObservedGeneration)
}

// Default fills in what the API server would fill in, for manifests that have not passed through one.
func (s *NurtureScenario) Default() {
	setDefault(&s.Spec.MaxAge, DefaultMaxAge)
	setDefault(&s.Spec.InFlight, InFlightPin)
	setDefault(&s.Spec.CatchUp, CatchUpShift)
	if e := s.Spec.Entry; e != nil {
		setDefault(&e.Reentry, ReentryAfterExit)
		setDefault(&e.Existing, ExistingSkip)
		setDefault(&e.OnRepeat, RepeatIgnore)
	}
	if t := s.Spec.Trigger.Schedule; t != nil {
		setDefault(&t.Zone, ScheduleZoneWorkspace)
	}
	for i := range s.Spec.Steps {
		if send := s.Spec.Steps[i].Send; send != nil {
			setDefault(&send.Purpose, PurposeMarketing)
		}
	}
	setUnobserved(&s.Status.ObservedGeneration)
}

// Default fills in what the API server would fill in, for manifests that have not passed through one.
func (c *MessageChannel) Default() {
	if s := c.Spec.SMTP; s != nil {
		setDefault(&s.Encryption, SMTPStartTLS)
		setDefault(&s.Connections, 4)
	}
	if w := c.Spec.Webhook; w != nil {
		setDefault(&w.Timeout, "10s")
		setDefault(&w.Concurrency, 8)
	}
	if l := c.Spec.Limits; l != nil {
		l.setDefaults()
	}
	if b := c.Spec.Breaker; b != nil {
		setDefault(&b.Of, 200)
		setDefault(&b.Pause, "1h")
	}
	setUnobserved(&c.Status.ObservedGeneration)
}

func (l *ChannelLimits) setDefaults() {
	if l.Retries == nil {
		retries := DefaultRetries
		l.Retries = &retries
	}
	setDefault(&l.RetryFor, DefaultRetryFor)
	if l.WarmUp != nil {
		setDefault(&l.WarmUp.GrowthPercent, 150)
	}
}

// Default fills in what the API server would fill in, for manifests that have not passed through one.
func (s *Segment) Default() {
	setDefault(&s.Spec.PeriodDays, DefaultRollingDays)
	setDefault(&s.Spec.TriggerMaxAge, DefaultTriggerMaxAge)
	setUnobserved(&s.Status.ObservedGeneration)
}

// Default fills in what the API server would fill in, for manifests that have not passed through one.
func (j *Journey) Default() {
	setDefault(&j.Spec.ChurnAfter, DefaultChurnAfter)
	if j.Spec.Survey != nil {
		setDefault(&j.Spec.Survey.Within, DefaultSurveyWithin)
	}
	for i := range j.Spec.Stages {
		for k := range j.Spec.Stages[i].Improvements {
			improvement := &j.Spec.Stages[i].Improvements[k]
			setDefault(&improvement.Metric, MetricConversion)
			setDefault(&improvement.Span, DefaultImprovementSpan)
		}
	}
	setUnobserved(&j.Status.ObservedGeneration)
}

func setDefault[T comparable](field *T, value T) {
	var unset T
	if *field == unset {
		*field = value
	}
}

// setUnobserved marks a status that no controller has written yet. Generations of real objects begin with 1.
func setUnobserved(generation *int64) { setDefault(generation, -1) }
