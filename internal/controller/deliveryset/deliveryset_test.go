// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package deliveryset

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/definition"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func shop(change ...func(*v1alpha1.Workspace)) *v1alpha1.Workspace {
	workspace := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop"},
		Spec:       v1alpha1.WorkspaceSpec{TimeZone: "Europe/Moscow", Currency: "RUB", PublicURL: "https://go.example.com"},
	}
	for _, c := range change {
		c(workspace)
	}
	return workspace
}

func ref(secret, key string) v1alpha1.SecretKeyReference {
	return v1alpha1.SecretKeyReference{Name: secret, Key: key}
}

func hook() *v1alpha1.MessageChannel {
	header := ref("hook", "header")
	return &v1alpha1.MessageChannel{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "hook"},
		Spec: v1alpha1.MessageChannelSpec{WorkspaceRef: v1alpha1.WorkspaceReference{Name: "shop"}, Webhook: &v1alpha1.WebhookChannel{
			URL:               "https://hooks.example.com/in",
			Headers:           []v1alpha1.WebhookHeader{{Name: "X-Plain", Value: "yes"}, {Name: "Authorization", ValueSecretRef: &header}},
			SigningSecretRefs: []v1alpha1.SecretKeyReference{ref("hook", "new"), ref("hook", "old")},
		}},
	}
}

func mail() *v1alpha1.MessageChannel {
	ca := ref("tls", "ca.crt")
	return &v1alpha1.MessageChannel{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "mail"},
		Spec: v1alpha1.MessageChannelSpec{WorkspaceRef: v1alpha1.WorkspaceReference{Name: "shop"}, SMTP: &v1alpha1.SMTPChannel{
			Host: "smtp.example.com", From: "shop@example.com",
			Auth:        &v1alpha1.SMTPAuth{UsernameSecretRef: ref("smtp", "user"), PasswordSecretRef: ref("smtp", "password")},
			CASecretRef: &ca,
		}},
	}
}

func resolver(t *testing.T, contents map[string]map[string]string) *Resolver {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for name, texts := range contents {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: name}, Data: map[string][]byte{}}
		for key, value := range texts {
			secret.Data[key] = []byte(value)
		}
		builder.WithObjects(secret)
	}
	store := builder.Build()
	return &Resolver{Secrets: &secrets.Reader{Cached: store, Live: store}}
}

const certificate = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"

func TestResolve(t *testing.T) {
	tests := map[string]struct {
		channel *v1alpha1.MessageChannel
		secrets map[string]map[string]string
		want    definition.ChannelSecrets
		reason  string
		says    string
	}{
		"a webhook with all its secrets": {
			channel: hook(), secrets: map[string]map[string]string{"hook": {"header": "Bearer x\n", "new": "whsec_bmV3", "old": "whsec_b2xk"}},
			want: definition.ChannelSecrets{Headers: map[string]string{"Authorization": "Bearer x"}, SigningKeys: []string{"whsec_bmV3", "whsec_b2xk"}},
		},
		"mail with all its secrets": {
			channel: mail(), secrets: map[string]map[string]string{"smtp": {"user": "u", "password": "p\n"}, "tls": {"ca.crt": certificate}},
			want: definition.ChannelSecrets{Username: "u", Password: "p", CA: certificate},
		},
		"a Secret that is not there": {
			channel: mail(), secrets: map[string]map[string]string{"smtp": {"user": "u", "password": "p"}},
			want:   definition.ChannelSecrets{Username: "u", Password: "p"},
			reason: v1alpha1.ReasonSecretNotFound, says: `Secret tls does not exist yet: create it with the key "ca.crt", as spec.smtp.caSecretRef says`,
		},
		"a key that is not there": {
			channel: mail(), secrets: map[string]map[string]string{"smtp": {"user": "u"}, "tls": {"ca.crt": certificate}},
			want:   definition.ChannelSecrets{Username: "u", CA: certificate},
			reason: v1alpha1.ReasonSecretNotFound, says: `Secret smtp has no key "password": add it, or correct spec.smtp.auth.passwordSecretRef.key`,
		},
		"a header of two lines": {
			channel: hook(), secrets: map[string]map[string]string{"hook": {"header": "a\r\nX-Evil: b", "new": "n", "old": "o"}},
			want:   definition.ChannelSecrets{SigningKeys: []string{"n", "o"}},
			reason: v1alpha1.ReasonInvalidSecret, says: `Secret hook under "header", which spec.webhook.headers[1].valueSecretRef names: there are several lines: write one`,
		},
		"a certificate that is none": {
			channel: mail(), secrets: map[string]map[string]string{"smtp": {"user": "u", "password": "p"}, "tls": {"ca.crt": "hunter2"}},
			want:   definition.ChannelSecrets{Username: "u", Password: "p"},
			reason: v1alpha1.ReasonInvalidSecret, says: `Secret tls under "ca.crt", which spec.smtp.caSecretRef names: there is no PEM: write it with its lines BEGIN and END`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := resolver(t, tt.secrets).Resolve(t.Context(), shop(), tt.channel)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Channel.Secrets); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
			if got.SecretReason != tt.reason || got.SecretMessage != tt.says {
				t.Errorf("%s: %s; want %s: %s", got.SecretReason, got.SecretMessage, tt.reason, tt.says)
			}
			if got.Usable() != (tt.reason == "") {
				t.Errorf("usable: %v, errors %v", got.Usable(), got.Errors)
			}
		})
	}
}

func TestSecretNamesAreNamedOnce(t *testing.T) {
	want := []types.NamespacedName{{Namespace: "sales", Name: "hook"}}
	if diff := cmp.Diff(want, SecretNames(hook())); diff != "" {
		t.Errorf("Secrets (-want +got):\n%s", diff)
	}
	if got := SecretNames(mail()); len(got) != 2 {
		t.Errorf("mail reads %v, want two Secrets", got)
	}
	bot := &v1alpha1.MessageChannel{Spec: v1alpha1.MessageChannelSpec{Telegram: &v1alpha1.TelegramChannel{TokenSecretRef: ref("bot", "token")}}}
	if got := SecretNames(bot); len(got) != 1 || got[0].Name != "bot" {
		t.Errorf("a bot reads %v, want the Secret bot", got)
	}
}

// entry is a channel with a host by which its settings can be told apart.
func entry(name, host string) Entry {
	channel := mail()
	channel.Name = name
	return Entry{Channel: channel, Resolution: Resolution{Channel: delivered(name, host)}}
}

func delivered(name, host string) definition.DeliveryChannel {
	return definition.DeliveryChannel{Channel: definition.Channel{Namespace: "sales", Name: name, SMTP: &definition.SMTPSettings{Host: host}}}
}

func TestAssemble(t *testing.T) {
	wrong, secretless := entry("mail", "new"), entry("mail", "new")
	wrong.Resolution.Errors = field.ErrorList{field.Invalid(field.NewPath("spec"), "x", "wrong")}
	secretless.Resolution.SecretReason = v1alpha1.ReasonSecretNotFound
	before := definition.Delivery{Channels: []definition.DeliveryChannel{delivered("mail", "old")}}
	tests := map[string]struct {
		before  definition.Delivery
		entries []Entry
		want    map[string]string // hosts by name
	}{
		"no channels":                       {want: map[string]string{}},
		"channels that are well":            {entries: []Entry{entry("mail", "a"), entry("bulk", "b")}, want: map[string]string{"mail": "a", "bulk": "b"}},
		"a wrong edit keeps what was":       {before: before, entries: []Entry{wrong}, want: map[string]string{"mail": "old"}},
		"a lost secret keeps what was":      {before: before, entries: []Entry{secretless}, want: map[string]string{"mail": "old"}},
		"a wrong channel that never was":    {entries: []Entry{wrong}, want: map[string]string{}},
		"a deleted channel takes its leave": {before: before, entries: []Entry{entry("bulk", "b")}, want: map[string]string{"bulk": "b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Assemble(tt.before, shop(), tt.entries, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			hosts := map[string]string{}
			for _, channel := range got.Channels {
				hosts[channel.Name] = channel.SMTP.Host
			}
			if diff := cmp.Diff(tt.want, hosts); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssembleTellsTheWorkspace(t *testing.T) {
	keys := []LinkKey{{Key: "bmV3"}, {Key: "b2xk"}}
	redirected := shop(func(w *v1alpha1.Workspace) {
		w.Spec.Delivery = &v1alpha1.DeliverySpec{Mode: v1alpha1.DeliveryModeRedirect, To: "qa@example.com"}
		w.Spec.Policy = &v1alpha1.MessagingPolicy{Consent: &v1alpha1.ConsentPolicy{Topics: []v1alpha1.ConsentTopic{{Name: "offers", Title: "Offers", DoubleOptIn: true}}}}
	})
	got, err := Assemble(definition.Delivery{}, redirected, nil, nil, keys)
	if err != nil {
		t.Fatal(err)
	}
	want := definition.Delivery{
		Version: got.Version, Mode: "Redirect", To: "qa@example.com", PublicURL: "https://go.example.com", LinkKeys: []string{"bmV3", "b2xk"},
		Workspace: "shop", TimeZone: "Europe/Moscow", Currency: "RUB", Topics: []definition.Topic{{Name: "offers", Title: "Offers", DoubleOptIn: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delivery (-want +got):\n%s", diff)
	}
	again, _ := Assemble(got, redirected, nil, nil, keys)
	other, _ := Assemble(got, shop(), nil, nil, keys)
	if got.Version == "" || again.Version != got.Version || other.Version == got.Version || other.Mode != "Live" {
		t.Errorf("versions are %s, %s again, and %s in mode %s of another", got.Version, again.Version, other.Version, other.Mode)
	}
}

func TestAssembleTellsWhatJourneysAsk(t *testing.T) {
	yes := true
	journey := func(name string, barriers ...v1alpha1.Barrier) v1alpha1.Journey {
		j := v1alpha1.Journey{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: name}}
		for _, b := range barriers {
			j.Spec.Stages = append(j.Spec.Stages, v1alpha1.JourneyStage{Name: "s-" + b.Name, Barriers: []v1alpha1.Barrier{b}})
		}
		return j
	}
	barrier := func(name, title string, signals ...v1alpha1.BarrierSignal) v1alpha1.Barrier {
		return v1alpha1.Barrier{Name: name, Title: title, Signals: signals}
	}
	answer := v1alpha1.BarrierSignal{Answer: &yes}
	asks := journey("open")
	asks.Spec.Survey = &v1alpha1.JourneySurvey{}
	journeys := []v1alpha1.Journey{
		journey("second", barrier("size", "Нет размера", answer), barrier("bug", "Ошибка", v1alpha1.BarrierSignal{Event: "error"}),
			barrier("price", "", v1alpha1.BarrierSignal{Event: "cost"}, answer), barrier("size", "Нет моего размера", answer)),
		journey("quiet", barrier("bug", "Ошибка", v1alpha1.BarrierSignal{Event: "error"})),
		asks,
	}
	got, err := Assemble(definition.Delivery{}, shop(), nil, journeys, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []definition.AskedSurvey{
		{Journey: "Journey/sales/open"},
		{Journey: "Journey/sales/second", Answers: []definition.AskedAnswer{{Name: "size", Title: "Нет размера"}, {Name: "price", Title: "price"}}},
	}
	if diff := cmp.Diff(want, got.Surveys); diff != "" {
		t.Errorf("surveys (-want +got):\n%s", diff)
	}
	silent, err := Assemble(definition.Delivery{}, shop(), nil, nil, nil)
	if err != nil || silent.Version == got.Version {
		t.Errorf("what is asked is not part of the version %s: %v", got.Version, err)
	}
}

func TestRotate(t *testing.T) {
	drawn := 0
	draw := func() string { drawn++; return fmt.Sprint("key-", drawn) }
	keys, next := Rotate(nil, noon, draw)
	if len(keys) != 1 || !next.Equal(noon.Add(rotateAfter)) {
		t.Fatalf("at first there are %v until %s", keys, next)
	}
	kept, _ := Rotate(keys, next.Add(-time.Second), draw)
	if diff := cmp.Diff(keys, kept); diff != "" {
		t.Errorf("a second too early the keys changed (-was +is):\n%s", diff)
	}
	var names []string
	for range 3 {
		keys, next = Rotate(keys, next, draw)
		names = append(names, keys[0].Key+" "+keys[1].Key)
	}
	if diff := cmp.Diff([]string{"key-2 key-1", "key-3 key-2", "key-4 key-3"}, names); diff != "" {
		t.Errorf("keys over the years (-want +got):\n%s", diff)
	}
}

func TestLinkKeysAreReadAsTheyAreWritten(t *testing.T) {
	keys := []LinkKey{{Key: NewLinkKey(), Since: noon}}
	content, err := EncodeLinkKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	got, err := resolver(t, map[string]map[string]string{"shop-link-keys": {"keys.json": string(content)}}).LinkKeys(t.Context(), shop())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keys, got); diff != "" {
		t.Errorf("keys (-written +read):\n%s", diff)
	}
	if none, err := resolver(t, nil).LinkKeys(t.Context(), shop()); none != nil || err != nil {
		t.Errorf("before the first time there are %v, %v", none, err)
	}
	if _, err := resolver(t, map[string]map[string]string{"shop-link-keys": {"keys.json": "?"}}).LinkKeys(t.Context(), shop()); err == nil {
		t.Error("keys that cannot be read are drawn anew, want an error: old links would break")
	}
}
