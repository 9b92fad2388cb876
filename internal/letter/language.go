// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Choose gives the language among those available that fits best: the one that is wanted, else one with the same base (ru-RU and ru), else
// the fallback, else the empty language. Case does not matter, nor whether parts are joined by - or _. It is false when none of them is
// available.
func Choose(available []string, wanted, fallback string) (string, bool) {
	for _, language := range []string{wanted, fallback, ""} {
		if chosen, found := closest(available, language); found {
			return chosen, true
		}
	}
	return "", false
}

func closest(available []string, wanted string) (string, bool) {
	wanted = tidy(wanted)
	for shorter := wanted; ; {
		for _, one := range available {
			if tidy(one) == shorter {
				return one, true
			}
		}
		cut := strings.LastIndexByte(shorter, '-')
		if cut < 0 {
			break
		}
		shorter = shorter[:cut]
	}
	if wanted == "" {
		return "", false
	}
	for _, one := range available {
		if base(one) == base(wanted) {
			return one, true
		}
	}
	return "", false
}

func tidy(language string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(language), "_", "-"))
}

func base(language string) string {
	before, _, _ := strings.Cut(tidy(language), "-")
	return before
}

// locale is how a language writes numbers and dates.
type locale struct {
	decimal, group string
	months         [12]string // as after a day
	month          [12]string // alone
	weekdays       [7]string  // from Sunday
	shortMonths    [12]string
	shortDays      [7]string
	// Patterns of strftime.
	long, short, clock, day string
	minus                   string
}

const noBreak = "\u00a0"

var russian = &locale{
	decimal: ",", group: noBreak, minus: "−",
	months: [12]string{
		"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
	},
	month: [12]string{
		"январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
	},
	weekdays:    [7]string{"воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"},
	shortMonths: [12]string{"янв.", "февр.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сент.", "окт.", "нояб.", "дек."},
	shortDays:   [7]string{"вс", "пн", "вт", "ср", "чт", "пт", "сб"},
	long:        "%-d %B %Y", short: "%d.%m.%Y", clock: "%H:%M", day: "%-d %B",
}

var english = &locale{
	decimal: ".", group: ",", minus: "-",
	months: englishMonths, month: englishMonths,
	weekdays:    [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	shortMonths: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	shortDays:   [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
	long:        "%B %-d, %Y", short: "%b %-d, %Y", clock: "%-I:%M %p", day: "%B %-d",
}

var englishMonths = [12]string{
	"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
}

// localeOf knows Russian; everything else is written as in English.
func localeOf(language string) *locale {
	if base(language) == "ru" {
		return russian
	}
	return english
}

// number writes f with as many decimals, or with as few as it needs, up to ten, when decimals is negative.
func (l *locale) number(f float64, decimals int) string {
	var text string
	if decimals < 0 {
		text = textOfFloat(math.Abs(f))
	} else {
		text = strconv.FormatFloat(math.Abs(f), 'f', min(decimals, 10), 64)
	}
	whole, fraction, _ := strings.Cut(text, ".")
	var b strings.Builder
	if f < 0 && strings.Trim(text, "0.") != "" {
		b.WriteString(l.minus)
	}
	first := len(whole) % 3
	b.WriteString(whole[:first])
	for i := first; i < len(whole); i += 3 {
		if i > 0 {
			b.WriteString(l.group)
		}
		b.WriteString(whole[i : i+3])
	}
	if fraction != "" {
		b.WriteString(l.decimal + fraction)
	}
	return b.String()
}

var currencySymbols = map[string]string{
	"RUB": "₽", "USD": "$", "EUR": "€", "GBP": "£", "KZT": "₸", "UAH": "₴", "BYN": "Br", "CNY": "¥", "JPY": "¥", "INR": "₹", "TRY": "₺",
	"GEL": "₾", "AMD": "֏", "UZS": "сум",
}

// Currencies without a smaller unit.
var wholeCurrencies = map[string]bool{"JPY": true, "KRW": true, "VND": true, "CLP": true, "ISK": true}

// money writes an amount. What has no fraction is written without one.
func (l *locale) money(f float64, currency string) string {
	decimals := 2
	rounded := math.Round(f*100) / 100
	if wholeCurrencies[currency] || rounded == math.Trunc(rounded) {
		decimals = 0
	}
	amount := l.number(f, decimals)
	if currency == "" {
		return amount
	}
	symbol, known := currencySymbols[currency]
	switch {
	case l == russian && known:
		return amount + noBreak + symbol
	case l == russian:
		return amount + noBreak + currency
	case currency == "USD" || currency == "EUR" || currency == "GBP" || currency == "JPY" || currency == "INR":
		if unsigned, negative := strings.CutPrefix(amount, l.minus); negative {
			return l.minus + symbol + unsigned
		}
		return symbol + amount
	default:
		return currency + noBreak + amount
	}
}

// plural chooses the form for a count: three forms as Slavic languages have them (1, 2, 5), two as in English (1, 2).
func plural(n float64, forms []string) string {
	whole := math.Abs(n)
	if len(forms) == 2 {
		if whole == 1 {
			return forms[0]
		}
		return forms[1]
	}
	if whole != math.Trunc(whole) {
		return forms[1] // 1,5 товара
	}
	last, lastTwo := math.Mod(whole, 10), math.Mod(whole, 100)
	switch {
	case last == 1 && lastTwo != 11:
		return forms[0]
	case last >= 2 && last <= 4 && (lastTwo < 12 || lastTwo > 14):
		return forms[1]
	default:
		return forms[2]
	}
}

// strftime writes an instant by a pattern with the letters of C's strftime. It is false when the pattern has one that is not known.
func (l *locale) strftime(t time.Time, pattern string) (string, bool) {
	var b strings.Builder
	dayBefore := false
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
			continue
		}
		i++
		bareNumber := i < len(pattern) && pattern[i] == '-'
		if bareNumber {
			i++
		}
		if i == len(pattern) {
			return "", false
		}
		text, known := l.field(t, pattern[i], dayBefore)
		if !known {
			return "", false
		}
		if bareNumber {
			text = strings.TrimLeft(text, "0 ")
			if text == "" {
				text = "0"
			}
		}
		dayBefore = dayBefore || pattern[i] == 'd' || pattern[i] == 'e'
		b.WriteString(text)
	}
	return b.String(), true
}

func (l *locale) field(t time.Time, letter byte, dayBefore bool) (string, bool) {
	two := func(n int) string { return strconv.Itoa(n/10) + strconv.Itoa(n%10) }
	switch letter {
	case 'Y':
		return strconv.Itoa(t.Year()), true
	case 'y':
		return two(t.Year() % 100), true
	case 'm':
		return two(int(t.Month())), true
	case 'd':
		return two(t.Day()), true
	case 'e':
		return strconv.Itoa(t.Day()), true
	case 'H':
		return two(t.Hour()), true
	case 'I':
		return two((t.Hour()+11)%12 + 1), true
	case 'M':
		return two(t.Minute()), true
	case 'S':
		return two(t.Second()), true
	case 'p':
		return t.Format("PM"), true
	case 'B':
		if dayBefore {
			return l.months[t.Month()-1], true
		}
		return l.month[t.Month()-1], true
	case 'b':
		return l.shortMonths[t.Month()-1], true
	case 'A':
		return l.weekdays[t.Weekday()], true
	case 'a':
		return l.shortDays[t.Weekday()], true
	case 'j':
		return strconv.Itoa(t.YearDay()), true
	case 'u':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1), true
	case 'F':
		return t.Format(time.DateOnly), true
	case 'Z':
		return t.Format("MST"), true
	case 'z':
		return t.Format("-0700"), true
	case 's':
		return strconv.FormatInt(t.Unix(), 10), true
	case '%':
		return "%", true
	default:
		return "", false
	}
}
