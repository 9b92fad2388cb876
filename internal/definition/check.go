// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"fmt"
	"time"
)

// check finds what no expression is to blame for.
func (f *Funnel) check() error {
	var problems []error
	refuse := func(found bool, format string, args ...any) {
		if found {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	n := len(f.Stages)
	refuse(n < 1 || n > MaxStages || n+len(f.Aggregates) < 2,
		"a funnel has 2 to %d stages of which at least one counts contacts, not %d of which %d do", MaxStages, n+len(f.Aggregates), n)
	refuse(len(f.Aggregates) > MaxStages, "a funnel has at most %d aggregate stages, not %d", MaxStages, len(f.Aggregates))
	refuse(f.Window <= 0, "the window is %v: it must be longer than nothing", f.Window)
	refuse(f.Lateness < 0, "the lateness is %v: it cannot be negative", f.Lateness)
	refuse(f.SignalMaxAge < 0, "the greatest age of a signal is %v: it cannot be negative", f.SignalMaxAge)
	refuse(f.Order != Ordered && f.Order != Strict && f.Order != Any, "order %q is not known", f.Order)
	refuse(f.Order != Strict && len(f.Ignore) > 0, "only order %s ignores types of events", Strict)
	refuse(f.EntryPolicy != LatestStart && f.EntryPolicy != FirstStart, "entryPolicy %q is not known", f.EntryPolicy)
	refuse(f.Count != "" && f.Count != Contacts && f.Count != Entries, "count %q is not known", f.Count)
	refuse(len(f.Breakdowns) > MaxBreakdowns, "a funnel has at most %d breakdowns, not %d", MaxBreakdowns, len(f.Breakdowns))
	refuse(len(f.Exclusions) > MaxExclusions, "a funnel has at most %d exclusions, not %d", MaxExclusions, len(f.Exclusions))
	refuse(f.UnitBy != "" && f.CorrelateBy != "", "a funnel that counts units has no correlateBy")
	refuse(f.UnitBy != "" && f.Segment != nil, "a funnel that counts units has no segment, as they are no contacts")
	problems = append(problems, f.Period.check(), f.checkNames())
	for i := range f.Aggregates {
		a := &f.Aggregates[i]
		refuse(a.Event == "" || a.Sum == "", "aggregate stage %q needs an event and what it adds up", a.Name)
	}
	for i := range f.Stages {
		problems = append(problems, f.Stages[i].check())
		refuse(f.Stages[i].Optional && i == 0, "stage %q is the first and cannot be optional", f.Stages[i].Name)
		refuse(f.Stages[i].Optional && f.Order == Any, "stage %q cannot be optional, as order %s knows none to skip", f.Stages[i].Name, Any)
	}
	for i := range f.Breakdowns {
		b := &f.Breakdowns[i]
		refuse(b.By == "", "breakdown %q needs a property", b.Name)
		refuse(b.Stage < 0 || b.Stage >= n, "breakdown %q asks stage %d of %d", b.Name, b.Stage, n)
	}
	for i := range f.Exclusions {
		problems = append(problems, f.checkExclusion(&f.Exclusions[i]))
	}
	return errors.Join(problems...)
}

// checkNames finds names that are not unique.
func (f *Funnel) checkNames() error {
	var problems []error
	unique := func(kind string) func(name string) {
		seen := map[string]bool{}
		return func(name string) {
			if seen[name] {
				problems = append(problems, fmt.Errorf("two %s are called %q", kind, name))
			}
			seen[name] = true
		}
	}
	stage, breakdown := unique("stages"), unique("breakdowns")
	for i := range f.Aggregates {
		stage(f.Aggregates[i].Name)
	}
	for i := range f.Stages {
		stage(f.Stages[i].Name)
	}
	for i := range f.Breakdowns {
		breakdown(f.Breakdowns[i].Name)
	}
	return errors.Join(problems...)
}

func (s *Stage) check() error {
	var problems []error
	refuse := func(found bool, format string, args ...any) {
		if found {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	refuse(len(s.Matches) == 0, "no event fills stage %q", s.Name)
	refuse(s.DropAfter < 0 || s.DropAfterIdle < 0, "dropAfter or dropAfterIdle of stage %q is negative", s.Name)
	refuse(s.DropAfter > 0 && s.DropAfterIdle > 0, "stage %q has both dropAfter and dropAfterIdle", s.Name)
	if r := s.Refund; r != nil {
		refuse(s.Value == "", "stage %q has a refund but no value to take it from", s.Name)
		refuse(r.Event == "" || r.Amount == "" || r.MatchBy == "", "the refund of stage %q needs event, amount and matchBy", s.Name)
	}
	return errors.Join(problems...)
}

func (f *Funnel) checkExclusion(x *Exclusion) error {
	last := len(f.Stages) - 1
	switch {
	case x.Event == "":
		return errors.New("an exclusion needs an event")
	case x.Action != "" && x.Action != Discard && x.Action != End:
		return fmt.Errorf("action %q of an exclusion is not known", x.Action)
	case x.After < 0 || x.Before > last || x.After >= x.Before:
		return fmt.Errorf("an exclusion lies after stage %d and before stage %d of %d: it must begin before it ends", x.After, x.Before, last+1)
	case f.Order == Any && (x.After != 0 || x.Before != last):
		return fmt.Errorf("an exclusion has no stage that it comes after or before, as order %s takes the stages in whatever order", Any)
	}
	return nil
}

func (p Period) check() error {
	forms := 0
	for _, set := range []bool{p.RollingDays != 0, p.Calendar != "", p.From != "" || p.To != ""} {
		if set {
			forms++
		}
	}
	switch {
	case forms != 1:
		return errors.New("a period is either rolling days or a stretch of the calendar or the days between two")
	case p.RollingDays < 0:
		return fmt.Errorf("rollingDays is %d: it must be at least 1", p.RollingDays)
	case p.RollingDays > 0:
		return nil
	}
	switch p.Calendar {
	case Week, Month, Quarter, Year:
		return nil
	case "":
		return p.checkDays()
	}
	return fmt.Errorf("calendar %q is not known", p.Calendar)
}

func (p Period) checkDays() error {
	for _, day := range []string{p.From, p.To} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return fmt.Errorf("%q is no day: write one such as 2026-01-31", day)
		}
	}
	if p.From > p.To {
		return fmt.Errorf("the period ends on %s, before it begins on %s", p.To, p.From)
	}
	return nil
}
