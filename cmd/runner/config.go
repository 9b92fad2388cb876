// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxPartitions bounds what a wrong flag can make: each partition is a stream and a store of its own.
const maxPartitions = 256

// config is what the flags say.
type config struct {
	workspace           string
	partitions          int
	replica, replicas   int
	dataDir             string
	tlsDir              string
	feedsFile           string
	deliveryFile        string
	ingestAddress       string
	controlAddress      string
	healthAddress       string
	retentionAge        time.Duration
	retentionMaxBytes   int64
	reserveBytes        int64
	logLevel            slog.Level
	profile             bool
	maxWaitingBytes     int64
	stateCacheBytes     int64
	partitionCacheBytes int64
}

// parseFlags reads the command line. podName gives the replica where no flag does: a StatefulSet's pods end in their number.
func parseFlags(args []string, podName string) (config, error) {
	var c config
	replica := -1
	flags := flag.NewFlagSet("runner", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	flags.StringVar(&c.workspace, "workspace", "", "the workspace, as namespace/name (required)")
	flags.IntVar(&c.partitions, "partitions", 4, "how many partitions the event log has")
	flags.IntVar(&replica, "replica", -1, "this pod's number, from 0 (default: the number at the end of $POD_NAME, or 0)")
	flags.IntVar(&c.replicas, "replicas", 1, "how many pods share the partitions; an embedded log has 1")
	flags.StringVar(&c.dataDir, "data-dir", "/var/lib/waymark", "folder of the event log and the state")
	flags.StringVar(&c.tlsDir, "tls-dir", "/etc/waymark/tls", "folder with tls.crt, tls.key and ca.crt of the control port")
	flags.StringVar(&c.feedsFile, "feeds-file", "/etc/waymark/feeds/feeds.json", "file with the feeds that ingest serves")
	flags.StringVar(&c.deliveryFile, "delivery-file", "/etc/waymark/delivery/delivery.json", "file with the channels that messages leave by")
	flags.StringVar(&c.ingestAddress, "ingest-address", ":8080", "address that takes events in")
	flags.StringVar(&c.controlAddress, "control-address", ":8443", "address of the control port")
	flags.StringVar(&c.healthAddress, "health-address", ":8081", "address of /healthz, /readyz and /metrics")
	flags.DurationVar(&c.retentionAge, "retention-age", 90*24*time.Hour, "how long events are kept; 0 keeps all")
	flags.Int64Var(&c.retentionMaxBytes, "retention-max-size", 0, "how large the event log may be, in bytes; 0 is unbounded")
	flags.Int64Var(&c.reserveBytes, "reserve", 0,
		"free space under which no events are taken, in bytes (default 5 % of the volume, at least 64 MiB, at most a quarter)")
	flags.Int64Var(&c.maxWaitingBytes, "max-waiting-bytes", 32<<20, "how many bytes of events may wait for the disk before senders are told to come back")
	flags.Int64Var(&c.stateCacheBytes, "state-cache-bytes", 8<<20, "memory for blocks of each partition's state files")
	flags.Int64Var(&c.partitionCacheBytes, "fold-cache-bytes", 32<<20, "memory for contacts of each partition")
	flags.TextVar(&c.logLevel, "log-level", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR")
	flags.BoolVar(&c.profile, "profile", false, "serve /debug/pprof on the health address")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var err error
	c.replica, err = replicaOf(replica, podName)
	return c, errors.Join(err, c.check())
}

// replicaOf gives the flag's value or else the number that the pod's name ends in.
func replicaOf(given int, podName string) (int, error) {
	if given >= 0 || podName == "" {
		return max(given, 0), nil
	}
	number, err := strconv.Atoi(podName[strings.LastIndexByte(podName, '-')+1:])
	if err != nil {
		return 0, fmt.Errorf("POD_NAME %q does not end in the pod's number; set --replica", podName)
	}
	return number, nil
}

func (c *config) check() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if namespace, name, found := strings.Cut(c.workspace, "/"); !found || namespace == "" || name == "" {
		refuse("--workspace=%q: want namespace/name", c.workspace)
	}
	if c.partitions < 1 || c.partitions > maxPartitions {
		refuse("--partitions=%d: want 1 to %d", c.partitions, maxPartitions)
	}
	if c.replicas != 1 {
		refuse("--replicas=%d: an embedded event log belongs to one pod; want 1", c.replicas)
	}
	if c.replica < 0 || c.replica >= max(c.replicas, 1) {
		refuse("--replica=%d: want 0 to %d", c.replica, c.replicas-1)
	}
	if c.dataDir == "" {
		refuse("--data-dir is empty")
	}
	if c.retentionAge < 0 {
		refuse("--retention-age=%v: want 0 or more", c.retentionAge)
	}
	for name, value := range map[string]int64{
		"retention-max-size": c.retentionMaxBytes, "reserve": c.reserveBytes, "max-waiting-bytes": c.maxWaitingBytes,
		"state-cache-bytes": c.stateCacheBytes, "fold-cache-bytes": c.partitionCacheBytes,
	} {
		if value < 0 {
			refuse("--%s=%d: want 0 or more", name, value)
		}
	}
	return errors.Join(problems...)
}
