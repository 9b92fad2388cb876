// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// printJourney prints the map of a journey: its stages, what is in people's way there with the evidence of it, what was done, what is open, and
// the levers.
func (r *Result) printJourney(w io.Writer, resource *unstructured.Unstructured, withNamespace, wide bool) error {
	var j v1alpha1.Journey
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, &j); err != nil {
		return fmt.Errorf("read the status of Journey %s: %w", resource.GetName(), err)
	}
	name := j.Name
	if withNamespace {
		name = j.Namespace + "/" + name
	}
	s := &j.Status
	period := fmt.Sprintf("from %s to %s, as of %s", s.Period.From, s.Period.To, r.AsOf.Format("2006-01-02 15:04:05 MST"))
	for _, table := range []struct {
		title   string
		columns []metav1.TableColumnDefinition
		rows    []metav1.TableRow
	}{
		{fmt.Sprintf("Map of %s %s", name, period), mapColumns, mapRows(&j)},
		{"Barriers of " + name, barrierColumns, rowsOf(s.Barriers, barrierCells)},
		{"Suggested barriers of " + name, suggestionColumns, rowsOf(s.SuggestedBarriers, suggestionCells)},
		{"What people met in " + name, metColumns, rowsOf(s.Met, metCells)},
		{"Improvements of " + name, improvementColumns, rowsOf(s.Improvements, improvementCells)},
		{"Ways back of " + name, wayBackColumns, rowsOf(s.WaysBack, wayBackCells)},
		{"Why people say they left " + name, surveyColumns, rowsOf(s.Survey, surveyCells)},
		{"What the map of " + name + " leaves open", gapColumns, rowsOf(s.Coverage, gapCells)},
		{"Loyalty of " + name, loyaltyColumns, loyaltyRows(s.Loyalty)},
		{"Levers of " + name, journeyLeverColumns, rowsOf(s.Levers, journeyLeverCells)},
	} {
		if err := printRows(w, table.title, wide, table.columns, table.rows); err != nil {
			return err
		}
	}
	if s.LeverNote == "" {
		return nil
	}
	_, err := fmt.Fprintln(w, s.LeverNote)
	return err
}

// columnsOf gives columns that hold text; those whose names begin with a hyphen are only for wide tables.
func columnsOf(names ...string) []metav1.TableColumnDefinition {
	columns := make([]metav1.TableColumnDefinition, len(names))
	for i, name := range names {
		columns[i] = metav1.TableColumnDefinition{Name: strings.TrimPrefix(name, "-"), Type: "string"}
		if strings.HasPrefix(name, "-") {
			columns[i].Priority = 1
		}
	}
	return columns
}

var mapColumns = columnsOf("Stage", "Title", "-Action", "Owner", "-Emotion", "Entered", "Converted", "Conversion", "In progress", "Dropped", "Lost", "Lost value")

// mapRows are the stages of the funnel, with what the map says of them, and then those beyond it.
func mapRows(j *v1alpha1.Journey) []metav1.TableRow {
	said := map[string]*v1alpha1.JourneyStage{}
	for i := range j.Spec.Stages {
		said[j.Spec.Stages[i].Name] = &j.Spec.Stages[i]
	}
	about := func(name string) []any {
		of := said[name]
		if of == nil {
			return []any{name, "", "", "", ""}
		}
		emotion := ""
		if of.Customer != nil && of.Customer.Emotion != nil {
			if emotion = fmt.Sprintf("%+d", *of.Customer.Emotion); *of.Customer.Emotion == 0 {
				emotion = "0"
			}
		}
		return []any{name, of.Title, of.Action, of.Owner, emotion}
	}
	var rows []metav1.TableRow
	for i := range j.Status.Stages {
		s := &j.Status.Stages[i]
		rows = append(rows, metav1.TableRow{Cells: append(about(s.Name),
			s.Entered, s.Converted, percentOf(s.Conversion), s.InProgress, s.Dropped, percentOf(s.Lost), string(s.LostValue))})
	}
	for i := range j.Status.Beyond {
		s := &j.Status.Beyond[i]
		rows = append(rows, metav1.TableRow{Cells: append(about(s.Name), s.Awaited, s.Reached, percentOf(s.Conversion), s.InProgress, s.Dropped, "", "")})
	}
	return rows
}

// span writes an estimate with its interval, such as "3.05 (2.40 to 3.87)"; an end without a bound is left open.
func span(e *v1alpha1.Estimate) string {
	if e == nil {
		return ""
	}
	text := string(e.Estimate)
	if e.Low == "" && e.High == "" {
		return text
	}
	return strings.TrimSpace(fmt.Sprintf("%s (%s to %s)", text, e.Low, e.High))
}

var barrierColumns = columnsOf("Stage", "Barrier", "Left with", "Went on with", "Left without", "Went on without",
	"Share", "Relative risk", "P", "Attributable", "Revenue", "Declared", "State")

func barrierCells(b *v1alpha1.BarrierStatus) []any {
	declared := some(int64(b.Declared))
	a := b.Association
	if a == nil {
		return []any{b.Stage, b.Name, "", "", "", "", "", "", "", "", "", declared, b.State}
	}
	return []any{
		b.Stage, b.Name, a.With.Dropped, a.With.Converted, a.Without.Dropped, a.Without.Converted,
		percentOf(a.Share), span(a.RelativeRisk), a.P, span(a.Attributable), string(a.Revenue), declared, b.State,
	}
}

var suggestionColumns = columnsOf("Stage", "Event", "Left with", "Went on with", "Share", "Relative risk", "P", "Attributable")

func suggestionCells(s *v1alpha1.SuggestedBarrier) []any {
	return []any{s.Stage, string(s.Event), s.With.Dropped, s.With.Converted, percentOf(s.Share), span(s.RelativeRisk), s.P, span(s.Attributable)}
}

var metColumns = columnsOf("Stage", "Kind", "Name", "Left with", "Went on with", "Reached")

func metCells(m *v1alpha1.MetStatus) []any {
	return []any{m.Stage, string(m.Kind), m.Name, m.With.Dropped, m.With.Converted, percentOf(m.Reached)}
}

var improvementColumns = columnsOf("Stage", "Improvement", "Verdict", "Before", "After", "Difference", "Until", "Holdout")

func improvementCells(i *v1alpha1.ImprovementStatus) []any {
	return []any{i.Stage, i.Name, string(i.Verdict), percentOf(i.Before), percentOf(i.After), span(i.Difference), string(i.Until), i.Holdout}
}

var wayBackColumns = columnsOf("Stage", "Scenario", "Entered", "Converted", "Value", "Uplift")

func wayBackCells(w *v1alpha1.WayBackStatus) []any {
	return []any{w.Stage, w.Scenario, known(w.Entered), known(w.Converted), string(w.Value), w.Uplift}
}

// known is a count, or nothing where there is none to tell.
func known(n *int64) any {
	if n == nil {
		return ""
	}
	return *n
}

var surveyColumns = columnsOf("Stage", "Answer", "Given", "Answered", "Left", "Share", "Bounds")

func surveyCells(s *v1alpha1.SurveyAnswerStatus) []any {
	return []any{s.Stage, s.Answer, s.Given, s.Answered, s.Asked, span(s.Share), span(s.Bounds)}
}

var gapColumns = columnsOf("Stage", "Behaviour", "Missing", "Lost", "Lost value")

func gapCells(g *v1alpha1.CoverageGap) []any {
	return []any{g.Stage, g.Behaviour, g.Missing, known(g.Lost), string(g.LostValue)}
}

var loyaltyColumns = columnsOf("Buyers", "Purchases", "Per buyer", "Repeat", "Between", "Churned", "Value", "Value per buyer", "Satisfaction")

func loyaltyRows(l *v1alpha1.LoyaltyStatus) []metav1.TableRow {
	if l == nil {
		return nil
	}
	between, satisfaction := "", ""
	if l.Between != nil {
		between = l.Between.Median.Text
	}
	if l.Satisfaction != nil {
		satisfaction = fmt.Sprintf("%s (%d)", l.Satisfaction.Average, l.Satisfaction.Scores)
	}
	return []metav1.TableRow{{Cells: []any{
		l.Buyers, l.Purchases, string(l.PurchasesPerBuyer), span(l.Repeat), between, known(l.Churned), string(l.Value), string(l.ValuePerBuyer), satisfaction,
	}}}
}

var journeyLeverColumns = columnsOf("Lever", "Stage", "Conversions", "Low", "High", "Revenue", "Profit", "Recovered")

func journeyLeverCells(l *v1alpha1.JourneyLever) []any {
	profit := ""
	if l.Profit != nil {
		profit = string(l.Profit.Estimate)
	}
	cells := leverCells(&l.LeverStatus)
	return append(cells[:6:6], profit, cells[6])
}
