// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"--runner-image=waymark:v1", "--leader-elect", "--watch-namespaces=shop, salon,shop"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"shop", "salon"}, o.operator.WatchNamespaces); diff != "" {
		t.Errorf("watched namespaces (-want +got):\n%s", diff)
	}
	if !o.operator.LeaderElect || o.operator.Deployment.Image != "waymark:v1" || o.operator.StatusInterval != 30*time.Second {
		t.Errorf("parse() = %+v", o.operator)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"no image":               {args: nil, want: "--runner-image is empty"},
		"an argument":            {args: []string{"--runner-image=a", "run"}, want: `unexpected argument "run"`},
		"no interval":            {args: []string{"--runner-image=a", "--status-interval=0s"}, want: "--status-interval=0s"},
		"no reports":             {args: []string{"--runner-image=a", "--report-interval=-1s"}, want: "--report-interval=-1s"},
		"an unknown pull policy": {args: []string{"--runner-image=a", "--runner-image-pull-policy=Maybe"}, want: "write Always"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(tc.args); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("parse() error = %v, want one with %q", err, tc.want)
			}
		})
	}
}
