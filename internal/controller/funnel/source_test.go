// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"testing"

	"github.com/waymark-dev/waymark/internal/control"
)

// The spec is wrong, and the operator has just started: what the runner kept tells how to write down the numbers of the version that goes on.
func TestARestartedOperatorWritesTheNumbersOfTheVersionThatGoesOn(t *testing.T) {
	valid := observed(func(o *observation) { o.funnel.Spec.Stages[0].Title = "As it was called" })
	kept := *definitionOf(valid)
	kept.Meaning = nil

	old := counting(kept.Version)
	wrong := observed(broken, in(0, old), in(1, old))
	wrong.accepted = acceptedFrom(kept)
	d := decide(wrong)
	if d.numbers == nil || d.numbers.Stages[0].Entered != 20 || d.numbers.Stages[0].Title != "As it was called" || d.shown {
		t.Errorf("got numbers %+v, shown %t; want those of the version before", d.numbers, d.shown)
	}
	if zone := wrong.accepted.zone.String(); zone != "Europe/Moscow" {
		t.Errorf("its days are cut in %s", zone)
	}
}

func TestASourceThatSaysNothingIsNoSpec(t *testing.T) {
	for name, text := range map[string]string{
		"none": "", "no JSON": "{", "of no zone": `{"spec":{},"timeZone":"Nowhere/Land"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if a := acceptedFrom(control.Definition{Version: "1", Source: []byte(text)}); a != nil {
				t.Errorf("got %+v, want none", a)
			}
		})
	}
}
