// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/test/sink/inbox"
)

// The samples that send, with waits of seconds. All live in one namespace, so that those who leave a cart have the five minutes that a
// drop-off needs to be sure while the others are watched.
var _ = Describe("The samples, sped up", Ordered, ContinueOnFailure, func() {
	var (
		w   *world
		box *sink
		// left is when the carts were left.
		left time.Time
	)

	BeforeAll(func(ctx context.Context) {
		w = newWorld(ctx, "scenarios")
		box = w.sink(ctx)
		w.apply(ctx, botToken)
		for _, sample := range []string{"clothes", "salon", "lawyer", "messenger"} {
			w.applyFast(ctx, sample)
		}
		for _, scenario := range []string{
			"abandoned-cart", "thank-you", "salon-trial", "salon-visit", "salon-moved", "salon-no-show", "lawyer-tenant", "bot-tunnel",
		} {
			w.ready(ctx, &v1alpha1.NurtureScenario{}, scenario)
		}
		w.ready(ctx, &v1alpha1.Funnel{}, "clothes")
		left = time.Now()
		shop := w.feed(ctx, "clothes")
		for _, name := range []string{"silent", "buyer", "curious"} {
			Expect(shop.send(ctx, append(known(name, "offers"),
				happened(name, "page.viewed", left, nil),
				happened(name, "product.added", left, map[string]any{"price": 4900, "name": "Пальто", "cart_id": "cart-" + name}),
			))).To(Succeed())
		}
	})

	It("salon: care, a video and an offer follow the trial, and a visit is confirmed and reminded of", func(ctx context.Context) {
		post := w.feed(ctx, "salon")
		trial := map[string]any{"trial": true, "procedure": "Чистка лица", "price": 3000}
		visit := time.Now().Add(20 * time.Second)
		booked := known("guest", "care", "offers")
		booked[0].Data["traits"].(map[string]any)["next_visit"] = visit.UTC().Format(time.RFC3339)
		for _, name := range []string{"patient", "keen"} {
			Expect(post.send(ctx, append(known(name, "care", "offers"), happened(name, "procedure.done", time.Now(), trial)))).To(Succeed())
		}
		Expect(post.send(ctx, append(booked, happened("guest", "appointment.booked", time.Now(), map[string]any{
			"appointment_id": "v1", "procedure": "Массаж", "starts_at": visit.UTC().Format(time.RFC3339),
		})))).To(Succeed())

		Eventually(func(g Gomega) {
			g.Expect(box.to(ctx, g, address("keen"))).NotTo(BeEmpty())
		}).WithContext(ctx).Should(Succeed())
		By("buying the package after the first letter")
		Expect(post.send(ctx, []cloudEvent{happened("keen", "package.bought", time.Now(), map[string]any{"total": 12000})})).To(Succeed())

		Eventually(func(g Gomega) {
			got := box.to(ctx, g, address("patient"))
			g.Expect(got).To(HaveLen(3))
			g.Expect(got[0].Subject).To(Equal("Имя, как продлить эффект процедуры дома"))
			g.Expect(got[0].HTML).To(ContainSubstring("Чистка лица"))
			g.Expect(got[1].Subject).To(BeElementOf("Загляните за кулисы «Магнолии»", "Пять минут видео: что ещё понравится вашей коже"))
			g.Expect(got[2].Subject).To(Equal("Курс из пяти процедур — на 20 % дешевле"))
			g.Expect(after(got[0], got[1])).To(BeNumerically("~", 14*time.Second, 3*time.Second))
			g.Expect(after(got[1], got[2])).To(BeNumerically("~", 28*time.Second, 3*time.Second))
			g.Expect(box.subjects(ctx, g, address("guest"))).To(Equal([]string{"Вы записаны: Массаж", "Завтра ждём вас в «Магнолии»"}))
		}).WithContext(ctx).Should(Succeed())
		reminder := box.to(ctx, Default, address("guest"))[1]
		Expect(reminder.Time).To(BeTemporally("~", visit.Add(-10*time.Second), 3*time.Second))
		Expect(box.to(ctx, Default, address("keen"))).To(HaveLen(1), "who bought is offered nothing")

		By("clicking the offer, which brings the last letter")
		follow(ctx, w, linkIn(box.to(ctx, Default, address("patient"))[2].HTML, "/w/c/"))
		Eventually(func(g Gomega) {
			g.Expect(box.subjects(ctx, g, address("patient"))).To(HaveExactElements(
				Not(BeEmpty()), Not(BeEmpty()), Not(BeEmpty()), Equal("Скидка на курс заканчивается")))
			s := w.scenario(ctx, g, "salon-trial").Status
			g.Expect(s.Entered).To(HaveValue(BeEquivalentTo(2)))
			g.Expect(s.Sent).To(HaveValue(BeEquivalentTo(5)))
			g.Expect(s.Converted).To(HaveValue(BeEquivalentTo(1)))
			g.Expect(s.Active).To(HaveValue(BeEquivalentTo(0)))
		}).WithContext(ctx).Should(Succeed())
	})

	It("lawyer: who confirms the address gets the cases, who does not is asked once more and left in peace", func(ctx context.Context) {
		post := w.feed(ctx, "lawyer")
		for _, name := range []string{"reader", "stranger"} {
			Expect(post.send(ctx, append(known(name, "practice"),
				happened(name, "guide.requested", time.Now(), map[string]any{"guide": "tenant-rights"})))).To(Succeed())
		}
		Eventually(func(g Gomega) {
			g.Expect(box.to(ctx, g, address("reader"))).To(HaveLen(1))
		}).WithContext(ctx).Should(Succeed())
		Expect(press(ctx, w, linkIn(box.to(ctx, Default, address("reader"))[0].HTML, "/w/d/"), "")).To(Equal(200))

		Eventually(func(g Gomega) {
			g.Expect(box.to(ctx, g, address("reader"))).To(HaveLen(4))
			s := w.scenario(ctx, g, "lawyer-tenant").Status
			g.Expect(s.Entered).To(HaveValue(BeEquivalentTo(2)))
			g.Expect(s.Active).To(HaveValue(BeEquivalentTo(0)))
		}).WithContext(ctx).Should(Succeed())
		Expect(box.subjects(ctx, Default, address("reader"))).To(Equal([]string{
			"Ваша памятка «Права арендатора»", "Три дела, где арендатор выиграл у собственника",
			"Как мы работаем с малым бизнесом", "Имя, полчаса с юристом — бесплатно",
		}))
		got := box.to(ctx, Default, address("reader"))
		Expect(after(got[1], got[2])).To(BeNumerically("~", 6*time.Second, 3*time.Second))
		Expect(after(got[2], got[3])).To(BeNumerically("~", 8*time.Second, 3*time.Second))
		Expect(box.subjects(ctx, Default, address("stranger"))).To(Equal([]string{
			"Ваша памятка «Права арендатора»", "Осталось подтвердить адрес",
		}))
	})

	It("messenger: the bot talks, hands over to a person, and says sorry when nobody answers in time", func(ctx context.Context) {
		texts := func(g Gomega) (texts []inbox.Message) { return box.to(ctx, g, "77") }
		says := func(n int, part string, act map[string]any) {
			GinkgoHelper()
			Eventually(func(g Gomega) {
				got := texts(g)
				g.Expect(len(got)).To(BeNumerically(">=", n))
				g.Expect(got[n-1].Text).To(ContainSubstring(part))
			}).WithContext(ctx).Should(Succeed())
			if data, pressed := act["data"].(string); pressed {
				shown := texts(Default)[n-1]
				act["data"] = button(shown, data)
			}
			if act != nil {
				act["chat"] = 77
				box.call(ctx, Default, "POST", "/updates", act)
			}
		}
		box.call(ctx, Default, "POST", "/updates", map[string]any{"chat": 77, "text": "/start blog", "firstName": "Оля"})
		says(1, "Привет, Оля!", map[string]any{"data": "choose"})
		says(2, "Какой у вас английский", map[string]any{"data": "silent"})
		says(3, "Разговорились", map[string]any{"data": "trial"})
		says(4, "Когда вам удобнее", map[string]any{"text": "лучше вечером"})
		says(5, "Передаю вас Марине", nil)
		says(6, "Простите, что заставили ждать!", nil)
		says(7, "Группы на этот месяц", nil)

		var task []inbox.Message
		for _, m := range box.messages(ctx, Default) {
			if m.Channel == "webhook" {
				task = append(task, m)
			}
		}
		Expect(task).To(HaveLen(1))
		Expect(task[0].Text).To(And(ContainSubstring("Ответить в Telegram: Оля"), ContainSubstring(`"english":"silent"`), ContainSubstring(`"link":"blog"`)))
		Eventually(func(g Gomega) {
			s := w.scenario(ctx, g, "bot-tunnel").Status
			g.Expect(s.Entered).To(HaveValue(BeEquivalentTo(1)))
			g.Expect(s.Sent).To(HaveValue(BeEquivalentTo(7)))
			g.Expect(s.Active).To(HaveValue(BeEquivalentTo(0)))
		}).WithContext(ctx).Should(Succeed())
	})

	It("clothes: who left a cart is won back, and the coupon is for those alone who neither bought nor looked", func(ctx context.Context) {
		post := w.feed(ctx, "clothes")
		subjects := func(g Gomega, name string) []string { return box.subjects(ctx, g, address(name)) }
		reminder, style, coupon := "Вы кое-что забыли: Пальто", "С чем носить: Пальто", "Скидка 10 % на вашу корзину — до воскресенья"

		Eventually(func(g Gomega) {
			for _, name := range []string{"silent", "buyer", "curious"} {
				g.Expect(subjects(g, name)).To(ContainElement(reminder), name)
			}
		}).WithContext(ctx).WithTimeout(time.Until(left.Add(6 * time.Minute))).Should(Succeed())
		By("buying after the reminder")
		cart := map[string]any{"cart_id": "cart-buyer", "total": 4900, "order_id": "17"}
		Expect(post.send(ctx, []cloudEvent{
			happened("buyer", "checkout.started", time.Now(), cart), happened("buyer", "order.completed", time.Now(), cart),
		})).To(Succeed())
		By("clicking in the selection")
		Eventually(func(g Gomega) {
			g.Expect(subjects(g, "curious")).To(ContainElement(style))
		}).WithContext(ctx).Should(Succeed())
		follow(ctx, w, linkIn(box.to(ctx, Default, address("curious"))[1].HTML, "/w/c/"))

		Eventually(func(g Gomega) {
			g.Expect(subjects(g, "silent")).To(Equal([]string{reminder, style, coupon}))
			g.Expect(subjects(g, "buyer")).To(HaveExactElements(Equal(reminder), Equal("Спасибо за заказ № 17!"),
				BeElementOf("Новинки, которые подойдут к вашему заказу", "Подарок к следующей покупке")))
			g.Expect(subjects(g, "curious")).To(Equal([]string{reminder, style}))
			s := w.scenario(ctx, g, "abandoned-cart").Status
			g.Expect(s.Entered).To(HaveValue(BeEquivalentTo(3)))
			g.Expect(s.Sent).To(HaveValue(BeEquivalentTo(6)))
			g.Expect(s.Converted).To(HaveValue(BeEquivalentTo(1)))
			g.Expect(s.Value).To(BeEquivalentTo("4900.00"))
			g.Expect(s.Active).To(HaveValue(BeEquivalentTo(0)))

			var funnel v1alpha1.Funnel
			g.Expect(cluster.Get(ctx, w.key("clothes"), &funnel)).To(Succeed())
			cart := funnel.Status.Stages[1]
			g.Expect(cart.Entered).To(BeEquivalentTo(3))
			g.Expect(cart.Recovered).To(BeEquivalentTo(1))
			g.Expect(funnel.Status.Summary.Converted).To(HaveValue(BeEquivalentTo(1)))
		}).WithContext(ctx).Should(Succeed())

		By("saying why, in the letter with the coupon")
		answer(ctx, w, linkIn(box.to(ctx, Default, address("silent"))[2].HTML, "/w/s/"), "delivery")
		Eventually(func(g Gomega) {
			var journey v1alpha1.Journey
			g.Expect(cluster.Get(ctx, w.key("clothes"), &journey)).To(Succeed())
			g.Expect(journey.Status.Survey).To(HaveLen(1))
			said := journey.Status.Survey[0]
			g.Expect([]string{said.Stage, said.Answer}).To(Equal([]string{"cart", "delivery"}))
			g.Expect([]int64{said.Given, said.Answered}).To(Equal([]int64{1, 1}))
		}).WithContext(ctx).Should(Succeed())
	})
})

const botToken = `
apiVersion: v1
kind: Secret
metadata: {name: messenger-bot}
stringData: {token: "1:token"}
`

// publicAddress is where the samples' links lead to.
var publicAddress = regexp.MustCompile(`publicURL: https://\S+`)

// applyFast applies a sample with waits of seconds, whose links lead to its own ingest.
func (w *world) applyFast(ctx context.Context, sample string) {
	GinkgoHelper()
	manifests, err := w.kubectl(ctx, "", "kustomize", filepath.Join(sampleManifests, "fast", sample))
	Expect(err).NotTo(HaveOccurred(), manifests)
	manifests = publicAddress.ReplaceAllString(manifests, "publicURL: http://"+sample+"-ingest."+w.Namespace+".svc")
	out, err := w.kubectl(ctx, manifests, "apply", "-f", "-")
	Expect(err).NotTo(HaveOccurred(), out)
}

// known tells of a person with an address who agreed to topics.
func known(name string, topics ...string) []cloudEvent {
	events := []cloudEvent{happened(name, "identify", time.Now(), map[string]any{
		"traits": map[string]any{"email": address(name), "first_name": "Имя"},
	})}
	for _, topic := range topics {
		e := happened(name, "consent.given", time.Now(), map[string]any{"topic": topic, "method": "Checkbox"})
		e.ID += topic
		events = append(events, e)
	}
	return events
}

func address(name string) string { return name + "@example.com" }

// button finds the data of a bot's button by what its author wrote.
func button(m inbox.Message, data string) string {
	GinkgoHelper()
	for _, b := range m.Buttons {
		if b == data || strings.HasPrefix(b, data) || strings.HasSuffix(b, data) {
			return b
		}
	}
	Fail("no button " + data + " under " + m.Text)
	return ""
}
