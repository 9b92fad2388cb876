// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/internal/control"
)

var cart = types.NamespacedName{Namespace: "sales", Name: "cart"}

func (b *bench) offerScenario(version, standing string) {
	b.Offer(shop, control.Definition{
		Key: ScenarioKey(cart), Version: version, UID: "cart", Generation: 1, Meaning: []byte(`{}`), Standing: []byte(standing),
	})
	b.poll(time.Second)
}

func TestWhatIsNotOfferedYetIsKept(t *testing.T) {
	b := newBench(t, "shop")
	b.roster.scenarios = []types.NamespacedName{cart}
	b.roster.channels = []types.NamespacedName{{Namespace: "sales", Name: "mail"}}
	b.poll(0)
	var keys []string
	for _, d := range b.runner.sets[0].Definitions {
		if !d.Keep() {
			t.Errorf("%s is not kept", d.Key)
		}
		keys = append(keys, d.Key)
	}
	want := []string{"Funnel/sales/shop", "MessageChannel/sales/mail", "MessagingPolicy/sales/shop", "NurtureScenario/sales/cart"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys in the set (-want +got):\n%s", diff)
	}
}

func TestAStandingAloneIsHandedOver(t *testing.T) {
	b := newBench(t)
	b.roster.scenarios = []types.NamespacedName{cart}
	b.offerScenario("1", `{}`)
	b.offerScenario("1", `{}`)
	if n := len(b.runner.sets); n != 1 {
		t.Fatalf("%d sets were handed over, want one", n)
	}
	b.offerScenario("1", `{"suspended":true}`)
	if n := len(b.runner.sets); n != 2 {
		t.Fatalf("%d sets were handed over, want another for another standing", n)
	}
	for _, d := range b.runner.sets[1].Definitions {
		if d.Key == ScenarioKey(cart) && string(d.Standing) != `{"suspended":true}` {
			t.Errorf("the standing is %s", d.Standing)
		}
	}
}

func TestAScenarioThatTheRunnerLostIsHandedOverAgain(t *testing.T) {
	b := newBench(t)
	b.roster.scenarios = []types.NamespacedName{cart}
	b.offerScenario("1", `{}`)
	b.poll(repush)
	if n := len(b.runner.sets); n != 1 {
		t.Fatalf("%d sets were handed over, want one, as the report shows it", n)
	}
	b.runner.running = map[string]string{}
	b.poll(repush)
	b.poll(time.Second)
	if n := len(b.runner.sets); n != 2 {
		t.Errorf("%d sets were handed over, want another after the loss", n)
	}
}

func TestControllersAreToldOfScenariosAndChannels(t *testing.T) {
	b := newBench(t)
	b.roster.scenarios = []types.NamespacedName{cart}
	b.roster.channels = []types.NamespacedName{{Namespace: "sales", Name: "mail"}}
	b.offerScenario("1", `{}`)
	b.poll(time.Second)
	b.heard("scenarios")
	b.heard("channels")

	b.poll(time.Second)
	if got := append(b.heard("scenarios"), b.heard("channels")...); len(got) > 0 {
		t.Errorf("nothing changed, but %v were told", got)
	}
	b.runner.entered++
	b.poll(time.Second)
	if diff := cmp.Diff([]string{"cart"}, b.heard("scenarios")); diff != "" {
		t.Errorf("scenarios told of another number (-want +got):\n%s", diff)
	}
	b.runner.channels = []control.Channel{{Key: "MessageChannel/sales/mail", Accepted: true, Message: "connection refused"}}
	b.poll(time.Second)
	if diff := cmp.Diff([]string{"mail"}, b.heard("channels")); diff != "" {
		t.Errorf("channels told of an outage (-want +got):\n%s", diff)
	}
	b.runner.delivery = "another"
	b.poll(time.Second)
	if diff := cmp.Diff([]string{"mail"}, b.heard("channels")); diff != "" {
		t.Errorf("channels told of another file (-want +got):\n%s", diff)
	}
}

func TestViewOfAChannel(t *testing.T) {
	mail := "MessageChannel/sales/mail"
	well := control.Channel{Key: mail, Accepted: true, Probed: true, Reachable: true, Since: 10}
	outage := control.Channel{Key: mail, Accepted: true, Probed: true, Since: 20, Message: "refused", LastClass: "Unavailable"}
	tests := map[string]struct {
		reports []control.Report
		want    control.Channel
		known   bool
	}{
		"nobody knows it":   {[]control.Report{{}}, control.Channel{Key: mail}, false},
		"all is well":       {[]control.Report{{Channels: []control.Channel{well}}}, well, true},
		"one has an outage": {[]control.Report{{Channels: []control.Channel{outage}}, {Channels: []control.Channel{well}}}, outage, true},
		"the other has it":  {[]control.Report{{Channels: []control.Channel{well}}, {Channels: []control.Channel{outage}}}, outage, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			view := View{State: Connected, Reports: tt.reports}
			got, known := view.Channel(mail)
			if diff := cmp.Diff(tt.want, got); diff != "" || known != tt.known {
				t.Errorf("known: %v, channel (-want +got):\n%s", known, diff)
			}
		})
	}
}
