// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/test/sink/inbox"
)

// sinkManifest runs test/sink in the world as "sink"; `make sink-load` brings its image. With a Secret sink-tls its mail server has TLS.
const sinkManifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: sink}
spec:
  selector: {matchLabels: {app: sink}}
  template:
    metadata: {labels: {app: sink}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: sink
        image: localhost/waymark-sink:dev
        imagePullPolicy: Never
        args: [-tls, /tls]
        volumeMounts: [{name: tls, mountPath: /tls, readOnly: true}]
        ports: [{name: mail, containerPort: 2525}, {name: http, containerPort: 8025}]
        readinessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 1}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumes: [{name: tls, secret: {secretName: sink-tls, optional: true}}]
---
apiVersion: v1
kind: Service
metadata: {name: sink}
spec:
  selector: {app: sink}
  ports: [{name: mail, port: 2525}, {name: http, port: 8025}]
`

// sink is the mail server, webhook receiver and bot of a world, which remembers what arrived.
type sink struct{ url string }

// sink starts one and waits until it runs.
func (w *world) sink(ctx context.Context) *sink {
	GinkgoHelper()
	w.apply(ctx, sinkManifest)
	Eventually(func(g Gomega) {
		var deployment appsv1.Deployment
		g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "sink"}, &deployment)).To(Succeed())
		g.Expect(deployment.Status.AvailableReplicas).To(BeEquivalentTo(1))
	}).WithContext(ctx).Should(Succeed())
	var service corev1.Service
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "sink"}, &service)).To(Succeed())
	box := &sink{url: "http://" + service.Spec.ClusterIP + ":8025"}
	Eventually(func(g Gomega) { // the node may learn of a Service's pods later than the Deployment does
		box.messages(ctx, g)
	}).WithContext(ctx).Should(Succeed())
	return box
}

// call asks the sink for something and gives back what it answered.
func (s *sink) call(ctx context.Context, g Gomega, method, path string, body any) []byte {
	var payload bytes.Buffer
	if body != nil {
		g.Expect(json.NewEncoder(&payload).Encode(body)).To(Succeed())
	}
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, &payload)
	g.Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.StatusCode).To(BeNumerically("<", 300), string(answer))
	return answer
}

// behave tells the sink how to treat messages from now on.
func (s *sink) behave(ctx context.Context, b inbox.Behaviour) {
	GinkgoHelper()
	s.call(ctx, Default, http.MethodPut, "/behaviour", b)
}

// messages are all that arrived, in order.
func (s *sink) messages(ctx context.Context, g Gomega) []inbox.Message {
	var messages []inbox.Message
	g.Expect(json.Unmarshal(s.call(ctx, g, http.MethodGet, "/messages", nil), &messages)).To(Succeed())
	return messages
}

// to are the messages to one address, in order.
func (s *sink) to(ctx context.Context, g Gomega, address string) []inbox.Message {
	return slices.DeleteFunc(s.messages(ctx, g), func(m inbox.Message) bool { return !strings.EqualFold(m.To, address) })
}

// subjects are those of the messages to one address, in order.
func (s *sink) subjects(ctx context.Context, g Gomega, address string) []string {
	return subjectsOf(s.to(ctx, g, address))
}

func subjectsOf(messages []inbox.Message) (subjects []string) {
	for _, m := range messages {
		subjects = append(subjects, m.Subject)
	}
	return subjects
}

// after is how long after the first of two messages the second arrived.
func after(first, second inbox.Message) time.Duration { return second.Time.Sub(first.Time) }
