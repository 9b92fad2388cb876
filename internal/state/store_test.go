// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/state"
)

// stores are the implementations that must behave alike.
func stores(t *testing.T) map[string]engine.Store {
	t.Helper()
	return map[string]engine.Store{
		"memory": state.NewMemory(),
		"pebble": openPebble(t, "state", vfs.NewMem()),
	}
}

func openPebble(t *testing.T, dir string, fs vfs.FS) *state.Pebble {
	t.Helper()
	s, err := state.OpenPebble(dir, state.PebbleOptions{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func set(t *testing.T, s engine.Store, sync bool, pairs ...string) {
	t.Helper()
	err := s.Write(sync, func(w engine.Writer) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := w.Set([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, s engine.Store, lower, upper string) []string {
	t.Helper()
	var got []string
	err := s.Scan([]byte(lower), []byte(upper), func(key, value []byte) (bool, error) {
		got = append(got, string(key)+"="+string(value))
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestStoreKeepsWhatIsWritten(t *testing.T) {
	t.Parallel()
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set(t, s, true, "a", "1", "b", "2", "c", "3", "d", "")
			err := s.Write(false, func(w engine.Writer) error {
				key := []byte("b")
				err := errors.Join(w.Delete(key), w.Delete([]byte("never was")), w.DeleteRange([]byte("c"), []byte("d")))
				key[0] = 'z' // the writer may not hold on to a key
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"a=1", "d="}, scan(t, s, "a", "e")); diff != "" {
				t.Errorf("contents differ (-want +got):\n%s", diff)
			}
			value, found, err := s.Get([]byte("kept "), []byte("a"))
			if string(value) != "kept 1" || !found || err != nil {
				t.Errorf("Get gives %q, %v, %v, want the value after what the buffer held", value, found, err)
			}
			if _, found, err := s.Get(nil, []byte("b")); found || err != nil {
				t.Errorf("Get of a deleted key gives found %v, error %v", found, err)
			}
		})
	}
}

func TestStoreScansARangeInOrder(t *testing.T) {
	t.Parallel()
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set(t, s, false, "b", "2", "a", "1", "b\x00", "3", "c", "4")
			if diff := cmp.Diff([]string{"b=2", "b\x00=3"}, scan(t, s, "b", "c")); diff != "" {
				t.Errorf("range differs (-want +got):\n%s", diff)
			}
			visits := 0
			err := s.Scan([]byte("a"), []byte("z"), func(_, _ []byte) (bool, error) {
				visits++
				return visits < 2, nil
			})
			if visits != 2 || err != nil {
				t.Errorf("a scan that was stopped made %d visits with error %v, want 2 and none", visits, err)
			}
			stop := errors.New("enough")
			if err := s.Scan([]byte("a"), []byte("z"), func(_, _ []byte) (bool, error) { return true, stop }); !errors.Is(err, stop) {
				t.Errorf("scan gives error %v, want the visit's", err)
			}
		})
	}
}

func TestStoreWritesAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := errors.New("cannot encode")
			err := s.Write(true, func(w engine.Writer) error { return errors.Join(w.Set([]byte("a"), nil), broken) })
			if !errors.Is(err, broken) {
				t.Errorf("error %v, want that of the caller", err)
			}
			if got := scan(t, s, "a", "z"); len(got) != 0 {
				t.Errorf("the store holds %q after a write that failed", got)
			}
			set(t, s, true, "b", "1") // and takes the next one
		})
	}
}

func TestPebbleLosesATailOfWritesWithoutSyncAtMost(t *testing.T) {
	t.Parallel()
	fs := vfs.NewCrashableMem()
	s := openPebble(t, "state", fs)
	set(t, s, true, "a", "1")
	set(t, s, false, "a", "2", "b", "2")
	crashed := fs.CrashClone(vfs.CrashCloneCfg{}) // nothing survives but what was synced
	again := openPebble(t, "state", crashed)
	if diff := cmp.Diff([]string{"a=1"}, scan(t, again, "a", "z")); diff != "" {
		t.Errorf("contents after a crash differ (-want +got):\n%s", diff)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	synced := openPebble(t, "state", fs.CrashClone(vfs.CrashCloneCfg{}))
	if diff := cmp.Diff([]string{"a=2", "b=2"}, scan(t, synced, "a", "z")); diff != "" {
		t.Errorf("contents after a crash after a sync differ (-want +got):\n%s", diff)
	}
}

func TestPebbleCheckpointIsAStoreOfItsOwn(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	s := openPebble(t, "state", fs)
	set(t, s, false, "a", "1")
	if err := s.Checkpoint("copy"); err != nil {
		t.Fatal(err)
	}
	set(t, s, true, "a", "2")
	if diff := cmp.Diff([]string{"a=1"}, scan(t, openPebble(t, "copy", fs), "a", "z")); diff != "" {
		t.Errorf("checkpoint differs (-want +got):\n%s", diff)
	}
}

func TestPebbleNamesCorruption(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 2 { // opening it again brings what is in the write-ahead log into a table
		s, err := state.OpenPebble(dir, state.PebbleOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			set(t, s, true, "a", strings.Repeat("words ", 1000))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	damage(t, dir)
	s, err := state.OpenPebble(dir, state.PebbleOptions{})
	if err == nil {
		_, _, err = s.Get(nil, []byte("a"))
		_ = s.Close() // may well complain, too
	}
	if !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("damaged state gives error %v, want ErrCorrupt", err)
	}
}

// damage changes every byte in the middle of the tables. (A damaged end of the write-ahead log is no corruption but what a crash leaves.)
func damage(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, file := range files {
		if filepath.Ext(file.Name()) != ".sst" {
			continue
		}
		path := filepath.Join(dir, file.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := len(content) / 4; i < len(content)*3/4; i++ {
			content[i] ^= 0xff
			damaged++
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if damaged == 0 {
		t.Fatal("there was nothing to damage")
	}
}
