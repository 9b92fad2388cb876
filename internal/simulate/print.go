// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

// Formats of results.
const (
	// FormatTable is what "kubectl get" prints, and the stages of every funnel.
	FormatTable = "table"
	// FormatWide is the same with the columns of "kubectl get -o wide".
	FormatWide = "wide"
	// FormatYAML is one document per resource.
	FormatYAML = "yaml"
	// FormatJSON is one List of kind v1.
	FormatJSON = "json"
)

// Formats are all that Print knows.
var Formats = []string{FormatTable, FormatWide, FormatYAML, FormatJSON}

// Print writes the result in one of the Formats.
func (r *Result) Print(w io.Writer, format string) error {
	switch format {
	case FormatTable, FormatWide:
		return r.printTables(w, format == FormatWide)
	case FormatYAML:
		return r.printYAML(w)
	case FormatJSON:
		return r.printJSON(w)
	}
	return fmt.Errorf("unknown format %q: write one of %v", format, Formats)
}

func (r *Result) printYAML(w io.Writer) error {
	for i, resource := range r.Resources {
		text, err := yaml.Marshal(resource.Object)
		if err != nil {
			return fmt.Errorf("write %s %s as YAML: %w", resource.GetKind(), resource.GetName(), err)
		}
		if i > 0 {
			text = append([]byte("---\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func (r *Result) printJSON(w io.Writer) error {
	items := make([]any, len(r.Resources))
	for i, resource := range r.Resources {
		items[i] = resource.Object
	}
	text, err := json.MarshalIndent(map[string]any{"apiVersion": "v1", "kind": "List", "items": items}, "", "    ")
	if err != nil {
		return fmt.Errorf("write the resources as JSON: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func (r *Result) printTables(w io.Writer, wide bool) error {
	var kinds []string
	namespaces := map[string]bool{}
	for _, resource := range r.Resources {
		namespaces[resource.GetNamespace()] = true
		if kind := resource.GetKind(); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	options := printers.PrintOptions{Wide: wide, WithNamespace: len(namespaces) > 1, WithKind: len(kinds) > 1}
	slices.SortFunc(kinds, func(a, b string) int { return slices.Index(kindsInOrder, a) - slices.Index(kindsInOrder, b) })
	for i, kind := range kinds {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := r.printKind(w, kind, options); err != nil {
			return err
		}
	}
	for _, resource := range r.Resources {
		var err error
		switch resource.GetKind() {
		case "Funnel":
			err = r.printNumbers(w, resource, options.WithNamespace, wide)
		case "NurtureScenario":
			err = r.printScenario(w, resource, options.WithNamespace, wide)
		case "Journey":
			err = r.printJourney(w, resource, options.WithNamespace, wide)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// kindsInOrder is the order of the tables: what the most people look for is the last before the stages.
var kindsInOrder = []string{"Workspace", "EventFeed", "MessageChannel", "Segment", "Funnel", "NurtureScenario", "Journey"}

// printKind prints what "kubectl get" would print: the columns come from the resource definition.
func (r *Result) printKind(w io.Writer, kind string, options printers.PrintOptions) error {
	definitions, err := manifest.Definitions()
	if err != nil {
		return err
	}
	columns := slices.DeleteFunc(slices.Clone(definitions[kind].Columns), func(c apiextensionsv1.CustomResourceColumnDefinition) bool {
		return c.Type == "date" // the age of what was never created
	})
	convertor, err := tableconvertor.New(columns)
	if err != nil {
		return fmt.Errorf("read the columns of %s: %w", kind, err)
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List"}}
	for _, resource := range r.Resources {
		if resource.GetKind() == kind {
			list.Items = append(list.Items, *resource)
		}
	}
	table, err := convertor.ConvertToTable(context.Background(), list, nil)
	if err != nil {
		return fmt.Errorf("make a table of %s: %w", kind, err)
	}
	for i := range table.Rows { // the namespace and the kind are read from the object of a row
		table.Rows[i].Object.Object = &list.Items[i]
	}
	options.Kind = schema.GroupKind{Group: v1alpha1.GroupName, Kind: definitions[kind].Singular}
	return printTable(w, table, options)
}

func printTable(w io.Writer, table *metav1.Table, options printers.PrintOptions) error {
	aligned := printers.GetNewTabWriter(w)
	if err := printers.NewTablePrinter(options).PrintObj(table, aligned); err != nil {
		return fmt.Errorf("print a table: %w", err)
	}
	return aligned.Flush()
}
