// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// clubWorkspace is a workspace whose links lead to its own ingest.
const clubWorkspace = `
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: Workspace
metadata: {name: club}
spec:
  timeZone: Europe/Moscow
  publicURL: http://club-ingest.{{.Namespace}}.svc
  eventLog: {embedded: {storage: {{.Storage}}}}
  policy:
    consent: {mode: Implied, topics: [{name: news, title: News}]}
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: club}
spec:
  workspaceRef: {name: club}
  http: {protocols: [CloudEvents]}
`

// clubMail goes to the sink.
const clubMail = `
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: MessageChannel
metadata: {name: mail}
spec:
  workspaceRef: {name: club}
  smtp: {host: sink, port: 2525, encryption: None, from: club@example.com}
  tracking: {clicks: true}
`

// welcome writes twice to who joins, a few seconds apart, unless they leave before.
const welcome = `
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: NurtureScenario
metadata: {name: welcome}
spec:
  workspaceRef: {name: club}
  trigger: {event: {type: member.joined}}
  goal: {event: order.completed, value: event.data.total, within: 1d}
  exits: [{event: member.left}]
  steps:
  - {name: breath, wait: {for: 2s}}
  - name: hello
    send:
      channelRef: {name: mail}
      topic: news
      subject: "Welcome, {{"{{"}} event.data.name {{"}}"}}"
      html: |
        <p>Hello! <a href="https://example.com/start">Begin here</a>, or <a href="{{"{{"}} links.unsubscribe {{"}}"}}">stop</a>.</p>
  - {name: pause, wait: {for: 4s}}
  - name: tips
    send: {channelRef: {name: mail}, topic: news, subject: Three tips, text: "One, two, three. {{"{{"}} links.unsubscribe {{"}}"}}"}
`

var _ = Describe("A scenario", func() {
	It("writes to who enters, at the right times, and counts it", func(ctx context.Context) {
		w := newWorld(ctx, "welcome")
		box := w.sink(ctx)
		w.apply(ctx, clubWorkspace+clubMail+welcome)
		post := w.feed(ctx, "club")
		w.ready(ctx, &v1alpha1.MessageChannel{}, "mail")
		w.ready(ctx, &v1alpha1.NurtureScenario{}, "welcome")

		Expect(post.send(ctx, member("anna"))).To(Succeed())
		Eventually(func(g Gomega) {
			mails := box.to(ctx, g, "anna@example.com")
			g.Expect(subjectsOf(mails)).To(Equal([]string{"Welcome, anna", "Three tips"}))
			g.Expect(after(mails[0], mails[1])).To(And(BeNumerically(">=", 4*time.Second), BeNumerically("<", 8*time.Second)))
		}).WithContext(ctx).Should(Succeed())

		By("clicking in the first letter and buying")
		follow(ctx, w, linkIn(box.to(ctx, Default, "anna@example.com")[0].HTML, "/w/c/"))
		Expect(post.send(ctx, []cloudEvent{happened("anna", "order.completed", time.Now(), map[string]any{"total": 12.5})})).To(Succeed())
		Eventually(func(g Gomega) {
			s := w.scenario(ctx, g, "welcome").Status
			g.Expect(s.Entered).To(HaveValue(BeEquivalentTo(1)))
			g.Expect(s.Sent).To(HaveValue(BeEquivalentTo(2)))
			g.Expect(s.Active).To(HaveValue(BeEquivalentTo(0)))
			g.Expect(s.Converted).To(HaveValue(BeEquivalentTo(1)))
			g.Expect(s.Value).To(BeEquivalentTo("12.50"))
			g.Expect(s.Steps[1].Clicked).To(BeEquivalentTo(1))
			var channel v1alpha1.MessageChannel
			g.Expect(cluster.Get(ctx, w.key("mail"), &channel)).To(Succeed())
			g.Expect(channel.Status.Sent).To(HaveValue(BeEquivalentTo(2)))
			g.Expect(condition(&channel, v1alpha1.ConditionReachable).Status).To(Equal(metav1.ConditionTrue))
		}).WithContext(ctx).Should(Succeed())
	})

	It("writes no more to who unsubscribes by one click", func(ctx context.Context) {
		w := newWorld(ctx, "oneclick")
		box := w.sink(ctx)
		w.apply(ctx, clubWorkspace+clubMail+strings.Replace(welcome, "for: 4s", "for: 12s", 1))
		post := w.feed(ctx, "club")
		w.ready(ctx, &v1alpha1.NurtureScenario{}, "welcome")

		Expect(post.send(ctx, append(member("anna"), member("boris")...))).To(Succeed())
		var unsubscribe string
		Eventually(func(g Gomega) {
			mails := box.to(ctx, g, "anna@example.com")
			g.Expect(mails).To(HaveLen(1))
			g.Expect(mails[0].Headers).To(HaveKeyWithValue("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
			unsubscribe = strings.Trim(mails[0].Headers["List-Unsubscribe"], "<>")
		}).WithContext(ctx).Should(Succeed())
		Expect(press(ctx, w, unsubscribe, "List-Unsubscribe=One-Click")).To(Equal(http.StatusOK))

		Eventually(func(g Gomega) {
			g.Expect(box.subjects(ctx, g, "boris@example.com")).To(Equal([]string{"Welcome, boris", "Three tips"}))
			s := w.scenario(ctx, g, "welcome").Status
			g.Expect(s.Active).To(HaveValue(BeEquivalentTo(0)))
			g.Expect(s.Skipped).To(ContainElement(v1alpha1.ReasonCount{Reason: "Unsubscribed", Count: 1}))
			g.Expect(s.Steps[1].Unsubscribed).To(BeEquivalentTo(1))
		}).WithContext(ctx).Should(Succeed())
		Expect(box.subjects(ctx, Default, "anna@example.com")).To(Equal([]string{"Welcome, anna"}))
	})

	It("keeps its times when the pod is lost in a wait, and takes up an edit for those inside", func(ctx context.Context) {
		w := newWorld(ctx, "waiting")
		box := w.sink(ctx)
		w.apply(ctx, clubWorkspace+clubMail+strings.Replace(welcome, "for: 4s", "for: 40s", 1))
		post := w.feed(ctx, "club")
		w.ready(ctx, &v1alpha1.NurtureScenario{}, "welcome")
		Expect(post.send(ctx, append(member("anna"), member("boris")...))).To(Succeed())
		arrives(ctx, box, "anna@example.com")
		arrives(ctx, box, "boris@example.com")

		By("losing the pod, and editing the second letter meanwhile")
		zero := int64(0)
		Expect(cluster.Delete(ctx, w.runner(ctx, Default), &client.DeleteOptions{GracePeriodSeconds: &zero})).To(Succeed())
		edited := strings.Replace(strings.Replace(welcome, "for: 4s", "for: 40s", 1), "Three tips", "Four tips", 1)
		w.apply(ctx, edited+"  inFlight: Migrate\n")
		Eventually(func(g Gomega) {
			for _, name := range []string{"anna", "boris"} {
				mails := box.to(ctx, g, name+"@example.com")
				g.Expect(subjectsOf(mails)).To(Equal([]string{"Welcome, " + name, "Four tips"}))
				g.Expect(after(mails[0], mails[1])).To(BeNumerically("~", 40*time.Second, 4*time.Second))
			}
			s := w.scenario(ctx, g, "welcome").Status
			g.Expect(s.Entered).To(HaveValue(BeEquivalentTo(2)))
			g.Expect(s.Sent).To(HaveValue(BeEquivalentTo(4)))
			g.Expect(s.Active).To(HaveValue(BeEquivalentTo(0)))
		}).WithContext(ctx).Should(Succeed())
	})
})

// member joins the club, with an address.
func member(name string) []cloudEvent {
	return []cloudEvent{
		happened(name, "identify", time.Now(), map[string]any{"traits": map[string]any{"email": name + "@example.com"}}),
		happened(name, "member.joined", time.Now(), map[string]any{"name": name}),
	}
}

// scenario reads one.
func (w *world) scenario(ctx context.Context, g Gomega, name string) *v1alpha1.NurtureScenario {
	var s v1alpha1.NurtureScenario
	g.Expect(cluster.Get(ctx, w.key(name), &s)).To(Succeed())
	return &s
}

// linkIn finds the first address in a letter whose path has a part.
func linkIn(page, part string) string {
	GinkgoHelper()
	for piece := range strings.SplitSeq(page, `"`) {
		if strings.HasPrefix(piece, "http") && strings.Contains(piece, part) {
			return piece
		}
	}
	Fail("no link with " + part + " in " + page)
	return ""
}

// follow opens a link of ours as a person's browser does, and gives where it leads. Whoever follows a link at once is a program that tries
// it, so it takes as long as a person does.
func follow(ctx context.Context, w *world, link string) string {
	GinkgoHelper()
	time.Sleep(3 * time.Second)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.reachable(ctx, link), nil)
	Expect(err).NotTo(HaveOccurred())
	asPerson(request)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Do(request)
	Expect(err).NotTo(HaveOccurred())
	Expect(response.Body.Close()).To(Succeed())
	Expect(response.StatusCode).To(And(BeNumerically(">=", 300), BeNumerically("<", 400)))
	return response.Header.Get("Location")
}

// answer presses the button of the page that asks why somebody left, as a person's browser does, after the time that a person takes.
func answer(ctx context.Context, w *world, link, choice string) {
	GinkgoHelper()
	time.Sleep(3 * time.Second)
	Expect(press(ctx, w, link, url.Values{"answer": {choice}}.Encode(), asPerson)).To(Equal(http.StatusOK))
}

// asPerson says of a request what a person's browser says.
func asPerson(request *http.Request) {
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	request.Header.Set("Accept", "text/html")
}

// press posts what the button of a page of ours, or a mail program, posts to a link, and gives what was answered.
func press(ctx context.Context, w *world, link, body string, as ...func(*http.Request)) int {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.reachable(ctx, link), strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, tell := range as {
		tell(request)
	}
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	Expect(response.Body.Close()).To(Succeed())
	return response.StatusCode
}
