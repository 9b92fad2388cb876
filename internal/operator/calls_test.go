// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// report asks the workspace's runner for its report, with the operator's own certificate.
func (w *world) report(ctx context.Context) (control.Report, error) {
	var keys corev1.Secret
	if err := cluster.Get(ctx, types.NamespacedName{Namespace: w.namespace, Name: resources.ManagerSecretName("default")}, &keys); err != nil {
		return control.Report{}, err
	}
	runner, err := plane.DialTLS(plane.Endpoint{
		Address:    w.node.controlAddress(resources.RunnerPodName("default", 0)),
		ServerName: resources.RunnerServerName(w.workspace()),
		Credentials: plane.Credentials{
			Certificate: string(keys.Data[resources.CertificateKey]),
			Key:         string(keys.Data[resources.PrivateKeyKey]),
			Authorities: string(keys.Data[resources.AuthoritiesKey]),
		},
	})
	if err != nil {
		return control.Report{}, err
	}
	defer runner.Close()
	return runner.Report(ctx)
}

// definitions gives the versions that the partitions run, each as often as it runs.
func (w *world) definitions(ctx context.Context) ([]string, error) {
	report, err := w.report(ctx)
	var versions []string
	for _, partition := range report.Partitions {
		for _, definition := range partition.Funnels {
			versions = append(versions, definition.Active)
		}
	}
	return versions, err
}
