// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
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

var _ = Describe("The clickstream of test/data", func() {
	It("gives one answer by the live path, by simulate and by the oracle", func(ctx context.Context) {
		w := newWorld(ctx, "ecom")
		out, err := w.kubectl(ctx, "", "apply", "-f", ecomManifests)
		Expect(err).NotTo(HaveOccurred(), out)
		rows := ecomRows()
		w.sendRows(ctx, rows)

		key := client.ObjectKey{Namespace: w.Namespace, Name: "checkout"}
		var live v1alpha1.Funnel
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, key, &live)).To(Succeed())
			g.Expect(live.Status.EvaluatedAt).NotTo(BeNil())
			expectSameNumbers(g, &live, simulateEcom(ctx, g, evaluatedAt(&live)))
		}).WithContext(ctx).WithPolling(3 * time.Second).Should(Succeed())
		Expect(live.Status.Stages[0].Entered).To(BeEquivalentTo(600))

		judged := judge(&live, rows)
		for i, stage := range live.Status.Stages {
			Expect(aggregate.Stage{
				Entered: stage.Entered, Converted: stage.Converted, InProgress: stage.InProgress,
				Dropped: stage.Dropped, Excluded: stage.Excluded, Recovered: stage.Recovered,
			}).To(Equal(aggregate.Stage{
				Entered: judged.Stages[i].Entered, Converted: judged.Stages[i].Converted, InProgress: judged.Stages[i].InProgress,
				Dropped: judged.Stages[i].Dropped, Excluded: judged.Stages[i].Excluded, Recovered: judged.Stages[i].Recovered,
			}), "stage %s by the oracle", stage.Name)
		}
	})
})

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
func (w *world) sendRows(ctx context.Context, rows []map[string]string) {
	GinkgoHelper()
	var feed v1alpha1.EventFeed
	w.ready(ctx, &feed, "clickstream")
	var secret corev1.Secret
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: feed.Status.HTTP.WriteKeySecretName}, &secret)).To(Succeed())
	post := &sender{url: w.reachable(ctx, feed.Status.HTTP.URL), key: string(secret.Data["writeKey"])}
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

func simulateEcom(ctx context.Context, g Gomega, until string) *v1alpha1.Funnel {
	cmd := exec.CommandContext(ctx, plugin, "simulate", "-f", ecomManifests, "--events", ecomEvents, "--until", until, "-o", "json")
	out, err := cmd.Output()
	g.Expect(err).NotTo(HaveOccurred())
	return funnelIn(out)
}

// judge lets the oracle count the table as of the instant that the Funnel was evaluated.
func judge(fn *v1alpha1.Funnel, rows []map[string]string) aggregate.Funnel {
	GinkgoHelper()
	workspace := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Name: "ecom"},
		Spec:       v1alpha1.WorkspaceSpec{EventLog: v1alpha1.EventLogSpec{Retention: &v1alpha1.RetentionSpec{Age: "1200d"}}},
	}
	meaning, errs := definition.FromFunnel(fn, workspace)
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
