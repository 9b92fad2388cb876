// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

// onSmallVolume tells the test binary, started again, to run a test on the volume that it mounts.
const onSmallVolume = "WAYMARK_TEST_SMALL_VOLUME"

// inSmallVolume runs a test in a process of its own with a 24 MiB tmpfs mounted where only that process sees it, so that the disk is
// really full and nothing stays behind. Without root it takes a user namespace of its own.
func inSmallVolume(t *testing.T, test func(t *testing.T, dir string)) {
	t.Helper()
	if dir := os.Getenv(onSmallVolume); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
			t.Fatalf("mount a small volume: %v", err)
		}
		defer func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
		test(t, dir)
		return
	}
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v") //nolint:gosec // this very binary
	again.Env = append(os.Environ(), onSmallVolume+"="+t.TempDir())
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
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

func TestIngestResumesWhenAFullDiskHasSpaceAgain(t *testing.T) {
	t.Parallel()
	inSmallVolume(t, func(t *testing.T, dir string) {
		log, err := eventlog.OpenJetStream(t.Context(), eventlog.JetStreamOptions{
			Dir: filepath.Join(dir, "log"), Partitions: 2, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		ballast := filepath.Join(dir, "ballast")
		var acked []string
		for round := range 3 {
			owner := mustTakeOver(t, log, 0, record.EpochRecord{})
			if err := os.WriteFile(ballast, make([]byte, 12<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			acked = append(acked, fillUp(t, log, round)...)
			if _, err := owner.Append(t.Context(), &record.Record{Kind: record.Tick, Tick: 1}); err == nil {
				t.Error("an owner appended to a full disk")
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			acked = append(acked, untilAppended(t, log, fmt.Sprintf("healed-%d", round)))
			purgeAll(t, log)
			acked = acked[len(acked)-1:]
		}
		assertHolds(t, log, acked)
	})
}

// fillUp appends until the disk is full, and checks that what was confirmed is there and that refusals say why.
func fillUp(t *testing.T, log eventlog.Log, round int) (acked []string) {
	t.Helper()
	start := time.Now()
	for i := 0; ; i++ {
		id := fmt.Sprintf("%d-%d-%s", round, i, strings.Repeat("x", 50<<10))
		_, err := log.Append(t.Context(), 0, chunkOf(t, id))
		if err == nil {
			acked = append(acked, id)
			continue
		}
		if !errors.Is(err, eventlog.ErrFull) {
			t.Fatalf("append %d to a full disk gave error %v, want ErrFull", i, err)
		}
		break
	}
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it took %v to see that the disk is full", took)
	}
	for range 5 {
		if _, err := log.Append(t.Context(), 1, chunkOf(t, strings.Repeat("y", 50<<10))); !errors.Is(err, eventlog.ErrFull) {
			t.Errorf("an append while the disk is full gave error %v, want ErrFull", err)
		}
	}
	assertHolds(t, log, acked)
	return acked
}

// assertHolds checks that a reader of partition 0, once the log is back, meets every id in its order.
func assertHolds(t *testing.T, log eventlog.Log, ids []string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		missing, err := missingIDs(t, log, ids)
		if err == nil && missing == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("confirmed event %.20q is lost (error %v)", missing, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func missingIDs(t *testing.T, log eventlog.Log, ids []string) (string, error) {
	t.Helper()
	b, err := log.Bounds(t.Context(), 0)
	if err != nil {
		return "", err
	}
	reader, err := log.Read(t.Context(), 0, b.First)
	if err != nil {
		return "", err
	}
	defer reader.Close()
	for offset := b.First; offset <= b.Last && len(ids) > 0; offset++ {
		entry, err := reader.Next(t.Context())
		if err != nil {
			return "", err
		}
		if strings.Contains(string(entry.Stored), ids[0]) {
			ids = ids[1:]
		}
	}
	if len(ids) > 0 {
		return ids[0], nil
	}
	return "", nil
}

// untilAppended tries as a sender does, and returns the id once the log has confirmed it.
func untilAppended(t *testing.T, log eventlog.Log, id string) string {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err := log.Append(t.Context(), 0, chunkOf(t, id))
		if err == nil {
			return id
		}
		var again interface{ RetryAfter() time.Duration }
		if !errors.As(err, &again) || again.RetryAfter() <= 0 {
			t.Fatalf("error %v does not say when to try again", err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("ingest did not resume after space came back: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// purgeAll forgets all but the last record of partition 0, so that the next round has room.
func purgeAll(t *testing.T, log eventlog.Log) {
	t.Helper()
	last := bounds(t, log, 0).Last
	mustTakeOver(t, log, 0, record.EpochRecord{})
	if err := log.Purge(t.Context(), 0, last); err != nil {
		t.Fatal(err)
	}
}
