// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// The samples, and what happened in the businesses that they are about.
const (
	sampleManifests = "../../config/samples"
	sampleEvents    = "../../internal/simulate/testdata/samples"
)

// samples are by their folder: what their EventFeed and their Funnel are called.
var samples = map[string]struct{ feed, funnel string }{
	"aida":       {"flowers", "aida"},
	"booking":    {"travel", "booking"},
	"onboarding": {"app", "onboarding"},
	"shop":       {"shop", "shop"},
}

var _ = Describe("The samples", func() {
	It("are taken by the API server all together", func(ctx context.Context) {
		w := newWorld(ctx, "taken")
		out, err := w.kubectl(ctx, "", "apply", "--dry-run=server", "-k", sampleManifests)
		Expect(err).NotTo(HaveOccurred(), out)
		for folder := range samples {
			Expect(out).To(ContainSubstring("funnel.marketing.waymark.dev/" + samples[folder].funnel + " created (server dry run)"))
		}
	})

	It("give live what simulate says", func(ctx context.Context) {
		w := newWorld(ctx, "samples")
		for folder := range samples {
			for _, manifest := range sampleFiles(folder) {
				out, err := w.kubectl(ctx, "", "apply", "-f", manifest)
				Expect(err).NotTo(HaveOccurred(), out)
			}
		}
		for folder, sample := range samples {
			events := recent(filepath.Join(sampleEvents, folder+".jsonl"))
			Expect(w.feed(ctx, sample.feed).send(ctx, events)).To(Succeed())
			var lines bytes.Buffer
			for _, e := range events {
				Expect(json.NewEncoder(&lines).Encode(e)).To(Succeed())
			}
			file := w.file(folder+".jsonl", lines.String())

			Eventually(func(g Gomega) {
				var live v1alpha1.Funnel
				g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: sample.funnel}, &live)).To(Succeed())
				g.Expect(live.Status.EvaluatedAt).NotTo(BeNil())
				g.Expect(live.Status.Summary.Entered).To(HaveValue(BeNumerically(">", 0)))
				args := []string{"--events", file, "--until", evaluatedAt(&live)}
				for _, manifest := range sampleFiles(folder) {
					args = append(args, "-f", manifest)
				}
				expectSameNumbers(g, &live, simulated(ctx, args...))
			}).WithContext(ctx).WithPolling(3*time.Second).Should(Succeed(), "sample %s", folder)
		}
	})
})

func sampleFiles(folder string) (files []string) {
	for _, name := range []string{"workspace", "eventfeed", "funnel"} {
		files = append(files, filepath.Join(sampleManifests, folder, name+".yaml"))
	}
	return files
}

// recent reads the events of a sample and moves them by whole days, so that the last is of yesterday.
func recent(file string) (events []cloudEvent) {
	GinkgoHelper()
	content, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	var last time.Time
	for line := range strings.Lines(string(content)) {
		var e cloudEvent
		Expect(json.Unmarshal([]byte(line), &e)).To(Succeed())
		if events = append(events, e); e.Time.After(last) {
			last = e.Time
		}
	}
	days := int(time.Since(last)/(24*time.Hour)) - 1
	for i := range events {
		events[i].Time = events[i].Time.AddDate(0, 0, days)
	}
	return events
}
