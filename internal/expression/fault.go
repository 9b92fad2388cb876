// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// Fault says why an expression could not be evaluated on an event. Its message is fixed when the expression is compiled, so no
// value of an event can be in it.
type Fault struct{ Message string }

// Error implements error.
func (f *Fault) Error() string { return f.Message }

var (
	errNotJSON    = errors.New("data is not JSON")
	faultNotJSON  = &Fault{"the data is not valid JSON"}
	faultCost     = &Fault{"the expression takes too long on this event: its lists or texts are too large"}
	faultNoNumber = &Fault{"the amount is neither a number nor a text that holds one"}
	faultTooLarge = &Fault{"the amount is too large to be true"}
	faultNoText   = &Fault{"the value is neither a text nor a number nor a yes/no"}
	faultNoTime   = &Fault{"the value is not a time: write a timestamp, RFC 3339, 2006-01-02 15:04:05, or seconds or milliseconds since 1970"}
	faultFarTime  = &Fault{"the time is outside of the years 1970 to 9999"}
	faultNoObject = &Fault{"the value is not an object"}
	faultNoScalar = &Fault{"the value is neither a text nor a number nor a yes/no nor a time"}
	faultNoJSON   = &Fault{"the value cannot be written as JSON"}
	faultKind     = &Fault{"a value in the expression has a kind that does not fit, such as a text where a number is needed"}
)

// unplaced is a node that no expression has.
const unplaced = -1

// init marks the errors of which CEL has one for all expressions. Otherwise the first expression to fail so would leave the place
// of its failure in them, for whichever expression fails so next, on any goroutine.
func init() {
	types.LabelErrNode(unplaced, types.NoSuchOverloadErr())
	types.LabelErrNode(unplaced, types.Int(math.MaxInt64).ConvertToType(types.TimestampType))
}

// missingPrefixes begin the messages of the errors that CEL gives for fields and list positions that are not there. A test
// holds this list against the version of CEL in use.
var missingPrefixes = []string{"no such key", "index out of bounds", "unsupported index type 'string'"}

func isMissing(err error) bool {
	text := err.Error()
	for _, prefix := range missingPrefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// fault gives the prepared fault for an error of CEL's, or nil for a missing field.
func (c *code) fault(err error) *Fault {
	switch {
	case isMissing(err):
		return nil
	case errors.Is(err, errNotJSON):
		return faultNotJSON
	case strings.Contains(err.Error(), "cost limit exceeded"):
		return faultCost
	}
	if at, ok := errors.AsType[*types.Err](err); ok {
		if f := c.faults[at.NodeID()]; f != nil {
			return f
		}
		if at == types.NoSuchOverloadErr() {
			return faultKind
		}
	}
	return c.unknown
}

// prepareFaults writes the fault of every call of the expression in advance.
func prepareFaults(checked *checkedAST) map[int64]*Fault {
	faults := map[int64]*Fault{}
	root := checked.Expr()
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() != readAsNo {
			faults[e.ID()] = &Fault{callFault(e.AsCall().FunctionName()) + checked.where(e.ID())}
		}
	}))
	// A yes or no that is asked of something else is told by the place of what was asked.
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == readAsNo {
			faults[e.ID()] = &Fault{"a value that is not true or false is used as a condition" + checked.where(e.AsCall().Args()[0].ID())}
		}
	}))
	if faults[root.ID()] == nil || root.Kind() != ast.CallKind {
		faults[root.ID()] = &Fault{"a value that is not true or false is used as a condition" + checked.where(root.ID())}
	}
	return faults
}

func callFault(function string) string {
	switch function {
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return fmt.Sprintf("%s compares values of different kinds, such as a text with a number,", spoken(function))
	case operators.Divide, operators.Modulo, operators.Add, operators.Subtract, operators.Multiply, operators.Negate:
		return spoken(function) + " has values that it cannot compute with"
	case wallClock:
		return "the time zone is none that is known"
	}
	return spoken(function) + " has a value of the wrong kind"
}

// spoken is how the author wrote an operator or function.
func spoken(function string) string {
	if display, ok := operators.FindReverse(function); ok && display != "" {
		return fmt.Sprintf("%q", display)
	}
	switch function {
	case operators.Conditional:
		return `"?:"`
	case operators.Index:
		return `"[]"`
	case operators.Negate:
		return `"-"`
	}
	return fmt.Sprintf("%q", function+"()")
}
