// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package deliveryset

import (
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

// use is one key of a Secret that a channel names.
type use struct {
	// path is the field that names it.
	path string
	ref  v1alpha1.SecretKeyReference
	// take puts the value among the channel's secrets, or says what is wrong with it without showing it.
	take func(secrets *definition.ChannelSecrets, value []byte) (problem string)
}

// SecretNames are the Secrets that a channel reads.
func SecretNames(channel *v1alpha1.MessageChannel) []types.NamespacedName {
	var names []types.NamespacedName
	for _, u := range uses(channel) {
		if name := (types.NamespacedName{Namespace: channel.Namespace, Name: u.ref.Name}); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// MediumOf says how a channel's messages leave.
func MediumOf(channel *v1alpha1.MessageChannel) definition.Medium {
	switch {
	case channel.Spec.SMTP != nil:
		return definition.SMTP
	case channel.Spec.Webhook != nil:
		return definition.Webhook
	}
	return definition.Telegram
}

// uses lists the keys that a channel names, in the order of its fields.
func uses(channel *v1alpha1.MessageChannel) []use {
	spec := &channel.Spec
	switch {
	case spec.SMTP != nil:
		return smtpUses(spec.SMTP)
	case spec.Webhook != nil:
		return webhookUses(spec.Webhook)
	case spec.Telegram != nil:
		return []use{{"spec.telegram.tokenSecretRef", spec.Telegram.TokenSecretRef, text(func(s *definition.ChannelSecrets, value string) { s.Token = value })}}
	}
	return nil
}

func smtpUses(smtp *v1alpha1.SMTPChannel) (list []use) {
	if auth := smtp.Auth; auth != nil {
		list = append(list,
			use{"spec.smtp.auth.usernameSecretRef", auth.UsernameSecretRef, text(func(s *definition.ChannelSecrets, value string) { s.Username = value })},
			use{"spec.smtp.auth.passwordSecretRef", auth.PasswordSecretRef, text(func(s *definition.ChannelSecrets, value string) { s.Password = value })},
		)
	}
	if ref := smtp.CASecretRef; ref != nil {
		list = append(list, use{"spec.smtp.caSecretRef", *ref, inPEM(func(s *definition.ChannelSecrets, value string) { s.CA = value })})
	}
	if dkim := smtp.DKIM; dkim != nil {
		list = append(list, use{"spec.smtp.dkim.privateKeySecretRef", dkim.PrivateKeySecretRef, inPEM(func(s *definition.ChannelSecrets, value string) { s.DKIMKey = value })})
	}
	return list
}

func webhookUses(webhook *v1alpha1.WebhookChannel) (list []use) {
	for i := range webhook.Headers {
		header := &webhook.Headers[i]
		if header.ValueSecretRef == nil {
			continue
		}
		list = append(list, use{fmt.Sprintf("spec.webhook.headers[%d].valueSecretRef", i), *header.ValueSecretRef, text(func(s *definition.ChannelSecrets, value string) {
			if s.Headers == nil {
				s.Headers = map[string]string{}
			}
			s.Headers[header.Name] = value
		})})
	}
	for i, ref := range webhook.SigningSecretRefs {
		list = append(list, use{fmt.Sprintf("spec.webhook.signingSecretRefs[%d]", i), ref, text(func(s *definition.ChannelSecrets, value string) {
			s.SigningKeys = append(s.SigningKeys, value)
		})})
	}
	return list
}

// text takes a value of one line. Editors and `kubectl create secret --from-file` add a line break at the end that nobody means; one
// within could not be sent.
func text(into func(*definition.ChannelSecrets, string)) func(*definition.ChannelSecrets, []byte) string {
	return func(s *definition.ChannelSecrets, value []byte) string {
		trimmed := strings.TrimSpace(string(value))
		switch {
		case trimmed == "":
			return "there is nothing: write at least one character"
		case strings.ContainsAny(trimmed, "\r\n\x00"):
			return "there are several lines: write one"
		}
		into(s, trimmed)
		return ""
	}
}

// inPEM takes certificates or a key.
func inPEM(into func(*definition.ChannelSecrets, string)) func(*definition.ChannelSecrets, []byte) string {
	return func(s *definition.ChannelSecrets, value []byte) string {
		if block, _ := pem.Decode(value); block == nil {
			return "there is no PEM: write it with its lines BEGIN and END"
		}
		into(s, string(value))
		return ""
	}
}
