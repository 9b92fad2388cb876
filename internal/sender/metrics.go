// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/waymark-dev/waymark/internal/channel"
)

// Metrics are what a sender tells Prometheus. Labels are keys of channels and words of closed lists.
type Metrics struct {
	tries    *prometheus.CounterVec
	inFlight *prometheus.GaugeVec
	claims   *prometheus.CounterVec
	claiming prometheus.Histogram
}

// NewMetrics makes metrics that are not registered yet.
func NewMetrics() *Metrics {
	return &Metrics{
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "waymark_messages_total", Help: "Tries to send a message, by channel and what became of it.",
		}, []string{"channel", "outcome"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "waymark_messages_in_flight", Help: "Messages handed to a channel and not answered yet.",
		}, []string{"channel"}),
		claims: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "waymark_claims_total", Help: "Claims that were folded, by channel and whether they were granted.",
		}, []string{"channel", "granted"}),
		claiming: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "waymark_claim_seconds", Help: "How long it took from a claim until it was folded.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}),
	}
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.tries, m.inFlight, m.claims, m.claiming}
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

func (m *Metrics) claimed(key string, took time.Duration, granted bool) {
	word := "false"
	if granted {
		word = "true"
	}
	m.claims.WithLabelValues(key, word).Inc()
	m.claiming.Observe(took.Seconds())
}

func (m *Metrics) begin(key string) { m.inFlight.WithLabelValues(key).Inc() }

func (m *Metrics) end(key string, r channel.Result) {
	m.inFlight.WithLabelValues(key).Dec()
	word := "Accepted"
	switch r.Outcome {
	case channel.Accepted:
	case channel.Rejected:
		word = "Rejected"
	case channel.Deferred:
		word = "Deferred"
	case channel.InDoubt:
		word = "InDoubt"
	}
	m.tried(key, word)
}

func (m *Metrics) tried(key, outcome string) { m.tries.WithLabelValues(key, outcome).Inc() }
