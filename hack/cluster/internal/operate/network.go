// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package operate

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// checkAddresses refuses to start where the machine itself has an address that the
// cluster would use.
func (o Operator) checkAddresses() error {
	taken, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, address := range taken {
		prefix, err := netip.ParsePrefix(address.String())
		if err == nil && prefix.Masked().Overlaps(o.Cluster.Whole) {
			return fmt.Errorf("this machine has %s; choose another /16 by %s=10.214.0.0/16", prefix, topology.NetworkVariable)
		}
	}
	return nil
}
