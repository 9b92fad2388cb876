// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Ports of a runner.
const (
	// IngestPort takes in events.
	IngestPort int32 = 8080
	// ControlPort is where the operator calls.
	ControlPort int32 = 8443
	// HealthPort answers probes and serves metrics.
	HealthPort int32 = 8081
	// ingestServicePort is the port of the Service in front of IngestPort.
	ingestServicePort int32 = 80
)

// terminationGrace lets a runner stop taking events, write its state and leave, in seconds. A runner needs at most 20.
const terminationGrace int64 = 30

// Deployment says how runners are deployed: what the operator was told and no Workspace says.
type Deployment struct {
	// Image holds the runner's program at /runner.
	Image string
	// ImagePullPolicy of that image; empty lets Kubernetes decide.
	ImagePullPolicy corev1.PullPolicy
	// OperatorNamespace and OperatorLabels are where the operator's pods run and what they are labelled with; only they may
	// reach the control ports. Without a namespace every pod may try, and needs a certificate.
	OperatorNamespace string
	OperatorLabels    map[string]string
}

// StatefulSet runs a workspace's pods, each with a volume of its own.
func StatefulSet(workspace *v1alpha1.Workspace, deployment Deployment) *appsv1ac.StatefulSetApplyConfiguration {
	name := RunnerName(workspace.Name)
	spec := appsv1ac.StatefulSetSpec().
		WithReplicas(Replicas(workspace)).
		WithServiceName(name).
		WithPodManagementPolicy(appsv1.ParallelPodManagement).
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(selector(workspace))).
		WithTemplate(corev1ac.PodTemplateSpec().
			WithLabels(labels(workspace)).
			WithSpec(podSpec(workspace, deployment)))
	if embedded := workspace.Spec.EventLog.Embedded; embedded != nil {
		spec.WithVolumeClaimTemplates(dataClaim(workspace, embedded)).
			WithPersistentVolumeClaimRetentionPolicy(claimRetention(workspace.Spec.DeletionPolicy))
	}
	return appsv1ac.StatefulSet(name, workspace.Namespace).
		WithLabels(labels(workspace)).
		WithOwnerReferences(ownedBy(workspace)).
		WithSpec(spec)
}

// Replicas is how many pods a workspace has. An embedded log lives in one.
func Replicas(workspace *v1alpha1.Workspace) int32 {
	if workspace.Spec.Runner == nil || workspace.Spec.EventLog.Embedded != nil {
		return 1
	}
	return max(1, workspace.Spec.Runner.Replicas)
}

// dataClaim asks for the volume of an embedded log.
func dataClaim(workspace *v1alpha1.Workspace, embedded *v1alpha1.EmbeddedLogSpec) *corev1ac.PersistentVolumeClaimApplyConfiguration {
	spec := corev1ac.PersistentVolumeClaimSpec().
		WithAccessModes(corev1.ReadWriteOnce).
		WithResources(corev1ac.VolumeResourceRequirements().
			WithRequests(corev1.ResourceList{corev1.ResourceStorage: embedded.Storage}))
	if embedded.StorageClassName != nil {
		spec.WithStorageClassName(*embedded.StorageClassName)
	}
	claim := corev1ac.PersistentVolumeClaim(dataVolume, "").
		WithLabels(labels(workspace)).
		WithSpec(spec)
	claim.Namespace = nil // a template takes the namespace of its StatefulSet
	return claim
}

// claimRetention keeps volumes whatever happens to the StatefulSet, or lets them go with the workspace.
func claimRetention(policy v1alpha1.DeletionPolicy) *appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicyApplyConfiguration {
	whenDeleted := appsv1.RetainPersistentVolumeClaimRetentionPolicyType
	if policy == v1alpha1.DeletionPolicyDelete {
		whenDeleted = appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	}
	return appsv1ac.StatefulSetPersistentVolumeClaimRetentionPolicy().
		WithWhenDeleted(whenDeleted).
		WithWhenScaled(appsv1.RetainPersistentVolumeClaimRetentionPolicyType)
}

// runnerArgs are the runner's flags.
func runnerArgs(workspace *v1alpha1.Workspace) []string {
	args := []string{
		"--workspace=" + workspace.Namespace + "/" + workspace.Name,
		"--partitions=" + strconv.Itoa(int(Partitions(workspace))),
		"--replicas=" + strconv.Itoa(int(Replicas(workspace))),
		"--data-dir=" + dataPath,
		"--tls-dir=" + tlsPath,
		"--feeds-file=" + feedsPath + "/" + FeedsFile,
		"--delivery-file=" + deliveryPath + "/" + DeliveryFile,
		"--ingest-address=:" + strconv.Itoa(int(IngestPort)),
		"--control-address=:" + strconv.Itoa(int(ControlPort)),
		"--health-address=:" + strconv.Itoa(int(HealthPort)),
		"--retention-age=" + retentionAge(workspace),
	}
	if retention := workspace.Spec.EventLog.Retention; retention != nil && retention.MaxSize != nil {
		args = append(args, "--retention-max-size="+strconv.FormatInt(retention.MaxSize.Value(), 10))
	}
	return args
}

// Partitions is how many partitions a workspace's log has.
func Partitions(workspace *v1alpha1.Workspace) int32 {
	if workspace.Spec.EventLog.Partitions == 0 {
		return v1alpha1.DefaultPartitions
	}
	return workspace.Spec.EventLog.Partitions
}

// retentionAge is how long events are kept, as Go writes a duration. The API server has checked its form.
func retentionAge(workspace *v1alpha1.Workspace) string {
	age := v1alpha1.DefaultRetentionAge
	if retention := workspace.Spec.EventLog.Retention; retention != nil && retention.Age != "" {
		age = retention.Age
	}
	parsed, err := age.Parse()
	if err != nil {
		return string(age) // the runner refuses it and says why
	}
	return parsed.String()
}
