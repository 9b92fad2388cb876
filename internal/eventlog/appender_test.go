// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

// slowLog is a memory log whose appends take a time or fail.
type slowLog struct {
	*eventlog.Memory
	took time.Duration
	fail error
}

func (l *slowLog) Append(ctx context.Context, partition int, stored []byte) (uint64, error) {
	time.Sleep(l.took)
	if l.fail != nil {
		return 0, l.fail
	}
	return l.Memory.Append(ctx, partition, stored)
}

// chunks reads back the event ids of each record of a partition.
func chunks(t *testing.T, log eventlog.Log, partition int) (ids [][]string) {
	t.Helper()
	for _, entry := range mustRead(t, log, partition, 1, int(bounds(t, log, partition).Last)) {
		r, err := record.Decode(entry.Stored)
		if err != nil {
			t.Fatal(err)
		}
		var chunk []string
		for rest := r.Chunk; len(rest) > 0; {
			var e event.Event
			if rest, err = event.Next(rest, &e); err != nil {
				t.Fatal(err)
			}
			if want := event.Partition(e.Contact, log.Partitions()); want != partition {
				t.Errorf("event %s of contact %s lies in partition %d, want %d", e.ID, e.Contact, partition, want)
			}
			chunk = append(chunk, e.ID)
		}
		ids = append(ids, chunk)
	}
	return ids
}

func someEvents(n int, contact func(i int) string) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = event.Event{Contact: contact(i), Type: "page.viewed", Source: "web", ID: strconv.Itoa(i)}
	}
	return events
}

func ann(int) string { return "ann" }

func TestAppendRoutesEventsToTheirPartitionsInOrder(t *testing.T) {
	t.Parallel()
	log := eventlog.NewMemory(2, time.Now)
	appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
	defer appender.Close()
	// "ann" and "Иван" hash to one partition, "user_0042" to the other.
	contacts := []string{"ann", "user_0042", "Иван", "user_0042", "ann"}
	err := appender.Append(t.Context(), someEvents(5, func(i int) string { return contacts[i] }))
	if err != nil {
		t.Fatal(err)
	}
	got := [][][]string{chunks(t, log, 0), chunks(t, log, 1)}
	if diff := cmp.Diff([][][]string{{{"0", "2", "4"}}, {{"1", "3"}}}, got); diff != "" {
		t.Errorf("partitions differ (-want +got):\n%s", diff)
	}
}

func TestAppendSplitsALargeCall(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		events, bytes int
		want          []int
	}{
		"by events":                  {events: 2500, bytes: 1, want: []int{1000, 1000, 500}},
		"by bytes":                   {events: 7, bytes: 200 << 10, want: []int{2, 2, 2, 1}},
		"an event larger than that":  {events: 2, bytes: 600 << 10, want: []int{1, 1}},
		"exactly one chunk":          {events: 1000, bytes: 1, want: []int{1000}},
		"an event of the most bytes": {events: 1, bytes: eventlog.MaxEventBytes - 100, want: []int{1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := eventlog.NewMemory(1, time.Now)
			appender := eventlog.NewAppender(log, eventlog.AppenderOptions{Interval: time.Nanosecond})
			defer appender.Close()
			events := someEvents(tt.events, ann)
			for i := range events {
				events[i].Data = []byte(strings.Repeat("x", tt.bytes))
			}
			if err := appender.Append(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			var got []int
			next := 0
			for _, chunk := range chunks(t, log, 0) {
				got = append(got, len(chunk))
				for _, id := range chunk {
					if id != strconv.Itoa(next) {
						t.Fatalf("event %s lies where %d belongs", id, next)
					}
					next++
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("events per record differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallsThatWaitTogetherShareOneAppend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{Memory: eventlog.NewMemory(1, time.Now), took: 10 * time.Millisecond}
		appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
		var calls sync.WaitGroup
		for i := range 100 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * 50 * time.Microsecond) // all within the first append
				if err := appender.Append(t.Context(), someEvents(1, ann)); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		appender.Close()
		var got []int
		for _, chunk := range chunks(t, log.Memory, 0) {
			got = append(got, len(chunk))
		}
		if diff := cmp.Diff([]int{1, 99}, got); diff != "" {
			t.Errorf("events per append differ (-want +got):\n%s", diff)
		}
	})
}

func TestSmallAppendsKeepTheirDistance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(1, time.Now)
		appender := eventlog.NewAppender(log, eventlog.AppenderOptions{Interval: 2 * time.Millisecond})
		start := time.Now()
		for range 11 {
			if err := appender.Append(t.Context(), someEvents(1, ann)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 20*time.Millisecond {
			t.Errorf("11 small appends took %v, want 20 ms: at once, then every 2 ms", took)
		}
		start = time.Now()
		large := someEvents(1, ann)
		large[0].Data = make([]byte, 40<<10)
		for range 11 {
			if err := appender.Append(t.Context(), large); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("large appends waited %v, want none", took)
		}
		appender.Close()
	})
}

func TestOverloadRefusesAndLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{Memory: eventlog.NewMemory(1, time.Now), took: time.Second}
		appender := eventlog.NewAppender(log, eventlog.AppenderOptions{MaxWaiting: 100})
		first := make(chan error)
		go func() { first <- appender.Append(t.Context(), someEvents(10, ann)) }() // more than 100 bytes, but alone
		synctest.Wait()
		err := appender.Append(t.Context(), someEvents(1, ann))
		if !errors.Is(err, eventlog.ErrOverloaded) {
			t.Errorf("got error %v, want ErrOverloaded", err)
		}
		var again interface{ RetryAfter() time.Duration }
		if !errors.As(err, &again) || again.RetryAfter() <= 0 {
			t.Errorf("error %v does not say when to try again", err)
		}
		if err := <-first; err != nil {
			t.Errorf("the call that waited failed: %v", err)
		}
		if err := appender.Append(t.Context(), someEvents(1, ann)); err != nil {
			t.Errorf("after the queue emptied: %v", err)
		}
		appender.Close()
		if got := len(chunks(t, log.Memory, 0)); got != 2 {
			t.Errorf("the log holds %d records, want 2", got)
		}
	})
}

func TestAFailedAppendReachesEveryCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{Memory: eventlog.NewMemory(1, time.Now), took: time.Millisecond, fail: eventlog.ErrFull}
		appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
		var calls sync.WaitGroup
		for range 5 {
			calls.Go(func() {
				err := appender.Append(t.Context(), someEvents(3, ann))
				var again interface{ RetryAfter() time.Duration }
				if !errors.Is(err, eventlog.ErrFull) || !errors.As(err, &again) {
					t.Errorf("got error %v, want ErrFull with a time to try again", err)
				}
			})
		}
		calls.Wait()
		log.fail = nil
		if err := appender.Append(t.Context(), someEvents(1, ann)); err != nil {
			t.Errorf("after the log was well again: %v", err)
		}
		appender.Close()
		if err := appender.Append(t.Context(), someEvents(1, ann)); !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("after Close: got error %v, want ErrClosed", err)
		}
	})
}

func TestACallThatGivesUpWaitsNoLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{Memory: eventlog.NewMemory(1, time.Now), took: time.Minute}
		appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := appender.Append(ctx, someEvents(1, ann)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want the context's", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("the call returned after %v, want 1 s", took)
		}
		appender.Close()
	})
}

func TestAnEventTooLargeForTheLogIsRefusedBeforeItIsQueued(t *testing.T) {
	t.Parallel()
	log := eventlog.NewMemory(1, time.Now)
	appender := eventlog.NewAppender(log, eventlog.AppenderOptions{})
	defer appender.Close()
	events := someEvents(3, ann)
	events[1].Data = make([]byte, eventlog.MaxEventBytes)
	err := appender.Append(t.Context(), events)
	if !errors.Is(err, eventlog.ErrEventTooLarge) || !strings.Contains(fmt.Sprint(err), "event 1 ") {
		t.Errorf("got error %v, want ErrEventTooLarge that names event 1", err)
	}
	if last := bounds(t, log, 0).Last; last != 0 {
		t.Errorf("%d records were appended", last)
	}
}

type volumeOf eventlog.Space

func (v *volumeOf) Space() (eventlog.Space, error) { return eventlog.Space(*v), nil }

func TestReserveStopsIngestBeforeTheDiskIsFull(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		space   eventlog.Space
		reserve uint64
		full    bool
	}{
		"a large volume keeps 5 %":          {space: eventlog.Space{Capacity: 100 << 30, Free: 5<<30 - 1}, full: true},
		"and no more":                       {space: eventlog.Space{Capacity: 100 << 30, Free: 5 << 30}},
		"a medium volume keeps 64 MiB":      {space: eventlog.Space{Capacity: 1 << 30, Free: 64<<20 - 1}, full: true},
		"a volume of 64 MiB keeps a fourth": {space: eventlog.Space{Capacity: 64 << 20, Free: 16 << 20}},
		"one byte under it is full":         {space: eventlog.Space{Capacity: 64 << 20, Free: 16<<20 - 1}, full: true},
		"a reserve that was asked for":      {space: eventlog.Space{Capacity: 64 << 20, Free: 9}, reserve: 10, full: true},
		"that reserve is kept exactly":      {space: eventlog.Space{Capacity: 64 << 20, Free: 10}, reserve: 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			volume := volumeOf(tt.space)
			err := eventlog.NewReserve(&volume, tt.reserve).Check()
			if errors.Is(err, eventlog.ErrStorageFull) != tt.full {
				t.Errorf("got error %v, want full: %v", err, tt.full)
			}
		})
	}
}
