// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// originExpression marks the errors of expressions.
const originExpression = "expression"

// Reason is the reason of a condition for what FromFunnel or FromFeed found: that of the first error.
func Reason(errs field.ErrorList) string {
	switch {
	case len(errs) == 0:
		return v1alpha1.ReasonSucceeded
	case errs[0].Type == field.ErrorTypeNotSupported:
		return v1alpha1.ReasonNotSupported
	case errs[0].Origin == originExpression:
		return v1alpha1.ReasonInvalidExpression
	case errs[0].Origin == originTemplate:
		return v1alpha1.ReasonInvalidTemplate
	}
	return v1alpha1.ReasonInvalidSpec
}

func unsupported(path *field.Path, advice string) *field.Error {
	return &field.Error{
		Type:     field.ErrorTypeNotSupported,
		Field:    path.String(),
		BadValue: field.OmitValueType{},
		Detail:   "this version of Waymark does not support it yet: " + advice,
	}
}

// fieldErrors takes apart what compiling found. What is no expression's fault is said of the path.
func fieldErrors(path *field.Path, err error) field.ErrorList {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var errs field.ErrorList
		for _, one := range joined.Unwrap() {
			errs = append(errs, fieldErrors(path, one)...)
		}
		return errs
	}
	if expression, ok := errors.AsType[*ExpressionError](err); ok {
		return field.ErrorList{{
			Type:     field.ErrorTypeInvalid,
			Field:    expression.Field,
			BadValue: expression.Source,
			Detail:   expression.Err.Error(),
			Origin:   originExpression,
		}}
	}
	if spec, ok := errors.AsType[*SpecError](err); ok {
		var value any = spec.Value
		if spec.Value == "" {
			value = field.OmitValueType{}
		}
		return field.ErrorList{{Type: field.ErrorTypeInvalid, Field: spec.Field, BadValue: value, Detail: spec.Message}}
	}
	return field.ErrorList{field.Invalid(path, field.OmitValueType{}, err.Error())}
}
