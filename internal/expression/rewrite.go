// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// meaning rewrites a checked expression so that CEL evaluates what the package promises:
//   - everything that gives yes or no, and everything that is used so, reads a missing field as no;
//   - a whole number becomes a double where + - * or / combine it with a value from data, of which the kind is not known;
//   - a part of a time in a zone, such as its hours, is that of the rules that come with the program;
//   - in an expression for an object, entries of its outermost map whose values are missing are left out.
type meaning struct{ object bool }

var _ cel.ASTOptimizer = (*meaning)(nil)

// Optimize implements cel.ASTOptimizer.
func (m *meaning) Optimize(ctx *cel.OptimizerContext, checked *ast.AST) *ast.AST {
	var nodes []ast.Expr
	ast.PostOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) { nodes = append(nodes, e) }))
	asked := askedForYesOrNo(nodes, checked)
	numbers := wholeNumbersBesideData(nodes, checked)
	for _, e := range nodes { // children come before their parents
		askWallClock(ctx, e)
		switch {
		case numbers[e.ID()]: // dyn keeps the checker from asking for equal kinds on both sides
			wrap(ctx, checked, e, "double")
			wrap(ctx, checked, e, "dyn")
		case asked[e.ID()] || givesYesOrNo(e, checked):
			wrap(ctx, checked, e, readAsNo)
		}
	}
	if root := checked.Expr(); m.object && root.Kind() == ast.MapKind {
		leaveOutMissing(ctx, root)
	}
	return ctx.NewAST(checked.Expr())
}

// wrap replaces e by function(e) in place. The node keeps its id, what is now inside of it gets a new one.
func wrap(ctx *cel.OptimizerContext, checked *ast.AST, e ast.Expr, function string) {
	inner := ast.NewExprFactory().CopyExpr(e)
	call := ctx.NewCall(function, inner)
	outerID, innerID := e.ID(), call.ID()
	inner.RenumberIDs(func(id int64) int64 {
		if id == outerID {
			return innerID
		}
		return id
	})
	if at, known := checked.SourceInfo().GetOffsetRange(outerID); known {
		checked.SourceInfo().SetOffsetRange(innerID, at)
	}
	e.SetKindCase(call)
}

// givesYesOrNo says whether e asks something about values, so that a missing one makes it false. The logical operators do not
// ask themselves: their operands do.
func givesYesOrNo(e ast.Expr, checked *ast.AST) bool {
	if checked.GetType(e.ID()).Kind() != types.BoolKind {
		return false
	}
	switch e.Kind() {
	case ast.CallKind:
		switch e.AsCall().FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional, operators.NotStrictlyFalse:
			return false
		}
		return true
	case ast.SelectKind, ast.ComprehensionKind:
		return true
	}
	return false
}

// askedForYesOrNo finds values of an unknown kind that stand where a yes or no is needed.
func askedForYesOrNo(nodes []ast.Expr, checked *ast.AST) map[int64]bool {
	asked := map[int64]bool{}
	for _, e := range nodes {
		if e.Kind() != ast.CallKind {
			continue
		}
		args := e.AsCall().Args()
		switch e.AsCall().FunctionName() {
		case operators.Conditional:
			args = args[:1]
		case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot:
		default:
			continue
		}
		for _, arg := range args {
			if checked.GetType(arg.ID()).Kind() == types.DynKind {
				asked[arg.ID()] = true
			}
		}
	}
	return asked
}

// wholeNumbersBesideData finds whole numbers that are computed with together with a value of an unknown kind. JSON knows
// doubles only, and CEL does not mix the two. What is computed of a value of an unknown kind is of an unknown kind itself,
// though the checker has guessed one from the constant beside it.
func wholeNumbersBesideData(nodes []ast.Expr, checked *ast.AST) map[int64]bool {
	numbers, unknown := map[int64]bool{}, map[int64]bool{}
	for _, e := range nodes {
		if checked.GetType(e.ID()).Kind() == types.DynKind {
			unknown[e.ID()] = true
		}
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			continue
		}
		switch e.AsCall().FunctionName() {
		case operators.Add, operators.Subtract, operators.Multiply, operators.Divide:
		default:
			continue
		}
		left, right := e.AsCall().Args()[0].ID(), e.AsCall().Args()[1].ID()
		if !unknown[left] && !unknown[right] {
			continue
		}
		unknown[e.ID()] = true
		for _, id := range []int64{left, right} {
			numbers[id] = !unknown[id] && checked.GetType(id).Kind() == types.IntKind
		}
	}
	return numbers
}

func leaveOutMissing(ctx *cel.OptimizerContext, root ast.Expr) {
	var entries []ast.EntryExpr
	for _, entry := range root.AsMap().Entries() {
		pair := entry.AsMapEntry()
		value := pair.Value()
		if !pair.IsOptional() {
			value = ctx.NewCall(ifPresent, value)
		}
		entries = append(entries, ctx.NewMapEntry(pair.Key(), value, true))
	}
	root.SetKindCase(ctx.NewMap(entries))
}
