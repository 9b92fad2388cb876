// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// printScenario prints what the row of a scenario has no room for: its steps, where people went, and why they did not enter, were not
// sent messages, or left.
func (r *Result) printScenario(w io.Writer, resource *unstructured.Unstructured, withNamespace, wide bool) error {
	var sc v1alpha1.NurtureScenario
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(resource.Object, &sc); err != nil {
		return fmt.Errorf("read the status of NurtureScenario %s: %w", resource.GetName(), err)
	}
	name := sc.Name
	if withNamespace {
		name = sc.Namespace + "/" + name
	}
	s := &sc.Status
	for _, table := range []struct {
		title   string
		columns []metav1.TableColumnDefinition
		rows    []metav1.TableRow
	}{
		{fmt.Sprintf("Steps of %s as of %s", name, r.AsOf.Format("2006-01-02 15:04:05 MST")), stepColumns, rowsOf(s.Steps, stepCells)},
		{"Variants of " + name, variantColumns, rowsOf(s.Variants, variantCells)},
		{"Ways through " + name, wayColumns, rowsOf(s.Ways, wayCells)},
		{"Who did not enter " + name, reasonColumns, rowsOf(s.Refused, reasonCells)},
		{"Why messages of " + name + " were skipped", reasonColumns, rowsOf(s.Skipped, reasonCells)},
		{"Why people left " + name, reasonColumns, rowsOf(s.Exited, reasonCells)},
		{"What failed on data in " + name, faultColumns, rowsOf(s.Faults, faultCells)},
	} {
		if err := printRows(w, table.title, wide, table.columns, table.rows); err != nil {
			return err
		}
	}
	return nil
}

var stepColumns = []metav1.TableColumnDefinition{
	{Name: "Step", Type: "string"},
	{Name: "Arrived", Type: "integer"},
	{Name: "Active", Type: "integer"},
	{Name: "Sent", Type: "integer"},
	{Name: "Skipped", Type: "integer"},
	{Name: "Failed", Type: "integer"},
	{Name: "Opened", Type: "integer"},
	{Name: "Clicked", Type: "integer"},
	{Name: "Unsubscribed", Type: "integer"},
	{Name: "Converted", Type: "integer"},
	{Name: "Value", Type: "string"},
}

func stepCells(s *v1alpha1.ScenarioStepStatus) []any {
	sent := any("")
	if s.Sent != nil {
		sent = *s.Sent
	}
	return []any{
		s.Name, s.Arrived, s.Active, sent, some(s.Skipped), some(s.Failed), some(s.Opened), some(s.Clicked), some(s.Unsubscribed), some(s.Converted), string(s.Value),
	}
}

// some is a count, or nothing where there is none.
func some(n int64) any {
	if n == 0 {
		return ""
	}
	return n
}

var variantColumns = []metav1.TableColumnDefinition{
	{Name: "Step", Type: "string"},
	{Name: "Variant", Type: "string"},
	{Name: "Sent", Type: "integer"},
	{Name: "Clicked", Type: "integer"},
	{Name: "Converted", Type: "integer"},
	{Name: "Value", Type: "string"},
}

func variantCells(v *v1alpha1.VariantStatus) []any {
	return []any{v.Step, v.Name, v.Sent, some(v.Clicked), some(v.Converted), string(v.Value)}
}

var wayColumns = []metav1.TableColumnDefinition{
	{Name: "From", Type: "string"},
	{Name: "To", Type: "string"},
	{Name: "Taken", Type: "integer"},
}

func wayCells(w *v1alpha1.WayStatus) []any {
	to := w.Then
	if to == "" {
		to = "(end)"
	}
	return []any{w.Step, to, w.Taken}
}

var reasonColumns = []metav1.TableColumnDefinition{
	{Name: "Reason", Type: "string"},
	{Name: "Count", Type: "integer"},
}

func reasonCells(r *v1alpha1.ReasonCount) []any { return []any{r.Reason, r.Count} }

var faultColumns = []metav1.TableColumnDefinition{
	{Name: "Field", Type: "string"},
	{Name: "Count", Type: "integer"},
}

func faultCells(f *v1alpha1.FaultCount) []any { return []any{f.Field, f.Count} }
