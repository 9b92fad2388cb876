// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// component is a program that runs as long as the node does.
type component struct {
	name      string
	program   string
	arguments []string
	// needsAPI says that it is of no use before the API server answers.
	needsAPI bool
}

// components lists what runs on the node, in the order of starting.
func components(cluster topology.Cluster) []component {
	return []component{
		etcd(cluster),
		containerd(cluster),
		apiServer(cluster),
		controllerManager(cluster),
		scheduler(cluster),
		kubelet(cluster),
		proxy(cluster),
	}
}

func etcd(cluster topology.Cluster) component {
	return component{name: "etcd", program: cluster.Program("etcd"), arguments: []string{
		"--data-dir=" + cluster.Path("etcd"),
		"--listen-client-urls=http://127.0.0.1:2379",
		"--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380",
		"--log-level=warn",
		// The data is thrown away with the cluster.
		"--unsafe-no-fsync",
	}}
}

func containerd(cluster topology.Cluster) component {
	return component{name: "containerd", program: "containerd", arguments: []string{
		"--config=" + cluster.Path("config", "containerd.toml"),
	}}
}

func apiServer(cluster topology.Cluster) component {
	pki := func(name string) string { return cluster.Path("pki", name) }
	return component{name: "kube-apiserver", program: cluster.Program("kube-apiserver"), arguments: []string{
		"--etcd-servers=http://127.0.0.1:2379",
		"--bind-address=0.0.0.0",
		"--advertise-address=" + cluster.Node.Addr().String(),
		"--tls-cert-file=" + pki("kube-apiserver.crt"),
		"--tls-private-key-file=" + pki("kube-apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"),
		"--kubelet-certificate-authority=" + pki("ca.crt"),
		"--kubelet-client-certificate=" + pki("kube-apiserver-kubelet.crt"),
		"--kubelet-client-key=" + pki("kube-apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-cluster-ip-range=" + cluster.Services.String(),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki("service-account.pub"),
		"--service-account-signing-key-file=" + pki("service-account.key"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--profiling=false",
	}}
}

func controllerManager(cluster topology.Cluster) component {
	return component{name: "kube-controller-manager", program: cluster.Program("kube-controller-manager"), needsAPI: true, arguments: []string{
		"--kubeconfig=" + cluster.Path("pki", "kube-controller-manager.kubeconfig"),
		"--service-account-private-key-file=" + cluster.Path("pki", "service-account.key"),
		"--root-ca-file=" + cluster.Path("pki", "ca.crt"),
		"--cluster-signing-cert-file=" + cluster.Path("pki", "ca.crt"),
		"--cluster-signing-key-file=" + cluster.Path("pki", "ca.key"),
		"--use-service-account-credentials=true",
		"--leader-elect=false",
		"--bind-address=127.0.0.1",
		"--profiling=false",
		// Every controller fetches a token of its own at the start.
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		// Else it makes a folder in /usr/libexec.
		"--flex-volume-plugin-dir=" + cluster.Path("kubelet", "plugins"),
	}}
}

func scheduler(cluster topology.Cluster) component {
	return component{name: "kube-scheduler", program: cluster.Program("kube-scheduler"), needsAPI: true, arguments: []string{
		"--kubeconfig=" + cluster.Path("pki", "kube-scheduler.kubeconfig"),
		"--leader-elect=false",
		"--bind-address=127.0.0.1",
		"--profiling=false",
	}}
}

func kubelet(cluster topology.Cluster) component {
	return component{name: "kubelet", program: cluster.Program("kubelet"), needsAPI: true, arguments: []string{
		"--config=" + cluster.Path("config", "kubelet.yaml"),
		"--kubeconfig=" + cluster.Path("pki", "kubelet.kubeconfig"),
		"--root-dir=" + cluster.Path("kubelet"),
		"--cert-dir=" + cluster.Path("kubelet", "pki"),
		"--hostname-override=" + topology.NodeName,
		"--node-ip=" + cluster.Node.Addr().String(),
	}}
}

func proxy(cluster topology.Cluster) component {
	return component{name: "kube-proxy", program: cluster.Program("kube-proxy"), needsAPI: true, arguments: []string{
		"--config=" + cluster.Path("config", "kube-proxy.yaml"),
	}}
}
