// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package segments

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

var sales = &v1alpha1.Workspace{
	ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "default"},
	Spec:       v1alpha1.WorkspaceSpec{TimeZone: "Europe/Moscow"},
}

// generous are those who spent most: their meaning needs the cuts of a rank.
func generous(change ...func(*v1alpha1.Segment)) *v1alpha1.Segment {
	s := &v1alpha1.Segment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "generous", UID: "g", Generation: 3},
		Spec: v1alpha1.SegmentSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			Where:        "contact.traits.m == 2",
			Traits: []v1alpha1.SegmentTrait{
				{Name: "spent", Function: v1alpha1.TraitSum, Event: "order.completed", Of: "event.data.total"},
				{Name: "m", Function: v1alpha1.TraitRank, Of: "spent", Ranks: 2},
			},
		},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func named(name string) func(*v1alpha1.Segment) { return func(s *v1alpha1.Segment) { s.Name = name } }
func meaning(where v1alpha1.Expression) func(*v1alpha1.Segment) {
	return func(s *v1alpha1.Segment) { s.Spec.Where = where }
}
func cutAt(values ...v1alpha1.Decimal) func(*v1alpha1.Segment) {
	return func(s *v1alpha1.Segment) { s.Status.Cuts = []v1alpha1.SegmentCuts{{Trait: "m", Values: values}} }
}

// leaving is as it is while something holds the deletion up.
func leaving(s *v1alpha1.Segment) {
	s.DeletionTimestamp, s.Finalizers = new(metav1.Now()), []string{"example.com/held"}
}

func readerOf(t *testing.T, get func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error, objects ...client.Object) Reader {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return Reader{Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{Get: get}).Build()}
}

func TestOnlySegmentsThatStayAreFound(t *testing.T) {
	elsewhere := generous(named("loyal"))
	elsewhere.Namespace = "other"
	reader := readerOf(t, nil, generous(), generous(named("gone"), leaving), elsewhere)
	for name, tt := range map[string]struct {
		names []string
		want  string
	}{
		"none asked for":             {nil, ""},
		"one":                        {[]string{"generous"}, "generous=g@3"},
		"one that does not exist":    {[]string{"generous", "nobody"}, "generous=g@3"},
		"one that is being deleted":  {[]string{"gone", "generous"}, "generous=g@3"},
		"one of another's namespace": {[]string{"loyal"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := reader.Read(t.Context(), "sales", tt.names...)
			if err != nil {
				t.Fatal(err)
			}
			if got := found.Version(); got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	unreachable := errors.New("connection refused")
	reader := readerOf(t, func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
		return unreachable
	})
	_, err := reader.Read(t.Context(), "sales", "generous")
	if !errors.Is(err, unreachable) || !strings.Contains(err.Error(), "read Segment sales/generous") {
		t.Errorf("error is %v, want one that names the Segment and wraps %v", err, unreachable)
	}
}

// TestCutsAreAPartOfWhatASegmentMeans: who names a Segment must hear of other cuts, though its spec is the same.
func TestCutsAreAPartOfWhatASegmentMeans(t *testing.T) {
	before, after := generous(cutAt("100")), generous(cutAt("250.5"))
	if a, b := (Named{[]v1alpha1.Segment{*before}}).Version(), (Named{[]v1alpha1.Segment{*after}}).Version(); a == b {
		t.Errorf("both versions are %q", a)
	}
	a, errs := Compile(before, sales)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	b, errs := Compile(after, sales)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if cmp.Equal(a, b) {
		t.Error("both mean the same")
	}
}

func TestWhatSegmentsMean(t *testing.T) {
	elsewhere := generous(named("theirs"))
	elsewhere.Spec.WorkspaceRef.Name = "second"
	found := Named{[]v1alpha1.Segment{*generous(), *generous(named("torn"), cutAt("much")), *generous(named("broken"), meaning("contact.traits.n == 2")), *elsewhere}}
	meanings := found.Meanings(sales)

	if len(meanings.Segments) != 1 || meanings.Segments["generous"].TimeZone != "Europe/Moscow" {
		t.Errorf("usable are %v, want generous alone, in the zone of its workspace", meanings.Segments)
	}
	path := field.NewPath("spec", "segmentRef", "name")
	foreign := meanings.Foreign(path)
	if len(foreign) != 1 || foreign[0].Field != path.String() || foreign[0].BadValue != "theirs" || !strings.Contains(foreign[0].Detail, "Workspace sales/second") {
		t.Errorf("of another workspace: %v, want theirs, of sales/second", foreign)
	}
	missing := meanings.Explained([]definition.Missing{
		{Kind: definition.KindSegment, Name: "broken"},
		{Kind: definition.KindSegment, Name: "torn"},
		{Kind: definition.KindSegment, Name: "nobody"},
		{Kind: definition.KindSegment, Name: "broken", Why: "known already"},
		{Kind: definition.KindFunnel, Name: "broken"},
	})
	var why []string
	for _, m := range missing {
		why = append(why, m.Why)
	}
	if !strings.Contains(why[0], "spec.where") || !strings.Contains(why[1], "status.cuts") {
		t.Errorf("broken and torn are explained by %q, want their fields", why[:2])
	}
	if diff := cmp.Diff([]string{"", "known already", ""}, why[2:]); diff != "" {
		t.Errorf("explained besides (-want +got):\n%s", diff)
	}
}

func TestWhatControllersHearOf(t *testing.T) {
	respelled := generous(meaning("contact.traits.m == 1"))
	respelled.Generation++
	counted := generous()
	counted.Status.ActiveVersion = "later"
	for name, tt := range map[string]struct {
		after *v1alpha1.Segment
		want  bool
	}{
		"another spec":  {respelled, true},
		"other cuts":    {generous(cutAt("100")), true},
		"other numbers": {counted, false},
		"the same":      {generous(), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := changes.Update(event.UpdateEvent{ObjectOld: generous(), ObjectNew: tt.after}); got != tt.want {
				t.Errorf("heard of is %v, want %v", got, tt.want)
			}
		})
	}
	if !changes.Create(event.CreateEvent{Object: generous()}) || !changes.Delete(event.DeleteEvent{Object: generous()}) {
		t.Error("a Segment that comes or goes is not heard of")
	}
}

func TestTheSegmentOfAFunnel(t *testing.T) {
	funnel := &v1alpha1.Funnel{}
	if got := OfFunnel(funnel); got != nil {
		t.Errorf("a Funnel of all names %v", got)
	}
	funnel.Spec.SegmentRef = &v1alpha1.SegmentReference{Name: "generous"}
	if diff := cmp.Diff([]string{"generous"}, OfFunnel(funnel)); diff != "" {
		t.Errorf("a Funnel of a Segment (-want +got):\n%s", diff)
	}
}
