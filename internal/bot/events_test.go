// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package bot_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/bot"
	"github.com/waymark-dev/waymark/internal/channel/telegram"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/internal/sender"
)

var (
	shopBot = bot.Channel{Namespace: "sales", Name: "bot"}
	when    = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	secret  = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	effect  = "00112233445566778899aabbccddeeff"
)

func keys(t *testing.T) *link.Keys {
	t.Helper()
	k, err := link.NewKeys([]string{secret})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// told writes events down as "contact type data".
func told(events []event.Event) (lines []string) {
	for _, e := range events {
		contact := e.Contact
		if id, anonymous := event.AnonymousID(contact); anonymous {
			contact = "visitor " + id
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", contact, e.Type, e.Data))
	}
	return lines
}

func TestWhatAnUpdateTells(t *testing.T) {
	k := keys(t)
	ours, err := k.SealStart("anna")
	if err != nil {
		t.Fatal(err)
	}
	const (
		channel = `"channel":"MessageChannel/sales/bot"`
		traits  = `{"traits":{"telegram_chat":"77","telegram_name":"Anna","telegram_language":"ru"}}`
	)
	for name, test := range map[string]struct {
		update telegram.Update
		want   []string
	}{
		"a reply": {telegram.Update{Text: "how much?"}, []string{
			`telegram:77 waymark.message.replied {"channel":"MessageChannel/sales/bot","text":"how much?"}`,
		}},
		"a press of a button that names its message": {telegram.Update{Pressed: true, Data: sender.PressData(effect, "yes")}, []string{
			`telegram:77 waymark.message.pressed {"effect":"` + effect + `",` + channel + `,"press":"yes"}`,
		}},
		"a press of any other button": {telegram.Update{Pressed: true, Data: "yes"}, []string{
			`telegram:77 waymark.message.pressed {` + channel + `,"press":"yes"}`,
		}},
		"a start without a payload lets the chat be answered": {telegram.Update{Started: true, Text: "/start"}, []string{
			`telegram:77 identify ` + traits, `telegram:77 bot.started {` + channel + `}`,
		}},
		"a plain payload is told and joins nobody": {telegram.Update{Started: true, Start: "anna"}, []string{
			`telegram:77 identify ` + traits, `telegram:77 bot.started {"start":"anna",` + channel + `}`,
		}},
		"a payload of ours joins the chat to its contact": {telegram.Update{Started: true, Start: ours}, []string{
			`telegram:77 identify ` + traits,
			`anna identify ` + traits,
			`anna alias {"previousId":"telegram:77"}`,
			`anna waymark.aliased {"contacts":["anna","telegram:77"]}`,
			`telegram:77 waymark.aliased {"contacts":["anna","telegram:77"]}`,
			`visitor telegram:77 waymark.linked {"contact":"anna"}`,
			`telegram:77 bot.started {` + channel + `}`,
		}},
		"a group is nobody's own": {telegram.Update{Started: true, Start: ours, ChatID: "-5"}, []string{
			`telegram:-5 identify {"traits":{"telegram_chat":"-5","telegram_name":"Anna","telegram_language":"ru"}}`,
			`telegram:-5 bot.started {"start":"` + ours + `",` + channel + `}`,
		}},
		"who blocks the bot": {telegram.Update{Left: true}, []string{`telegram:77 bot.left {` + channel + `}`}},
	} {
		t.Run(name, func(t *testing.T) {
			u := test.update
			u.ID, u.Time, u.FirstName, u.LanguageCode = 5, when, "Anna", "ru"
			if u.ChatID == "" {
				u.ChatID = "77"
			}
			got, err := bot.Events(shopBot, &u, k, event.At(when.Add(time.Second)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, told(got)); diff != "" {
				t.Errorf("the events differ (-want +got):\n%s", diff)
			}
			ids := map[string]bool{}
			for _, e := range got {
				if key := e.Contact + e.ID + e.Type; e.Source != "waymark/telegram/sales/bot" || e.Time != event.At(when) || ids[key] {
					t.Errorf("the event %+v has another's identity, source or time", e)
				} else {
					ids[key] = true
				}
			}
		})
	}
}
