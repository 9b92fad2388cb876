// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args    []string
		podName string
		says    string // of the error; empty is none
		want    func(config) bool
	}{
		"the least": {args: []string{"--workspace=sales/shop"}, want: func(c config) bool {
			return c.workspace == "sales/shop" && c.replica == 0 && c.replicas == 1 && c.retentionAge == 90*24*time.Hour
		}},
		"all of the operator's": {
			args: []string{
				"--workspace=sales/shop", "--partitions=8", "--replicas=1", "--data-dir=/d", "--tls-dir=/t", "--feeds-file=/f",
				"--ingest-address=:1", "--control-address=:2", "--health-address=:3", "--retention-age=2160h0m0s", "--retention-max-size=629145600",
			},
			podName: "shop-runner-0",
			want: func(c config) bool {
				return c.partitions == 8 && c.retentionMaxBytes == 600<<20 && c.feedsFile == "/f" && c.healthAddress == ":3"
			},
		},
		"no workspace":            {says: `--workspace="": want namespace/name`},
		"half a workspace":        {args: []string{"--workspace=shop"}, says: "want namespace/name"},
		"no partitions":           {args: []string{"--workspace=a/b", "--partitions=0"}, says: "--partitions=0: want 1 to 256"},
		"several pods":            {args: []string{"--workspace=a/b", "--replicas=2"}, says: "belongs to one pod"},
		"another pod":             {args: []string{"--workspace=a/b"}, podName: "shop-runner-3", says: "--replica=3: want 0 to 0"},
		"a pod without a number":  {args: []string{"--workspace=a/b"}, podName: "runner-x", says: "set --replica"},
		"a negative size":         {args: []string{"--workspace=a/b", "--reserve=-1"}, says: "--reserve=-1: want 0 or more"},
		"a negative age":          {args: []string{"--workspace=a/b", "--retention-age=-1h"}, says: "--retention-age"},
		"a word":                  {args: []string{"--workspace=a/b", "run"}, says: `unexpected argument "run"`},
		"every problem at a time": {args: []string{"--partitions=0", "--data-dir="}, says: "--data-dir is empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := parseFlags(tt.args, tt.podName)
			switch {
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("got error %v, want %q", err, tt.says)
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says == "" && !tt.want(c):
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		want    int64
		limited bool
	}{
		"a limit":                  {content: "1073741820\n", want: 966367638, limited: true},
		"none, version 2":          {content: "max\n"},
		"none, version 1":          {content: "9223372036854771712\n"},
		"something else":           {content: "lots"},
		"nothing left for anybody": {content: "0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, limited := memoryLimit(tt.content)
			if got != tt.want || limited != tt.limited {
				t.Errorf("got %d, %v; want %d, %v", got, limited, tt.want, tt.limited)
			}
		})
	}
}

func TestTablesLeaveASmallVolumeToTheEvents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		capacity   uint64
		partitions int
		want       uint64
	}{
		"64 MiB": {capacity: 64 << 20, partitions: 4, want: 512 << 10},
		"1 GiB":  {capacity: 1 << 30, partitions: 4, want: 8 << 20},
		"10 GiB": {capacity: 10 << 30, partitions: 4, want: 32 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tableBytes(tt.capacity, tt.partitions); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestTheDataFolderBelongsToOneRunner(t *testing.T) {
	t.Parallel()
	p := newPod(t)
	p.start()
	second := *p
	second.process = nil
	second.startUnready()
	if err := second.process.Wait(); err == nil || !strings.Contains(second.output.String(), "another runner uses") {
		t.Errorf("a second runner left with %v and said:\n%s", err, second.output)
	}
	p.apply(shop, "visit", "order")
	p.terminate()
}
