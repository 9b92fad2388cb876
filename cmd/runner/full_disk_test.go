// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallVolume tells the test binary, started again, where to mount a small volume.
const smallVolume = "WAYMARK_TEST_SMALL_VOLUME"

// TestAFullDiskHeals fills the data volume from outside, until not a byte is left, in a process with mounts of its own.
func TestAFullDiskHeals(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(smallVolume)
	if dir == "" {
		againWithSmallVolume(t)
		return
	}
	mountSmallVolume(t, dir)
	p := newPod(t, "--data-dir="+dir, "--partitions=4")
	p.start()
	p.apply(shop, "visit", "order")
	sent := 0
	send := func() error {
		batch := make([]cloudEvent, 50)
		for i := range batch {
			batch[i] = cloudEvent{
				SpecVersion: "1.0", ID: fmt.Sprint(sent + i), Source: "test", Type: "visit",
				Subject: fmt.Sprintf("user_%d", sent+i), Time: time.Now().UTC(),
			}
		}
		err := p.post(t.Context(), batch)
		if err == nil {
			sent += len(batch)
		}
		return err
	}
	for round := range 2 {
		for range 20 {
			p.eventually("taking events", send)
		}
		ballast := filepath.Join(dir, "ballast")
		fillVolume(t, ballast)
		p.eventually("refusing events", func() error {
			if err := send(); err == nil || !strings.Contains(err.Error(), "503") {
				return fmt.Errorf("the answer is not 503: %w", errors.Join(err))
			}
			return nil
		})
		time.Sleep(3 * time.Second) // commits and ticks come due
		if reason := p.report().Ingest.Reason; reason != "StorageFull" {
			t.Errorf("the reason is %q, want StorageFull", reason)
		}
		if round == 1 { // also when it dies meanwhile
			p.kill()
			p.startUnready()
			p.eventually("saying why", func() error {
				report, err := p.client.Report(t.Context())
				if err == nil && report.Ingest.Reason != "StorageFull" {
					err = fmt.Errorf("ingest is %+v", report.Ingest)
				}
				return err
			})
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		p.eventually("taking events again", send)
	}
	p.eventually("counting what was acknowledged", func() error {
		var entered int64
		for _, part := range p.report().Partitions {
			if stages := part.Funnels[shop].Funnel.Stages; len(stages) > 0 {
				entered += stages[0].Entered
			}
		}
		if entered != int64(sent) {
			return fmt.Errorf("%d contacts entered, %d were acknowledged", entered, sent)
		}
		return nil
	})
	p.terminate()
}

// mountSmallVolume mounts 64 MiB of ext4, as a cluster's volumes have it, which also holds space that a file asked for in advance. Where that may
// not be mounted it takes memory.
func mountSmallVolume(t *testing.T, dir string) {
	t.Helper()
	image := filepath.Join(t.TempDir(), "volume")
	var failed error
	for _, command := range [][]string{
		{"truncate", "--size=64M", image}, {"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, dir},
	} {
		if failed == nil {
			failed = exec.Command(command[0], command[1:]...).Run() //nolint:gosec // the test's own words
		}
	}
	if failed == nil {
		t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
		return
	}
	t.Logf("ext4 cannot be mounted here (%v); taking a tmpfs", failed)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Fatalf("mount a small volume: %v", err)
	}
}

// againWithSmallVolume runs the test in a process that may mount; without root in a user namespace of its own.
func againWithSmallVolume(t *testing.T) {
	t.Helper()
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v") //nolint:gosec // this very binary
	again.Env = append(os.Environ(), smallVolume+"="+t.TempDir())
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		again.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		again.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		again.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("on the small volume: %v\n%s", err, out)
	}
}

// fillVolume writes until nothing more fits.
func fillVolume(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path) //nolint:gosec // under the test's own folder
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}
