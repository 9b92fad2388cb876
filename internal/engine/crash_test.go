// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// A machine that loses power takes writes without sync with it, and their offset too: the log is folded again from there, and the state
// becomes the same as if nothing had happened.
func TestCrashesLoseNothing(t *testing.T) {
	t.Parallel()
	for name, draw := range logs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { crashesLoseNothing(t, draw(t)) })
		})
	}
}

func crashesLoseNothing(t *rapid.T, log []record.Record) {
	once := state.NewMemory()
	whole := player{t: t, log: log, open: opener(t, once, 1<<30), interrupt: func(*player) {}}
	whole.play()

	disk := vfs.NewCrashableMem()
	var store *state.Pebble
	crashes := 0
	shaken := player{t: t, log: log}
	shaken.open = func() *engine.Fold {
		var err error
		if store, err = state.OpenPebble("state", state.PebbleOptions{FS: disk, CacheBytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
		return opener(t, store, 1)()
	}
	shaken.interrupt = func(p *player) {
		switch rapid.IntRange(0, 9).Draw(t, "interruption") {
		case 0, 1, 2:
			if err := p.fold.Commit(false); err != nil {
				t.Fatal(err)
			}
		case 3:
			if err := p.fold.Commit(true); err != nil {
				t.Fatal(err)
			}
		case 4:
			if crashes++; crashes > 4 {
				return
			}
			crashed := disk.CrashClone(vfs.CrashCloneCfg{})
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			disk = crashed
			p.fold = p.open()
		}
	}
	shaken.play()
	defer func() {
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	if diff := cmp.Diff(contents(t, once), contents(t, store)); diff != "" {
		t.Fatalf("state differs after %d crashes (-without +with):\n%s", crashes, diff)
	}
	if diff := cmp.Diff(mustReport(t, whole.fold), mustReport(t, shaken.fold)); diff != "" {
		t.Fatalf("report differs after %d crashes (-without +with):\n%s", crashes, diff)
	}
}

// damage is a store that gives other bytes than were stored for keys that begin with a prefix.
type damage struct {
	engine.Store
	prefix byte
	change func(value []byte) []byte
}

func (d damage) Get(buffer, key []byte) ([]byte, bool, error) {
	n := len(buffer)
	value, found, err := d.Store.Get(buffer, key)
	if found && key[0] == d.prefix {
		value = append(value[:n:n], d.change(value[n:])...)
	}
	return value, found, err
}

func (d damage) Scan(lower, upper []byte, visit func(key, value []byte) (bool, error)) error {
	return d.Store.Scan(lower, upper, func(key, value []byte) (bool, error) {
		if key[0] == d.prefix {
			value = d.change(value)
		}
		return visit(key, value)
	})
}

func TestDamagedStateGivesAnErrorNotAPanic(t *testing.T) {
	t.Parallel()
	healthy := state.NewMemory()
	d := openDesk(t, healthy)
	apply, activate := applying(t, shop())
	scenario, everybody := remind(), remind()
	d.step(apply)
	for i, r := range d.log {
		if err := d.fold.StepBackfill(key, apply.Apply.Version, uint64(i)+1, &r); err != nil {
			t.Fatal(err)
		}
	}
	d.step(activate, longHistory("ann", 500), hosting(t, remindKey, &scenario))
	d.happens("ann", "cart", "{}")
	d.later(time.Hour)
	d.step(record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{{Address: "0123", Time: noon}}})
	for i := range 1500 { // so that a sweep is under way
		d.knows(fmt.Sprint("visitor", i), `{"plan":"pro"}`)
	}
	everybody.Trigger = definition.Trigger{Segment: &definition.SegmentTrigger{Where: "contact.attributes.plan == 'pro'"}, MaxAge: time.Hour}
	everybody.Entry.Existing = true
	d.step(hosting(t, "NurtureScenario/shop/everybody", &everybody))
	if err := d.fold.Commit(true); err != nil {
		t.Fatal(err)
	}
	cuts := map[string]func([]byte) []byte{
		"cut short": func(v []byte) []byte { return v[:len(v)*2/3] },
		"emptied":   func([]byte) []byte { return nil },
		"longer":    func(v []byte) []byte { return append(slices.Clip(v), 0) },
		"full of ones": func(v []byte) []byte {
			ones := make([]byte, len(v))
			for i := range ones {
				ones[i] = 0xff
			}
			return ones
		},
	}
	for _, prefix := range []byte("mdafceknhjxug") {
		for name, change := range cuts {
			t.Run(fmt.Sprintf("%c %s", prefix, name), func(t *testing.T) {
				t.Parallel()
				store := damage{healthy, prefix, change}
				f, err := engine.Open(engine.Options{Compile: compile, Store: store})
				if err == nil {
					more := longHistory("ann", 501)
					err = f.Step(f.Offset()+1, &more)
				}
				if err == nil {
					t.Error("damaged state was taken as it was")
				}
			})
		}
	}
}
