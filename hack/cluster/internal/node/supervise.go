// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// restartPause keeps a component that fails at once from taking a processor.
const restartPause = time.Second

// Supervise sets the node up and runs all components for as long as it lives. A
// component that ends is started again.
func Supervise(description string) error {
	cluster, err := topology.Read(description)
	if err != nil {
		return err
	}
	if err := setUp(cluster); err != nil {
		return err
	}
	ready := make(chan struct{})
	for _, component := range components(cluster) {
		go keepRunning(cluster, component, ready)
	}
	if err := awaitAPI(cluster); err != nil {
		return err
	}
	close(ready)
	return reclaimVolumes(cluster)
}

func keepRunning(cluster topology.Cluster, component component, ready <-chan struct{}) {
	if component.needsAPI {
		<-ready
	}
	for {
		err := runOnce(cluster, component)
		log.Printf("%s ended and is started again: %v", component.name, err)
		time.Sleep(restartPause)
	}
}

func runOnce(cluster topology.Cluster, component component) error {
	output, err := os.OpenFile(cluster.Log(component.name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer output.Close()
	command := exec.Command(component.program, component.arguments...)
	command.Stdout, command.Stderr = output, output
	return command.Run()
}

// awaitAPI returns once the API server answers that it is ready.
func awaitAPI(cluster topology.Cluster) error {
	authority, err := os.ReadFile(cluster.Path("pki", "ca.crt"))
	if err != nil {
		return err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authority) {
		return fmt.Errorf("%s holds no certificate", cluster.Path("pki", "ca.crt"))
	}
	client := http.Client{
		Timeout:   time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS13}},
	}
	defer client.CloseIdleConnections()
	for {
		response, err := client.Get(cluster.APIServer() + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}
