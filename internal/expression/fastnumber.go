// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/valyala/fastjson"
)

// number computes with fields that are numbers, and gives false when one of them is something else: then CEL decides what that
// means. A property test holds every number against CEL.
type number func(*Scratch) (float64, bool)

// fastNumber gives the number of an expression that combines fields and constants by + - * and /, or nil.
func fastNumber(e ast.Expr) number {
	switch e.Kind() {
	case ast.LiteralKind:
		if constant, ok := e.AsLiteral().(types.Double); ok {
			return func(*Scratch) (float64, bool) { return float64(constant), true }
		}
	case ast.SelectKind:
		if path, ok := dataPath(e); ok {
			return numberField(path)
		}
	case ast.CallKind:
		return fastArithmetic(e.AsCall())
	}
	return nil
}

func numberField(path []string) number {
	return func(s *Scratch) (float64, bool) {
		v, ok := s.field(path)
		if !ok || v == nil || v.Type() != fastjson.TypeNumber {
			return 0, false
		}
		return s.double(v), true
	}
}

func fastArithmetic(call ast.CallExpr) number {
	args := call.Args()
	if call.FunctionName() == "dyn" { // around a whole number beside data, see meaning
		return wholeConstant(args[0])
	}
	var combine func(a, b float64) float64
	switch call.FunctionName() {
	case operators.Add:
		combine = func(a, b float64) float64 { return a + b }
	case operators.Subtract:
		combine = func(a, b float64) float64 { return a - b }
	case operators.Multiply:
		combine = func(a, b float64) float64 { return a * b }
	case operators.Divide:
		combine = func(a, b float64) float64 { return a / b }
	default:
		return nil
	}
	left, right := fastNumber(args[0]), fastNumber(args[1])
	if left == nil || right == nil {
		return nil
	}
	return func(s *Scratch) (float64, bool) {
		a, ok := left(s)
		if !ok {
			return 0, false
		}
		b, ok := right(s)
		return combine(a, b), ok
	}
}

// wholeConstant recognises double(2).
func wholeConstant(e ast.Expr) number {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "double" || e.AsCall().Args()[0].Kind() != ast.LiteralKind {
		return nil
	}
	whole, ok := e.AsCall().Args()[0].AsLiteral().(types.Int)
	if !ok {
		return nil
	}
	return func(*Scratch) (float64, bool) { return float64(whole), true }
}
