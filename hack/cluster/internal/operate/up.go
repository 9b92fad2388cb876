// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package operate

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cgroup"
	"github.com/waymark-dev/waymark/hack/cluster/internal/node"
	"github.com/waymark-dev/waymark/hack/cluster/internal/storage"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

//go:embed manifests
var manifests embed.FS

// How long a slow machine may take.
const (
	joinLimit  = 10 * time.Second
	startLimit = 2 * time.Minute
	podLimit   = 3 * time.Minute
)

// Up starts the cluster and returns when pods can run. It does nothing if a cluster
// runs, and removes first what is left of one that broke.
func (o Operator) Up() error {
	unlock, err := o.lock()
	if err != nil {
		return err
	}
	defer unlock()

	if o.isUp() {
		o.invite()
		return nil
	}
	if err := o.requirePrograms(); err != nil {
		return err
	}
	if err := o.clear(); err != nil {
		return err
	}
	if err := o.start(); err != nil {
		return fmt.Errorf("%w\nthe logs are in %s; make cluster-down clears up", err, o.Cluster.Path("logs"))
	}
	o.invite()
	return nil
}

// invite says how to use the cluster that is up.
func (o Operator) invite() {
	o.Progress.Note("the cluster is up: export KUBECONFIG=%s", o.Cluster.Kubeconfig())
	if _, err := exec.LookPath("kubectl"); err != nil {
		o.Progress.Note("kubectl is built too: export PATH=$PATH:%s", o.Cluster.Bin())
	}
}

func (o Operator) start() error {
	steps := []struct {
		title string
		do    func() error
	}{
		{"checking addresses " + o.Cluster.Whole.String(), o.checkAddresses},
		{"making certificates, configuration and volumes", func() error { return node.Prepare(o.Cluster) }},
		{"starting the node", o.startNode},
		{"waiting for the API server", o.awaitAPI},
		{"importing the cluster's own images", o.importOwnImages},
		{"applying DNS, storage classes and volumes", o.applyManifests},
		{"waiting for the node to be ready", o.awaitNode},
		{"waiting for DNS", o.awaitDNS},
		{"noting that the cluster is complete", o.markComplete},
	}
	for _, step := range steps {
		if err := o.Progress.Step(step.title, step.do); err != nil {
			return err
		}
	}
	return nil
}

// isUp says whether a cluster runs that Up had completed.
func (o Operator) isUp() bool {
	_, notComplete := os.Stat(o.completeMark())
	_, notRunning := o.nodeProcess()
	return notComplete == nil && notRunning == nil
}

func (o Operator) completeMark() string { return o.Cluster.Path("complete") }

func (o Operator) markComplete() error { return os.WriteFile(o.completeMark(), nil, 0o644) }

func (o Operator) startNode() error {
	if err := cgroup.New(filepath.Join(topology.Cgroup, "node")).Create(); err != nil {
		return err
	}
	if err := node.Start(o.Cluster); err != nil {
		return err
	}
	return await(joinLimit, o.checkNode)
}

// checkNode fails, with what the node had to say, if it does not run.
func (o Operator) checkNode() error {
	if _, err := o.nodeProcess(); err != nil {
		log, _ := os.ReadFile(o.Cluster.Log("node"))
		return fmt.Errorf("the node does not run: %s", strings.TrimSpace(string(log)))
	}
	return nil
}

// awaitAPI gives up at once when the node has ended.
func (o Operator) awaitAPI() error {
	return await(startLimit, func() error {
		if err := o.checkNode(); err != nil {
			return hopeless{err}
		}
		_, err := o.kubectl("", "get", "--raw=/readyz")
		return err
	})
}

func (o Operator) importOwnImages() error {
	for _, image := range []string{"pause", "coredns"} {
		tarball := filepath.Join(o.Cluster.Images(), image+".tar")
		if err := await(startLimit, func() error { return o.importImage(tarball) }); err != nil {
			return err
		}
	}
	return nil
}

func (o Operator) applyManifests() error {
	parsed, err := template.ParseFS(manifests, "manifests/*.yaml")
	if err != nil {
		return err
	}
	var all strings.Builder
	for _, manifest := range parsed.Templates() {
		settings := struct {
			topology.Cluster
			DNSImage string
		}{o.Cluster, topology.DNSImage}
		if err := manifest.Execute(&all, settings); err != nil {
			return err
		}
		all.WriteString("\n---\n")
	}
	for _, volume := range storage.Volumes {
		all.WriteString(volume.Manifest(o.Cluster) + "---\n")
	}
	_, err = o.kubectl(all.String(), "apply", "--server-side", "--filename=-")
	return err
}

func (o Operator) awaitNode() error {
	return await(startLimit, func() error {
		_, err := o.kubectl("", "wait", "--for=condition=Ready", "--timeout=5s", "node/"+topology.NodeName)
		return err
	})
}

func (o Operator) awaitDNS() error {
	_, err := o.kubectl("", "--namespace=kube-system", "rollout", "status", "--timeout="+podLimit.String(), "deployment/coredns")
	return err
}
