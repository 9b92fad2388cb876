// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// FromChannel gives the meaning of a MessageChannel. What the API server would default is defaulted. The secrets, and the values of headers
// that come from Secrets, are for the caller to add. The errors are as FromScenario's; tracking needs the Workspace's public address, so a nil
// Workspace is one without.
func FromChannel(channel *v1alpha1.MessageChannel, ws *v1alpha1.Workspace) (Channel, field.ErrorList) {
	channel, ws = channel.DeepCopy(), defaulted(ws)
	channel.Default()
	spec, path := &channel.Spec, field.NewPath("spec")
	r := channelReader{}
	c := Channel{
		Namespace: channel.Namespace, Name: channel.Name,
		Address:   string(spec.Address),
		Guarantee: Guarantee(spec.Guarantee),
		Limits:    r.limits(path.Child("limits"), spec.Limits),
		Breaker:   r.breaker(path.Child("breaker"), spec.Breaker),
	}
	r.media(path, spec, &c)
	for _, f := range spec.Feedback {
		c.Feedback = append(c.Feedback, Feedback{string(f.Event), string(f.Where), FeedbackKind(f.Kind), string(f.Message)})
	}
	if t := spec.Tracking; t != nil {
		c.Tracking = Tracking{Clicks: t.Clicks, Opens: t.Opens}
		if (t.Clicks || t.Opens) && ws.Spec.PublicURL == "" {
			r.fail(path.Child("tracking"), field.OmitValueType{}, "links lead through the workspace's public address, and it has none: write spec.publicURL of the Workspace, or remove tracking")
		}
	}
	if len(r.errs) > 0 {
		return c, r.errs
	}
	c = c.normal()
	if _, err := new(Compiler).compileChannel(&c); err != nil {
		return c, fieldErrors(path, err)
	}
	return c, nil
}

// channelReader reads a channel.
type channelReader struct{ scenarioReader }

func (r *channelReader) media(path *field.Path, spec *v1alpha1.MessageChannelSpec, c *Channel) {
	if s := spec.SMTP; s != nil {
		c.Medium, c.SMTP = SMTP, smtpSettings(s)
	}
	if w := spec.Webhook; w != nil {
		c.Medium = Webhook
		c.Webhook = &WebhookSettings{URL: w.URL, Timeout: r.duration(path.Child("webhook", "timeout"), w.Timeout), Concurrency: w.Concurrency}
		for _, h := range w.Headers {
			if h.ValueSecretRef != nil {
				continue
			}
			if c.Webhook.Headers == nil {
				c.Webhook.Headers = map[string]string{}
			}
			c.Webhook.Headers[h.Name] = h.Value
		}
	}
	if t := spec.Telegram; t != nil {
		c.Medium, c.Telegram = Telegram, &BotSettings{APIURL: t.APIURL, Updates: t.Updates}
	}
	if c.Medium == "" {
		r.errs = append(r.errs, field.Required(path, "say how messages leave with exactly one of smtp, webhook and telegram"))
	}
}

// Ports of mail servers that say none.
const (
	submissionPort  = 587
	submissionsPort = 465
)

func smtpSettings(s *v1alpha1.SMTPChannel) *SMTPSettings {
	out := &SMTPSettings{
		Host: s.Host, Port: s.Port, Encryption: Encryption(s.Encryption), From: s.From, FromName: s.FromName, ReplyTo: s.ReplyTo,
		Connections: s.Connections,
	}
	standard := int32(submissionPort)
	if s.Encryption == v1alpha1.SMTPTLS {
		out.Encryption, standard = ImplicitTLS, submissionsPort
	}
	out.Port = cmp.Or(out.Port, standard)
	if s.DKIM != nil {
		out.DKIM = &DKIM{Domain: s.DKIM.Domain, Selector: s.DKIM.Selector}
	}
	return out
}

func (r *channelReader) limits(path *field.Path, l *v1alpha1.ChannelLimits) Limits {
	if l == nil {
		l = &v1alpha1.ChannelLimits{RetryFor: v1alpha1.DefaultRetryFor}
	}
	out := Limits{
		Messages: l.Messages, Per: r.duration(path.Child("per"), l.Per),
		Retries: v1alpha1.DefaultRetries, RetryFor: r.duration(path.Child("retryFor"), l.RetryFor),
	}
	if l.Retries != nil {
		out.Retries = *l.Retries
	}
	if w := l.WarmUp; w != nil {
		out.WarmUp = &WarmUp{Since: r.day(path.Child("warmUp", "since"), w.Since), First: w.First, GrowthPercent: w.GrowthPercent, Until: w.Until}
	}
	return out
}

func (r *channelReader) breaker(path *field.Path, b *v1alpha1.ChannelBreaker) *Breaker {
	if b == nil {
		return nil
	}
	return &Breaker{
		Bounces: r.share(path.Child("bounces"), b.Bounces), Complaints: r.share(path.Child("complaints"), b.Complaints), Of: b.Of,
		Pause: r.duration(path.Child("pause"), b.Pause),
	}
}
