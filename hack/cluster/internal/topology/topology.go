// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package topology fixes the names, addresses and paths of the development
// cluster. Both sides read it: the commands on the host and the node inside its
// namespaces.
package topology

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cache"
)

const (
	// NodeName is the name of the only node.
	NodeName = "waymark-node"
	// HostLink is the end of the cable between host and node that the host keeps.
	HostLink = "waymark-host"
	// NodeLink is the other end of that cable.
	NodeLink = "waymark-node"
	// Cgroup is the group, at the root of every hierarchy, that holds all processes of
	// the cluster.
	Cgroup = "waymark-cluster"
	// NetworkVariable is the environment variable that moves the cluster's addresses.
	NetworkVariable = "WAYMARK_CLUSTER_NETWORK"
	// ContainerdSocket is where containerd listens inside the node.
	ContainerdSocket = "/run/containerd/containerd.sock"
	// PauseImage is the image that holds a pod's namespaces.
	PauseImage = "docker.io/waymark-cluster/pause:local"
	// DNSImage is the image of the cluster's name server.
	DNSImage = "docker.io/waymark-cluster/coredns:local"

	defaultNetwork = "10.213.0.0/16"
)

// Cluster is where everything is.
type Cluster struct {
	cache.Layout
	Network
}

// Network is the addresses of a cluster, all within one /16.
type Network struct {
	// Whole is the range that everything below lies in.
	Whole netip.Prefix
	// Host and Node are the addresses of the two ends of the cable.
	Host, Node netip.Prefix
	// Pods and Services are the ranges that pods and Services get addresses from.
	Pods, Services netip.Prefix
	// API and DNS are the Services of the API server and of CoreDNS.
	API, DNS netip.Addr
}

// Open reads the settings of the environment. It creates nothing.
func Open() (Cluster, error) {
	layout, err := cache.Open()
	if err != nil {
		return Cluster{}, err
	}
	for _, hidden := range HiddenFolders {
		if within(layout.Root, hidden) {
			return Cluster{}, fmt.Errorf("%s=%s: the cluster hides %s from itself; choose a folder elsewhere", cache.DirVariable, layout.Root, hidden)
		}
	}
	whole := os.Getenv(NetworkVariable)
	if whole == "" {
		whole = defaultNetwork
	}
	network, err := NewNetwork(whole)
	return Cluster{Layout: layout, Network: network}, err
}

// Read reads what Describe wrote.
func Read(description string) (Cluster, error) {
	content, err := os.ReadFile(description)
	if err != nil {
		return Cluster{}, err
	}
	var cluster Cluster
	if err := json.Unmarshal(content, &cluster); err != nil {
		return Cluster{}, fmt.Errorf("%s: %w", description, err)
	}
	return cluster, nil
}

// Describe writes the topology for the node, which has no repository to read it from.
func (c Cluster) Describe() error {
	content, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.Description(), content, 0o644)
}

// HiddenFolders get an empty file system of their own inside the node, because
// the programs have paths there that no option moves.
var HiddenFolders = []string{"/run", "/var/lib", "/var/log"}

// NewNetwork lays the addresses out in a /16 such as "10.213.0.0/16".
func NewNetwork(whole string) (Network, error) {
	prefix, err := netip.ParsePrefix(whole)
	if err != nil || !prefix.Addr().Is4() || prefix.Bits() != 16 || prefix != prefix.Masked() {
		return Network{}, fmt.Errorf("%s=%q: want an IPv4 /16 such as %s", NetworkVariable, whole, defaultNetwork)
	}
	base := prefix.Addr().As4()
	address := func(third, fourth byte) netip.Addr {
		return netip.AddrFrom4([4]byte{base[0], base[1], third, fourth})
	}
	return Network{
		Whole:    prefix,
		Host:     netip.PrefixFrom(address(0, 1), 30),
		Node:     netip.PrefixFrom(address(0, 2), 30),
		Pods:     netip.PrefixFrom(address(1, 0), 24),
		Services: netip.PrefixFrom(address(2, 0), 24),
		API:      address(2, 1),
		DNS:      address(2, 10),
	}, nil
}

// APIServer is the URL of the API server, from the host and from the node.
func (n Network) APIServer() string {
	return fmt.Sprintf("https://%s:6443", n.Node.Addr())
}

// Path is a file or folder of the running cluster.
func (c Cluster) Path(parts ...string) string {
	return filepath.Join(append([]string{c.Cluster()}, parts...)...)
}

// Description is the file that Describe writes.
func (c Cluster) Description() string { return c.Path("cluster.json") }

// Kubeconfig is what a person or a test on the host uses.
func (c Cluster) Kubeconfig() string { return c.Path("kubeconfig") }

// Log is the file that a component writes to.
func (c Cluster) Log(component string) string { return c.Path("logs", component+".log") }

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
