// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/gateway"
	"github.com/waymark-dev/waymark/internal/runner"
	"github.com/waymark-dev/waymark/internal/sender"
	"github.com/waymark-dev/waymark/internal/state"
)

// Times of a shutdown; together they stay under the pod's grace period of 30 s.
const (
	drainTimeout   = 8 * time.Second
	controlTimeout = 2 * time.Second
)

// workspace is all that runs in the pod.
type workspace struct {
	config   config
	logger   *slog.Logger
	log      *eventlog.JetStream
	appender *eventlog.Appender
	runner   *runner.Runner
	gateway  *gateway.Gateway
	keys     *control.KeyFiles
	metrics  *runner.Metrics
	sending  *sender.Metrics

	tableBytes uint64
}

// serve runs until the context ends, and then leaves in order: no more events in, what waits to the log, the state to disk.
func serve(ctx context.Context, c config, logger *slog.Logger) (err error) {
	if err := os.MkdirAll(c.dataDir, 0o750); err != nil {
		return fmt.Errorf("--data-dir: %w", err)
	}
	unlock, err := lock(filepath.Join(c.dataDir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	w := &workspace{config: c, logger: logger, metrics: runner.NewMetrics(), sending: sender.NewMetrics()}
	if err := w.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.log.Close()) }()

	folding, stopFolding := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { w.runner.Run(folding) })
	running.Go(func() { w.gateway.WatchFile(folding, c.feedsFile) })
	hearing, stopHearing := context.WithCancel(folding)
	listeners := w.listeners(hearing)
	running.Go(func() { w.runner.Sender().WatchFile(hearing, c.deliveryFile, w.deliver(listeners)) })
	servers := w.servers()
	failed, err := servers.start()
	if err == nil {
		logger.Info("running", "partitions", c.partitions, "engine", engine.Version, "timeZoneData", definition.TimeZoneData)
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	logger.Info("leaving")
	servers.stop(logger)
	stopHearing()
	listeners.Wait()
	w.appender.Close()
	stopFolding()
	running.Wait()
	logger.Info("left")
	return err
}

// open brings up the parts, from the disk upwards.
func (w *workspace) open(ctx context.Context) (err error) {
	c := w.config
	if w.keys, err = control.OpenKeyFiles(c.tlsDir); err != nil {
		return fmt.Errorf("--tls-dir: %w", err)
	}
	w.log, err = eventlog.OpenJetStream(ctx, eventlog.JetStreamOptions{
		Dir: filepath.Join(c.dataDir, "log"), Partitions: c.partitions, Logger: w.logger,
	})
	if err != nil {
		return err
	}
	volume := eventlog.VolumeAt(c.dataDir)
	space, err := volume.Space()
	if err != nil {
		return errors.Join(err, w.log.Close())
	}
	w.tableBytes = tableBytes(space.Capacity, c.partitions)
	reserve := eventlog.NewReserve(volume, uint64(c.reserveBytes))
	w.runner, err = runner.New(runner.Options{
		Log: w.log, Partitions: runner.Owned(c.partitions, c.replica, c.replicas), OpenState: w.openState,
		NewCompiler: newCompiler, TimeZoneData: definition.TimeZoneData, CacheBytes: int(c.partitionCacheBytes), Reserve: reserve,
		Retention: runner.Retention{Age: c.retentionAge, MaxBytes: uint64(c.retentionMaxBytes)},
		Logger:    w.logger, Metrics: w.metrics, NewSender: w.newSender,
	})
	if err != nil {
		return errors.Join(err, w.log.Close())
	}
	w.appender = eventlog.NewAppender(w.log, eventlog.AppenderOptions{
		MaxWaiting: c.maxWaitingBytes, Gate: w.runner.Admit, Observe: w.metrics.Appended,
	})
	w.runner.ProbeDisk(c.dataDir, w.appender.SinceSuccess)
	w.gateway = gateway.New(gateway.Options{Appender: w.appender, Log: w.logger})
	return nil
}

func (w *workspace) openState(partition int) (runner.State, error) {
	dir := filepath.Join(w.config.dataDir, "state", "partition-"+strconv.Itoa(partition))
	return state.OpenPebble(dir, state.PebbleOptions{
		CacheBytes: w.config.stateCacheBytes, TableBytes: w.tableBytes, Logger: w.logger.With("partition", partition),
	})
}

// tableBytes sizes the states' tables so that their logs leave a small volume to the events: all partitions' together take a thirty-second of
// it, and a few times that under load. Beyond 32 MiB larger ones gain nothing.
func tableBytes(capacity uint64, partitions int) uint64 {
	return min(max(capacity/32/uint64(partitions), 512<<10), 32<<20)
}

func newCompiler() engine.Compiler { return engine.CompileWith(new(definition.Compiler)) }

// Report adds what ingest has to tell to the runner's report.
func (w *workspace) Report(ctx context.Context) (control.Report, error) {
	report, err := w.runner.Report(ctx)
	report.Feeds, report.FeedsVersion = w.gateway.Report()
	return report, err
}

// Apply hands definitions to the runner.
func (w *workspace) Apply(ctx context.Context, definitions control.Definitions) (control.Applied, error) {
	return w.runner.Apply(ctx, definitions)
}

// lock makes sure that one process alone uses the data folder.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the data folder is the operator's choice
	if err != nil {
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("--data-dir: another runner uses %s: %w", filepath.Dir(path), err), f.Close())
	}
	return func() { _ = f.Close() }, nil // closing unlocks
}

// servers are the three ports.
type servers struct {
	ingest, control, health *http.Server
}

func (w *workspace) servers() *servers {
	s := &servers{
		ingest:  gateway.NewServer(w.config.ingestAddress, w.gateway),
		control: control.NewServer(w, w.runner, w.keys, w.logger),
		health:  w.healthServer(),
	}
	s.control.Addr = w.config.controlAddress
	s.ingest.ErrorLog = slog.NewLogLogger(w.logger.Handler(), slog.LevelWarn)
	return s
}

// start listens on all ports before it serves any, so that a port in use is an error at once.
func (s *servers) start() (failed <-chan error, err error) {
	all := []struct {
		server *http.Server
		flag   string
		serve  func(*http.Server, net.Listener) error
	}{
		{s.health, "--health-address", func(h *http.Server, l net.Listener) error { return h.Serve(l) }},
		{s.control, "--control-address", func(h *http.Server, l net.Listener) error { return h.ServeTLS(l, "", "") }},
		{s.ingest, "--ingest-address", func(h *http.Server, l net.Listener) error { return h.Serve(l) }},
	}
	failures := make(chan error, len(all))
	listeners := make([]net.Listener, 0, len(all))
	for _, one := range all {
		listener, err := net.Listen("tcp", one.server.Addr)
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
			return nil, fmt.Errorf("%s: %w", one.flag, err)
		}
		listeners = append(listeners, listener)
	}
	for i, one := range all {
		go func() {
			if err := one.serve(one.server, listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failures <- fmt.Errorf("%s: %w", one.flag, err)
			}
		}()
	}
	return failures, nil
}

// stop lets requests end that are under way; the health port goes last.
func (s *servers) stop(logger *slog.Logger) {
	for _, one := range []struct {
		server *http.Server
		limit  time.Duration
	}{{s.ingest, drainTimeout}, {s.control, controlTimeout}, {s.health, controlTimeout}} {
		ctx, cancel := context.WithTimeout(context.Background(), one.limit)
		if err := one.server.Shutdown(ctx); err != nil {
			logger.Warn("requests were cut off", "address", one.server.Addr, "error", err.Error())
			_ = one.server.Close()
		}
		cancel()
	}
}
