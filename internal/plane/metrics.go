// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	reachable = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "waymark",
		Subsystem: "operator",
		Name:      "runners_reachable",
		Help:      "1 while every runner of the workspace answers, 0 while one does not.",
	}, []string{"namespace", "workspace"})

	pushes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "waymark",
		Subsystem: "operator",
		Name:      "definition_pushes_total",
		Help:      "Sets of definitions handed to runners, by result: accepted or failed.",
	}, []string{"result"})
)

func init() { metrics.Registry.MustRegister(reachable, pushes) }

func observe(workspace types.NamespacedName, v *View) {
	value := 0.0
	if v.State == Connected && v.Problem == "" {
		value = 1
	}
	reachable.WithLabelValues(workspace.Namespace, workspace.Name).Set(value)
}

func forgetMetrics(workspace types.NamespacedName) {
	reachable.DeleteLabelValues(workspace.Namespace, workspace.Name)
}

func countPush(err error) {
	result := "accepted"
	if err != nil {
		result = "failed"
	}
	pushes.WithLabelValues(result).Inc()
}
