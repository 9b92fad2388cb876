// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/pki"
)

// Keys of the Secrets that Waymark makes.
const (
	// AuthoritiesKey holds the certificates that are trusted, newest first.
	AuthoritiesKey = "ca.crt"
	// AuthorityKeysKey holds their keys in the same order.
	AuthorityKeysKey = "ca.key"
	// CertificateKey and PrivateKeyKey hold a certificate and its key, as Kubernetes names them.
	CertificateKey = corev1.TLSCertKey
	PrivateKeyKey  = corev1.TLSPrivateKeyKey
	// FeedsFile holds what ingest serves, as definition.Feeds in JSON.
	FeedsFile = "feeds.json"
	// DeliveryFile holds what the sender works with, as definition.Delivery in JSON.
	DeliveryFile = "delivery.json"
	// LinkKeysFile holds the keys of links, as a list in JSON.
	LinkKeysFile = "keys.json"
	// WriteKeyKey holds a generated write key.
	WriteKeyKey = "writeKey"
)

// AuthoritySecret keeps a workspace's certificate authorities.
func AuthoritySecret(workspace *v1alpha1.Workspace, authorities pki.Authorities) (*corev1ac.SecretApplyConfiguration, error) {
	certificates, keys, err := authorities.PEM()
	if err != nil {
		return nil, err
	}
	return workspaceSecret(workspace, AuthoritySecretName(workspace.Name)).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{AuthoritiesKey: certificates, AuthorityKeysKey: keys}), nil
}

// CertificateSecret keeps a certificate with its key, and the authorities that its holder trusts.
func CertificateSecret(workspace *v1alpha1.Workspace, name string, leaf pki.Leaf, authorities pki.Authorities) (*corev1ac.SecretApplyConfiguration, error) {
	certificates, _, err := authorities.PEM()
	if err != nil {
		return nil, err
	}
	return workspaceSecret(workspace, name).
		WithType(corev1.SecretTypeTLS).
		WithData(map[string][]byte{
			CertificateKey: leaf.Certificate,
			PrivateKeyKey:  leaf.Key,
			AuthoritiesKey: certificates,
		}), nil
}

// FeedsSecret hands a workspace's feeds to its ingest.
func FeedsSecret(workspace *v1alpha1.Workspace, feeds definition.Feeds) (*corev1ac.SecretApplyConfiguration, error) {
	content, err := json.Marshal(feeds)
	if err != nil {
		return nil, fmt.Errorf("encode feeds of workspace %s/%s: %w", workspace.Namespace, workspace.Name, err)
	}
	return workspaceSecret(workspace, FeedsSecretName(workspace.Name)).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{FeedsFile: content}), nil
}

// DeliverySecret hands a workspace's channels, with their secrets, to its sender.
func DeliverySecret(workspace *v1alpha1.Workspace, delivery definition.Delivery) (*corev1ac.SecretApplyConfiguration, error) {
	content, err := json.Marshal(delivery)
	if err != nil {
		return nil, fmt.Errorf("encode the delivery of workspace %s/%s: %w", workspace.Namespace, workspace.Name, err)
	}
	return workspaceSecret(workspace, DeliverySecretName(workspace.Name)).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{DeliveryFile: content}), nil
}

// LinkKeysSecret keeps the keys by which links in messages are signed. It is apart from the delivery, which may be made anew from what it
// is made of: these keys may not, as links that were sent long ago must still work. So they stay, like the volume, when the workspace
// goes and its data is to be retained.
func LinkKeysSecret(workspace *v1alpha1.Workspace, content []byte) *corev1ac.SecretApplyConfiguration {
	secret := workspaceSecret(workspace, LinkKeysSecretName(workspace.Name)).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{LinkKeysFile: content})
	if workspace.Spec.DeletionPolicy != v1alpha1.DeletionPolicyDelete {
		secret.OwnerReferences = nil
	}
	return secret
}

func workspaceSecret(workspace *v1alpha1.Workspace, name string) *corev1ac.SecretApplyConfiguration {
	return corev1ac.Secret(name, workspace.Namespace).
		WithLabels(labels(workspace)).
		WithOwnerReferences(ownedBy(workspace))
}

// WriteKeySecret keeps the generated write key of a feed.
func WriteKeySecret(feed *v1alpha1.EventFeed, key string) *corev1ac.SecretApplyConfiguration {
	return corev1ac.Secret(WriteKeySecretName(feed.Name), feed.Namespace).
		WithLabels(map[string]string{
			nameLabel:      ManagedBy,
			instanceLabel:  feed.Name,
			componentLabel: "write-key",
			ManagedByLabel: ManagedBy,
		}).
		WithOwnerReferences(controlledBy(feed, "EventFeed")).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{WriteKeyKey: []byte(key)})
}
