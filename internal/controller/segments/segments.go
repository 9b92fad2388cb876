// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package segments finds out what the Segments mean that other resources name. A Segment's meaning is part of theirs, with the cuts that its
// status says, so that all count by the same.
package segments

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/report"
)

// OfFunnel are the names of the Segments that a Funnel names: one or none.
func OfFunnel(funnel *v1alpha1.Funnel) []string {
	if funnel.Spec.SegmentRef == nil {
		return nil
	}
	return []string{funnel.Spec.SegmentRef.Name}
}

// Reader reads Segments from the operator's cache.
type Reader struct {
	// Client is the cache.
	Client client.Reader
}

// Named are the Segments of a namespace that were asked for, as far as they exist and stay.
type Named struct {
	found []v1alpha1.Segment
}

// Read finds Segments by their names; whatever does not exist is left out.
func (r Reader) Read(ctx context.Context, namespace string, names ...string) (Named, error) {
	var named Named
	for _, name := range names {
		segment := v1alpha1.Segment{}
		at := types.NamespacedName{Namespace: namespace, Name: name}
		if err := r.Client.Get(ctx, at, &segment); err != nil {
			if apierrors.IsNotFound(err) {
				continue
			}
			return Named{}, fmt.Errorf("read Segment %s: %w", at, err)
		}
		if segment.DeletionTimestamp.IsZero() {
			named.found = append(named.found, segment)
		}
	}
	return named, nil
}

// Version identifies all of them as they are.
func (n Named) Version() string {
	var versions []string
	for i := range n.found {
		s := &n.found[i]
		versions = append(versions, fmt.Sprintf("%s=%s@%d%s", s.Name, s.UID, s.Generation, CutsOf(s)))
	}
	return strings.Join(versions, " ")
}

// CutsOf spells the cuts in a status, as a part of what identifies the meaning.
func CutsOf(s *v1alpha1.Segment) string {
	var spelled strings.Builder
	for _, c := range s.Status.Cuts {
		fmt.Fprintf(&spelled, "/%s%v", c.Trait, c.Values)
	}
	return spelled.String()
}

// Meanings are what Segments mean in a workspace.
type Meanings struct {
	// Segments are the meanings of those that mean something, by name.
	Segments map[string]definition.Segment
	// unusable says what is wrong with the others, and foreign of which workspace those are that are of another.
	unusable, foreign map[string]string
}

// Meanings compiles the Segments.
func (n Named) Meanings(workspace *v1alpha1.Workspace) Meanings {
	m := Meanings{Segments: map[string]definition.Segment{}, unusable: map[string]string{}, foreign: map[string]string{}}
	for i := range n.found {
		segment := &n.found[i]
		if of := roster.WorkspaceOf(segment.Spec.WorkspaceRef, segment.Namespace); of != client.ObjectKeyFromObject(workspace) {
			m.foreign[segment.Name] = of.String()
			continue
		}
		compiled, errs := Compile(segment, workspace)
		if len(errs) > 0 {
			m.unusable[segment.Name] = errs[0].Error()
			continue
		}
		m.Segments[segment.Name] = compiled
	}
	return m
}

// Compile gives what a Segment means with the cuts that its status says.
func Compile(segment *v1alpha1.Segment, workspace *v1alpha1.Workspace) (definition.Segment, field.ErrorList) {
	cuts, err := report.Cuts(segment)
	if err != nil {
		return definition.Segment{}, field.ErrorList{field.InternalError(field.NewPath("status", "cuts"), err)}
	}
	return definition.FromSegment(segment, workspace, cuts)
}

// Foreign gives an error for each Segment of another workspace: naming it can never mean anything. Path is that of the reference.
func (m Meanings) Foreign(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for name, of := range m.foreign {
		errs = append(errs, field.Invalid(path, name, fmt.Sprintf("the Segment belongs to Workspace %s: name one of this resource's own workspace", of)))
	}
	return errs
}

// Explained adds to what is missing why the Segments among it cannot be used that do exist.
func (m Meanings) Explained(missing []definition.Missing) []definition.Missing {
	for i := range missing {
		if missing[i].Kind == definition.KindSegment && missing[i].Why == "" {
			missing[i].Why = m.unusable[missing[i].Name]
		}
	}
	return missing
}
