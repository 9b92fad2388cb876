// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/waymark-dev/waymark/internal/engine"
)

var _ engine.Store = (*Pebble)(nil)

// ErrCorrupt is wrapped when what lies on the disk is not what was written. The state is rebuilt from the log by starting with an
// empty directory.
var ErrCorrupt = errors.New("corrupt state on disk")

// PebbleOptions say how a store on disk works.
type PebbleOptions struct {
	// FS is the file system; nil is the operating system's.
	FS vfs.FS
	// CacheBytes is how much memory blocks of files may take up, beside the tables in memory; 0 is 16 MiB.
	CacheBytes int64
	// TableBytes is how much is written to memory, and beside it to a log on disk, before it goes to a file of its own; 0 is 32 MiB. The log
	// takes that much disk from the start, and a few times that much under load.
	TableBytes uint64
	// Logger is told of the store's own troubles; nil is silent.
	Logger *slog.Logger
}

// Pebble is a store on disk.
type Pebble struct {
	db *pebble.DB
	// failed is an error of a write, after which the store has to be opened anew; nil before one.
	failed atomic.Pointer[error]
}

// OpenPebble opens the store in a directory, which is made when it is missing. Only one process can have it open.
func OpenPebble(dir string, options PebbleOptions) (*Pebble, error) {
	db, err := pebble.Open(dir, options.pebble())
	if err != nil {
		return nil, fmt.Errorf("open state in %s: %w", dir, mark(err))
	}
	return &Pebble{db: db}, nil
}

// pebble gives settings for many small values that are written over often and read by key: filters against reads of what is not there,
// and large tables in memory so that a value that changes every second reaches the disk's levels seldom.
func (o PebbleOptions) pebble() *pebble.Options {
	cache := o.CacheBytes
	if cache == 0 {
		cache = 16 << 20
	}
	table := o.TableBytes
	if table == 0 {
		table = 32 << 20
	}
	const tables = 2 // in memory most of the time: the one written to and the one written out; Pebble takes their memory from the cache
	files := o.FS
	if files == nil {
		files = vfs.Default
	}
	p := &pebble.Options{
		FS:                          yielding{files},
		CacheSize:                   cache + tables*int64(table),
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                table,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       64,
		LBaseMaxBytes:               128 << 20,
		Logger:                      logger{o.Logger},
		EventListener: &pebble.EventListener{
			// Told by the error of whatever reads the data; the default ends the process.
			DataCorruption: func(pebble.DataCorruptionInfo) {},
		},
	}
	for i := range p.Levels {
		const bitsPerKey = 10 // one in a hundred reads of what is not there looks in vain
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(bitsPerKey)
		p.Levels[i].BlockSize = 8 << 10
	}
	return p
}

// Get appends the key's value to buffer.
func (s *Pebble) Get(buffer, key []byte) (value []byte, found bool, err error) {
	stored, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return buffer, false, nil
	}
	if err != nil {
		return buffer, false, mark(err)
	}
	buffer = append(buffer, stored...)
	return buffer, true, mark(closer.Close())
}

// Scan visits the keys from lower on and before upper.
func (s *Pebble) Scan(lower, upper []byte, visit func(key, value []byte) (more bool, err error)) (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return mark(err)
	}
	defer func() {
		if closed := it.Close(); err == nil {
			err = mark(closed)
		}
	}()
	for valid := it.First(); valid; valid = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return mark(err)
		}
		if more, err := visit(it.Key(), value); err != nil || !more {
			return err
		}
	}
	return nil
}

// Write stores all that fill writes at once. After an error of the disk the store takes nothing more until it is opened anew.
func (s *Pebble) Write(sync bool, fill func(w engine.Writer) error) error {
	if err := s.failure(); err != nil {
		return err
	}
	batch := s.db.NewBatch()
	if err := fill(writer{batch}); err != nil {
		return errors.Join(err, batch.Close())
	}
	err := s.guard(func() error { return batch.Commit(&pebble.WriteOptions{Sync: sync}) })
	if err != nil {
		return err
	}
	return batch.Close()
}

// Sync returns once all that was written before lies on the disk for good. It may be called while the store is read and written. After an
// error the store takes nothing more until it is opened anew.
func (s *Pebble) Sync() error {
	if err := s.failure(); err != nil {
		return err
	}
	return s.guard(func() error { return s.db.LogData(nil, pebble.Sync) })
}

func (s *Pebble) failure() error {
	if failed := s.failed.Load(); failed != nil {
		return *failed
	}
	return nil
}

// guard writes, and notes when that fails.
func (s *Pebble) guard(write func() error) (err error) {
	defer func() {
		if err != nil {
			s.failed.Store(&err)
		}
	}()
	defer func() {
		switch failure := recover().(type) {
		case nil:
		case fatal:
			err = mark(failure.error)
		default:
			panic(failure)
		}
	}()
	return mark(write())
}

// Checkpoint makes a copy of the store in a directory that does not exist yet, with links to the same files where the file system can. It holds
// all that was written before, also what was written without sync.
func (s *Pebble) Checkpoint(dir string) error {
	if err := s.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("checkpoint state to %s: %w", dir, mark(err))
	}
	return nil
}

// Size gives how many bytes the store takes up on disk.
func (s *Pebble) Size() uint64 { return s.db.Metrics().DiskSpaceUsage() }

// Close closes the store. What was written without sync is then on disk too.
func (s *Pebble) Close() error {
	if s.failure() != nil {
		return nil // the database cannot be closed in order any more
	}
	if err := errors.Join(s.db.LogData(nil, pebble.Sync), s.db.Close()); err != nil {
		return fmt.Errorf("close state: %w", err)
	}
	return nil
}

type writer struct{ batch *pebble.Batch }

func (w writer) Set(key, value []byte) error           { return w.batch.Set(key, value, nil) }
func (w writer) Delete(key []byte) error               { return w.batch.Delete(key, nil) }
func (w writer) DeleteRange(lower, upper []byte) error { return w.batch.DeleteRange(lower, upper, nil) }

func mark(err error) error {
	if err != nil && pebble.IsCorruptionError(err) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// fatal is what Pebble says before it would end the process.
type fatal struct{ error }

// logger passes on what matters. A fatal error becomes a panic, which Write turns into an error where it can; in Pebble's own
// goroutines it ends the process, which is then started again.
type logger struct{ to *slog.Logger }

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	if l.to != nil {
		l.to.Error("state", "problem", fmt.Sprintf(format, args...))
	}
}

func (l logger) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	panic(fatal{fmt.Errorf(format, args...)})
}
