// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"testing"

	"github.com/waymark-dev/waymark/internal/event"
)

func TestAnEntityIsNoPerson(t *testing.T) {
	t.Parallel()
	const unit = "0123456789abcdef"
	tests := map[string]struct {
		contact     string
		unit, value string
		entity      bool
	}{
		"a deal":                      {event.Entity(unit, "deal 7"), unit, "deal 7", true},
		"a value that looks like one": {event.Entity(unit, event.Entity(unit, "x")), unit, event.Entity(unit, "x"), true},
		"a person":                    {"ann", "", "", false},
		"a visitor":                   {event.Anonymous("v"), "", "", false},
		"too short for a unit":        {"\x02" + unit[1:], "", "", false},
		"nobody":                      {"", "", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unit, value, entity := event.EntityOf(tt.contact)
			if unit != tt.unit || value != tt.value || entity != tt.entity {
				t.Errorf("got %q, %q, %v; want %q, %q, %v", unit, value, entity, tt.unit, tt.value, tt.entity)
			}
		})
	}
	if _, anonymous := event.AnonymousID(event.Entity(unit, "x")); anonymous {
		t.Error("an entity is taken for a visitor")
	}
}
