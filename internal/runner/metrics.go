// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/eventlog"
)

// Metrics are what a runner tells Prometheus. No label holds anything of a contact or an event.
type Metrics struct {
	appends, appendErrors *prometheus.CounterVec
	appendedEvents        *prometheus.CounterVec
	appendSeconds         prometheus.Histogram
	foldedRecords         *prometheus.CounterVec
	foldedOffset          *prometheus.GaugeVec
	backfilledRecords     *prometheus.CounterVec
	commitSeconds         prometheus.Histogram
	logBytes              *prometheus.GaugeVec
	logLast               *prometheus.GaugeVec
	duplicates            *prometheus.GaugeVec
	forwardedEvents       *prometheus.CounterVec
	lostEvents            *prometheus.CounterVec
	handedEvents          *prometheus.CounterVec
	handingBehind         *prometheus.GaugeVec
}

// NewMetrics makes metrics that are not registered yet.
func NewMetrics() *Metrics {
	partition := []string{"partition"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "waymark_" + name, Help: help}, partition)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "waymark_" + name, Help: help}, partition)
	}
	seconds := func(name, help string) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "waymark_" + name, Help: help, Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		})
	}
	return &Metrics{
		appends:           counter("log_appends_total", "Chunks of events that the log confirmed as durable."),
		appendErrors:      counter("log_append_errors_total", "Chunks of events that the log did not confirm."),
		appendedEvents:    counter("log_appended_events_total", "Events that the log confirmed as durable, repeated ones included."),
		appendSeconds:     seconds("log_append_seconds", "How long the log took to confirm a chunk of events."),
		foldedRecords:     counter("fold_records_total", "Records of the log that were folded as they came."),
		foldedOffset:      gauge("fold_offset", "Offset of the last record folded."),
		backfilledRecords: counter("backfill_records_total", "Records that were read again to compute new definitions."),
		commitSeconds:     seconds("state_commit_seconds", "How long it took to write the state durably."),
		logBytes:          gauge("log_bytes", "Size of the log on its volume, looked at once a minute."),
		logLast:           gauge("log_last_offset", "Offset of the log's last record, looked at once a minute."),
		forwardedEvents:   counter("forwarded_events_total", "Copies of events sent to the partition of the contact that they belong to, repeated ones included."),
		lostEvents:        counter("forward_lost_events_total", "Events that were to be forwarded and that the log no longer held."),
		handedEvents:      counter("handed_events_total", "Copies of events handed on to the deals, or whatever funnels count instead of contacts, repeated ones included."),
		handingBehind:     gauge("handing_behind_records", "Folded records of which not all is handed on yet to what funnels count instead of contacts."),
		duplicates:        gauge("fold_duplicate_events", "Events left out because their source and id were known, as of the last report."),
	}
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		m.appends, m.appendErrors, m.appendedEvents, m.appendSeconds, m.foldedRecords, m.foldedOffset, m.backfilledRecords,
		m.commitSeconds, m.logBytes, m.logLast, m.duplicates, m.forwardedEvents, m.lostEvents,
		m.handedEvents, m.handingBehind,
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, c := range m.collectors() {
		c.Describe(to)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	for _, c := range m.collectors() {
		c.Collect(to)
	}
}

// Appended counts an append of the group commit: see eventlog.AppenderOptions.Observe.
func (m *Metrics) Appended(a eventlog.Appended) {
	partition := strconv.Itoa(a.Partition)
	if a.Err != nil {
		m.appendErrors.WithLabelValues(partition).Inc()
		return
	}
	m.appends.WithLabelValues(partition).Inc()
	m.appendedEvents.WithLabelValues(partition).Add(float64(a.Events))
	m.appendSeconds.Observe(a.Took.Seconds())
}

func (m *Metrics) folded(partition int, r *read) {
	label := strconv.Itoa(partition)
	m.foldedRecords.WithLabelValues(label).Inc()
	m.foldedOffset.WithLabelValues(label).Set(float64(r.offset))
}

func (m *Metrics) forwarded(partition, events, lost int) {
	label := strconv.Itoa(partition)
	m.forwardedEvents.WithLabelValues(label).Add(float64(events))
	m.lostEvents.WithLabelValues(label).Add(float64(lost))
}

func (m *Metrics) handedOn(partition, events int) {
	m.handedEvents.WithLabelValues(strconv.Itoa(partition)).Add(float64(events))
}

func (m *Metrics) handing(partition int, behind uint64) {
	m.handingBehind.WithLabelValues(strconv.Itoa(partition)).Set(float64(behind))
}

func (m *Metrics) backfilled(partition int) {
	m.backfilledRecords.WithLabelValues(strconv.Itoa(partition)).Inc()
}

func (m *Metrics) committed(_ int, took time.Duration) { m.commitSeconds.Observe(took.Seconds()) }

func (m *Metrics) bounds(partition int, b eventlog.Bounds) {
	label := strconv.Itoa(partition)
	m.logBytes.WithLabelValues(label).Set(float64(b.Bytes))
	m.logLast.WithLabelValues(label).Set(float64(b.Last))
}

func (m *Metrics) reported(p *aggregate.Partition) {
	m.duplicates.WithLabelValues(strconv.Itoa(p.Partition)).Set(float64(p.Duplicates))
}
