// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"time"

	"github.com/waymark-dev/waymark/internal/calendar"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// rest waits as the step says: until when, or on to where at once.
func (p *place) rest() (next int, on bool) {
	e, step := p.e, p.step()
	due, ok := waitEnd(step, e.arrived, e.entered, p)
	if !ok {
		p.sc.Tally.fault(p.field(".wait.until.date"))
		p.exit(DateUnresolved)
		return 0, false
	}
	switch {
	case due > p.s.Now:
		e.phase, e.due = resting, due
		p.tell(Note{What: Waited, Until: due})
		return 0, false
	case step.Wait.Date == "" || due == p.s.Now:
		return step.Next, true
	}
	switch step.Wait.OnPast {
	case definition.PastExit:
		p.exit(DatePassed)
		return 0, false
	case definition.PastSkip:
		if steps := p.v.Program.Steps; step.Next < len(steps) {
			return steps[step.Next].Next, true
		}
	}
	return step.Next, true
}

// waitEnd gives when a wait ends that began at arrived; false when its date cannot be told.
func waitEnd(step *definition.StepProgram, arrived, entered event.Time, p *place) (event.Time, bool) {
	wait := step.Wait
	switch {
	case wait.For > 0:
		return arrived.Add(wait.For), true
	case wait.SinceEntry > 0:
		return entered.Add(wait.SinceEntry), true
	case wait.NextDay != "":
		return calendar.NextDayAt(arrived, minuteOf(wait.NextDay), p.zone()), true
	case wait.Weekday > 0:
		return calendar.NextWeekday(arrived, wait.Weekday, minuteOf(wait.At), p.zone()), true
	case wait.TimeOfDay != "":
		return calendar.NextTime(arrived, minuteOf(wait.TimeOfDay), p.zone()), true
	}
	text, present := p.sc.text(&step.Date, p.question())
	if !present {
		return 0, false
	}
	moment, ok := calendar.Parse(text)
	if !ok {
		return 0, false
	}
	return moment.In(p.zone(), calendar.Offset{Days: int(wait.OffsetDays), Minute: minuteOf(wait.At), Duration: wait.Offset})
}

func (p *place) zone() *time.Location { return p.w.zone(p.s, p.sc) }
