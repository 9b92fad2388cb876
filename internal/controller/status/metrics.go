// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// Causes of a status write.
const (
	causeConditions = "conditions"
	causeNumbers    = "numbers"
)

var statusWrites = prometheus.NewCounterVec(prometheus.CounterOpts{
	Namespace: "waymark",
	Subsystem: "operator",
	Name:      "status_writes_total",
	Help:      "Status patches sent to the API server, by kind of resource and by what had changed: conditions or numbers.",
}, []string{"kind", "cause"})

func init() { metrics.Registry.MustRegister(statusWrites) }
