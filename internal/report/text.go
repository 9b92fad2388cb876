// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
)

// basisPoints is one whole, in hundredths of a percent.
const basisPoints = 10_000

// rate gives part of whole rounded half up to hundredths of a percent, and nil when there is nothing to divide by.
func rate(part, whole int64) *v1alpha1.Rate {
	if whole <= 0 {
		return nil
	}
	return rateOf(big.NewRat(part, whole))
}

// rateOf writes down an exact share.
func rateOf(share *big.Rat) *v1alpha1.Rate {
	points := scaled(share, basisPoints)
	return &v1alpha1.Rate{Percent: percent(points), BasisPoints: int32(points)}
}

// scaled gives share × unit, rounded half up. The share is not negative.
func scaled(share *big.Rat, unit int64) int64 {
	twice := new(big.Int).Mul(share.Num(), big.NewInt(2*unit))
	twice.Add(twice, share.Denom())
	return twice.Quo(twice, new(big.Int).Mul(share.Denom(), big.NewInt(2))).Int64()
}

// percent writes hundredths of a percent as "4.50%".
func percent(points int64) string { return fmt.Sprintf("%d.%02d%%", points/100, points%100) }

// percentInTenths writes a share with one decimal, as "61.2%".
func percentInTenths(part, whole int64) string {
	tenths := scaled(big.NewRat(part, whole), 1000)
	return fmt.Sprintf("%d.%d%%", tenths/10, tenths%10)
}

// microsPerUnit is how many micros the currency's unit has.
const microsPerUnit = 1_000_000

// decimal writes an amount exactly, with at least two decimals: "1963400.50".
func decimal(m aggregate.Micros) v1alpha1.Decimal {
	sign, whole, fraction := parts(m)
	decimals := fmt.Sprintf("%06d", fraction)
	return v1alpha1.Decimal(sign + strconv.FormatUint(whole, 10) + "." + decimals[:2] + strings.TrimRight(decimals[2:], "0"))
}

// trimmed writes a number that is no money exactly, without decimals that say nothing: "1200000".
func trimmed(m aggregate.Micros) v1alpha1.Decimal {
	sign, whole, fraction := parts(m)
	decimals := strings.TrimRight(fmt.Sprintf(".%06d", fraction), "0")
	return v1alpha1.Decimal(sign + strconv.FormatUint(whole, 10) + strings.TrimSuffix(decimals, "."))
}

// parts splits an amount into its sign, whole units and millionths.
func parts(m aggregate.Micros) (sign string, whole, fraction uint64) {
	u := uint64(m)
	if m < 0 {
		sign, u = "-", -u
	}
	return sign, u / microsPerUnit, u % microsPerUnit
}

// average gives sum / n rounded half away from zero to hundredths of the unit.
func average(sum aggregate.Micros, n int64) v1alpha1.Decimal {
	sign, whole, fraction := parts(sum)
	amount := new(big.Int).SetUint64(whole*microsPerUnit + fraction)
	perHundredth := new(big.Int).Mul(big.NewInt(n), big.NewInt(microsPerUnit/100))
	hundredths := scaled(new(big.Rat).SetFrac(amount, perHundredth), 1)
	if hundredths == 0 {
		sign = ""
	}
	return v1alpha1.Decimal(fmt.Sprintf("%s%d.%02d", sign, hundredths/100, hundredths%100))
}

// magnitudes are the units of compact numbers, each a thousand times the one before.
var magnitudes = [...]string{"", "K", "M", "B", "T"}

// compact writes an amount with three significant digits and at most two decimals: "874", "5.25", "1.96M".
func compact(m aggregate.Micros) string {
	sign, whole, fraction := parts(m)
	if m == 0 {
		return "0"
	}
	amount := whole*microsPerUnit + fraction
	unit := uint64(microsPerUnit)
	for i, magnitude := range magnitudes {
		for decimals := 2; decimals >= 0; decimals-- {
			shown := divideHalfUp(amount, unit/powersOfTen[decimals])
			if shown < 1000 || i == len(magnitudes)-1 && decimals == 0 {
				return sign + withDecimals(shown, decimals) + magnitude
			}
		}
		unit *= 1000
	}
	return "" // the last magnitude takes everything
}

var powersOfTen = [...]uint64{1, 10, 100}

func divideHalfUp(n, d uint64) uint64 {
	quotient, rest := n/d, n%d
	if rest >= d-rest {
		quotient++
	}
	return quotient
}

// withDecimals puts the point before the last digits of n.
func withDecimals(n uint64, decimals int) string {
	if decimals == 0 {
		return strconv.FormatUint(n, 10)
	}
	digits := fmt.Sprintf("%0*d", decimals+1, n)
	return digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// elapsed writes a length of time by its two largest units: "3d4h", "2h15m", "5m", "42s", rounded half up.
func elapsed(d time.Duration) v1alpha1.Elapsed {
	return v1alpha1.Elapsed{Text: twoUnits(d), Seconds: int64(d.Round(time.Second) / time.Second)}
}

func twoUnits(d time.Duration) string {
	const day = 24 * time.Hour
	units := [...]struct {
		length time.Duration
		letter string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for i, unit := range units[:len(units)-1] {
		smaller := units[i+1]
		rounded := d.Round(smaller.length)
		if rounded < unit.length {
			continue
		}
		text := strconv.FormatInt(int64(rounded/unit.length), 10) + unit.letter
		if rest := rounded % unit.length / smaller.length; rest > 0 {
			text += strconv.FormatInt(int64(rest), 10) + smaller.letter
		}
		return text
	}
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10) + "s"
}
