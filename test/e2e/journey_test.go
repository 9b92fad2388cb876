// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// views are what "kubectl get" heads the three tables with in which a marketer reads how a business does.
var views = map[string][]string{
	"funnels":  {"NAME", "PERIOD", "ENTERED", "CONVERTED", "CONVERSION", "BOTTLENECK", "LOST", "CHANGE", "REVENUE", "DATA", "READY", "AGE"},
	"nurture":  {"NAME", "ENTERED", "ACTIVE", "SENT", "CONVERTED", "CONVERSION", "UPLIFT", "READY", "AGE"},
	"journeys": {"NAME", "CONVERSION", "WEAKEST", "WHY", "FIX", "BEST LEVER", "READY", "AGE"},
}

// column splits a row of a table, whose cells may hold single spaces.
var column = regexp.MustCompile(`\s{2,}`)

var _ = Describe("A Journey", func() {
	It("is shown by the demo beside its funnel and its scenarios, with the numbers that simulate computes", func(ctx context.Context) {
		w := newWorld(ctx, "journey")
		now := time.Now().UTC().Format(time.RFC3339)
		demo := exec.CommandContext(ctx, "../../hack/demo/demo.sh", "--until", now)
		demo.Env = append(os.Environ(), "WAYMARK_DEMO_NAMESPACE="+w.Namespace)
		shown, err := demo.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(shown))
		for kind := range views {
			Expect(string(shown)).To(ContainSubstring("$ kubectl get " + kind))
		}

		events := filepath.Join(w.folder, "demo.jsonl")
		written, err := exec.CommandContext(ctx, "go", "run", "../../hack/demo", "--until", now, "--write", events).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(written))
		sample, err := exec.CommandContext(ctx, "kubectl", "kustomize", "../../config/samples/shop").Output()
		Expect(err).NotTo(HaveOccurred())
		var live v1alpha1.Journey
		Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "first-purchase"}, &live)).To(Succeed())
		since := improvementOf(&live, "free-delivery").Since.Format(time.RFC3339)
		manifests := w.file("shop.yaml", regexp.MustCompile(`since: .*`).ReplaceAllString(string(sample), `since: "`+since+`"`))

		By("counting as simulate does")
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(&live), &live)).To(Succeed())
			g.Expect(live.Status.EvaluatedAt).NotTo(BeNil())
			expectSameMap(g, &live, simulatedJourney(ctx, "-f", manifests, "--events", events, "--until", live.Status.EvaluatedAt.UTC().Format(time.RFC3339Nano)))
		}).WithContext(ctx).Should(Succeed())
		Expect(live.Status.Stages[0].Entered).To(BeNumerically(">", 10_000))
		Expect(live.Status.Summary.Weakest).To(Equal("cart→checkout"))
		Expect(live.Status.Summary.Why).To(HavePrefix("delivery-cost ("))
		Expect(live.Status.Summary.Fix).To(Equal("free-delivery Improved"))

		By("knowing who has not bought yet")
		Eventually(func(g Gomega) {
			var newcomers v1alpha1.Segment
			g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "newcomers"}, &newcomers)).To(Succeed())
			g.Expect(newcomers.Status.Summary).NotTo(BeNil())
			g.Expect(newcomers.Status.Summary.Size).To(HaveValue(Equal(contactsWithout(events, "order.completed"))))
		}).WithContext(ctx).Should(Succeed())

		By("reading well to a marketer")
		Eventually(func(g Gomega) {
			var help v1alpha1.NurtureScenario
			g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "payment-help"}, &help)).To(Succeed())
			g.Expect(help.Status.Sent).To(HaveValue(BeNumerically(">", 0)))
			rows := w.view(ctx, g, "nurture")
			g.Expect(rows["payment-help"]).To(ContainElements(strconv.FormatInt(*help.Status.Entered, 10), strconv.FormatInt(*help.Status.Sent, 10), "True"))
			g.Expect(rows).To(HaveKey("cart-reminder"))
		}).WithContext(ctx).Should(Succeed())
		Eventually(func(g Gomega) {
			fn := w.funnel(ctx, g)
			g.Expect(w.view(ctx, g, "funnels")["shop"]).To(ContainElements(
				strconv.FormatInt(*fn.Status.Summary.Entered, 10), fn.Status.Summary.Conversion, "cart→checkout", "Live", "True"))
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(&live), &live)).To(Succeed())
			s := live.Status.Summary
			g.Expect(w.view(ctx, g, "journeys")["first-purchase"]).To(ContainElements(s.Conversion, s.Weakest, s.Why, s.Fix, s.BestLever, "True"))
		}).WithContext(ctx).Should(Succeed())
		described, err := w.kubectl(ctx, "", "describe", "journey", "first-purchase")
		Expect(err).NotTo(HaveOccurred(), described)
		Expect(described).To(And(ContainSubstring("delivery-cost"), ContainSubstring("Improved")))
	})
})

// view prints a table as "kubectl get" does, checks its head, and gives the cells of its rows by their names.
func (w *world) view(ctx context.Context, g Gomega, kind string) map[string][]string {
	GinkgoHelper()
	table, err := w.kubectl(ctx, "", "get", kind)
	g.Expect(err).NotTo(HaveOccurred(), table)
	GinkgoWriter.Printf("$ kubectl get %s\n%s\n", kind, table)
	lines := strings.Split(strings.TrimSpace(table), "\n")
	g.Expect(column.Split(strings.TrimSpace(lines[0]), -1)).To(Equal(views[kind]))
	rows := map[string][]string{}
	for _, line := range lines[1:] {
		cells := column.Split(strings.TrimSpace(line), -1)
		rows[cells[0]] = cells
	}
	return rows
}

func improvementOf(j *v1alpha1.Journey, name string) *v1alpha1.Improvement {
	GinkgoHelper()
	for i := range j.Spec.Stages {
		for k := range j.Spec.Stages[i].Improvements {
			if of := &j.Spec.Stages[i].Improvements[k]; of.Name == name {
				return of
			}
		}
	}
	Fail("the map has no improvement " + name)
	return nil
}

// expectSameMap compares what two Journeys say that were evaluated as of the same instant. What scenarios bring is left out: a simulation writes to
// everybody in the past whom a cluster writes to from now on.
func expectSameMap(g Gomega, live, simulated *v1alpha1.Journey) {
	g.Expect(simulated.Status.Period).To(Equal(live.Status.Period))
	g.Expect(simulated.Status.Stages).To(HaveLen(len(live.Status.Stages)))
	for i, stage := range live.Status.Stages {
		stage.OnTarget = standing(simulated.Status.Stages[i].OnTarget, stage.OnTarget)
		g.Expect(simulated.Status.Stages[i]).To(Equal(stage))
	}
	g.Expect(simulated.Status.Beyond).To(Equal(live.Status.Beyond))
	g.Expect(simulated.Status.Barriers).To(Equal(live.Status.Barriers))
	g.Expect(simulated.Status.SuggestedBarriers).To(Equal(live.Status.SuggestedBarriers))
	g.Expect(simulated.Status.Met).To(Equal(live.Status.Met))
	g.Expect(simulated.Status.Loyalty).To(Equal(live.Status.Loyalty))
	g.Expect(simulated.Status.Levers).To(Equal(live.Status.Levers))
	g.Expect(simulated.Status.Summary).To(Equal(live.Status.Summary))
	g.Expect(simulated.Status.Improvements).To(HaveLen(len(live.Status.Improvements)))
	for i := range live.Status.Improvements {
		a, b := simulated.Status.Improvements[i], live.Status.Improvements[i]
		a.Holdout, b.Holdout = "", ""
		g.Expect(a).To(Equal(b))
	}
}

// simulatedJourney runs the plugin and gives the one Journey that it prints.
func simulatedJourney(ctx context.Context, args ...string) *v1alpha1.Journey {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, plugin, append([]string{"simulate", "-o", "json"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), stderr.String())
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	Expect(json.Unmarshal(out, &list)).To(Succeed())
	for _, item := range list.Items {
		var j v1alpha1.Journey
		Expect(json.Unmarshal(item, &j)).To(Succeed())
		if j.Kind == "Journey" {
			return &j
		}
	}
	Fail("simulate prints no Journey")
	return nil
}

// contactsWithout counts the contacts of a file of events to whom something never happened.
func contactsWithout(file, kind string) (n int64) {
	GinkgoHelper()
	content, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	did := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		var e cloudEvent
		Expect(json.Unmarshal([]byte(line), &e)).To(Succeed())
		did[e.Subject] = did[e.Subject] || e.Type == kind
	}
	for _, done := range did {
		if !done {
			n++
		}
	}
	return n
}
