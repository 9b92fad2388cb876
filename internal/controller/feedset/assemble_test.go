// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package feedset

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// entry is a feed that was made so many hours after noon, with its write key.
func entry(name string, age int, key string) Entry {
	feed := &v1alpha1.EventFeed{ObjectMeta: metav1.ObjectMeta{
		Namespace: "sales", Name: name, CreationTimestamp: metav1.NewTime(noon.Add(time.Duration(age) * time.Hour)),
	}}
	return Entry{Feed: feed, Resolution: Resolution{Feed: definition.Feed{
		Namespace: "sales", Name: name, WriteKeys: []string{key}, MaxBodyBytes: 2,
	}}}
}

func invalid(e Entry) Entry {
	e.Resolution.Errors = field.ErrorList{field.Invalid(field.NewPath("spec", "mapping"), "x", "wrong")}
	return e
}

func withoutKey(e Entry) Entry {
	e.Resolution.KeyReason = v1alpha1.ReasonSecretNotFound
	return e
}

func TestAssemble(t *testing.T) {
	served := definition.Feeds{Feeds: []definition.Feed{{Namespace: "sales", Name: "site", WriteKeys: []string{"old"}, MaxBodyBytes: 1}}}
	tests := map[string]struct {
		entries []Entry
		want    map[string]string // write keys by name
	}{
		"no feeds":                             {},
		"feeds that are well":                  {entries: []Entry{entry("site", 0, "a"), entry("app", 1, "b")}, want: map[string]string{"site": "a", "app": "b"}},
		"a wrong edit keeps what was served":   {entries: []Entry{invalid(entry("site", 0, "a"))}, want: map[string]string{"site": "old"}},
		"a lost key keeps what was served":     {entries: []Entry{withoutKey(entry("site", 0, ""))}, want: map[string]string{"site": "old"}},
		"a wrong feed that was never served":   {entries: []Entry{invalid(entry("app", 0, "a"))}},
		"a deleted feed goes":                  {entries: []Entry{entry("app", 0, "a")}, want: map[string]string{"app": "a"}},
		"of two with one key the older has it": {entries: []Entry{entry("a", 5, "k"), entry("b", 1, "k")}, want: map[string]string{"b": "k"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			feeds, err := Assemble(served, tc.entries)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]string
			for _, feed := range feeds.Feeds {
				if got == nil {
					got = map[string]string{}
				}
				got[feed.Name] = feed.WriteKeys[0]
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("write keys of served feeds (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssembleGivesOneVersionToOneSet(t *testing.T) {
	there, err := Assemble(definition.Feeds{}, []Entry{entry("site", 0, "a"), entry("app", 1, "b")})
	if err != nil {
		t.Fatal(err)
	}
	back, err := Assemble(there, []Entry{entry("app", 1, "b"), entry("site", 0, "a")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(there, back); diff != "" {
		t.Errorf("the same feeds in another order (-there +back):\n%s", diff)
	}
}

func TestKeyIsTaken(t *testing.T) {
	served := definition.Feeds{Feeds: []definition.Feed{{Namespace: "sales", Name: "site", WriteKeys: []string{"k"}}}}
	if KeyIsTaken(served, definition.Feed{Namespace: "sales", Name: "site", WriteKeys: []string{"k"}}) {
		t.Error("a feed's own key is taken")
	}
	if !KeyIsTaken(served, definition.Feed{Namespace: "web", Name: "site", WriteKeys: []string{"k"}}) {
		t.Error("another feed's key is free")
	}
}
