// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/children"
	"github.com/waymark-dev/waymark/internal/controller/deliveryset"
	"github.com/waymark-dev/waymark/internal/controller/feedset"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/pki"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// steps is what is to be done about a Workspace.
type steps struct {
	// refusal is what is wrong with the spec; nil when nothing is.
	refusal *field.Error
	// children are to be applied in their order, before the StatefulSet.
	children []children.Child
	// dropBudget says that the disruption budget has to go, as there is one pod now.
	dropBudget bool
	// grow are the volume claims that are smaller than the spec wants.
	grow []string
	// feeds are what the pods are to serve.
	feeds definition.Feeds
	// delivery is what the pods are to send by.
	delivery definition.Delivery
	// policy is the definition of the messaging policy; nil while the spec is wrong, and then the runners keep the one that they have.
	policy *control.Definition
	// mounts identifies the contents of the Secrets that the pods mount.
	mounts string
	// endpoints are the pods to connect to; nil leaves the connections as they are, while not every pod has an address.
	endpoints []plane.Endpoint
	// deploy is false for a spec that this version cannot deploy at all.
	deploy bool
	// again is when time alone asks for another look.
	again time.Duration
}

// plan says what is to be done about a Workspace. It is pure but for the keys and certificates that it draws where some are due.
// The error is of Secrets that cannot be used.
func plan(o observation, deployment resources.Deployment) (steps, error) {
	s := steps{refusal: refusal(o.workspace)}
	if s.refusal == nil {
		s.policy, s.refusal = policy(o.workspace)
	}
	if o.workspace.Spec.EventLog.Embedded == nil {
		return s, nil
	}
	s.deploy = true
	certificates, err := planCertificates(o)
	if err != nil {
		return s, err
	}
	if s.feeds, err = feedset.Assemble(o.served, o.feeds); err != nil {
		return s, fmt.Errorf("put together feeds: %w", err)
	}
	feedsSecret, err := resources.FeedsSecret(o.workspace, s.feeds)
	if err != nil {
		return s, err
	}
	renewal, err := planDelivery(&s, o)
	if err != nil {
		return s, err
	}
	s.children = append([]children.Child{
		{Desired: resources.ServiceAccount(o.workspace), Live: &corev1.ServiceAccount{}},
		{Desired: resources.NetworkPolicy(o.workspace, deployment), Live: &networkingv1.NetworkPolicy{}},
		{Desired: resources.ControlService(o.workspace), Live: &corev1.Service{}},
		{Desired: resources.IngestService(o.workspace), Live: &corev1.Service{}},
		{Desired: feedsSecret, Live: secrets.Metadata()},
	}, append(s.children, certificates.children...)...)
	if budget := resources.PodDisruptionBudget(o.workspace); budget != nil {
		s.children = append(s.children, children.Child{Desired: budget, Live: &policyv1.PodDisruptionBudget{}})
	}
	s.dropBudget = o.budget != nil && resources.PodDisruptionBudget(o.workspace) == nil
	s.grow = tooSmall(o)
	s.mounts = s.feeds.Version + "-" + s.delivery.Version + "-" + certificates.digest
	s.endpoints = endpoints(o, certificates.manager)
	s.again = max(time.Second, min(certificates.renewal.Sub(o.now), renewal.Sub(o.now)))
	if len(s.grow) > 0 {
		s.again = min(s.again, growAgain)
	}
	if isLate(&o, &s) {
		s.again = min(s.again, nudgeAfter)
	}
	return s, nil
}

// planDelivery puts together what the pods send by, and gives when the keys of links are to be looked at again.
func planDelivery(s *steps, o observation) (renewal time.Time, err error) {
	keys, renewal := deliveryset.Rotate(o.linkKeys, o.now, deliveryset.NewLinkKey)
	content, err := deliveryset.EncodeLinkKeys(keys)
	if err != nil {
		return renewal, err
	}
	if s.delivery, err = deliveryset.Assemble(o.delivered, o.workspace, o.channels, o.asking, keys); err != nil {
		return renewal, err
	}
	delivery, err := resources.DeliverySecret(o.workspace, s.delivery)
	if err != nil {
		return renewal, err
	}
	// The keys come first: a link that nobody could check later would be of no use.
	s.children = append(s.children,
		children.Child{Desired: resources.LinkKeysSecret(o.workspace, content), Live: secrets.Metadata()},
		children.Child{Desired: delivery, Live: secrets.Metadata()},
	)
	return renewal, nil
}

// policy compiles the messaging policy.
func policy(workspace *v1alpha1.Workspace) (*control.Definition, *field.Error) {
	meaning, errs := definition.FromPolicy(workspace)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	form, version, err := meaning.Canonical()
	if err != nil {
		return nil, field.InternalError(field.NewPath("spec", "policy"), err)
	}
	return &control.Definition{
		Key: plane.PolicyKey(client.ObjectKeyFromObject(workspace)), Version: version,
		UID: string(workspace.UID), Generation: workspace.Generation, Meaning: form,
	}, nil
}

// refusal finds what the API server cannot see to be wrong with a spec.
func refusal(workspace *v1alpha1.Workspace) *field.Error {
	path := field.NewPath("spec")
	if workspace.Spec.EventLog.Embedded == nil {
		return &field.Error{
			Type: field.ErrorTypeNotSupported, Field: path.Child("eventLog", "nats").String(), BadValue: field.OmitValueType{},
			Detail: "this version of Waymark does not support it yet: create a Workspace with eventLog.embedded",
		}
	}
	if _, err := zoneinfo.Load(cmp.Or(workspace.Spec.TimeZone, v1alpha1.DefaultTimeZone)); err != nil {
		return field.Invalid(path.Child("timeZone"), workspace.Spec.TimeZone, "there is no such time zone: write an IANA name such as Europe/Moscow")
	}
	return nil
}

// endpoints are the pods' control ports. They are reached by address and proven by certificate, so no name has to be resolved.
func endpoints(o observation, credentials plane.Credentials) []plane.Endpoint {
	var found []plane.Endpoint
	for i := range o.pods {
		pod := &o.pods[i]
		if pod.Status.PodIP == "" || !pod.DeletionTimestamp.IsZero() || !isReplica(pod, o.workspace) {
			continue
		}
		found = append(found, plane.Endpoint{
			Name:        pod.Name,
			Address:     net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(resources.ControlPort))),
			ServerName:  resources.RunnerServerName(o.workspace),
			Credentials: credentials,
		})
	}
	if len(found) < int(resources.Replicas(o.workspace)) {
		return nil
	}
	slices.SortFunc(found, func(a, b plane.Endpoint) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

// isReplica leaves out pods that are about to be scaled away.
func isReplica(pod *corev1.Pod, workspace *v1alpha1.Workspace) bool {
	number, found := strings.CutPrefix(pod.Name, resources.RunnerName(workspace.Name)+"-")
	replica, err := strconv.Atoi(number)
	return found && err == nil && int32(replica) < resources.Replicas(workspace)
}

// certificates is what a workspace's keys come to.
type certificates struct {
	children []children.Child
	manager  plane.Credentials
	digest   string // of what pods mount
	renewal  time.Time
}

// planCertificates renews what is due and keeps the rest.
func planCertificates(o observation) (certificates, error) {
	known, err := pki.ParseAuthorities(o.keys.authorities[resources.AuthoritiesKey], o.keys.authorities[resources.AuthorityKeysKey])
	if err != nil {
		return certificates{}, fmt.Errorf("use Secret %s: %w: delete it, and Waymark makes another", resources.AuthoritySecretName(o.workspace.Name), err)
	}
	authorities, _, err := known.Renewed(o.name().String(), o.now)
	if err != nil {
		return certificates{}, err
	}
	runner, _, err := authorities.Certify(o.keys.runner, pki.Identity{
		Name:     resources.RunnerName(o.workspace.Name),
		DNSNames: []string{resources.RunnerServerName(o.workspace)},
	}, o.now)
	if err != nil {
		return certificates{}, err
	}
	manager, _, err := authorities.Certify(o.keys.manager, pki.Identity{Name: control.OperatorName}, o.now)
	if err != nil {
		return certificates{}, err
	}
	return assembleCertificates(o.workspace, authorities, runner, manager)
}

func assembleCertificates(workspace *v1alpha1.Workspace, authorities pki.Authorities, runner, manager pki.Leaf) (certificates, error) {
	authoritySecret, err := resources.AuthoritySecret(workspace, authorities)
	if err != nil {
		return certificates{}, err
	}
	runnerSecret, err := resources.CertificateSecret(workspace, resources.RunnerSecretName(workspace.Name), runner, authorities)
	if err != nil {
		return certificates{}, err
	}
	managerSecret, err := resources.CertificateSecret(workspace, resources.ManagerSecretName(workspace.Name), manager, authorities)
	if err != nil {
		return certificates{}, err
	}
	c := certificates{
		// The authorities come first: a certificate without the authority that signed it would be of no use.
		children: []children.Child{
			{Desired: authoritySecret, Live: secrets.Metadata()},
			{Desired: runnerSecret, Live: secrets.Metadata()},
			{Desired: managerSecret, Live: secrets.Metadata()},
		},
		manager: plane.Credentials{
			Certificate: string(manager.Certificate),
			Key:         string(manager.Key),
			Authorities: string(managerSecret.Data[resources.AuthoritiesKey]),
		},
		digest:  digest(runnerSecret.Data[resources.CertificateKey], runnerSecret.Data[resources.AuthoritiesKey]),
		renewal: authorities.NextRenewal(),
	}
	for _, leaf := range []pki.Leaf{runner, manager} {
		if leaf.NextRenewal.Before(c.renewal) {
			c.renewal = leaf.NextRenewal
		}
	}
	return c, nil
}

// statefulSet is what the pods should be; a volume keeps its size while it cannot have the wanted one.
func statefulSet(o observation, deployment resources.Deployment, keepSize bool) children.Child {
	workspace := o.workspace
	if size, found := templateSize(o.statefulSet); keepSize && found {
		workspace = workspace.DeepCopy()
		workspace.Spec.EventLog.Embedded.Storage = size
	}
	return children.Child{Desired: resources.StatefulSet(workspace, deployment), Live: &appsv1.StatefulSet{}}
}
