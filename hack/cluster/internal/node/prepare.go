// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package node is the only node of the development cluster: a process that is the
// first in its own PID, mount, network and IPC namespaces, and the components of
// Kubernetes below it. When that process ends, however it ends, the kernel ends all
// others and takes their mounts and links away.
package node

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/waymark-dev/waymark/hack/cluster/internal/pki"
	"github.com/waymark-dev/waymark/hack/cluster/internal/storage"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

//go:embed config
var configFiles embed.FS

// Prepare writes the files of a new cluster: certificates, kubeconfigs, the
// components' configuration and the volumes' empty file systems. It runs on the host.
func Prepare(cluster topology.Cluster) error {
	for _, folder := range []string{"logs", "config/cni", "etcd"} {
		if err := os.MkdirAll(cluster.Path(folder), 0o700); err != nil {
			return err
		}
	}
	if err := cluster.Describe(); err != nil {
		return err
	}
	if err := writeIdentities(cluster); err != nil {
		return err
	}
	if err := writeConfiguration(cluster); err != nil {
		return err
	}
	for _, volume := range storage.Volumes {
		if err := volume.Create(cluster); err != nil {
			return err
		}
	}
	return nil
}

func writeIdentities(cluster topology.Cluster) error {
	authority, err := pki.NewAuthority(cluster.Path("pki"))
	if err != nil {
		return err
	}
	nodeAddress := cluster.Node.Addr().String()
	administrator := pki.Identity{User: "kubernetes-admin", Groups: []string{"system:masters"}}
	writers := []func() error{
		func() error {
			return authority.Server("kube-apiserver", nodeAddress, cluster.API.String(), "127.0.0.1", "localhost",
				"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
		},
		func() error { return authority.Server("kubelet", nodeAddress, topology.NodeName) },
		func() error { return authority.SigningKey("service-account") },
		func() error {
			return authority.Client("kube-apiserver-kubelet", pki.Identity{User: "kube-apiserver", Groups: []string{"system:masters"}})
		},
		func() error { return authority.Kubeconfig(cluster.Kubeconfig(), cluster.APIServer(), administrator) },
	}
	for component, identity := range map[string]pki.Identity{
		"kube-controller-manager": {User: "system:kube-controller-manager"},
		"kube-scheduler":          {User: "system:kube-scheduler"},
		"kube-proxy":              {User: "system:kube-proxy"},
		"kubelet":                 {User: "system:node:" + topology.NodeName, Groups: []string{"system:nodes"}},
	} {
		writers = append(writers, func() error {
			return authority.Kubeconfig(cluster.Path("pki", component+".kubeconfig"), cluster.APIServer(), identity)
		})
	}
	for _, write := range writers {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// settings are what the configuration files need to know.
type settings struct {
	topology.Cluster
	NodeName, Cgroup, ContainerdSocket, PauseImage string
}

func writeConfiguration(cluster topology.Cluster) error {
	for source, target := range map[string]string{
		"containerd.toml": "containerd.toml",
		"cni.conflist":    "cni/waymark.conflist",
		"kubelet.yaml":    "kubelet.yaml",
		"kube-proxy.yaml": "kube-proxy.yaml",
	} {
		if err := render(cluster, source, cluster.Path("config", target)); err != nil {
			return err
		}
	}
	return os.WriteFile(cluster.Path("config", "resolv.conf"), nil, 0o644)
}

func render(cluster topology.Cluster, source, target string) error {
	parsed, err := template.ParseFS(configFiles, filepath.Join("config", source))
	if err != nil {
		return err
	}
	file, err := os.Create(target)
	if err != nil {
		return err
	}
	defer file.Close()
	err = parsed.Execute(file, settings{
		Cluster: cluster, NodeName: topology.NodeName, Cgroup: topology.Cgroup,
		ContainerdSocket: topology.ContainerdSocket, PauseImage: topology.PauseImage,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return nil
}
