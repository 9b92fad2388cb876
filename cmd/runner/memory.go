// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// limitFiles hold the memory limit of the process's control group, version 2 and 1.
var limitFiles = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// limitMemory lets the garbage collector work harder before the container's limit is reached. GOMEMLIMIT goes first.
func limitMemory(logger *slog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	for _, path := range limitFiles {
		content, err := os.ReadFile(path) //nolint:gosec // one of two fixed paths
		if err != nil {
			continue
		}
		if limit, ok := memoryLimit(string(content)); ok {
			debug.SetMemoryLimit(limit)
			logger.Info("memory limited", "bytes", limit)
		}
		return
	}
}

// memoryLimit gives nine tenths of a control group's limit; false when there is none.
func memoryLimit(content string) (limit int64, ok bool) {
	const unlimited = 1 << 50 // version 1 writes a number near the largest
	bytes, err := strconv.ParseInt(strings.TrimSpace(content), 10, 64)
	if err != nil || bytes <= 0 || bytes >= unlimited {
		return 0, false
	}
	return bytes / 10 * 9, true
}
