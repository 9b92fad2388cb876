// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import "slices"

// exactly gives the chances of Associate from the exact distribution of the number of exposed that drop off, given all margins: the sum over the
// tables of hypergeometric numbers. In either direction it adds up what is at most as likely as the number seen.
func exactly(tables []Table) (either, over float64) {
	sum, seen := distribution{chances: []float64{1}}, int64(0)
	for _, t := range tables {
		exposed, dropped := t.ExposedDropped+t.ExposedConverted, t.ExposedDropped+t.UnexposedDropped
		sum = sum.plus(hypergeometric(exposed, dropped, exposed+t.UnexposedDropped+t.UnexposedConverted))
		seen += t.ExposedDropped
	}
	const rounding = 1 + 1e-7
	likely := sum.at(seen) * rounding
	for i, chance := range sum.chances {
		if chance <= likely {
			either += chance
		}
		if sum.from+int64(i) >= seen {
			over += chance
		}
	}
	return min(either, 1), min(over, 1)
}

// distribution is of a number that is at least from; what is far out in the tails is left out.
type distribution struct {
	from    int64
	chances []float64
}

// negligible is the chance, relative to the largest, of what is left out.
const negligible = 1e-20

func (d distribution) at(x int64) float64 {
	if i := x - d.from; i >= 0 && i < int64(len(d.chances)) {
		return d.chances[i]
	}
	return 0
}

// plus is the distribution of the sum of two independent numbers.
func (d distribution) plus(other distribution) distribution {
	if len(other.chances) == 1 {
		return distribution{d.from + other.from, d.chances}
	}
	sum := make([]float64, len(d.chances)+len(other.chances)-1)
	for i, a := range d.chances {
		row := sum[i : i+len(other.chances)]
		for j, b := range other.chances {
			row[j] += a * b
		}
	}
	return distribution{d.from + other.from, sum}.trimmed()
}

func (d distribution) trimmed() distribution {
	most := 0.0
	for _, chance := range d.chances {
		most = max(most, chance)
	}
	first, last := 0, len(d.chances)-1
	for d.chances[first] < negligible*most {
		first++
	}
	for d.chances[last] < negligible*most {
		last--
	}
	return distribution{d.from + int64(first), d.chances[first : last+1]}
}

// hypergeometric is the distribution of how many of those drawn are marked, when so many of all are drawn and so many are marked. It goes up and
// down from the likeliest number by the ratios of neighbours, and divides by the sum.
func hypergeometric(drawn, marked, all int64) distribution {
	least, most := max(0, drawn+marked-all), min(drawn, marked)
	mode := int64(float64(drawn+1) * float64(marked+1) / float64(all+2))
	mode = min(max(mode, least), most)
	step := func(x int64) float64 { // from x to x+1
		return float64(marked-x) * float64(drawn-x) / (float64(x+1) * float64(all-marked-drawn+x+1))
	}
	var down, up []float64
	for x, chance := mode, 1.0; x > least; x-- {
		if chance /= step(x - 1); chance < negligible {
			break
		}
		down = append(down, chance)
	}
	for x, chance := mode, 1.0; x < most; x++ {
		if chance *= step(x); chance < negligible {
			break
		}
		up = append(up, chance)
	}
	d := distribution{from: mode - int64(len(down)), chances: make([]float64, 0, len(down)+1+len(up))}
	slices.Reverse(down)
	d.chances = append(append(append(d.chances, down...), 1), up...)
	sum := 0.0
	for _, chance := range d.chances {
		sum += chance
	}
	for i := range d.chances {
		d.chances[i] /= sum
	}
	return d
}
