// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"
)

const (
	// maxSourceBytes bounds an expression's text.
	maxSourceBytes = 4096
	// maxCost bounds what one evaluation may cost, in CEL's units: some tens of nanoseconds each. It holds for the estimate when
	// the expression is compiled and, where the data decides, for each evaluation.
	maxCost = 200_000
	// likelyItems and likelyCharacters are the sizes of the lists and texts that the estimate assumes in data.
	likelyItems, likelyCharacters = 100, 1024
)

// want is what kind of value an expression must give.
type want int

const (
	wantCondition want = iota
	wantAmount
	wantText
	wantTime
	wantObject
	wantJSON
	wantScalar
)

// compile checks the source, gives it the meaning of missing fields, and plans it.
func compile(scope Scope, source string, w want) (*code, error) {
	env, err := environments[scope]()
	if err != nil {
		return nil, err
	}
	if len(source) > maxSourceBytes {
		return nil, &Problem{Line: 1, Column: 1, Message: fmt.Sprintf("the expression is %d bytes long: write at most %d", len(source), maxSourceBytes)}
	}
	checked, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, explain(scope, source, issues)
	}
	if err := checkUses(checked); err != nil {
		return nil, err
	}
	if err := checkResult(w, source, checked); err != nil {
		return nil, err
	}
	if err := checkCost(env, checked); err != nil {
		return nil, err
	}
	return plan(env, source, checked, w)
}

func plan(env *cel.Env, source string, checked *cel.Ast, w want) (*code, error) {
	optimizer, err := cel.NewStaticOptimizer(&meaning{object: w == wantObject || w == wantJSON})
	if err != nil {
		return nil, fmt.Errorf("make the rewriter of expressions: %w", err)
	}
	meant, issues := optimizer.Optimize(env, checked)
	if issues.Err() != nil {
		return nil, fmt.Errorf("rewrite %q: %w", source, issues.Err())
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if hasLoop(meant.NativeRep().Expr()) {
		options = append(options, cel.CostLimit(maxCost))
	}
	program, err := env.Program(meant, options...)
	if err != nil {
		return nil, &Problem{Line: 1, Column: 1, Message: err.Error()}
	}
	root := &checkedAST{AST: meant.NativeRep()}
	return &code{
		source:  source,
		ast:     root,
		program: program,
		faults:  prepareFaults(root),
		unknown: &Fault{"the expression cannot be computed on this event, for example because a text is not a number"},
	}, nil
}

func hasLoop(root ast.Expr) bool {
	found := false
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) { found = found || e.Kind() == ast.ComprehensionKind }))
	return found
}

// checkUses refuses what would never work: null, as it is what a missing field is and nothing equals that; the rest of a division
// of a JSON number, which CEL has for whole numbers alone; a time zone that is none.
func checkUses(checked *cel.Ast) error {
	tree := &checkedAST{checked.NativeRep()}
	var problem error
	refuse := func(e ast.Expr, text, message string) {
		if problem == nil {
			at := tree.SourceInfo().GetStartLocation(e.ID())
			problem = &Problem{at.Line(), at.Column() + 1, text, message}
		}
	}
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if zone, ok := asksZone(e); ok && zone.Kind() == ast.LiteralKind {
			if name, ok := zone.AsLiteral().(types.String); ok && !isZone(string(name)) {
				refuse(zone, string(name), "is no time zone: write an IANA name such as Europe/Moscow, or an offset such as +03:00")
			}
		}
		switch {
		case e.Kind() == ast.LiteralKind && e.AsLiteral() == types.NullValue:
			refuse(e, "null", "null is the same as a missing field: write has(event.data.x) or !has(event.data.x) to ask for one")
		case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Modulo:
			for _, arg := range e.AsCall().Args() {
				if tree.GetType(arg.ID()).Kind() == types.DynKind {
					refuse(e, "%", "needs whole numbers, and those of JSON are not: write int(...) around the value from data")
				}
			}
		}
	}))
	return problem
}

// acceptable are the kinds of value that an expression may give, and what to write when it gives another.
var acceptable = map[want]struct {
	kinds  []types.Kind
	advice string
}{
	wantCondition: {
		[]types.Kind{types.BoolKind},
		"gives %s where a yes or no is needed: write a comparison, such as event.data.price > 0",
	},
	wantAmount: {
		[]types.Kind{types.IntKind, types.UintKind, types.DoubleKind, types.StringKind},
		"gives %s where an amount is needed: write a number, such as event.data.total",
	},
	wantText: {
		[]types.Kind{types.StringKind, types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind},
		"gives %s where a text is needed: write a text, such as 'order.completed'",
	},
	wantTime: {
		[]types.Kind{types.TimestampKind, types.StringKind, types.IntKind, types.UintKind, types.DoubleKind},
		"gives %s where a time is needed: write a timestamp, a text or a number of seconds since 1970",
	},
	wantObject: {
		[]types.Kind{types.MapKind},
		"gives %s where an object is needed: write a field that holds one, or {'name': value}",
	},
	wantJSON: {
		[]types.Kind{
			types.MapKind, types.ListKind, types.StringKind, types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind, types.TimestampKind,
		},
		"gives %s where a value is needed: write a text, a number, a yes or no, a time, a list or an object",
	},
	wantScalar: {
		[]types.Kind{types.StringKind, types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind, types.TimestampKind},
		"gives %s where one value is needed: write a text, a number, a yes or no or a time, such as event.data.plan",
	},
}

// checkResult refuses an expression whose value is certainly of the wrong kind.
func checkResult(w want, source string, checked *cel.Ast) error {
	kind := checked.OutputType()
	if kind.Kind() == types.OpaqueKind && kind.TypeName() == "optional_type" {
		kind = kind.Parameters()[0]
	}
	accepted := acceptable[w]
	if kind.Kind() == types.DynKind || slices.Contains(accepted.kinds, kind.Kind()) {
		return nil
	}
	return &Problem{Line: 1, Column: 1, Text: shorten(source), Message: fmt.Sprintf(accepted.advice, spokenType(kind.String()))}
}

// checkCost refuses what would take too long on data of likely size.
func checkCost(env *cel.Env, checked *cel.Ast) error {
	cost, err := env.EstimateCost(checked, likelySizes{})
	if err != nil {
		return fmt.Errorf("estimate the cost of the expression: %w", err)
	}
	if cost.Max > maxCost {
		return &Problem{Line: 1, Column: 1, Message: fmt.Sprintf(
			"the expression may take too long on one event (estimated cost %d, at most %d): nest no exists, all, filter or map, and match no long patterns inside of them", cost.Max, maxCost)}
	}
	return nil
}

// likelySizes implements checker.CostEstimator.
type likelySizes struct{}

// EstimateSize implements checker.CostEstimator.
func (likelySizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	if node.Type().Kind() == types.StringKind {
		return &checker.SizeEstimate{Max: likelyCharacters}
	}
	return &checker.SizeEstimate{Max: likelyItems}
}

// EstimateCallCost implements checker.CostEstimator.
func (likelySizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// checkedAST is a checked expression that knows where its nodes stand in the source.
type checkedAST struct{ *ast.AST }

// where says the place of a node in words, or nothing when it is not known.
func (a *checkedAST) where(id int64) string {
	if _, known := a.SourceInfo().GetOffsetRange(id); !known {
		return ""
	}
	at := a.SourceInfo().GetStartLocation(id)
	return fmt.Sprintf(" at line %d, column %d", at.Line(), at.Column()+1)
}

var _ interpreter.Activation = (*Scratch)(nil)
