// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package zoneinfo holds the time zone rules that days are cut by. They come with the program, so that the same log gives the
// same numbers on every machine, and their version is part of the log.
package zoneinfo

import (
	"archive/zip"
	"bytes"
	_ "embed" // the rules
	"fmt"
	"io"
	"sync"
	"time"
)

// Version is that of the rules, as the IANA Time Zone Database names it.
const Version = "2025c"

//go:embed zoneinfo.zip
var archive []byte

var files = sync.OnceValues(func() (map[string]*zip.File, error) {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("open time zone rules: %w", err)
	}
	byName := make(map[string]*zip.File, len(r.File))
	for _, f := range r.File {
		byName[f.Name] = f
	}
	return byName, nil
})

var loaded sync.Map // name -> *time.Location

// Load gives the zone of an IANA name such as Europe/Moscow; "UTC" and "" are UTC. The error says that there is no such zone.
func Load(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	if zone, ok := loaded.Load(name); ok {
		return zone.(*time.Location), nil
	}
	byName, err := files()
	if err != nil {
		return nil, err
	}
	f, ok := byName[name]
	if !ok || f.FileInfo().IsDir() {
		return nil, fmt.Errorf("unknown time zone %q: write an IANA name such as Europe/Moscow", name)
	}
	zone, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("load time zone %q: %w", name, err)
	}
	known, _ := loaded.LoadOrStore(name, zone)
	return known.(*time.Location), nil
}

func read(f *zip.File) (*time.Location, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // memory; nothing to lose
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(f.Name, data)
}
