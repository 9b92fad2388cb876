// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// minStatusInterval keeps a mistake in a flag from flooding the API server.
const minStatusInterval = time.Second

// options are the flags.
type options struct {
	metricsAddress    string
	metricsSecure     bool
	probeAddress      string
	leaderElect       bool
	watchNamespaces   []string
	operatorNamespace string
	runnerImage       string
	runnerPullPolicy  string
	statusInterval    time.Duration
	reportInterval    time.Duration
	zap               zap.Options
}

func parse(args []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	config.RegisterFlags(flags)
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", "0", "address that serves metrics, such as :8443; 0 serves none")
	flags.BoolVar(&o.metricsSecure, "metrics-secure", true, "serve metrics over HTTPS, to those whom the API server lets read them")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "address that answers /healthz and /readyz")
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "work only while leading; needed where more than one manager may run")
	flags.StringVar(&o.operatorNamespace, "operator-namespace", os.Getenv("POD_NAMESPACE"),
		"namespace that the manager runs in, by default that of its pod; only pods there may reach runners' control ports")
	flags.StringVar(&o.runnerImage, "runner-image", "", "image of the runners; required")
	flags.StringVar(&o.runnerPullPolicy, "runner-image-pull-policy", "", "when nodes pull that image: Always, IfNotPresent or Never")
	flags.DurationVar(&o.statusInterval, "status-interval", 30*time.Second, "how long the numbers of one status stay before they are written again")
	flags.DurationVar(&o.reportInterval, "report-interval", time.Second, "how often runners are asked for their numbers")
	flags.Func("watch-namespaces", "namespaces to watch, separated by commas; all without it", func(value string) error {
		o.watchNamespaces = namespaces(value)
		return nil
	})
	o.zap.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return o, o.check(flags.Args())
}

func namespaces(list string) []string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (o *options) check(rest []string) error {
	var problems []error
	if len(rest) > 0 {
		problems = append(problems, fmt.Errorf("unexpected argument %q: write flags only", rest[0]))
	}
	if o.runnerImage == "" {
		problems = append(problems, errors.New("--runner-image is empty: name the image of the runners, usually the manager's own"))
	}
	if o.statusInterval < minStatusInterval {
		problems = append(problems, fmt.Errorf("--status-interval=%s: write at least %s", o.statusInterval, minStatusInterval))
	}
	if o.reportInterval <= 0 {
		problems = append(problems, fmt.Errorf("--report-interval=%s: write more than 0", o.reportInterval))
	}
	if !slices.Contains([]string{"", "Always", "IfNotPresent", "Never"}, o.runnerPullPolicy) {
		problems = append(problems, fmt.Errorf("--runner-image-pull-policy=%s: write Always, IfNotPresent or Never", o.runnerPullPolicy))
	}
	return errors.Join(problems...)
}
