// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
)

// redirectedMark begins the subject, or a bot's text, of a message that was led elsewhere. It does not say to whom it was to go: whoever tests
// need not know.
const redirectedMark = "[Redirected] "

// redirect leads a message to where the delivery says, and says whether it can be: a mail address takes mail, a number is a chat, and an http
// or https URL takes what webhooks are given. Other messages are not sent, as in a dry run.
func redirect(m *channel.Message, d *definition.Delivery, medium definition.Medium) bool {
	if d.Mode != ModeRedirect {
		return false
	}
	switch medium {
	case definition.SMTP:
		if !strings.Contains(d.To, "@") || strings.Contains(d.To, "://") {
			return false
		}
		m.To, m.ToName = d.To, ""
		m.Subject = redirectedMark + m.Subject
		m.Unsubscribe = "" // a button of the tester's mail program must not unsubscribe the person
		return true
	case definition.Telegram:
		if _, err := strconv.ParseInt(d.To, 10, 64); err != nil {
			return false
		}
		m.To, m.Text = d.To, redirectedMark+m.Text
		return true
	case definition.Webhook:
		to, err := url.Parse(d.To)
		if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
			return false
		}
		m.URL = d.To
		return true
	}
	return false
}
