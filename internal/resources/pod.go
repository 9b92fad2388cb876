// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Volumes of a runner's pod and where it finds them.
const (
	dataVolume     = "data"
	tlsVolume      = "tls"
	feedsVolume    = "feeds"
	deliveryVolume = "delivery"
	tmpVolume      = "tmp"

	dataPath     = "/var/lib/waymark"
	tlsPath      = "/etc/waymark/tls"
	feedsPath    = "/etc/waymark/feeds"
	deliveryPath = "/etc/waymark/delivery"
	tmpPath      = "/tmp"
)

// nonRoot is the user and group of the programs in the image.
const nonRoot int64 = 65532

// What a runner asks for where its workspace says nothing. It has no processor limit: throttling would only delay events.
var (
	defaultCPURequest    = resource.MustParse("100m")
	defaultMemoryRequest = resource.MustParse("256Mi")
	defaultMemoryLimit   = resource.MustParse("1Gi")
	tmpSize              = resource.MustParse("64Mi")
)

// podSpec keeps to the Pod Security Standard "restricted" and carries no token of the API server.
func podSpec(workspace *v1alpha1.Workspace, deployment Deployment) *corev1ac.PodSpecApplyConfiguration {
	spec := corev1ac.PodSpec().
		WithServiceAccountName(RunnerName(workspace.Name)).
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithTerminationGracePeriodSeconds(terminationGrace).
		WithSecurityContext(corev1ac.PodSecurityContext().
			WithRunAsNonRoot(true).
			WithRunAsUser(nonRoot).
			WithRunAsGroup(nonRoot).
			WithFSGroup(nonRoot).
			WithFSGroupChangePolicy(corev1.FSGroupChangeOnRootMismatch).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithContainers(container(workspace, deployment)).
		WithVolumes(
			secretVolume(tlsVolume, RunnerSecretName(workspace.Name)),
			secretVolume(feedsVolume, FeedsSecretName(workspace.Name)),
			optionalSecretVolume(deliveryVolume, DeliverySecretName(workspace.Name)),
			corev1ac.Volume().WithName(tmpVolume).
				WithEmptyDir(corev1ac.EmptyDirVolumeSource().WithSizeLimit(tmpSize)),
		)
	place(spec, workspace.Spec.Runner)
	return spec
}

// place puts the pods where the workspace wants them.
func place(spec *corev1ac.PodSpecApplyConfiguration, wanted *v1alpha1.RunnerSpec) {
	if wanted == nil {
		return
	}
	if len(wanted.NodeSelector) > 0 {
		spec.WithNodeSelector(wanted.NodeSelector)
	}
	if wanted.PriorityClassName != "" {
		spec.WithPriorityClassName(wanted.PriorityClassName)
	}
	for _, t := range wanted.Tolerations {
		spec.WithTolerations(toleration(t))
	}
}

func toleration(wanted v1alpha1.Toleration) *corev1ac.TolerationApplyConfiguration {
	t := corev1ac.Toleration()
	if wanted.Key != "" {
		t.WithKey(wanted.Key)
	}
	if wanted.Operator != "" {
		t.WithOperator(corev1.TolerationOperator(wanted.Operator))
	}
	if wanted.Value != "" {
		t.WithValue(wanted.Value)
	}
	if wanted.Effect != "" {
		t.WithEffect(corev1.TaintEffect(wanted.Effect))
	}
	if wanted.TolerationSeconds != nil {
		t.WithTolerationSeconds(*wanted.TolerationSeconds)
	}
	return t
}

func container(workspace *v1alpha1.Workspace, deployment Deployment) *corev1ac.ContainerApplyConfiguration {
	c := corev1ac.Container().
		WithName(runner).
		WithImage(deployment.Image).
		WithCommand("/runner").
		WithArgs(runnerArgs(workspace)...).
		WithPorts(
			corev1ac.ContainerPort().WithName("ingest").WithContainerPort(IngestPort).WithProtocol(corev1.ProtocolTCP),
			corev1ac.ContainerPort().WithName("control").WithContainerPort(ControlPort).WithProtocol(corev1.ProtocolTCP),
			corev1ac.ContainerPort().WithName("health").WithContainerPort(HealthPort).WithProtocol(corev1.ProtocolTCP),
		).
		WithEnv(podNameVariable()).
		WithResources(computeResources(workspace.Spec.Runner)).
		WithVolumeMounts(
			corev1ac.VolumeMount().WithName(dataVolume).WithMountPath(dataPath),
			corev1ac.VolumeMount().WithName(tlsVolume).WithMountPath(tlsPath).WithReadOnly(true),
			corev1ac.VolumeMount().WithName(feedsVolume).WithMountPath(feedsPath).WithReadOnly(true),
			corev1ac.VolumeMount().WithName(deliveryVolume).WithMountPath(deliveryPath).WithReadOnly(true),
			corev1ac.VolumeMount().WithName(tmpVolume).WithMountPath(tmpPath),
		).
		// A runner that replays a long log answers /healthz all the while, so it is given no more time to start than to
		// live: a minute without an answer restarts it.
		WithLivenessProbe(probe("/healthz").WithPeriodSeconds(10).WithTimeoutSeconds(5).WithFailureThreshold(6)).
		// Ready means that events can be stored durably. It is asked often, as senders wait for it after a restart.
		WithReadinessProbe(probe("/readyz").WithPeriodSeconds(2).WithTimeoutSeconds(5).WithFailureThreshold(2)).
		WithSecurityContext(corev1ac.SecurityContext().
			WithAllowPrivilegeEscalation(false).
			WithReadOnlyRootFilesystem(true).
			WithRunAsNonRoot(true).
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL")))
	if deployment.ImagePullPolicy != "" {
		c.WithImagePullPolicy(deployment.ImagePullPolicy)
	}
	return c
}

// podNameVariable tells a runner its pod's name, which ends in the number of the replica.
func podNameVariable() *corev1ac.EnvVarApplyConfiguration {
	return corev1ac.EnvVar().WithName("POD_NAME").
		WithValueFrom(corev1ac.EnvVarSource().
			WithFieldRef(corev1ac.ObjectFieldSelector().WithAPIVersion("v1").WithFieldPath("metadata.name")))
}

func probe(path string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().
		WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromString("health")))
}

func secretVolume(name, secret string) *corev1ac.VolumeApplyConfiguration {
	return corev1ac.Volume().WithName(name).
		WithSecret(corev1ac.SecretVolumeSource().WithSecretName(secret).WithDefaultMode(0o440))
}

// optionalSecretVolume is a Secret that may come later, or never: a pod starts without it.
func optionalSecretVolume(name, secret string) *corev1ac.VolumeApplyConfiguration {
	volume := secretVolume(name, secret)
	volume.Secret.WithOptional(true)
	return volume
}

// computeResources are those that the workspace states, or else the defaults. Who states one amount states them all for its
// group: requests and limits are taken as they are written.
func computeResources(wanted *v1alpha1.RunnerSpec) *corev1ac.ResourceRequirementsApplyConfiguration {
	requests := corev1.ResourceList{
		corev1.ResourceCPU:    defaultCPURequest,
		corev1.ResourceMemory: defaultMemoryRequest,
	}
	limits := corev1.ResourceList{corev1.ResourceMemory: defaultMemoryLimit}
	if wanted != nil && wanted.Resources != nil {
		requests, limits = amounts(wanted.Resources.Requests), amounts(wanted.Resources.Limits)
	}
	requirements := corev1ac.ResourceRequirements()
	if len(requests) > 0 {
		requirements.WithRequests(requests)
	}
	if len(limits) > 0 {
		requirements.WithLimits(limits)
	}
	return requirements
}

func amounts(wanted *v1alpha1.ComputeAmounts) corev1.ResourceList {
	list := corev1.ResourceList{}
	if wanted == nil {
		return list
	}
	if wanted.CPU != nil {
		list[corev1.ResourceCPU] = *wanted.CPU
	}
	if wanted.Memory != nil {
		list[corev1.ResourceMemory] = *wanted.Memory
	}
	return list
}
