// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"encoding/json"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
)

// source is what a version was compiled from, as the runners keep it: when the spec that exists now is wrong, an operator that has
// just started learns from it how to write down the numbers of the version that goes on.
type source struct {
	Spec     v1alpha1.FunnelSpec `json:"spec"`
	TimeZone string              `json:"timeZone"`
}

func sourceOf(o observation) json.RawMessage {
	encoded, err := json.Marshal(source{Spec: o.funnel.Spec, TimeZone: o.workspace.Spec.TimeZone})
	if err != nil {
		return nil // only a restart of the operator would miss it
	}
	return encoded
}

// acceptedFrom gives the spec of a version that runs; nil when it cannot be known.
func acceptedFrom(kept control.Definition) *accepted {
	var from source
	if len(kept.Source) == 0 || json.Unmarshal(kept.Source, &from) != nil {
		return nil
	}
	zone, err := zoneinfo.Load(from.TimeZone)
	if err != nil {
		return nil
	}
	return &accepted{version: kept.Version, spec: from.Spec, zone: zone}
}
