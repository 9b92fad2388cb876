// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import "time"

type product struct {
	sku, title, category string
	price                int // roubles
}

// products are bought the more often the cheaper they are.
var products = []weighted[product]{
	{product{"tee-01", "Футболка базовая", "tops", 990}, 18},
	{product{"tee-02", "Лонгслив в полоску", "tops", 1490}, 12},
	{product{"shirt-01", "Рубашка льняная", "tops", 2790}, 9},
	{product{"knit-01", "Свитер из мериноса", "knitwear", 3990}, 9},
	{product{"knit-02", "Кардиган объёмный", "knitwear", 3490}, 7},
	{product{"jeans-01", "Джинсы прямые", "bottoms", 3290}, 11},
	{product{"skirt-01", "Юбка миди", "bottoms", 2490}, 7},
	{product{"dress-01", "Платье трикотажное", "dresses", 3790}, 9},
	{product{"dress-02", "Платье вечернее", "dresses", 6490}, 3},
	{product{"coat-01", "Пальто шерстяное", "outerwear", 12990}, 1.6},
	{product{"jacket-01", "Куртка стёганая", "outerwear", 7990}, 2.5},
	{product{"scarf-01", "Шарф", "accessories", 1290}, 7},
	{product{"hat-01", "Шапка", "accessories", 990}, 5},
}

// cartSizes are the products of a cart beyond the first.
var cartSizes = []weighted[int]{{0, 77}, {1, 18}, {2, 5}}

// origin is where visitors come from and how interested they are, around 1.
type origin struct {
	name     string
	interest float64
}

var sources = []weighted[origin]{
	{origin{"yandex", 1.05}, 33},
	{origin{"vk", 0.7}, 19},
	{origin{"direct", 1.2}, 16},
	{origin{"google", 1.05}, 13},
	{origin{"telegram", 0.9}, 11},
	{origin{"email", 1.6}, 8},
}

// gadget is what visitors hold and how patient it lets them be, around 1.
type gadget struct {
	name     string
	patience float64
}

var devices = []weighted[gadget]{{gadget{"mobile", 0.93}, 68}, {gadget{"desktop", 1.16}, 27}, {gadget{"tablet", 1.02}, 5}}

var cities = []weighted[string]{
	{"Москва", 34}, {"Санкт-Петербург", 17}, {"Екатеринбург", 8}, {"Казань", 8}, {"Новосибирск", 8}, {"Краснодар", 7},
	{"Нижний Новгород", 6}, {"Самара", 6}, {"Ростов-на-Дону", 6},
}

var payments = []weighted[string]{{"card", 58}, {"sbp", 31}, {"on delivery", 11}}

// weekdays say how busy a day is; people look for clothes on Sundays.
var weekdays = map[time.Weekday]float64{
	time.Monday: 0.97, time.Tuesday: 0.92, time.Wednesday: 0.94, time.Thursday: 0.97, time.Friday: 0.95, time.Saturday: 1.06,
	time.Sunday: 1.19,
}

// hours of the day by how busy they are, in Moscow.
var hours = []weighted[int]{
	{0, 2.2}, {1, 1.1}, {2, 0.6}, {3, 0.4}, {4, 0.4}, {5, 0.6}, {6, 1.3}, {7, 2.4}, {8, 3.6}, {9, 4.3}, {10, 5.0}, {11, 5.4},
	{12, 5.7}, {13, 5.8}, {14, 5.4}, {15, 5.2}, {16, 5.2}, {17, 5.4}, {18, 5.8}, {19, 6.5}, {20, 7.4}, {21, 7.9}, {22, 6.7}, {23, 4.2},
}
