// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/waymark-dev/waymark/internal/link"
)

// result is what came of a request.
type result uint8

const (
	byPerson  result = iota // taken in
	byMachine               // taken in, as a program's
	shown                   // a page was shown
	failed                  // it could not be made durable
	invalid                 // no such link
	results
)

var (
	resultNames = [results]string{"Person", "Machine", "Shown", "Failed", "Invalid"}
	kindNames   = [...]string{"", "Click", "Open", "Unsubscribe", "Preferences", "Confirm", "Survey"} // by link.Kind
)

// counts are of all requests since the start.
type counts [len(kindNames)][results]atomic.Int64

func (c *counts) add(kind link.Kind, what result) { c[kind][what].Add(1) }

var linksDesc = prometheus.NewDesc("waymark_links_total",
	"Requests by links in messages, by the kind of link and what came of them. Those with a link that is none have no kind.", []string{"kind", "result"}, nil)

// Describe implements prometheus.Collector.
func (p *Pages) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- linksDesc }

// Collect implements prometheus.Collector with the series that have counted something.
func (p *Pages) Collect(metrics chan<- prometheus.Metric) {
	for kind := range p.counts {
		for what := range p.counts[kind] {
			if n := p.counts[kind][what].Load(); n > 0 {
				metrics <- prometheus.MustNewConstMetric(linksDesc, prometheus.CounterValue, float64(n), kindNames[kind], resultNames[what])
			}
		}
	}
}

var _ prometheus.Collector = (*Pages)(nil)
