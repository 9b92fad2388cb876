// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time as people write it: whole numbers of weeks,
// days, hours, minutes and seconds in this order, such as "14d", "1h30m" or
// "2w3d". A day is 24 hours and a week 7 days. It is kept as written.
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=25
// +kubebuilder:validation:Pattern=`^([1-9][0-9]{0,3}w)?([1-9][0-9]{0,3}d)?([1-9][0-9]{0,3}h)?([1-9][0-9]{0,3}m)?([1-9][0-9]{0,3}s)?$`
type Duration string

var durationPattern = regexp.MustCompile(
	`^(?:([1-9][0-9]{0,3})w)?(?:([1-9][0-9]{0,3})d)?(?:([1-9][0-9]{0,3})h)?(?:([1-9][0-9]{0,3})m)?(?:([1-9][0-9]{0,3})s)?$`)

// durationUnits are the lengths of the units in the order in which
// durationPattern captures them.
var durationUnits = [...]time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// Parse gives the length of time. It is at least one second and, as each
// number has at most four digits, at most about 221 years. The error says what
// is wrong with the text; it never names the field, which the caller knows.
func (d Duration) Parse() (time.Duration, error) {
	groups := durationPattern.FindStringSubmatch(string(d))
	if groups == nil || d == "" {
		return 0, fmt.Errorf("invalid duration %q: write whole numbers above zero of w, d, h, m and s in this order, such as 1h30m or 14d", string(d))
	}
	var total time.Duration
	for i, unit := range durationUnits {
		if groups[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(groups[i+1])
		if err != nil {
			return 0, fmt.Errorf("invalid duration %q: %w", string(d), err)
		}
		total += time.Duration(n) * unit
	}
	return total, nil
}

// Percent is a share between "0%" and "100%" with at most two decimals, such
// as "10%" or "2.5%".
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=7
// +kubebuilder:validation:Pattern=`^(100(\.0{1,2})?|[1-9]?[0-9](\.[0-9]{1,2})?)%$`
type Percent string

var percentPattern = regexp.MustCompile(`^(100(?:\.0{1,2})?|[1-9]?[0-9](?:\.[0-9]{1,2})?)%$`)

// BasisPoints gives the share in hundredths of a percent, from 0 to 10000:
// "2.5%" is 250.
func (p Percent) BasisPoints() (int32, error) {
	groups := percentPattern.FindStringSubmatch(string(p))
	if groups == nil {
		return 0, fmt.Errorf("invalid percentage %q: write a number from 0 to 100 with at most two decimals and a percent sign, such as 10%% or 2.5%%", string(p))
	}
	whole, decimals, _ := strings.Cut(groups[1], ".")
	points, err := strconv.ParseInt(whole+(decimals + "00")[:2], 10, 32)
	if err != nil {
		return 0, fmt.Errorf("invalid percentage %q: %w", string(p), err)
	}
	return int32(points), nil
}

// Date is a day of the calendar, written "2026-10-31".
//
// +kubebuilder:validation:MinLength=10
// +kubebuilder:validation:MaxLength=10
// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`
type Date string

// Parse gives midnight UTC of the day, to be read as year, month and day. The
// error says that no such day exists.
func (d Date) Parse() (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, fmt.Errorf("invalid date %q: write an existing day such as 2026-10-31", string(d))
	}
	return t, nil
}

// TimeOfDay is what a clock shows, such as "09:30".
//
// +kubebuilder:validation:MinLength=5
// +kubebuilder:validation:MaxLength=5
// +kubebuilder:validation:Pattern=`^([01][0-9]|2[0-3]):[0-5][0-9]$`
type TimeOfDay string

// Offset is a length of time after something, or before it with a minus sign,
// such as "3d" or "-1h30m". Whole days and weeks are days of the calendar.
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=26
// +kubebuilder:validation:Pattern=`^-?([1-9][0-9]{0,3}w)?([1-9][0-9]{0,3}d)?([1-9][0-9]{0,3}h)?([1-9][0-9]{0,3}m)?([1-9][0-9]{0,3}s)?$`
type Offset string

// Parse gives the length of time, negative before, and whether it is of whole
// days, so that it can be counted by the calendar. The error says what is wrong
// with the text.
func (o Offset) Parse() (length time.Duration, wholeDays bool, err error) {
	text, before := strings.CutPrefix(string(o), "-")
	length, err = Duration(text).Parse()
	if err != nil {
		return 0, false, fmt.Errorf("invalid offset %q: write a duration such as 3d, or with a minus sign -1h30m", string(o))
	}
	if before {
		length = -length
	}
	return length, !strings.ContainsAny(text, "hms"), nil
}

// Expression is a CEL expression (https://cel.dev). Which variables it sees
// and what it must give is said by the field that holds it. A field that is
// missing from an event makes a comparison false and is no error.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
type Expression string

// EventType is the name of what happened, such as "order.completed" or "Order
// Completed". Names are compared letter by letter.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=100
// +kubebuilder:validation:Pattern=`^[^\s<>&"\\]([^\t\n\v\f\r<>&"\\]*[^\s<>&"\\])?$`
type EventType string

// Decimal is an exact decimal number, such as "1963400.50".
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:Pattern=`^-?[0-9]+(\.[0-9]+)?$`
type Decimal string

// Rate is a share for people and for programs. Where nothing could be divided
// the whole Rate is absent; it is never 0 % for lack of data.
type Rate struct {
	// percent is the rate to read, such as "44.51%".
	// +required
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^-?[0-9]+(\.[0-9]+)?%$`
	Percent string `json:"percent"`

	// basisPoints is the same rate in hundredths of a percent: 4451 is 44.51 %.
	// +required
	BasisPoints int32 `json:"basisPoints"`
}

// Elapsed is a length of time for people and for programs.
type Elapsed struct {
	// text is the time to read, such as "2h14m".
	// +required
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+[wdhms])+$`
	Text string `json:"text"`

	// seconds is the same time in whole seconds.
	// +required
	Seconds int64 `json:"seconds"`
}
