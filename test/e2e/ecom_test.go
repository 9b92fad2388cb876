// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
)

// The data set and its manifests; test/data/README.md says where it is from.
const (
	ecomManifests = "../data/ecom"
	ecomEvents    = "../data/ecom.csv.gz"
)

// kinds are all ways to count by that the API offers.
func kinds() (all []v1alpha1.FunnelSpec) {
	for _, order := range []v1alpha1.FunnelOrder{v1alpha1.OrderOrdered, v1alpha1.OrderStrict, v1alpha1.OrderAny} {
		for _, count := range []v1alpha1.FunnelCount{v1alpha1.CountContacts, v1alpha1.CountEntries} {
			for _, policy := range []v1alpha1.EntryPolicy{v1alpha1.EntryLatestStart, v1alpha1.EntryFirstStart} {
				all = append(all, v1alpha1.FunnelSpec{Order: order, Count: count, EntryPolicy: policy})
			}
		}
	}
	return all
}

var _ = Describe("The clickstream of test/data", func() {
	It("gives one answer by the live path, by simulate and by the oracle, in whichever way it is counted", func(ctx context.Context) {
		w := newWorld(ctx, "ecom")
		out, err := w.kubectl(ctx, "", "apply", "-f", ecomManifests)
		Expect(err).NotTo(HaveOccurred(), out)
		names := w.applyKinds(ctx)
		rows := ecomRows()
		sendRows(ctx, w.feed(ctx, "clickstream"), rows)

		for _, name := range names {
			var live v1alpha1.Funnel
			Eventually(func(g Gomega) {
				g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: name}, &live)).To(Succeed())
				g.Expect(live.Status.EvaluatedAt).NotTo(BeNil())
				g.Expect(live.Status.Summary.Entered).To(HaveValue(BeNumerically(">=", 600)))
				expectSameNumbers(g, &live, w.simulateEcom(ctx, &live))
			}).WithContext(ctx).WithPolling(3*time.Second).Should(Succeed(), "Funnel %s", name)
			expectJudged(&live, rows)
		}
	})
})

// applyKinds applies the data set's Funnel once more for each way to count, and gives the names of all.
func (w *world) applyKinds(ctx context.Context) []string {
	GinkgoHelper()
	var base v1alpha1.Funnel
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "checkout"}, &base)).To(Succeed())
	names := []string{base.Name}
	for _, kind := range kinds() {
		fn := &v1alpha1.Funnel{Spec: *base.Spec.DeepCopy()}
		fn.Namespace, fn.Name = w.Namespace, strings.ToLower(fmt.Sprintf("%s-%s-%s", kind.Order, kind.Count, kind.EntryPolicy))
		fn.Spec.Order, fn.Spec.Count, fn.Spec.EntryPolicy = kind.Order, kind.Count, kind.EntryPolicy
		Expect(cluster.Create(ctx, fn)).To(Succeed())
		names = append(names, fn.Name)
	}
	return names
}

// expectJudged compares a Funnel's stages with what the oracle says.
func expectJudged(live *v1alpha1.Funnel, rows []map[string]string) {
	GinkgoHelper()
	judged := judge(live, rows)
	for i, stage := range live.Status.Stages {
		Expect(aggregate.Stage{
			Entered: stage.Entered, Converted: stage.Converted, InProgress: stage.InProgress,
			Dropped: stage.Dropped, Excluded: stage.Excluded, Recovered: stage.Recovered,
		}).To(Equal(aggregate.Stage{
			Entered: judged.Stages[i].Entered, Converted: judged.Stages[i].Converted, InProgress: judged.Stages[i].InProgress,
			Dropped: judged.Stages[i].Dropped, Excluded: judged.Stages[i].Excluded, Recovered: judged.Stages[i].Recovered,
		}), "stage %s of %s by the oracle", stage.Name, live.Name)
	}
}

// ecomRows reads the table. Each row gets its number, so that equal rows stay two events.
func ecomRows() []map[string]string {
	GinkgoHelper()
	file, err := os.Open(ecomEvents)
	Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	Expect(err).NotTo(HaveOccurred())
	table, err := csv.NewReader(unpacked).ReadAll()
	Expect(err).NotTo(HaveOccurred())
	rows := make([]map[string]string, 0, len(table))
	for i, cells := range table[1:] {
		row := map[string]string{"row": strconv.Itoa(i + 1)}
		for column, name := range table[0] {
			row[name] = cells[column]
		}
		rows = append(rows, row)
	}
	return rows
}

// sendRows posts the table as a shop's own system would: as plain JSON, which the feed's mapping reads.
func sendRows(ctx context.Context, post *sender, rows []map[string]string) {
	GinkgoHelper()
	for batch := range slices.Chunk(rows, 500) {
		payload, err := json.Marshal(batch)
		Expect(err).NotTo(HaveOccurred())
		Eventually(func(g Gomega) {
			status, _, body, err := post.post(ctx, "application/json", payload)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(status).To(Equal(http.StatusAccepted), body)
		}).WithContext(ctx).Should(Succeed())
	}
}

// simulateEcom gives what the plugin says of one Funnel, as of the instant that it was evaluated live.
func (w *world) simulateEcom(ctx context.Context, live *v1alpha1.Funnel) *v1alpha1.Funnel {
	GinkgoHelper()
	manifest, err := json.Marshal(map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "Funnel",
		"metadata": map[string]string{"name": live.Name}, "spec": live.Spec,
	})
	Expect(err).NotTo(HaveOccurred())
	return simulated(ctx, "-f", ecomManifests+"/workspace.yaml", "-f", ecomManifests+"/feed.yaml",
		"-f", w.file(live.Name+".json", string(manifest)), "--events", ecomEvents, "--until", evaluatedAt(live))
}

// judge lets the oracle count the table as of the instant that the Funnel was evaluated.
func judge(fn *v1alpha1.Funnel, rows []map[string]string) aggregate.Funnel {
	GinkgoHelper()
	workspace := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Name: "ecom"},
		Spec:       v1alpha1.WorkspaceSpec{EventLog: v1alpha1.EventLogSpec{Retention: &v1alpha1.RetentionSpec{Age: "1200d"}}},
	}
	meaning, _, errs := definition.FromFunnel(fn, workspace, nil)
	Expect(errs).To(BeEmpty())
	numbers, err := oracle.New(meaning)
	Expect(err).NotTo(HaveOccurred())
	log := make([]oracle.Record, 0, len(rows))
	for _, row := range rows {
		at, err := time.ParseInLocation(time.DateTime, row["timestamp"], time.UTC)
		Expect(err).NotTo(HaveOccurred())
		log = append(log, oracle.Record{Event: &event.Event{
			Contact: row["user_id"], Type: row["event"], Source: "ecom", ID: row["row"], Time: event.At(at), Received: event.At(at),
		}})
	}
	return numbers.Evaluate(log, event.At(fn.Status.EvaluatedAt.Time))
}
