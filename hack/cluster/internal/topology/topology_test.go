// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"strings"
	"testing"
)

func TestNewNetwork(t *testing.T) {
	network, err := NewNetwork("10.77.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"host": network.Host.String(), "node": network.Node.String(), "pods": network.Pods.String(),
		"services": network.Services.String(), "dns": network.DNS.String(), "api": network.APIServer(),
	}
	want := map[string]string{
		"host": "10.77.0.1/30", "node": "10.77.0.2/30", "pods": "10.77.1.0/24",
		"services": "10.77.2.0/24", "dns": "10.77.2.10", "api": "https://10.77.0.2:6443",
	}
	for key := range want {
		if got[key] != want[key] {
			t.Errorf("%s = %s, want %s", key, got[key], want[key])
		}
	}
	if !network.Services.Contains(network.DNS) || !network.Services.Contains(network.API) {
		t.Error("the cluster's own Services lie outside of the range of Services")
	}
}

func TestNewNetworkRefuses(t *testing.T) {
	for _, whole := range []string{"", "10.77.0.0", "10.77.0.0/24", "10.77.3.0/16", "fd00::/16", "x/16"} {
		if _, err := NewNetwork(whole); err == nil || !strings.Contains(err.Error(), NetworkVariable) {
			t.Errorf("NewNetwork(%q): got %v, want an error that names %s", whole, err, NetworkVariable)
		}
	}
}

func TestWithin(t *testing.T) {
	tests := map[string]bool{"/run": true, "/run/waymark": true, "/running": false, "/root/run": false}
	for path, want := range tests {
		if got := within(path, "/run"); got != want {
			t.Errorf("within(%q, /run) = %v, want %v", path, got, want)
		}
	}
}
