// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"math"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/valyala/fastjson"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// maxUnits bounds an amount, in units of the currency: what is larger is a mistake of its source, and a few of them would
// exhaust the sum.
const maxUnits = 1e12

const microsPerUnit = 1_000_000

func (s *Scratch) microsOfJSON(v *fastjson.Value) (aggregate.Micros, bool, *Fault) {
	switch v.Type() {
	case fastjson.TypeNumber:
		return microsOfDouble(s.double(v))
	case fastjson.TypeString:
		return microsOfText(string(v.GetStringBytes()))
	}
	return 0, false, faultNoNumber
}

func microsOf(v ref.Val) (aggregate.Micros, bool, *Fault) {
	switch v := v.(type) {
	case types.Double:
		return microsOfDouble(float64(v))
	case types.Int:
		return microsOfDouble(float64(v))
	case types.Uint:
		return microsOfDouble(float64(v))
	case types.String:
		return microsOfText(string(v))
	}
	return 0, false, faultNoNumber
}

// microsOfDouble rounds half away from zero, as the number is written in decimal: 0.0000005 is one micro although the double
// nearest to it lies a little below.
func microsOfDouble(f float64) (aggregate.Micros, bool, *Fault) {
	if math.IsNaN(f) {
		return 0, false, faultNoNumber
	}
	if math.Abs(f) > maxUnits {
		return 0, false, faultTooLarge
	}
	scaled := f * microsPerUnit
	if _, frac := math.Modf(math.Abs(scaled)); math.Abs(scaled) < 1<<40 && math.Abs(frac-0.5) > 1.0/1024 {
		return aggregate.Micros(math.Round(scaled)), true, nil
	}
	return microsOfText(strconv.FormatFloat(f, 'f', -1, 64))
}

// microsOfText reads a plain decimal number exactly, with spaces around it or not. An empty text is no amount.
func microsOfText(text string) (aggregate.Micros, bool, *Fault) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false, nil
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" && fraction == "" || point && fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return 0, false, faultNoNumber
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > len("1000000000000") {
		return 0, false, faultTooLarge
	}
	roundUp := len(fraction) > 6 && fraction[6] >= '5'
	fraction = (fraction + "000000")[:6]
	micros, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil { // at most 19 digits, of which the first is at most 1... or 9: it may overflow
		return 0, false, faultTooLarge
	}
	if roundUp {
		micros++
	}
	if micros > maxUnits*microsPerUnit {
		return 0, false, faultTooLarge
	}
	if negative {
		micros = -micros
	}
	return aggregate.Micros(micros), true, nil
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
