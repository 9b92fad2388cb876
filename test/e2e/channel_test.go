// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

// greeting writes once, at once, to who joins.
const greeting = `
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: NurtureScenario
metadata: {name: greeting}
spec:
  workspaceRef: {name: club}
  trigger: {event: {type: member.joined}}
  steps:
  - {name: hello, send: {channelRef: {name: mail}, topic: news, subject: Hello, text: "Hello! {{"{{"}} links.unsubscribe {{"}}"}}"}}
`

// clubMailTLS goes to the sink over TLS, with a password.
const clubMailTLS = `
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: MessageChannel
metadata: {name: mail}
spec:
  workspaceRef: {name: club}
  smtp:
    host: sink
    port: 2525
    from: club@example.com
    caSecretRef: {name: sink-tls, key: tls.crt}
    auth: {usernameSecretRef: {name: mail, key: username}, passwordSecretRef: {name: mail, key: password}}
`

var _ = Describe("A channel", func() {
	It("goes on with a rotated password, and nothing restarts", func(ctx context.Context) {
		w := newWorld(ctx, "rotated")
		certificate, key := selfSigned("sink")
		Expect(cluster.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: "sink-tls"},
			Data:       map[string][]byte{"tls.crt": certificate, "tls.key": key},
		})).To(Succeed())
		login := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: "mail"},
			StringData: map[string]string{"username": "club", "password": "first"},
		}
		Expect(cluster.Create(ctx, login)).To(Succeed())
		box := w.sink(ctx)
		box.behave(ctx, inbox.Behaviour{Password: "first"})
		w.apply(ctx, clubWorkspace+clubMailTLS+greeting)
		post := w.feed(ctx, "club")
		w.ready(ctx, &v1alpha1.NurtureScenario{}, "greeting")
		Expect(post.send(ctx, member("anna"))).To(Succeed())
		arrives(ctx, box, "anna@example.com")
		before := w.runner(ctx, Default)

		By("giving the mail server and the channel another password")
		box.behave(ctx, inbox.Behaviour{Password: "second"})
		login.StringData = map[string]string{"password": "second"}
		Expect(cluster.Update(ctx, login)).To(Succeed())
		Expect(post.send(ctx, member("boris"))).To(Succeed())
		arrives(ctx, box, "boris@example.com")
		now := w.runner(ctx, Default)
		Expect(now.UID).To(Equal(before.UID))
		Expect(now.Status.ContainerStatuses[0].RestartCount).To(BeZero())
	})

	It("shows that the other side is gone, keeps its messages and sends them when it is back", func(ctx context.Context) {
		w := newWorld(ctx, "outage")
		box := w.sink(ctx)
		w.apply(ctx, clubWorkspace+clubMail+greeting)
		post := w.feed(ctx, "club")
		w.ready(ctx, &v1alpha1.NurtureScenario{}, "greeting")
		w.reachability(ctx, metav1.ConditionTrue)

		out, err := w.kubectl(ctx, "", "scale", "deployment", "sink", "--replicas=0")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(func(g Gomega) {
			var left corev1.PodList
			g.Expect(cluster.List(ctx, &left, client.InNamespace(w.Namespace), client.MatchingLabels{"app": "sink"})).To(Succeed())
			g.Expect(left.Items).To(BeEmpty(), "what still ends may take a mail")
		}).WithContext(ctx).Should(Succeed())
		Expect(post.send(ctx, member("anna"))).To(Succeed())
		w.reachability(ctx, metav1.ConditionFalse)
		w.ready(ctx, &v1alpha1.MessageChannel{}, "mail") // an outage of the other side is no fault of the object

		out, err = w.kubectl(ctx, "", "scale", "deployment", "sink", "--replicas=1")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(func(g Gomega) {
			g.Expect(box.subjects(ctx, g, "anna@example.com")).To(Equal([]string{"Hello"}))
		}).WithContext(ctx).Should(Succeed())
		w.reachability(ctx, metav1.ConditionTrue)
	})

	It("sends to one address instead where the workspace redirects", func(ctx context.Context) {
		w := newWorld(ctx, "redirect")
		box := w.sink(ctx)
		w.apply(ctx, clubWorkspace+clubMail+greeting)
		out, err := w.kubectl(ctx, "", "patch", "workspace", "club", "--type=merge", "-p", `{"spec": {"delivery": {"mode": "Redirect", "to": "qa@example.com"}}}`)
		Expect(err).NotTo(HaveOccurred(), out)
		post := w.feed(ctx, "club")
		w.ready(ctx, &v1alpha1.Workspace{}, "club")
		w.ready(ctx, &v1alpha1.NurtureScenario{}, "greeting")
		Expect(post.send(ctx, member("anna"))).To(Succeed())
		arrives(ctx, box, "qa@example.com")
		all := box.messages(ctx, Default)
		Expect(all).To(HaveLen(1))
		Expect(all[0].Subject).To(Equal("[Redirected] Hello"))
		Expect(fmt.Sprint(all[0])).NotTo(ContainSubstring("anna"))

		By("going live")
		out, err = w.kubectl(ctx, "", "patch", "workspace", "club", "--type=merge", "-p", `{"spec": {"delivery": {"mode": "Live", "to": null}}}`)
		Expect(err).NotTo(HaveOccurred(), out)
		w.ready(ctx, &v1alpha1.Workspace{}, "club")
		Eventually(func(g Gomega) {
			name := fmt.Sprintf("member-%d", time.Now().UnixMilli())
			g.Expect(post.send(ctx, member(name))).To(Succeed())
			time.Sleep(2 * time.Second)
			g.Expect(box.subjects(ctx, g, name+"@example.com")).To(Equal([]string{"Hello"}))
		}).WithContext(ctx).Should(Succeed())
	})

	It("sends nothing twice when the runner is killed while it sends", func(ctx context.Context) {
		const members = 400
		w := newWorld(ctx, "once")
		box := w.sink(ctx)
		box.behave(ctx, inbox.Behaviour{DelayMillis: 20})
		w.apply(ctx, clubWorkspace+clubMail+greeting)
		post := w.feed(ctx, "club")
		w.ready(ctx, &v1alpha1.NurtureScenario{}, "greeting")
		var events []cloudEvent
		for i := range members {
			events = append(events, member(fmt.Sprintf("member-%03d", i))...)
		}
		Expect(post.send(ctx, events)).To(Succeed())
		for i := range 3 {
			Eventually(func(g Gomega) {
				g.Expect(len(box.messages(ctx, g))).To(BeNumerically(">", i*members/4))
			}).WithContext(ctx).WithPolling(20 * time.Millisecond).Should(Succeed())
			Eventually(func(g Gomega) { w.killRunner(ctx, g) }).WithContext(ctx).Should(Succeed())
		}

		var scenario v1alpha1.NurtureScenarioStatus
		Eventually(func(g Gomega) {
			scenario = w.scenario(ctx, g, "greeting").Status
			g.Expect(scenario.Entered).To(HaveValue(BeEquivalentTo(members)))
			g.Expect(scenario.Active).To(HaveValue(BeEquivalentTo(0)))
		}).WithContext(ctx).WithTimeout(3 * time.Minute).Should(Succeed())
		received := map[string]int{}
		for _, m := range box.messages(ctx, Default) {
			received[m.To]++
			Expect(m.Repeated).To(BeFalse(), "%s arrived again", m.To)
		}
		for to, times := range received {
			Expect(times).To(Equal(1), to)
		}
		hello := scenario.Steps[0]
		Expect(*hello.Sent + hello.InDoubt).To(BeEquivalentTo(members))
		Expect(len(received)).To(And(BeNumerically(">=", *hello.Sent), BeNumerically("<=", members)))
		// Four were under way at each kill, and at 200 a second some ten were claimed ahead or told by no result yet.
		Expect(hello.InDoubt).To(BeNumerically("<=", 3*20))
	})
})

// arrives waits until one message to an address has arrived.
func arrives(ctx context.Context, box *sink, address string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(box.to(ctx, g, address)).To(HaveLen(1))
	}).WithContext(ctx).Should(Succeed())
}

// reachability waits until the channel mail shows whether the other side answers.
func (w *world) reachability(ctx context.Context, status metav1.ConditionStatus) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		var channel v1alpha1.MessageChannel
		g.Expect(cluster.Get(ctx, w.key("mail"), &channel)).To(Succeed())
		g.Expect(condition(&channel, v1alpha1.ConditionReachable).Status).To(Equal(status))
	}).WithContext(ctx).Should(Succeed())
}

// selfSigned makes a certificate for a host, which is its own authority, and its key, both in PEM.
func selfSigned(host string) (certificate, key []byte) {
	GinkgoHelper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	Expect(err).NotTo(HaveOccurred())
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	Expect(err).NotTo(HaveOccurred())
	return inPEM("CERTIFICATE", signed), inPEM("PRIVATE KEY", encoded)
}

func inPEM(kind string, content []byte) []byte {
	var b bytes.Buffer
	Expect(pem.Encode(&b, &pem.Block{Type: kind, Bytes: content})).To(Succeed())
	return b.Bytes()
}
