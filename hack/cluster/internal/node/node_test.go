// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cache"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

func TestPreparedFilesNameTheCluster(t *testing.T) {
	cluster := testCluster(t)
	if err := os.MkdirAll(cluster.Path("config", "cni"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cluster.Path("pki"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeIdentities(cluster); err != nil {
		t.Fatal(err)
	}
	if err := writeConfiguration(cluster); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"config/containerd.toml":                 `root = "` + cluster.Path("containerd") + `"`,
		"config/cni/waymark.conflist":            `"subnet": "10.88.1.0/24"`,
		"config/kubelet.yaml":                    `clusterDNS: ["10.88.2.10"]`,
		"config/kube-proxy.yaml":                 "clusterCIDR: 10.88.1.0/24",
		"kubeconfig":                             "server: https://10.88.0.2:6443",
		"pki/kubelet.kubeconfig":                 `user: "system:node:waymark-node"`,
		"pki/kube-scheduler.kubeconfig":          `user: "system:kube-scheduler"`,
		"pki/service-account.pub":                "PUBLIC KEY",
		"pki/kube-apiserver-kubelet.crt":         "CERTIFICATE",
		"pki/kube-proxy.kubeconfig":              `user: "system:kube-proxy"`,
		"pki/kube-controller-manager.kubeconfig": `user: "system:kube-controller-manager"`,
	}
	for path, want := range tests {
		content, err := os.ReadFile(cluster.Path(path))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(content), want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
}

func TestReleased(t *testing.T) {
	tests := map[string]struct {
		object string
		want   string
	}{
		"ours, released": {
			`{"metadata":{"name":"waymark-small-1","annotations":{"pv.kubernetes.io/provisioned-by":"waymark-cluster"}},"status":{"phase":"Released"}}`,
			"waymark-small-1",
		},
		"ours, in use": {
			`{"metadata":{"name":"waymark-small-1","annotations":{"pv.kubernetes.io/provisioned-by":"waymark-cluster"}},"status":{"phase":"Bound"}}`,
			"",
		},
		"a person's, of the same name": {
			`{"metadata":{"name":"waymark-small-1"},"status":{"phase":"Released"}}`, "",
		},
		"of an unknown name": {
			`{"metadata":{"name":"other","annotations":{"pv.kubernetes.io/provisioned-by":"waymark-cluster"}},"status":{"phase":"Released"}}`, "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var seen persistentVolume
			if err := json.Unmarshal([]byte(test.object), &seen); err != nil {
				t.Fatal(err)
			}
			volume, found := released(seen)
			if volume.Name != test.want || found != (test.want != "") {
				t.Errorf("released = %q, %v; want %q", volume.Name, found, test.want)
			}
		})
	}
}

func TestDescriptionSurvivesTheWayIntoTheNode(t *testing.T) {
	cluster := testCluster(t)
	if err := os.MkdirAll(cluster.Cluster(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Describe(); err != nil {
		t.Fatal(err)
	}
	read, err := topology.Read(cluster.Description())
	if err != nil {
		t.Fatal(err)
	}
	if read != cluster {
		t.Errorf("the node reads %+v, want %+v", read, cluster)
	}
}

func testCluster(t *testing.T) topology.Cluster {
	t.Helper()
	network, err := topology.NewNetwork("10.88.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	return topology.Cluster{Layout: cache.Layout{Root: t.TempDir(), KubernetesVersion: "v1.36.3"}, Network: network}
}
