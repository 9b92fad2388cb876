// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// ServiceAccount is whom a workspace's pods run as. It may do nothing, and its token is mounted nowhere.
func ServiceAccount(workspace *v1alpha1.Workspace) *corev1ac.ServiceAccountApplyConfiguration {
	return corev1ac.ServiceAccount(RunnerName(workspace.Name), workspace.Namespace).
		WithLabels(labels(workspace)).
		WithOwnerReferences(ownedBy(workspace)).
		WithAutomountServiceAccountToken(false)
}

// ControlService gives each pod of a workspace a name. It names pods that are not ready too, as the operator must be able to
// ask them why.
func ControlService(workspace *v1alpha1.Workspace) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(RunnerName(workspace.Name), workspace.Namespace).
		WithLabels(labels(workspace)).
		WithOwnerReferences(ownedBy(workspace)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithClusterIP(corev1.ClusterIPNone).
			WithPublishNotReadyAddresses(true).
			WithSelector(selector(workspace)).
			WithPorts(servicePort("control", ControlPort, "control", "https")))
}

// IngestService is where sources send events. Where one pod is all there is, it is reached also while it is not ready: its
// answer "try again later" is better than none.
func IngestService(workspace *v1alpha1.Workspace) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(IngestName(workspace.Name), workspace.Namespace).
		WithLabels(labels(workspace)).
		WithOwnerReferences(ownedBy(workspace)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithPublishNotReadyAddresses(Replicas(workspace) == 1).
			WithSelector(selector(workspace)).
			WithPorts(servicePort("http", ingestServicePort, "ingest", "http")))
}

func servicePort(name string, port int32, target, protocol string) *corev1ac.ServicePortApplyConfiguration {
	return corev1ac.ServicePort().
		WithName(name).
		WithProtocol(corev1.ProtocolTCP).
		WithPort(port).
		WithTargetPort(intstr.FromString(target)).
		WithAppProtocol(protocol)
}

// NetworkPolicy lets events and probes in from everywhere and control calls from the operator alone. It says nothing of what goes out: where
// the channels' receivers are is not known here, and policies only add up, so that one which let all out would leave nothing to forbid.
func NetworkPolicy(workspace *v1alpha1.Workspace, deployment Deployment) *networkingv1ac.NetworkPolicyApplyConfiguration {
	control := networkingv1ac.NetworkPolicyIngressRule().WithPorts(policyPort(ControlPort))
	if deployment.OperatorNamespace != "" {
		control.WithFrom(networkingv1ac.NetworkPolicyPeer().
			WithNamespaceSelector(metav1ac.LabelSelector().
				WithMatchLabels(map[string]string{corev1.LabelMetadataName: deployment.OperatorNamespace})).
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(deployment.OperatorLabels)))
	}
	return networkingv1ac.NetworkPolicy(RunnerName(workspace.Name), workspace.Namespace).
		WithLabels(labels(workspace)).
		WithOwnerReferences(ownedBy(workspace)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(selector(workspace))).
			WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithIngress(
				networkingv1ac.NetworkPolicyIngressRule().WithPorts(policyPort(IngestPort), policyPort(HealthPort)),
				control,
			))
}

func policyPort(port int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(port))
}

// PodDisruptionBudget keeps all but one of a workspace's pods running while nodes are drained. A single pod has none, as it
// could only forbid every drain; then this is nil.
func PodDisruptionBudget(workspace *v1alpha1.Workspace) *policyv1ac.PodDisruptionBudgetApplyConfiguration {
	if Replicas(workspace) <= 1 {
		return nil
	}
	return policyv1ac.PodDisruptionBudget(RunnerName(workspace.Name), workspace.Namespace).
		WithLabels(labels(workspace)).
		WithOwnerReferences(ownedBy(workspace)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			// A pod that cannot start must not keep a node from being drained.
			WithUnhealthyPodEvictionPolicy(policyv1.AlwaysAllow).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(selector(workspace))))
}
