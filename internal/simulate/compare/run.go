// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate"
)

// outcome is what a simulation came to.
type outcome struct {
	asOf time.Time
	// scenarios are by namespace/name.
	scenarios map[string]*v1alpha1.NurtureScenario
	// messages are by where they belong, in the order of time.
	messages map[place][]message
}

// place is where messages are compared: a contact at a step.
type place struct{ scenario, step, contact string }

// message is what is kept of one.
type message struct {
	effect  string
	time    time.Time
	subject string
	content [sha256.Size]byte
}

// simulate runs one of the two sets of manifests, which a flag names.
func (o *Options) simulate(ctx context.Context, flag string, manifests []string) (*outcome, error) {
	told := *o
	if notice := o.Simulate.Notice; notice != nil {
		told.Simulate.Notice = func(text string) { notice(flag + ": " + text) }
	}
	out := &outcome{scenarios: map[string]*v1alpha1.NurtureScenario{}, messages: map[place][]message{}}
	result, err := told.play(ctx, manifests, func(m *simulate.Message) error {
		at := place{m.Scenario, m.Step, m.Contact}
		out.messages[at] = append(out.messages[at], message{m.Effect, m.Time, m.Headline(), digest(m)})
		return nil
	})
	if err != nil {
		return nil, &sideError{flag, err}
	}
	out.asOf = result.AsOf
	for _, r := range result.Resources {
		if r.GetKind() != "NurtureScenario" {
			continue
		}
		sc := &v1alpha1.NurtureScenario{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(r.Object, sc); err != nil {
			return nil, fmt.Errorf("read the status of NurtureScenario %s: %w", r.GetName(), err)
		}
		out.scenarios[sc.Namespace+"/"+sc.Name] = sc
	}
	return out, nil
}

// play simulates and tells of all messages that are sent.
func (o *Options) play(ctx context.Context, manifests []string, tell func(*simulate.Message) error) (*simulate.Result, error) {
	s := o.Simulate
	s.Manifests, s.Sends, s.Trace, s.Untracked = manifests, nil, "", true
	s.Message = func(m *simulate.Message) error {
		if m.Error != "" {
			return nil
		}
		return tell(m)
	}
	return simulate.Run(ctx, s)
}

// ownLink is a link that Waymark makes. It holds the version of the scenario, and so differs though it leads to the same.
var ownLink = regexp.MustCompile(`/w/([a-z])/[A-Za-z0-9_-]+`)

// part is a part of a message.
type part struct{ name, text string }

func partsOf(m *simulate.Message) []part {
	buttons := ""
	if len(m.Buttons) > 0 {
		encoded, _ := json.Marshal(m.Buttons) // texts always can be written
		buttons = string(encoded)
	}
	parts := []part{
		{"channel", m.Channel}, {"address", m.Address}, {"variant", m.Variant}, {"subject", m.Subject}, {"fromName", m.FromName}, {"text", m.Text},
		{"html", m.HTML}, {"buttons", buttons}, {"payload", string(m.Payload)}, {"url", m.URL}, {"method", m.Method},
	}
	for i := range parts {
		parts[i].text = ownLink.ReplaceAllString(parts[i].text, "/w/$1/…")
	}
	return parts
}

func digest(m *simulate.Message) [sha256.Size]byte {
	var all strings.Builder
	for _, p := range partsOf(m) {
		fmt.Fprintf(&all, "%d:%s", len(p.text), p.text)
	}
	return sha256.Sum256([]byte(all.String()))
}

// detail finds out what differs in the messages of the examples. Texts are not kept for all messages, so both simulations run once more, if
// there is anything to find out.
func (o *Options) detail(ctx context.Context, d *Difference) error {
	wanted := map[string][]*Example{} // by effect
	for i := range d.Scenarios {
		for j := range d.Scenarios[i].Examples {
			if e := &d.Scenarios[i].Examples[j]; e.Kind == Other {
				wanted[e.before] = append(wanted[e.before], e)
				wanted[e.after] = append(wanted[e.after], e)
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	quiet := *o
	quiet.Simulate.Notice, quiet.Simulate.Progress = nil, nil
	old := map[string][]part{}
	if _, err := quiet.play(ctx, o.Old, func(m *simulate.Message) error {
		if wanted[m.Effect] != nil {
			old[m.Effect] = partsOf(m)
		}
		return nil
	}); err != nil {
		return err
	}
	_, err := quiet.play(ctx, o.New, func(m *simulate.Message) error {
		for _, e := range wanted[m.Effect] {
			if e.after == m.Effect {
				e.Differs = differingParts(old[e.before], partsOf(m))
			}
		}
		return nil
	})
	return err
}

func differingParts(before, after []part) (differ []Part) {
	for i := range min(len(before), len(after)) {
		if a, b := before[i].text, after[i].text; a != b {
			a, b = firstDifference(a, b)
			differ = append(differ, Part{before[i].name, a, b})
		}
	}
	return differ
}

// firstDifference gives the first line that differs.
func firstDifference(a, b string) (string, string) {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(x), len(y)) {
		if line(x, i) != line(y, i) || i >= len(x) || i >= len(y) {
			return line(x, i), line(y, i)
		}
	}
	return a, b
}

func line(lines []string, i int) string {
	if i >= len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[i])
}
