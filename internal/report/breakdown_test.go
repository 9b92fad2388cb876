// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
)

func TestBreakdown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("utm-", 12)
	tests := map[string]struct {
		groups map[string]aggregate.Group
		rest   aggregate.Group
		edit   func(*v1alpha1.Funnel)
		want   []string
	}{
		"the largest first, equal ones by name": {
			groups: map[string]aggregate.Group{"mail": {Entered: 50, Completed: 5}, "ads": {Entered: 50}, "search": {Entered: 400, Completed: 60}},
			want:   []string{"search 60/400 15.00%", "ads 0/50 0.00%", "mail 5/50 10.00%"},
		},
		"small groups are hidden in the rest": {
			groups: map[string]aggregate.Group{"search": {Entered: 40, Completed: 4}, "aunt": {Entered: 1, Completed: 1}, "uncle": {Entered: 4}, "five": {Entered: 5}},
			rest:   aggregate.Group{Entered: 7, Completed: 2},
			want:   []string{"search 4/40 10.00%", "five 0/5 0.00%", "(other) 3/12 25.00%"},
		},
		"a smallest group of its own": {
			groups: map[string]aggregate.Group{"search": {Entered: 40, Completed: 4}, "mail": {Entered: 20}},
			edit:   func(fn *v1alpha1.Funnel) { fn.Spec.MinGroup = 25 },
			want:   []string{"search 4/40 10.00%", "(other) 0/20 0.00%"},
		},
		"no more than the limit": {
			groups: map[string]aggregate.Group{"a": {Entered: 40}, "b": {Entered: 30}, "c": {Entered: 20, Completed: 2}, "d": {Entered: 10}},
			edit:   func(fn *v1alpha1.Funnel) { fn.Spec.Breakdowns[0].Limit = 2 },
			want:   []string{"a 0/40 0.00%", "b 0/30 0.00%", "(other) 2/30 6.67%"},
		},
		"who calls it the rest is in the rest": {
			groups: map[string]aggregate.Group{"(other)": {Entered: 400}, "(none)": {Entered: 30, Completed: 3}},
			want:   []string{"(none) 3/30 10.00%", "(other) 0/400 0.00%"},
		},
		"what looks alike when shortened is one": {
			groups: map[string]aggregate.Group{long + "a": {Entered: 20, Completed: 2}, long + "b": {Entered: 30, Completed: 3}},
			want:   []string{long[:31] + "… 5/50 10.00%"},
		},
		"nobody": {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn := shop(func(fn *v1alpha1.Funnel) {
				fn.Spec.Breakdowns = []v1alpha1.FunnelBreakdown{{Name: "source", By: "event.data.utm_source", At: "visit"}}
			})
			if tt.edit != nil {
				tt.edit(fn)
			}
			n := thirtyDays()
			n.Funnel.Breakdowns = []aggregate.Breakdown{{Groups: tt.groups, Rest: tt.rest}}
			breakdown := statusOf(t, fn, n).Breakdowns[0]
			var got []string
			for _, v := range breakdown.Values {
				got = append(got, fmt.Sprintf("%s %d/%d %s", v.Value, v.Converted, v.Entered, v.Conversion.Percent))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || breakdown.Name != "source" {
				t.Errorf("values of %s (-want +got):\n%s", breakdown.Name, diff)
			}
		})
	}
}
