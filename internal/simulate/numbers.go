// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"io"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// printNumbers prints what the row of a funnel has no room for: its stages, its breakdowns and, where it may be wide, its levers.
func (r *Result) printNumbers(w io.Writer, resource *unstructured.Unstructured, withNamespace, wide bool) error {
	var fn v1alpha1.Funnel
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, &fn); err != nil {
		return fmt.Errorf("read the status of Funnel %s: %w", resource.GetName(), err)
	}
	name := fn.Name
	if withNamespace {
		name = fn.Namespace + "/" + name
	}
	period := fmt.Sprintf("from %s to %s, as of %s", fn.Status.Period.From, fn.Status.Period.To, r.AsOf.Format("2006-01-02 15:04:05 MST"))
	if err := printRows(w, fmt.Sprintf("Stages of %s %s", name, period), wide, stageColumns, rowsOf(fn.Status.Stages, stageCells)); err != nil {
		return err
	}
	for _, b := range fn.Status.Breakdowns {
		if err := printRows(w, fmt.Sprintf("%s by %s", name, b.Name), wide, breakdownColumns, rowsOf(b.Values, breakdownCells)); err != nil {
			return err
		}
	}
	if !wide {
		return nil
	}
	return printRows(w, "Levers of "+name, wide, leverColumns, rowsOf(fn.Status.Levers, leverCells))
}

// printRows prints a table under a title, or nothing where it has no rows.
func printRows(w io.Writer, title string, wide bool, columns []metav1.TableColumnDefinition, rows []metav1.TableRow) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", title); err != nil {
		return err
	}
	return printBare(w, wide, columns, rows)
}

// printBare prints a table without the columns in which no row says anything.
func printBare(w io.Writer, wide bool, columns []metav1.TableColumnDefinition, rows []metav1.TableRow) error {
	table := &metav1.Table{ColumnDefinitions: columns, Rows: rows}
	dropEmptyColumns(table)
	return printTable(w, table, printers.PrintOptions{Wide: wide})
}

func rowsOf[T any](items []T, cells func(*T) []any) []metav1.TableRow {
	rows := make([]metav1.TableRow, len(items))
	for i := range items {
		rows[i].Cells = cells(&items[i])
	}
	return rows
}

// dropEmptyColumns leaves out what no row has anything to say about.
func dropEmptyColumns(table *metav1.Table) {
	for column := range slices.Backward(table.ColumnDefinitions) {
		if slices.ContainsFunc(table.Rows, func(row metav1.TableRow) bool { return row.Cells[column] != "" }) {
			continue
		}
		table.ColumnDefinitions = slices.Delete(slices.Clone(table.ColumnDefinitions), column, column+1)
		for i := range table.Rows {
			table.Rows[i].Cells = slices.Delete(table.Rows[i].Cells, column, column+1)
		}
	}
}

var stageColumns = []metav1.TableColumnDefinition{
	{Name: "Stage", Type: "string"},
	{Name: "Title", Type: "string"},
	{Name: "Sum", Type: "string"},
	{Name: "Entered", Type: "integer"},
	{Name: "Converted", Type: "integer"},
	{Name: "Conversion", Type: "string"},
	{Name: "In progress", Type: "integer"},
	{Name: "Dropped", Type: "integer"},
	{Name: "Excluded", Type: "integer"},
	{Name: "Recovered", Type: "integer"},
	{Name: "Median", Type: "string"},
	{Name: "P90", Type: "string", Priority: 1},
	{Name: "Mature", Type: "string", Priority: 1},
	{Name: "Value", Type: "string"},
	{Name: "Refunded", Type: "string"},
	{Name: "Average", Type: "string"},
}

// stageCells gives a stage's row. What is absent stays empty, and so do the counts of a stage that counts no contacts.
func stageCells(s *v1alpha1.StageStatus) []any {
	if s.Aggregate != "" {
		return []any{s.Name, s.Title, string(s.Aggregate), "", "", percentOf(s.Conversion), "", "", "", "", "", "", "", "", "", ""}
	}
	var median, p90, value, refunded, average string
	if t := s.TimeToConvert; t != nil {
		median, p90 = t.Median.Text, t.P90.Text
	}
	if s.Value != nil {
		value, refunded, average = string(s.Value.Sum), string(s.Value.Refunded), string(s.Value.Average)
	}
	excluded := any("")
	if s.Excluded > 0 {
		excluded = s.Excluded
	}
	return []any{
		s.Name, s.Title, "", s.Entered, s.Converted, percentOf(s.Conversion), s.InProgress, s.Dropped, excluded, s.Recovered,
		median, p90, percentOf(s.MatureConversion), value, refunded, average,
	}
}

func percentOf(r *v1alpha1.Rate) string {
	if r == nil {
		return ""
	}
	return r.Percent
}

var breakdownColumns = []metav1.TableColumnDefinition{
	{Name: "Value", Type: "string"},
	{Name: "Entered", Type: "integer"},
	{Name: "Converted", Type: "integer"},
	{Name: "Conversion", Type: "string"},
}

func breakdownCells(v *v1alpha1.BreakdownValue) []any {
	return []any{v.Value, v.Entered, v.Converted, percentOf(v.Conversion)}
}

var leverColumns = []metav1.TableColumnDefinition{
	{Name: "Lever", Type: "string"},
	{Name: "Stage", Type: "string"},
	{Name: "Conversions", Type: "string"},
	{Name: "Low", Type: "string"},
	{Name: "High", Type: "string"},
	{Name: "Revenue", Type: "string"},
	{Name: "Recovered", Type: "string"},
}

func leverCells(l *v1alpha1.LeverStatus) []any {
	revenue := ""
	if l.Revenue != nil {
		revenue = "+" + string(l.Revenue.Estimate)
	}
	return []any{
		string(l.Kind), l.Stage, "+" + string(l.Conversions.Estimate), string(l.Conversions.Low), string(l.Conversions.High), revenue, percentOf(l.Recovered),
	}
}
