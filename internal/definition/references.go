// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/expression"
)

// References are what a scenario may name, by name, within its namespace; topics are its workspace's.
type References struct {
	// Channels are the media of MessageChannels.
	Channels map[string]Medium
	// Topics are those of the workspace's policy.
	Topics []string
	// Scenarios say of NurtureScenarios whether their trigger is enter, so that others may lead in.
	Scenarios map[string]bool
	// Funnels are the names of Funnels' stages that count contacts, in order.
	Funnels map[string][]string
	// Units are the names of those Funnels that count something else than contacts.
	Units map[string]bool
	// Segments are the names of Segments.
	Segments map[string]bool
	// Journeys say of Journeys whether they ask why people left.
	Journeys map[string]bool
	// Texts are the contents of ConfigMaps, by key.
	Texts map[string]map[string]string
	// Templates checks what messages say; nil accepts every text.
	Templates Templates
}

// Templates finds what is wrong with the templates of messages.
type Templates interface {
	// Check gives what is wrong with a content for a medium, by the field of Content that it is about as the resource spells it: subject,
	// preheader, text, html, fromName, payload, buttons[0][1].url.
	Check(medium Medium, content Content) []TemplateError
	// CheckText does so for one template by itself, such as the title of a task; the field is empty.
	CheckText(text string) []TemplateError
	// Asks says whether a content speaks of a survey, so that its message must name one.
	Asks(content Content) bool
}

// TemplateError is a template that does not parse or names something unknown.
type TemplateError struct {
	// Field of the content that it is about.
	Field string
	// Line is where in the text, from 1; 0 is the text as a whole.
	Line int
	// Text is what is wrong, as the author wrote it.
	Text string
	// Message says what is wrong and what to write instead.
	Message string
}

// kindText is the kind of what templates are taken from.
const kindText = "ConfigMap"

// Missing is a reference to something that does not exist yet. It is no error of the resource: the other may be applied next.
type Missing struct {
	// Kind is the other's kind and Name its name; of a ConfigMap's key, name/key.
	Kind, Name string
	// Field is the path of the reference.
	Field string
	// Why is what is wrong with the other, where it exists but means nothing; empty when it does not exist.
	Why string
}

// Error says what is missing.
func (m *Missing) Error() string {
	if m.Why != "" {
		return fmt.Sprintf("%s: the %s %q cannot be used yet: %s", m.Field, m.Kind, m.Name, m.Why)
	}
	where := "in this namespace and workspace" // one of another workspace is no better than none
	if m.Kind == kindText {
		where = "in this namespace"
	}
	return fmt.Sprintf("%s: there is no %s %q yet %s", m.Field, m.Kind, m.Name, where)
}

// referrer looks up references and collects those that are missing.
type referrer struct {
	reader
	namespace string
	refs      *References
	missing   []Missing
}

func (r *referrer) miss(path *field.Path, kind, name string) {
	r.missing = append(r.missing, Missing{Kind: kind, Name: name, Field: path.String()})
}

// channel gives a channel's key and medium; an unknown one has none.
func (r *referrer) channel(path *field.Path, name string) (key string, medium Medium) {
	medium, found := r.refs.Channels[name]
	if !found {
		r.miss(path.Child("channelRef", "name"), KindChannel, name)
	}
	return Key(KindChannel, r.namespace, name), medium
}

// webhook gives the key of a channel that must be a webhook.
func (r *referrer) webhook(path *field.Path, name string) string {
	key, medium := r.channel(path, name)
	if medium != "" && medium != Webhook {
		r.fail(path.Child("channelRef", "name"), name, fmt.Sprintf("the channel sends by %s: name one with webhook", medium))
	}
	return key
}

// topic checks a topic.
func (r *referrer) topic(path *field.Path, topic string) {
	if topic == "" || slices.Contains(r.refs.Topics, topic) {
		return
	}
	r.fail(path, topic, "the workspace's policy has no such topic: "+correction(topic, r.refs.Topics, "add it to spec.policy.consent.topics of the Workspace"))
}

// funnel gives a Funnel's key.
func (r *referrer) funnel(path *field.Path, name, stage string) string {
	stages, found := r.refs.Funnels[name]
	switch {
	case !found:
		r.miss(path.Child("funnelRef", "name"), KindFunnel, name)
	case r.refs.Units[name]:
		r.fail(path.Child("funnelRef", "name"), name, "what the Funnel counts by unit is no person, to whom nothing can be sent: name a Funnel that counts contacts")
	case stage != "" && !slices.Contains(stages, stage):
		r.fail(path.Child("stage"), stage, fmt.Sprintf("Funnel %q has no such stage: %s", name, correction(stage, stages, "name one of "+strings.Join(stages, ", "))))
	case stage != "" && stage == stages[len(stages)-1]:
		r.fail(path.Child("stage"), stage, fmt.Sprintf("it is the last stage of Funnel %q, after which nobody drops off: name an earlier one", name))
	}
	return Key(KindFunnel, r.namespace, name)
}

// segment gives a Segment's key; empty without a reference.
func (r *referrer) segment(path *field.Path, ref *v1alpha1.SegmentReference) string {
	if ref == nil {
		return ""
	}
	if !r.refs.Segments[ref.Name] {
		r.miss(path.Child("name"), KindSegment, ref.Name)
	}
	return Key(KindSegment, r.namespace, ref.Name)
}

// survey gives the key of the Journey whose question a message asks; empty without one.
func (r *referrer) survey(path *field.Path, s *v1alpha1.MessageSurvey) string {
	if s == nil {
		return ""
	}
	path = path.Child("journeyRef", "name")
	if asks, found := r.refs.Journeys[s.JourneyRef.Name]; !found {
		r.miss(path, KindJourney, s.JourneyRef.Name)
	} else if !asks {
		r.fail(path, s.JourneyRef.Name, "the Journey asks nothing: give barriers there a signal answer: true, or remove survey here")
	}
	return Key(KindJourney, r.namespace, s.JourneyRef.Name)
}

// scenario gives the key of a scenario that another leads into.
func (r *referrer) scenario(path *field.Path, name string) string {
	enter, found := r.refs.Scenarios[name]
	if !found {
		r.miss(path, KindScenario, name)
	} else if !enter {
		r.fail(path, name, "its trigger is not enter: write trigger: {enter: true} there, or name another scenario")
	}
	return Key(KindScenario, r.namespace, name)
}

// text gives the content of a ConfigMap's key.
func (r *referrer) text(path *field.Path, name, key string) string {
	keys, found := r.refs.Texts[name]
	if !found {
		r.miss(path.Child("name"), kindText, name)
		return ""
	}
	text, found := keys[key]
	if !found {
		r.miss(path.Child("key"), kindText, name+"/"+key)
	}
	return text
}

// correction says what to write instead of an unknown word.
func correction(word string, words []string, otherwise string) string {
	sorted := slices.Sorted(slices.Values(words))
	if near := expression.Nearest(word, sorted); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}

// names gives the keys of a map in order.
func names[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
