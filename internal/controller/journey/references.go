// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/report"
)

// References are what a Journey names in its namespace, as kind/name, each once and sorted. What its Funnel names is not among them.
func References(journey *v1alpha1.Journey) []string {
	all := []string{definition.KindFunnel + "/" + journey.Spec.FunnelRef.Name}
	if ref := journey.Spec.SegmentRef; ref != nil {
		all = append(all, definition.KindSegment+"/"+ref.Name)
	}
	for _, name := range report.ScenariosOf(journey) {
		all = append(all, definition.KindScenario+"/"+name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// named is what a Journey names, as far as it exists.
type named struct {
	funnel   *v1alpha1.Funnel // nil without one in the journey's workspace
	segments segments.Named   // the journey's and its funnel's
	// statuses are those of the scenarios in the journey's workspace, by name.
	statuses map[string]*v1alpha1.NurtureScenarioStatus
}

// version identifies all that the meaning depends on. Of a scenario that is only whether there is one.
func (n *named) version() string {
	parts := []string{n.segments.Version()}
	if n.funnel != nil {
		parts = append(parts, fmt.Sprintf("%s@%d", n.funnel.UID, n.funnel.Generation))
	}
	names := make([]string, 0, len(n.statuses))
	for name := range n.statuses {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(append(parts, names...), " ")
}

// foreign gives an error for a Segment of another workspace, if it is the journey that names it; of a funnel's the funnel says so.
func (n *named) foreign(meanings segments.Meanings, journey *v1alpha1.Journey) field.ErrorList {
	if journey.Spec.SegmentRef == nil {
		return nil
	}
	return slices.DeleteFunc(meanings.Foreign(field.NewPath("spec", "segmentRef", "name")), func(err *field.Error) bool {
		return err.BadValue != journey.Spec.SegmentRef.Name
	})
}

// read finds what a Journey names. What belongs to another workspace counts as missing: it is not there for this one.
func (r *Reconciler) read(ctx context.Context, journey *v1alpha1.Journey, workspace types.NamespacedName) (named, error) {
	n := named{statuses: map[string]*v1alpha1.NurtureScenarioStatus{}}
	funnel := &v1alpha1.Funnel{}
	found, err := r.get(ctx, journey.Namespace, journey.Spec.FunnelRef.Name, funnel)
	if err != nil {
		return n, err
	}
	var names []string
	if found && roster.WorkspaceOf(funnel.Spec.WorkspaceRef, funnel.Namespace) == workspace {
		n.funnel = funnel
		names = segments.OfFunnel(funnel)
	}
	if ref := journey.Spec.SegmentRef; ref != nil && !slices.Contains(names, ref.Name) {
		names = append(names, ref.Name)
	}
	if n.segments, err = r.Segments.Read(ctx, journey.Namespace, names...); err != nil {
		return n, err
	}
	for _, name := range report.ScenariosOf(journey) {
		scenario := &v1alpha1.NurtureScenario{}
		found, err := r.get(ctx, journey.Namespace, name, scenario)
		if err != nil {
			return n, err
		}
		if found && roster.WorkspaceOf(scenario.Spec.WorkspaceRef, scenario.Namespace) == workspace {
			n.statuses[name] = &scenario.Status
		}
	}
	return n, nil
}

// get says whether an object exists and stays.
func (r *Reconciler) get(ctx context.Context, namespace, name string, into client.Object) (found bool, err error) {
	at := types.NamespacedName{Namespace: namespace, Name: name}
	if err := r.Client.Get(ctx, at, into); err != nil {
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return false, fmt.Errorf("read %T %s: %w", into, at, err)
	}
	return into.GetDeletionTimestamp().IsZero(), nil
}
