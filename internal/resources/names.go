// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package resources builds the objects that a Workspace or an EventFeed consists of in the cluster. A builder is pure: it reads
// the resource and its options and gives an apply configuration that says what Waymark wants and leaves the rest to others.
package resources

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// maxBase is the longest part of a child's name that stands for its workspace. With the longest suffix the name of a
// StatefulSet stays under 52 characters, beyond which the labels of its revisions are too long.
const maxBase = 40

// base is the beginning of the names of a workspace's children. A Service's name begins with a letter, which a workspace's
// name need not; such a name gets a prefix, and a hash so that it is nobody else's.
func base(workspace string) string {
	if startsWithLetter(workspace) && len(workspace) <= maxBase {
		return workspace
	}
	sum := sha256.Sum256([]byte(workspace))
	hash := hex.EncodeToString(sum[:4])
	const prefix = "ws-"
	keep := min(len(workspace), maxBase-len(prefix)-1-len(hash))
	return prefix + workspace[:keep] + "-" + hash
}

func startsWithLetter(name string) bool {
	return name != "" && name[0] >= 'a' && name[0] <= 'z'
}

// RunnerName is the name of a workspace's StatefulSet, its ServiceAccount, the headless Service of its control port, and the
// rest that belongs to its pods.
func RunnerName(workspace string) string { return base(workspace) + "-runner" }

// RunnerPodName is the name of one of a workspace's pods, counted from 0.
func RunnerPodName(workspace string, replica int32) string {
	return fmt.Sprintf("%s-%d", RunnerName(workspace), replica)
}

// DataClaimName is the name of the volume claim of one of a workspace's pods.
func DataClaimName(workspace string, replica int32) string {
	return dataVolume + "-" + RunnerPodName(workspace, replica)
}

// IngestName is the name of the Service that takes in a workspace's events.
func IngestName(workspace string) string { return base(workspace) + "-ingest" }

// AuthoritySecretName is the name of the Secret that holds a workspace's certificate authorities. No pod sees it.
func AuthoritySecretName(workspace string) string { return base(workspace) + "-ca" }

// RunnerSecretName is the name of the Secret that holds the certificate of a workspace's runners.
func RunnerSecretName(workspace string) string { return base(workspace) + "-runner-tls" }

// ManagerSecretName is the name of the Secret that holds the certificate of the operator towards a workspace's runners.
func ManagerSecretName(workspace string) string { return base(workspace) + "-manager-tls" }

// FeedsSecretName is the name of the Secret that holds what a workspace's ingest serves, write keys included.
func FeedsSecretName(workspace string) string { return base(workspace) + "-feeds" }

// DeliverySecretName is the name of the Secret that holds what a workspace's sender works with: channels with their secrets.
func DeliverySecretName(workspace string) string { return base(workspace) + "-delivery" }

// LinkKeysSecretName is the name of the Secret that holds the keys by which links in a workspace's messages are signed.
func LinkKeysSecretName(workspace string) string { return base(workspace) + "-link-keys" }

// WriteKeySecretName is the name of the Secret that holds the generated write key of a feed.
func WriteKeySecretName(feed string) string { return feed + "-write-key" }

// RunnerServerName is the name that a runner's certificate is for.
func RunnerServerName(workspace *v1alpha1.Workspace) string {
	return fmt.Sprintf("%s.%s.svc", RunnerName(workspace.Name), workspace.Namespace)
}

// IngestURL is the address within the cluster that takes in a workspace's events.
func IngestURL(workspace *v1alpha1.Workspace) string {
	return fmt.Sprintf("http://%s.%s.svc/", IngestName(workspace.Name), workspace.Namespace)
}

// FeedURL is the address within the cluster that takes in one feed's events.
func FeedURL(workspace *v1alpha1.Workspace, feed *v1alpha1.EventFeed) string {
	return IngestURL(workspace) + feed.Namespace + "/" + feed.Name
}
