// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os/exec"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/hack/cluster/internal/storage"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

// persistentVolume is what the reclaimer needs to know of one.
type persistentVolume struct {
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Status struct{ Phase string }
}

// reclaimVolumes does what a storage provisioner does elsewhere: a volume whose claim
// was deleted is emptied and offered anew. It runs for as long as the node lives.
func reclaimVolumes(cluster topology.Cluster) error {
	for {
		err := watchVolumes(cluster, func(seen persistentVolume) {
			volume, found := released(seen)
			if !found {
				return
			}
			if err := reclaim(cluster, volume); err != nil {
				log.Printf("reclaiming volume %s: %v", volume.Name, err)
			}
		})
		log.Printf("the watch of volumes ended and is started again: %v", err)
		time.Sleep(restartPause)
	}
}

// released says whether the volume is one of the cluster's own that waits to be
// reclaimed.
func released(seen persistentVolume) (storage.Volume, bool) {
	if seen.Status.Phase != "Released" || seen.Metadata.Annotations["pv.kubernetes.io/provisioned-by"] != storage.Provisioner {
		return storage.Volume{}, false
	}
	volume, err := storage.Find(seen.Metadata.Name)
	return volume, err == nil
}

func reclaim(cluster topology.Cluster, volume storage.Volume) error {
	if err := volume.Wipe(volume.Folder(cluster)); err != nil {
		return err
	}
	if err := kubectl(cluster, "", "delete", "persistentvolume", volume.Name); err != nil {
		return err
	}
	return kubectl(cluster, volume.Manifest(cluster), "create", "--filename=-")
}

// watchVolumes calls handle with every volume there is and then with every change,
// until the watch ends.
func watchVolumes(cluster topology.Cluster, handle func(persistentVolume)) error {
	watch := exec.Command(cluster.Program("kubectl"), "--kubeconfig="+cluster.Kubeconfig(),
		"get", "persistentvolumes", "--watch", "--output=json")
	var problems bytes.Buffer
	watch.Stderr = &problems
	output, err := watch.StdoutPipe()
	if err != nil {
		return err
	}
	if err := watch.Start(); err != nil {
		return err
	}
	decoder := json.NewDecoder(output)
	for {
		var seen persistentVolume
		if err = decoder.Decode(&seen); err != nil {
			break
		}
		handle(seen)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	_ = watch.Process.Kill()
	return errors.Join(err, watch.Wait(), errors.New(strings.TrimSpace(problems.String())))
}

func kubectl(cluster topology.Cluster, input string, arguments ...string) error {
	command := exec.Command(cluster.Program("kubectl"), append([]string{"--kubeconfig=" + cluster.Kubeconfig()}, arguments...)...)
	command.Stdin = strings.NewReader(input)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", arguments[0], err, output)
	}
	return nil
}
