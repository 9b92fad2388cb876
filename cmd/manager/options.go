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

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/waymark-dev/waymark/internal/operator"
	"github.com/waymark-dev/waymark/internal/plane"
)

// minStatusInterval keeps a mistake in a flag from flooding the API server.
const minStatusInterval = time.Second

// options are what the flags say.
type options struct {
	operator operator.Options
	zap      zap.Options
}

func parse(args []string) (*options, error) {
	all := &options{operator: operator.Options{Dial: plane.DialTLS}}
	o := &all.operator
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	config.RegisterFlags(flags)
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", "0", "address that serves metrics, such as :8443; 0 serves none")
	flags.BoolVar(&o.MetricsSecure, "metrics-secure", true, "serve metrics over HTTPS, to those whom the API server lets read them")
	flags.StringVar(&o.ProbeAddress, "health-probe-bind-address", ":8081", "address that answers /healthz and /readyz; 0 answers none")
	flags.BoolVar(&o.LeaderElect, "leader-elect", false, "work only while leading; needed where more than one manager may run")
	flags.StringVar(&o.Namespace, "operator-namespace", os.Getenv("POD_NAMESPACE"),
		"namespace that the manager runs in, by default $POD_NAMESPACE; only pods there may reach runners' control ports")
	flags.StringVar(&o.Deployment.Image, "runner-image", "", "image of the runners; required")
	flags.StringVar((*string)(&o.Deployment.ImagePullPolicy), "runner-image-pull-policy", "",
		"when nodes pull that image: Always, IfNotPresent or Never; without it Kubernetes decides")
	flags.DurationVar(&o.StatusInterval, "status-interval", 30*time.Second, "how long the numbers of one status stay before they are written again")
	flags.DurationVar(&o.ReportInterval, "report-interval", time.Second, "how often runners are asked for their numbers")
	flags.Func("watch-namespaces", "namespaces to watch, separated by commas; all without it", func(value string) error {
		o.WatchNamespaces = namespaces(value)
		return nil
	})
	all.zap.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return all, check(o, flags.Args())
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

func check(o *operator.Options, rest []string) error {
	var problems []error
	if len(rest) > 0 {
		problems = append(problems, fmt.Errorf("unexpected argument %q: write flags only", rest[0]))
	}
	if o.Deployment.Image == "" {
		problems = append(problems, errors.New("--runner-image is empty: name the image of the runners, usually the manager's own"))
	}
	if o.StatusInterval < minStatusInterval {
		problems = append(problems, fmt.Errorf("--status-interval=%s: write at least %s", o.StatusInterval, minStatusInterval))
	}
	if o.ReportInterval <= 0 {
		problems = append(problems, fmt.Errorf("--report-interval=%s: write more than 0", o.ReportInterval))
	}
	policies := []corev1.PullPolicy{"", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever}
	if !slices.Contains(policies, o.Deployment.ImagePullPolicy) {
		problems = append(problems, fmt.Errorf("--runner-image-pull-policy=%s: write Always, IfNotPresent or Never", o.Deployment.ImagePullPolicy))
	}
	return errors.Join(problems...)
}
