// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

// plan is what the manifests ask for: who counts what, by which rules.
type plan struct {
	workspaces []*workspace // in the order in which they are named first
	feeds      []*feed
	channels   []*messageChannel
	segments   []*segment
	funnels    []*funnel
	journeys   []*journey
	scenarios  []*scenario
	// texts are the contents of ConfigMaps, by namespace, name and key.
	texts map[string]map[string]map[string]string
}

// workspace is one data plane. It need not have a manifest: then it has the defaults.
type workspace struct {
	resource v1alpha1.Workspace
	zone     *time.Location
	policy   definition.Policy
	feeds    int
	// What uses the workspace is in the order of the manifests.
	channels  []*messageChannel
	segments  []*segment
	funnels   []*funnel
	journeys  []*journey
	scenarios []*scenario
}

type feed struct {
	resource  v1alpha1.EventFeed
	workspace *workspace
	meaning   definition.Feed
	mapper    *definition.Mapper // nil without a mapping
	refusal   *field.Error       // why a cluster would not serve the feed, though a file can be read with its mapping
	counts    v1alpha1.EventCounts
}

type funnel struct {
	applied
	resource  v1alpha1.Funnel
	origin    manifest.Origin
	workspace *workspace
	meaning   definition.Funnel
}

// newPlan compiles everything. The error joins a problem, with its line, for each thing that is wrong.
func newPlan(resources []manifest.Resource) (*plan, error) {
	p := &plan{texts: map[string]map[string]map[string]string{}}
	var problems []error
	for _, kind := range []string{"ConfigMap", "Workspace", "EventFeed", "MessageChannel", "Segment", "Funnel", "NurtureScenario", "Journey"} {
		for i := range resources {
			if r := &resources[i]; r.Object.GetKind() == kind {
				problems = append(problems, p.add(r))
			}
		}
	}
	problems = append(problems, p.compile())
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(p.workspaces, (*workspace).counts) {
		return nil, errors.New("the manifests hold no Funnel, NurtureScenario, Segment or Journey: there is nothing to count")
	}
	return p, nil
}

// compile finds out what everything means that may name something else, once all is known: what is named goes before what names it.
func (p *plan) compile() error {
	var problems []error
	note := func(origin *manifest.Origin, errs field.ErrorList) {
		for _, err := range errs {
			problems = append(problems, origin.Problem(err))
		}
	}
	for _, s := range p.segments {
		note(&s.origin, s.compile())
	}
	for _, f := range p.funnels {
		note(&f.origin, f.compile())
	}
	for _, j := range p.journeys {
		note(&j.origin, j.compile())
	}
	for _, s := range p.scenarios {
		note(&s.origin, s.compile(p))
	}
	return errors.Join(problems...)
}

// absent gives an error for each resource that is named and not there. Whatever is there and wrong has an error of its own.
func absent(missing []definition.Missing, namespace string, wrong func(*definition.Missing) bool) (errs field.ErrorList) {
	for i := range missing {
		m := &missing[i]
		if m.Why != "" || wrong != nil && wrong(m) {
			continue
		}
		errs = append(errs, &field.Error{
			Type: field.ErrorTypeNotFound, Field: m.Field, BadValue: m.Name,
			Detail: fmt.Sprintf("the manifests hold no such %s in namespace %s and of this workspace: add it with -f", m.Kind, namespace),
		})
	}
	return errs
}

func (p *plan) add(r *manifest.Resource) error {
	var errs field.ErrorList
	switch r.Object.GetKind() {
	case "Workspace":
		errs = p.addWorkspace(r.Object)
	case "EventFeed":
		errs = p.addFeed(r.Object)
	case "ConfigMap":
		p.addTexts(r.Object)
	case "MessageChannel":
		errs = p.addChannel(r.Object)
	case "Funnel":
		errs = p.addFunnel(r)
	case "Segment":
		errs = p.addSegment(r)
	case "Journey":
		errs = p.addJourney(r)
	case "NurtureScenario":
		errs = p.addScenario(r)
	}
	var problems []error
	for _, err := range errs {
		problems = append(problems, r.Origin.Problem(err))
	}
	return errors.Join(problems...)
}

// typed gives an admitted object its Go type.
func typed(object *unstructured.Unstructured, into any) field.ErrorList {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, into); err != nil {
		return field.ErrorList{field.Invalid(field.NewPath("spec"), field.OmitValueType{}, err.Error())}
	}
	return nil
}

func (p *plan) addWorkspace(object *unstructured.Unstructured) field.ErrorList {
	w := &workspace{}
	if errs := typed(object, &w.resource); errs != nil {
		return errs
	}
	zone, err := zoneinfo.Load(w.resource.Spec.TimeZone)
	if err != nil {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "timeZone"), w.resource.Spec.TimeZone, "there is no such time zone: write an IANA name such as Europe/Moscow")}
	}
	if _, err := definition.Lateness(&w.resource); err != nil {
		err.Field = strings.TrimPrefix(err.Field, "workspace.")
		return field.ErrorList{err}
	}
	policy, errs := definition.FromPolicy(&w.resource)
	if len(errs) > 0 {
		return errs
	}
	w.zone, w.policy = zone, policy
	p.workspaces = append(p.workspaces, w)
	return nil
}

// workspaceOf finds the workspace of a reference, or gives one with the defaults where no manifest does.
func (p *plan) workspaceOf(ref v1alpha1.WorkspaceReference, namespace string) (*workspace, *field.Error) {
	name := types.NamespacedName{Namespace: namespace, Name: ref.Name}
	if ref.Namespace != "" {
		name.Namespace = ref.Namespace
	}
	for _, w := range p.workspaces {
		if w.resource.Namespace != name.Namespace || w.resource.Name != name.Name {
			continue
		}
		allowed := w.resource.Spec.AllowedNamespaces
		if namespace != name.Namespace && !slices.Contains(allowed, namespace) && !slices.Contains(allowed, "*") {
			return nil, field.Invalid(field.NewPath("spec", "workspaceRef", "namespace"), ref.Namespace,
				fmt.Sprintf("workspace %s does not admit namespace %s: add it to the workspace's spec.allowedNamespaces", name, namespace))
		}
		return w, nil
	}
	w := &workspace{zone: time.UTC}
	w.resource.Namespace, w.resource.Name = name.Namespace, name.Name
	w.resource.Default()
	w.policy, _ = definition.FromPolicy(&w.resource) // of the defaults, in which nothing is wrong
	p.workspaces = append(p.workspaces, w)
	return w, nil
}

func (p *plan) addFeed(object *unstructured.Unstructured) field.ErrorList {
	f := &feed{}
	if errs := typed(object, &f.resource); errs != nil {
		return errs
	}
	w, err := p.workspaceOf(f.resource.Spec.WorkspaceRef, f.resource.Namespace)
	if err != nil {
		return field.ErrorList{err}
	}
	meaning, errs := definition.FromFeed(&f.resource, &w.resource)
	if len(errs) == 1 && (errs[0].Field == "spec.kafka" || errs[0].Field == "spec.nats") {
		f.refusal, errs = errs[0], nil
	}
	if len(errs) > 0 {
		return errs
	}
	if meaning.Mapping != (definition.Mapping{}) {
		mapper, err := definition.NewMapper(meaning.Mapping)
		if err != nil {
			return field.ErrorList{field.Invalid(field.NewPath("spec", "mapping"), field.OmitValueType{}, err.Error())}
		}
		f.mapper = mapper
	}
	f.workspace, f.meaning = w, meaning
	w.feeds++
	p.feeds = append(p.feeds, f)
	return nil
}

func (p *plan) addFunnel(r *manifest.Resource) field.ErrorList {
	f := &funnel{origin: r.Origin}
	if errs := typed(r.Object, &f.resource); errs != nil {
		return errs
	}
	w, err := p.workspaceOf(f.resource.Spec.WorkspaceRef, f.resource.Namespace)
	if err != nil {
		return field.ErrorList{err}
	}
	f.workspace = w
	w.funnels = append(w.funnels, f)
	p.funnels = append(p.funnels, f)
	return nil
}

// compile finds out what the funnel means, once the segments are known.
func (f *funnel) compile() field.ErrorList {
	meaning, missing, errs := definition.FromFunnel(&f.resource, &f.workspace.resource, f.workspace.segmentsIn(f.resource.Namespace))
	if errs = append(errs, absent(missing, f.resource.Namespace, f.workspace.isWrongSegment(f.resource.Namespace))...); len(errs)+len(missing) > 0 {
		return errs
	}
	var err *field.Error
	if f.applied, err = appliedAs(definition.Key(definition.KindFunnel, f.resource.Namespace, f.resource.Name), &meaning); err != nil {
		return field.ErrorList{err}
	}
	f.meaning = meaning
	return nil
}

// feedNamed gives the feed that events pass through: the one that is named, or the only one. It is nil when there is none.
func (p *plan) feedNamed(name string) (*feed, error) {
	var names []string
	for _, f := range p.feeds {
		full := f.resource.Namespace + "/" + f.resource.Name
		if name == f.resource.Name || name == full {
			return f, nil
		}
		names = append(names, full)
	}
	switch {
	case name != "":
		return nil, fmt.Errorf("no EventFeed %q in the manifests: there are %s", name, listed(names))
	case len(p.feeds) > 1:
		return nil, fmt.Errorf("the manifests hold several EventFeeds: choose the one that the events pass through with --feed: %s", listed(names))
	case len(p.feeds) == 1:
		return p.feeds[0], nil
	}
	return nil, nil
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
