// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package storage

import (
	"fmt"

	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// Provisioner is the name in the annotation that tells Kubernetes to leave the
// reclaiming of a volume to the cluster's own reclaimer.
const Provisioner = "waymark-cluster"

const manifestFormat = `apiVersion: v1
kind: PersistentVolume
metadata:
  name: %[1]s
  annotations:
    pv.kubernetes.io/provisioned-by: %[5]s
spec:
  storageClassName: %[2]s
  capacity: {storage: %[3]s}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Delete
  local: {path: %[4]q}
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - {key: kubernetes.io/hostname, operator: In, values: [%[6]s]}
`

// Manifest is the PersistentVolume that offers the volume.
func (v Volume) Manifest(cluster topology.Cluster) string {
	return fmt.Sprintf(manifestFormat, v.Name, v.Class, v.Size, v.Folder(cluster), Provisioner, topology.NodeName)
}
