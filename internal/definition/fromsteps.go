// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

var weekdays = []v1alpha1.Weekday{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

func (r *scenarioReader) weekday(path *field.Path, day v1alpha1.Weekday) int {
	i := slices.Index(weekdays, day)
	if i < 0 {
		r.fail(path, string(day), "is no weekday: write one such as Monday")
	}
	return i + 1
}

func (r *scenarioReader) step(path *field.Path, s *v1alpha1.ScenarioStep) Step {
	out := Step{Name: string(s.Name), Then: string(s.Then)}
	if s.Send != nil {
		out.Send = r.send(path.Child("send"), s.Send)
	}
	if s.Wait != nil {
		out.Wait = r.wait(path.Child("wait"), s.Wait)
	}
	if s.WaitFor != nil {
		out.WaitFor = r.waitFor(path.Child("waitFor"), s.WaitFor)
	}
	if s.Branch != nil {
		out.Branch = &Branch{Else: string(s.Branch.Else)}
		for _, c := range s.Branch.Cases {
			out.Branch.Cases = append(out.Branch.Cases, Case{string(c.When), string(c.Then)})
		}
	}
	if s.Split != nil {
		out.Split = r.split(path.Child("split"), s.Split)
	}
	if s.Set != nil {
		out.Set = &Set{Attributes: map[string]string{}}
		for name, source := range s.Set.Attributes {
			out.Set.Attributes[name] = string(source)
		}
	}
	if w := s.Webhook; w != nil {
		path := path.Child("webhook")
		out.Webhook = &WebhookStep{
			Channel: r.webhook(path, w.ChannelRef.Name), URL: w.URL, Method: w.Method, Payload: w.Payload, Store: w.Store, OnFailure: string(w.OnFailure),
		}
		r.templates(path, map[string]string{"url": w.URL, "payload": w.Payload})
	}
	if s.Enter != nil {
		out.Enter = &EnterStep{r.scenario(path.Child("enter", "scenarioRef", "name"), s.Enter.ScenarioRef.Name)}
	}
	if s.Task != nil {
		out.Task = r.task(path.Child("task"), s.Task)
	}
	if s.Exit != nil {
		out.Exit = &ExitStep{s.Exit.Reason}
	}
	return out
}

func (r *scenarioReader) wait(path *field.Path, w *v1alpha1.WaitStep) *Wait {
	out := &Wait{
		For: r.duration(path.Child("for"), w.For), SinceEntry: r.duration(path.Child("sinceEntry"), w.SinceEntry),
		NextDay: string(w.NextDay), OnPast: OnPast(w.OnPast), Follow: w.Follow,
	}
	u := w.Until
	if u == nil {
		return out
	}
	path = path.Child("until")
	out.TimeOfDay = string(u.Time)
	if u.Weekday != "" {
		out.Weekday, out.At = r.weekday(path.Child("weekday"), u.Weekday), timeOr(u.At)
	}
	if d := u.Date; d != nil {
		out.Date, out.At = string(d.Attribute), timeOr(d.At)
		out.OffsetDays, out.Offset = r.offset(path.Child("date", "offset"), d.Offset)
	}
	return out
}

func timeOr(at v1alpha1.TimeOfDay) string {
	if at == "" {
		at = v1alpha1.DefaultTimeOfDay
	}
	return string(at)
}

func (r *scenarioReader) waitFor(path *field.Path, w *v1alpha1.WaitForStep) *WaitFor {
	out := &WaitFor{Timeout: r.duration(path.Child("timeout"), w.Timeout), OnTimeout: string(w.OnTimeout)}
	if w.Event != "" || w.Condition != "" {
		r.spell(path.Child("anyOf").Index(0), path)
		out.AnyOf = append(out.AnyOf, Awaited{
			Event: string(w.Event), Where: string(w.Where), Of: string(w.Of), Condition: string(w.Condition),
		})
	}
	for _, a := range w.AnyOf {
		out.AnyOf = append(out.AnyOf, Awaited{
			Event: string(a.Event), Where: string(a.Where), Of: string(a.Of), Condition: string(a.Condition), Then: string(a.Then),
		})
	}
	return out
}

// split takes percents for weights in basis points.
func (r *scenarioReader) split(path *field.Path, s *v1alpha1.SplitStep) *Split {
	out, sum, percents := &Split{}, int32(0), 0
	for i, w := range s.Ways {
		weight := max(w.Weight, 1)
		if w.Percent != "" {
			percents++
			path := path.Child("ways").Index(i).Child("percent")
			if weight = r.share(path, w.Percent); weight == 0 {
				r.fail(path, string(w.Percent), "nobody would go this way: write more, or remove the way")
			}
			sum += weight
		}
		out.Ways = append(out.Ways, Way{w.Name, weight, string(w.Then)})
	}
	if percents > 0 && (sum != 10000 || percents != len(s.Ways)) {
		r.fail(path.Child("ways"), field.OmitValueType{}, "the percents are not 100% together: correct them, or write weights")
	}
	return out
}

func (r *scenarioReader) task(path *field.Path, t *v1alpha1.TaskStep) *Task {
	r.templates(path, map[string]string{"title": t.Title, "assignee": t.Assignee, "payload": t.Payload})
	return &Task{
		Channel: r.webhook(path, t.ChannelRef.Name), Title: t.Title, Assignee: t.Assignee, Payload: t.Payload,
		Due: r.duration(path.Child("due"), t.Due), Done: EventMatch{string(t.Done.Event), string(t.Done.Where)}, OnOverdue: string(t.OnOverdue),
	}
}
