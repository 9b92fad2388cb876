// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/report"
	"github.com/waymark-dev/waymark/internal/simulate/virtual"
)

func TestDealsAreCountedAcrossContacts(t *testing.T) {
	t.Parallel()
	const key = "Funnel/shop/deals"
	funnel := definition.Funnel{
		TimeZone: "UTC", Window: day, Period: definition.Period{RollingDays: 30}, Lateness: 90 * day, UnitBy: "event.data.deal",
		Order: definition.Ordered, EntryPolicy: definition.LatestStart,
		Stages: []definition.Stage{
			{Name: "lead", DropAfter: time.Hour, Matches: []definition.EventMatch{{Event: "lead"}}},
			{Name: "order", Matches: []definition.EventMatch{{Event: "order"}}},
		},
	}
	put := apply(t, key, &funnel)
	opening := []record.Record{put, {Kind: record.Activate, Activate: record.VersionRecord{Key: key, Version: put.Apply.Version}}}
	events := []event.Event{
		knows("ann"),
		happening(time.Minute, "ann", "lead", `{"deal": "1"}`),
		happening(2*time.Minute, event.Anonymous("v"), "lead", `{"deal": "2"}`),
		happening(3*time.Minute, "bob", "order", `{"deal": "1"}`),
		happening(4*time.Minute, "cid", "order", `{}`),
		happening(4*time.Minute, "ann", "lead", `{"deal": "3"}`),
		happening(4*time.Minute, "dora", "order", `{"deal": "3"}`),
	}
	for partitions := 1; partitions <= 4; partitions++ {
		result, err := virtual.Run(t.Context(), virtual.Options{
			Opening: opening, Start: morning, Starting: scenarios(t), Logs: spread(events, partitions), Until: after(2 * time.Hour), Joined: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		sum, err := report.MergeFunnel(key, partitions, result.Reports)
		if err != nil {
			t.Fatal(err)
		}
		lead, order := sum.Funnel.Stages[0], sum.Funnel.Stages[1]
		if diff := cmp.Diff([]int64{3, 2, 1, 2}, []int64{lead.Entered, lead.Converted, lead.Dropped, order.Entered}); diff != "" {
			t.Errorf("with %d partitions the deals differ (-want +got):\n%s", partitions, diff)
		}
		for _, p := range result.Reports {
			if p.Funnels[key].Handing {
				t.Errorf("with %d partitions, partition %d says that it has not handed on all", partitions, p.Partition)
			}
		}
	}
}
