// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"errors"
	"fmt"
)

// Failure says why a channel could not be used, in a class that a status can name. Probe and listeners return it.
type Failure struct {
	// Class is the kind of trouble, such as Credentials or Unreachable.
	Class Class
	// Code is the receiver's, such as 535 or 401; empty is none.
	Code string
	// Err says more; it holds nothing personal and no secret.
	Err error
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("%s %s", f.Class, f.Code)
	}
	return f.Err.Error()
}

// Unwrap gives what lies below.
func (f *Failure) Unwrap() error { return f.Err }

// ClassOf is the class of an error that a channel returned: that of the Failure in it, else Other.
func ClassOf(err error) Class {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure.Class
	}
	return Other
}

// Defer is the result of a try that certainly did not arrive and may be made again.
func Defer(class Class, code string, err error) Result {
	return Result{Outcome: Deferred, Class: class, Code: code, Err: err}
}

// Reject is the result of a try that will never succeed.
func Reject(class Class, code string, err error) Result {
	return Result{Outcome: Rejected, Class: class, Code: code, Err: err}
}

// Doubt is the result of a try of which nobody knows whether it arrived.
func Doubt(code string, err error) Result {
	return Result{Outcome: InDoubt, Class: Unreachable, Code: code, Err: err}
}
