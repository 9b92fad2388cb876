// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
)

// wallClock is the function that the compiler puts between a time and the part of it that is asked for in a zone. CEL itself
// would ask the machine for the zone's rules, and two machines may have different ones.
const wallClock = "@wall_clock"

var partsOfTime = map[string]bool{
	"getFullYear": true, "getMonth": true, "getDate": true, "getDayOfMonth": true, "getDayOfWeek": true, "getDayOfYear": true,
	"getHours": true, "getMinutes": true, "getSeconds": true, "getMilliseconds": true,
}

// asksZone recognises time.getHours('Europe/Moscow') and its like, and gives the zone.
func asksZone(e ast.Expr) (zone ast.Expr, ok bool) {
	if e.Kind() != ast.CallKind || !e.AsCall().IsMemberFunction() || !partsOfTime[e.AsCall().FunctionName()] || len(e.AsCall().Args()) != 1 {
		return nil, false
	}
	return e.AsCall().Args()[0], true
}

// askWallClock turns time.getHours(zone) into the hours of the wall clock in the zone.
func askWallClock(ctx *cel.OptimizerContext, e ast.Expr) {
	zone, ok := asksZone(e)
	if !ok {
		return
	}
	call := e.AsCall()
	e.SetKindCase(ctx.NewMemberCall(call.FunctionName(), ctx.NewCall(wallClock, call.Target(), zone)))
}

// readWallClock gives the time at which clocks in UTC show what clocks in the zone show now.
func readWallClock(at, zone ref.Val) ref.Val {
	t, ok := at.(types.Timestamp)
	if !ok {
		return types.MaybeNoSuchOverloadErr(at)
	}
	name, ok := zone.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(zone)
	}
	location, err := findZone(string(name))
	if err != nil {
		return types.WrapErr(err)
	}
	_, offset := t.In(location).Zone()
	return types.Timestamp{Time: t.UTC().Add(time.Duration(offset) * time.Second)}
}

// findZone knows the names of zones and offsets such as +03:00.
func findZone(name string) (*time.Location, error) {
	if t, err := time.Parse("-07:00", name); err == nil {
		return t.Location(), nil
	}
	return zoneinfo.Load(name)
}

func isZone(name string) bool {
	_, err := findZone(name)
	return err == nil
}
