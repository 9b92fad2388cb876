// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import "github.com/prometheus/client_golang/prometheus"

var (
	acceptedDesc = prometheus.NewDesc("waymark_ingest_events_total",
		"Events that were made durable, duplicates included.", []string{"feed"}, nil)
	droppedDesc = prometheus.NewDesc("waymark_ingest_dropped_total",
		"Messages that the feed's mapping dropped.", []string{"feed"}, nil)
	clampedDesc = prometheus.NewDesc("waymark_ingest_clamped_total",
		"Events whose time lay more than five minutes in the future and was set to that of their receipt.", []string{"feed"}, nil)
	refusedDesc = prometheus.NewDesc("waymark_ingest_refused_total",
		"Messages that were refused, by reason. Those to no feed have an empty feed.", []string{"feed", "reason"}, nil)
)

// Describe implements prometheus.Collector.
func (g *Gateway) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{acceptedDesc, droppedDesc, clampedDesc, refusedDesc} {
		descriptions <- d
	}
	g.links.Describe(descriptions)
}

// Collect implements prometheus.Collector with the counts of the feeds that are served now; the series of others end.
func (g *Gateway) Collect(metrics chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, value int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	g.links.Collect(metrics)
	feeds, _ := g.Report()
	for _, f := range feeds {
		counter(acceptedDesc, f.Accepted, f.Key)
		counter(droppedDesc, f.Dropped, f.Key)
		counter(clampedDesc, f.Clamped, f.Key)
		for reason, n := range f.Refused {
			counter(refusedDesc, n, f.Key, reason)
		}
	}
	for _, reason := range Reasons() {
		if n := g.unknown.refused[reason].Load(); n > 0 {
			counter(refusedDesc, n, "", string(reason))
		}
	}
}

var _ prometheus.Collector = (*Gateway)(nil)
